//! One server process under its keeper, seen from Sigyl.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::input::Input;
use super::launcher::{
    Blind, Exit, Family, KEEP, Order, StartSpec, Told, Watch, left_behind, mark_of, send_fds,
};
use super::log::LogWriter;
use super::pump::{Tail, pump};

/// Variable that marks every process of a server, so that a later owner finds leftovers.
pub(super) const MARKER: &str = "SIGYL_INSTANCE";
/// How long the launcher may take to start a program.
const START: Duration = Duration::from_secs(20);
/// How long the keeper may take to end a family after KILL.
const KILLED: Duration = Duration::from_secs(4);
/// Bytes of one message of the keeper at most.
const TOLD_MAX: u32 = 1 << 20;

/// Everything that is needed to start one more process of an instance.
#[derive(Debug)]
pub(super) struct Blueprint {
    pub(super) launcher: PathBuf,
    /// Shown by `ps` beside the launcher.
    pub(super) label: String,
    /// Value of [`MARKER`].
    pub(super) marker: String,
    pub(super) watch: Watch,
    pub(super) spec: StartSpec,
    pub(super) log: LogWriter,
}

/// Which pipes Sigyl keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plumbing {
    /// Standard input and output are the protocol.
    Stdio,
    /// Nothing to read, and all output is log.
    Http,
}

/// The protocol pipes of a stdio server.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) stdin: Input,
    pub(super) stdout: pipe::Receiver,
}

/// A running process; its family ends when the last handle is gone.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) pid: u32,
    keeper: u32,
    orders: mpsc::UnboundedSender<Order>,
    exit: watch::Receiver<Option<Ended>>,
    asked: Arc<AtomicBool>,
    tail: Tail,
}

/// How a process ended, and whether somebody had asked it to by then.
#[derive(Clone, Debug)]
struct Ended {
    how: Exit,
    asked: bool,
}

impl Blueprint {
    /// Starts a process; `Err` says in words why it did not start.
    pub(super) async fn start(&self, plumbing: Plumbing) -> Result<(Arc<Process>, Option<Ends>), String> {
        let failed =
            |error: io::Error| format!("could not run the launcher {}: {error}", self.launcher.display());
        let wires = Wires::new(plumbing).map_err(failed)?;
        let (ours, theirs) = StdStream::pair().map_err(failed)?;
        let mut launcher = Command::new(&self.launcher);
        launcher.arg(KEEP).arg(&self.label).env_clear().env(MARKER, &self.marker).current_dir("/");
        launcher.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null()).stderr(Stdio::null());
        let mut launcher = launcher.process_group(0).spawn().map_err(failed)?;
        // The command above is dropped with its copy of the socket; only the launcher holds the other end now.
        let theirs = [wires.stdin.as_fd(), wires.stdout.as_fd(), wires.stderr.as_fd()];
        send_fds(&ours, &theirs).map_err(failed)?;
        ours.set_nonblocking(true).map_err(failed)?;
        let mut control = UnixStream::from_std(ours).map_err(failed)?;
        let (ends, stderr) = wires.into_ours().map_err(failed)?;
        let tail = Tail::default();
        let pumped = tokio::spawn(pump(stderr, self.log.clone(), tail.clone()));
        let pid = match timeout(START, introduce(&mut control, &self.watch, &self.spec)).await {
            Ok(Ok(Told::Started { pid })) => pid,
            Ok(Ok(Told::Refused { why })) => return Err(why),
            Ok(Ok(Told::Exited { .. })) => return Err("the launcher gave a wrong answer".to_owned()),
            Ok(Err(error)) => {
                return Err(format!("{} does not work as launcher: {error}", self.launcher.display()));
            }
            Err(_) => return Err(format!("the launcher did not start it within {}s", START.as_secs())),
        };
        let keeper = launcher.id().unwrap_or(pid);
        let (orders, to_give) = mpsc::unbounded_channel();
        let (tell_exit, exit) = watch::channel(None);
        let (marker, log) = (self.marker.clone(), self.log.clone());
        let asked = Arc::new(AtomicBool::new(false));
        let was_asked = asked.clone();
        let (mut reader, writer) = control.into_split();
        tokio::spawn(give(writer, to_give));
        tokio::spawn(async move {
            let (how, left) = match hear(&mut reader).await {
                Ok(Told::Exited { how, alone: true, .. }) => (how, Ok(Vec::new())),
                // It goes without having ended all, and then nobody keeps them.
                Ok(Told::Exited { how, left, .. }) => {
                    log.note(&format!("its keeper saw {left:?} left and could not end all"));
                    wait_for(&mut launcher, &log).await;
                    (how, sweep(&marker).await)
                }
                // Whoever killed the keeper: what it kept is found by its mark.
                Ok(_) | Err(_) => (Exit::Lost, sweep(&marker).await),
            };
            let asked = was_asked.load(Ordering::SeqCst);
            match left {
                Ok(left) if left.is_empty() => {}
                Ok(left) => log.note(&format!("could not end the processes {left:?}")),
                Err(blind) => log.note(&format!("could not tell which of its processes are left: {blind}")),
            }
            wait_for(&mut launcher, &log).await;
            // The family is gone, so its standard error ends; what holds it open cannot hold us.
            if timeout(Duration::from_secs(1), pumped).await.is_err() {
                log.note("standard error is still held open by somebody");
            }
            tell_exit.send_replace(Some(Ended { how, asked }));
        });
        Ok((Arc::new(Process { pid, keeper, orders, exit, asked, tail }), ends))
    }
}

impl Process {
    /// Waits until the process and its family are gone.
    pub(super) async fn ended(&self) -> Exit {
        let mut exit = self.exit.clone();
        // The sender tells before it goes, unless the runtime is shut down under it.
        exit.wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|ended| ended.as_ref().map(|ended| ended.how.clone()))
            .unwrap_or(Exit::Lost)
    }

    /// Tells how it ended, if it did.
    pub(super) fn exit(&self) -> Option<Exit> {
        self.exit.borrow().as_ref().map(|ended| ended.how.clone())
    }

    /// Returns the processes of the family, the server's own first.
    pub(super) fn pids(&self) -> Vec<u32> {
        let mut pids = Family::below(self.keeper).pids();
        pids.sort_by_key(|pid| (*pid != self.pid, *pid));
        pids
    }

    /// Looks at its family.
    pub(super) fn family(&self) -> Family {
        Family::below(self.keeper)
    }

    /// Tells whether somebody had asked it to stop before it ended.
    pub(super) fn was_asked(&self) -> bool {
        self.exit.borrow().as_ref().is_some_and(|ended| ended.asked)
    }

    /// Returns how it ended with the last lines it wrote, in one line.
    pub(super) fn obituary(&self, how: &Exit) -> String {
        match self.tail.text() {
            tail if tail.is_empty() => format!("{how}, and wrote nothing to standard error"),
            tail => format!("{how}; it wrote: {tail}"),
        }
    }

    /// Stops the family: TERM, then KILL after `grace`. A stdio server gets half of it to see its input end.
    pub(super) async fn stop(&self, grace: Duration, input_closed: bool) -> Exit {
        self.asked.store(true, Ordering::SeqCst);
        let mut left = grace;
        if input_closed {
            left = grace / 2;
            if let Ok(how) = timeout(grace - left, self.ended()).await {
                return how;
            }
        }
        // An order that cannot be given means that it ended.
        self.orders.send(Order::Term).ok();
        if let Ok(how) = timeout(left, self.ended()).await {
            return how;
        }
        self.orders.send(Order::Kill).ok();
        timeout(KILLED, self.ended()).await.unwrap_or(Exit::Lost)
    }
}

/// The pipes of a start, both ends.
struct Wires {
    stdin: OwnedFd,
    stdout: OwnedFd,
    stderr: OwnedFd,
    ours: Option<(OwnedFd, OwnedFd)>,
    log: OwnedFd,
}

impl Wires {
    fn new(plumbing: Plumbing) -> io::Result<Self> {
        let (log, stderr) = io::pipe()?;
        let stderr = OwnedFd::from(stderr);
        let (stdin, stdout, ours) = match plumbing {
            Plumbing::Stdio => {
                let (stdin, our_stdin) = io::pipe()?;
                let (our_stdout, stdout) = io::pipe()?;
                (stdin.into(), stdout.into(), Some((our_stdin.into(), our_stdout.into())))
            }
            Plumbing::Http => (std::fs::File::open("/dev/null")?.into(), stderr.try_clone()?, None),
        };
        Ok(Self { stdin, stdout, stderr, ours, log: log.into() })
    }

    /// Closes the server's ends and returns ours.
    fn into_ours(self) -> io::Result<(Option<Ends>, pipe::Receiver)> {
        let ends = match self.ours {
            Some((stdin, stdout)) => Some(Ends {
                stdin: Input::new(pipe::Sender::from_owned_fd(stdin)?),
                stdout: pipe::Receiver::from_owned_fd(stdout)?,
            }),
            None => None,
        };
        Ok((ends, pipe::Receiver::from_owned_fd(self.log)?))
    }
}

async fn wait_for(launcher: &mut Child, log: &LogWriter) {
    if let Err(error) = launcher.wait().await {
        log.note(&format!("could not wait for the launcher: {error}"));
    }
}

async fn introduce(control: &mut UnixStream, watch: &Watch, spec: &StartSpec) -> io::Result<Told> {
    send(control, &serde_json::to_vec(watch)?).await?;
    send(control, &Zeroizing::new(serde_json::to_vec(spec)?)).await?;
    hear(control).await
}

async fn send(control: &mut (impl tokio::io::AsyncWrite + Unpin), frame: &[u8]) -> io::Result<()> {
    control.write_u32(u32::try_from(frame.len()).map_err(io::Error::other)?).await?;
    control.write_all(frame).await
}

async fn hear(control: &mut (impl tokio::io::AsyncRead + Unpin)) -> io::Result<Told> {
    let length = control.read_u32().await?;
    if length > TOLD_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "frame too long"));
    }
    let mut frame = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    control.read_exact(&mut frame).await?;
    Ok(serde_json::from_slice(&frame)?)
}

/// Gives orders until the last handle is gone; then the socket closes and the keeper ends the family.
async fn give(mut control: OwnedWriteHalf, mut orders: mpsc::UnboundedReceiver<Order>) {
    while let Some(order) = orders.recv().await {
        let Ok(frame) = serde_json::to_vec(&order) else { continue };
        if send(&mut control, &frame).await.is_err() {
            return;
        }
    }
}

/// Kills every process that carries a marker with this start, and what a killed keeper of the same owner left; returns
/// who is left.
async fn sweep(marker: &str) -> Result<Vec<u32>, Blind> {
    let marker = marker.to_owned();
    // A task that ended without an answer has looked at nothing.
    tokio::task::spawn_blocking(move || sweep_now(&marker)).await.map_err(|_| Blind)?
}

/// Does what `sweep` does, blocking for at most two seconds.
pub(super) fn sweep_now(marker: &str) -> Result<Vec<u32>, Blind> {
    let mark = mark_for(marker);
    end_all(|| left_behind(MARKER, marker, mark), 200)
}

/// Kills whom `left` finds until it finds nobody, looking so many times, a hundredth of a second apart.
fn end_all(left: impl Fn() -> Result<Family, Blind>, looks: u32) -> Result<Vec<u32>, Blind> {
    for _ in 0..looks {
        // Who cannot be seen now may be a moment later.
        if let Ok(family) = left() {
            if family.pids().is_empty() {
                return Ok(Vec::new());
            }
            family.signal(rustix::process::Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(left()?.pids())
}

/// Returns the mark of everything whose marker begins with the same owner.
pub(super) fn mark_for(marker: &str) -> u64 {
    mark_of(marker.split_once('/').map_or(marker, |(owner, _)| owner))
}

/// Tells whether `program` can be run at all, for a clear error before anything is started.
pub(super) fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_called_gone_by_a_sweep_that_could_not_look() {
        assert!(end_all(|| Err(Blind), 1).is_err());
        let nobody = || left_behind(MARKER, "of no owner/", 0);
        assert_eq!(end_all(nobody, 1).unwrap(), Vec::<u32>::new());
    }

    #[test]
    fn a_marker_and_its_owner_have_one_mark() {
        assert_eq!(mark_for("owner/instance"), mark_for("owner/"));
        assert_eq!(mark_for("owner"), mark_of("owner"));
    }
}
