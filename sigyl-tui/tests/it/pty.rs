//! A terminal for tests: a real one of the kernel, whose other end is the test.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, Winsize, tcgetattr, tcsetwinsize};

/// How long anything may take; a test that gets there has failed.
const DEADLINE: Duration = Duration::from_secs(30);

/// What a terminal switches on for a console, by number: alternate screen, bracketed paste, mouse.
pub(crate) const TAKEN: [u16; 5] = [1049, 2004, 1000, 1002, 1006];
/// Whether the cursor is shown.
pub(crate) const CURSOR: u16 = 25;

/// What was written to the terminal so far, and whether the last writer is gone.
#[derive(Default)]
struct Written {
    bytes: Vec<u8>,
    ended: bool,
}

/// A terminal, and the process that has it.
pub(crate) struct Pty {
    master: Option<File>,
    written: Arc<(Mutex<Written>, Condvar)>,
    child: Option<Child>,
    before: Termios,
    hung_up: Arc<AtomicBool>,
}

impl Pty {
    /// Starts a command with a terminal of this size as its own, in a session of its own.
    pub(crate) fn start(command: &Command, (columns, rows): (u16, u16)) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).unwrap();
        let before = tcgetattr(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let open = || -> OwnedFd { File::options().read(true).write(true).open(&name).unwrap().into() };
        let mut session = Command::new("setsid");
        session.arg("--ctty").arg(command.get_program()).args(command.get_args());
        session.env_clear();
        session.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = command.get_current_dir() {
            session.current_dir(folder);
        }
        let child = session.stdin(open()).stdout(open()).stderr(open()).spawn().unwrap();
        // The command holds its ends of the terminal: they would keep it from ending.
        drop(session);
        let master = File::from(master);
        let written = Arc::<(Mutex<Written>, Condvar)>::default();
        let hung_up = Arc::<AtomicBool>::default();
        std::thread::spawn({
            let (mut reader, written) = (master.try_clone().unwrap(), written.clone());
            let hung_up = hung_up.clone();
            move || read(&mut reader, &written, &hung_up)
        });
        Self { master: Some(master), written, child: Some(child), before, hung_up }
    }

    /// Sends what a keyboard would.
    pub(crate) fn press(&mut self, keys: &str) {
        self.master.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Sends a signal to the process.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(self.child.as_ref().unwrap()), signal).unwrap();
    }

    /// The number of bytes that were written so far.
    pub(crate) fn mark(&self) -> usize {
        self.written.0.lock().unwrap().bytes.len()
    }

    /// Waits until this was written after a mark.
    pub(crate) fn wait_for(&self, text: &str, mark: usize) {
        self.wait(text, |written| find(&written.bytes[mark.min(written.bytes.len())..], text));
    }

    /// Waits until the process has ended and nobody holds the terminal.
    pub(crate) fn end(&mut self) -> ExitStatus {
        self.wait("the end", |written| written.ended);
        self.child.as_mut().unwrap().wait().unwrap()
    }

    /// Takes the terminal away, as a connection that breaks does, and waits for the end of the process.
    pub(crate) fn hang_up(mut self) -> ExitStatus {
        // Nobody reads any more once the thread that did has seen this, and the last descriptor is closed.
        self.hung_up.store(true, Ordering::SeqCst);
        self.press("?");
        self.master = None;
        let mut child = self.child.take().unwrap();
        let pid = Pid::from_child(&child);
        let (ended, end) = std::sync::mpsc::channel();
        std::thread::spawn(move || ended.send(child.wait().unwrap()));
        end.recv_timeout(DEADLINE).unwrap_or_else(|_| {
            kill_process(pid, Signal::KILL).unwrap();
            panic!("it goes on without a terminal")
        })
    }

    /// The terminal, to be asked about.
    pub(crate) fn terminal(&self) -> &File {
        self.master.as_ref().unwrap()
    }

    fn wait(&self, what: &str, done: impl Fn(&Written) -> bool) {
        let (written, news) = &*self.written;
        let until = Instant::now() + DEADLINE;
        let mut now = written.lock().unwrap();
        while !done(&now) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || now.ended {
                let text = String::from_utf8_lossy(&now.bytes).into_owned();
                drop(now);
                panic!("{what} did not come: {text:?}");
            }
            now = news.wait_timeout(now, left).unwrap().0;
        }
    }

    /// Everything that was written.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.written.0.lock().unwrap().bytes).into_owned()
    }

    /// Whether keys go to the process as they are pressed, and are not shown.
    pub(crate) fn is_raw(&self) -> bool {
        let modes = tcgetattr(self.terminal()).unwrap().local_modes;
        !modes.intersects(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Whether a mode of the terminal is on, by what was written last about it.
    pub(crate) fn is_on(&self, mode: u16) -> bool {
        let text = self.text();
        let last = |end: char| text.rfind(&format!("\u{1b}[?{mode}{end}"));
        last('h') > last('l')
    }

    /// Holds that the console has the terminal.
    pub(crate) fn assert_taken(&self) {
        assert!(self.is_raw());
        assert!(TAKEN.iter().all(|mode| self.is_on(*mode)) && !self.is_on(CURSOR), "{:?}", self.text());
    }

    /// Holds that the terminal is as it was before the console had it.
    pub(crate) fn assert_given_back(&self) {
        let now = tcgetattr(self.terminal()).unwrap();
        let modes = |it: &Termios| (it.input_modes, it.output_modes, it.control_modes, it.local_modes);
        assert_eq!(modes(&now), modes(&self.before));
        let left: Vec<_> = TAKEN.into_iter().filter(|mode| self.is_on(*mode)).collect();
        assert!(left.is_empty(), "{left:?} are still on: {:?}", self.text());
        assert!(self.is_on(CURSOR), "the cursor is hidden: {:?}", self.text());
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // Of a test that failed, nothing stays.
        if let Some(child) = &mut self.child {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

fn read(reader: &mut File, written: &(Mutex<Written>, Condvar), hung_up: &AtomicBool) {
    let mut some = [0; 4096];
    // The end is an error here: the last who had the terminal open is gone.
    while let Ok(count @ 1..) = reader.read(&mut some) {
        written.0.lock().unwrap().bytes.extend_from_slice(&some[..count]);
        written.1.notify_all();
        if hung_up.load(Ordering::SeqCst) {
            break;
        }
    }
    written.0.lock().unwrap().ended = true;
    written.1.notify_all();
}

fn find(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
