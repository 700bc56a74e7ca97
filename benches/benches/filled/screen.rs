//! A terminal of the kernel with the console in it, whose other end is the bench.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::filled::Failure;

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Written {
    bytes: Vec<u8>,
    ended: bool,
}

type Shared = Arc<(Mutex<Written>, Condvar)>;

/// A console that runs.
pub(crate) struct Screen {
    master: File,
    written: Shared,
    child: Child,
}

impl Screen {
    /// Starts the release build of `sigyl` in a terminal of this size.
    pub(crate) fn start(data: &Path, (columns, rows): (u16, u16)) -> Result<Self, Failure> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        tcsetwinsize(&master, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 })?;
        let name = ptsname(&master, Vec::new())?.into_string()?;
        let open =
            || -> std::io::Result<OwnedFd> { Ok(File::options().read(true).write(true).open(&name)?.into()) };
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(binary()?).args(["--listen", "127.0.0.1:0"]).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", data);
        command.env("SIGYL_DATA_DIR", data).env("LANG", "C.UTF-8").env("TERM", "xterm-256color");
        let child = command.stdin(open()?).stdout(open()?).stderr(open()?).spawn()?;
        // The command holds its ends of the terminal: they would keep it from ending.
        drop(command);
        let (master, written) = (File::from(master), Shared::default());
        std::thread::spawn({
            let (reader, written) = (master.try_clone()?, written.clone());
            move || read(reader, &written)
        });
        Ok(Self { master, written, child })
    }

    /// Waits until this was written.
    pub(crate) fn wait_for(&self, text: &str) -> Result<(), Failure> {
        self.wait(text, |written| written.bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    }

    /// Presses a key, and waits until something is drawn because of it.
    pub(crate) fn press(&self, key: &str) -> Result<(), Failure> {
        let before = self.written.0.lock().unwrap_or_else(PoisonError::into_inner).bytes.len();
        (&self.master).write_all(key.as_bytes())?;
        self.wait("a frame", |written| written.bytes.len() > before)
    }

    /// Ends it.
    pub(crate) fn quit(mut self) -> Result<(), Failure> {
        self.master.write_all(b"q")?;
        self.wait("the end", |written| written.ended)?;
        self.child.wait()?;
        Ok(())
    }

    /// Time of the processor that it has had so far, of all its threads.
    pub(crate) fn processor(&self) -> Result<Duration, Failure> {
        let mut nanos = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let told = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            nanos += told.split(' ').next().ok_or("no schedstat")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    fn wait(&self, what: &str, done: impl Fn(&Written) -> bool) -> Result<(), Failure> {
        let (written, news) = &*self.written;
        let until = Instant::now() + DEADLINE;
        let mut now = written.lock().unwrap_or_else(PoisonError::into_inner);
        while !done(&now) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || now.ended {
                return Err(format!("{what} did not come: {}", String::from_utf8_lossy(&now.bytes)).into());
            }
            now = news.wait_timeout(now, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Of a bench that failed, nothing stays; one that ended well has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn read(mut reader: File, written: &Shared) {
    let mut some = [0; 65_536];
    // The end is an error here: the last who had the terminal open is gone.
    while let Ok(count @ 1..) = reader.read(&mut some) {
        written.0.lock().unwrap_or_else(PoisonError::into_inner).bytes.extend_from_slice(&some[..count]);
        written.1.notify_all();
    }
    written.0.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
    written.1.notify_all();
}

/// The release build, beside the folder that this bench runs from.
fn binary() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    let release = own.parent().and_then(Path::parent).ok_or("the bench lies in no target folder")?;
    let sigyl = release.join("sigyl");
    if !sigyl.is_file() {
        return Err(format!("{} is missing: run cargo build --release --bin sigyl", sigyl.display()).into());
    }
    Ok(sigyl)
}
