//! The keeper: a subreaper that starts one server and ends its whole family.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, set_child_subreaper, wait};

use super::channel::{read, read_raw, receive_fds, send_fds, write, write_raw};
use super::descriptors::close_inherited;
use super::entry::CONFINE;
use super::{Exit, Family, Order, Told, Watch};

/// How long a family has after TERM when nobody is there to wait for it.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long KILL may take; a process that sleeps in the kernel can outlast it.
const KILL_TIME: Duration = Duration::from_millis(1300);
/// Pause between two rounds of KILL.
const ROUND: Duration = Duration::from_millis(5);
/// How often the family is measured.
const SAMPLE: Duration = Duration::from_millis(500);

/// Keeps one server; returns the exit code of the launcher.
pub(super) fn run() -> i32 {
    match keep() {
        Ok(()) => 0,
        // Nobody is left to tell: Sigyl closed its end.
        Err(_) => 1,
    }
}

/// What the keeper waits for.
enum Heard {
    Order(Order),
    /// Sigyl closed its end, or is gone.
    Closed,
    /// The server itself ended.
    Ended(Exit),
    /// No descendant is left at all.
    Alone,
}

fn keep() -> io::Result<()> {
    close_inherited()?;
    let mut control = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let fds = receive_fds(&control, 3)?;
    let watch: Watch = read(&mut control)?;
    set_child_subreaper(Some(rustix::process::getpid()))?;
    let server = match start(&mut control, fds) {
        Ok(server) => server,
        Err(error) => return write(&mut control, &Told::Refused { why: error.to_string() }),
    };
    let told = write(&mut control, &Told::Started { pid: server });
    let (sender, heard) = channel();
    listen(control.try_clone()?, sender.clone())?;
    reap(server, sender)?;
    let mut keeper = Keeper { own: std::process::id(), heard, watch, exit: None, alone: false };
    // When nobody hears that it started, nobody is there: the family ends at once.
    if told.is_ok() {
        keeper.watch();
    }
    let left = keeper.end();
    let how = keeper.exit.unwrap_or(Exit::Lost);
    write(&mut control, &Told::Exited { how, left, alone: keeper.alone })
}

/// Starts the confined stage and waits until it became the server.
fn start(control: &mut UnixStream, fds: Vec<OwnedFd>) -> io::Result<u32> {
    let spec = read_raw(control)?;
    let [stdin, stdout, stderr] =
        <[OwnedFd; 3]>::try_from(fds).map_err(|_| io::Error::other("not three descriptors"))?;
    let (mut ours, theirs) = UnixStream::pair()?;
    let child = Command::new("/proc/self/exe")
        .arg(CONFINE)
        .env_clear()
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(stdout)
        .stderr(stderr)
        .process_group(0)
        .spawn()?;
    send_fds(&ours, &[stdin.as_fd()])?;
    drop(stdin);
    write_raw(&mut ours, &spec)?;
    drop(spec);
    // The last frame tells a failure; when the program starts instead, the socket closes without one.
    match read::<Told>(&mut ours) {
        Ok(Told::Started { .. }) => {}
        Ok(Told::Refused { why }) => return Err(io::Error::other(why)),
        Ok(Told::Exited { .. }) | Err(_) => {
            return Err(io::Error::other("the launcher ended before it could start the program"));
        }
    }
    match read::<Told>(&mut ours) {
        Ok(Told::Refused { why }) => Err(io::Error::other(why)),
        _ => Ok(child.id()),
    }
}

/// Hears orders until Sigyl closes its end.
fn listen(mut control: UnixStream, sender: Sender<Heard>) -> io::Result<()> {
    let hear = move || {
        while let Ok(order) = read(&mut control) {
            if sender.send(Heard::Order(order)).is_err() {
                return;
            }
        }
        // The main thread may be done already.
        sender.send(Heard::Closed).ok();
    };
    std::thread::Builder::new().name("orders".to_owned()).spawn(hear).map(drop)
}

/// Reaps every child, adopted ones too, until none is left.
fn reap(server: u32, sender: Sender<Heard>) -> io::Result<()> {
    let reap = move || {
        loop {
            let heard = match wait(WaitOptions::empty()) {
                Ok(Some((pid, _))) if Pid::as_raw(Some(pid)).unsigned_abs() != server => continue,
                Ok(Some((_, status))) => {
                    let how = match (status.exit_status(), status.terminating_signal()) {
                        (Some(code), _) => Exit::Code(code),
                        (None, Some(signal)) => Exit::Signal(signal),
                        (None, None) => continue,
                    };
                    Heard::Ended(how)
                }
                Ok(None) | Err(rustix::io::Errno::INTR) => continue,
                Err(_) => Heard::Alone,
            };
            let last = matches!(heard, Heard::Alone);
            if sender.send(heard).is_err() || last {
                return;
            }
        }
    };
    std::thread::Builder::new().name("reaper".to_owned()).spawn(reap).map(drop)
}

struct Keeper {
    own: u32,
    heard: Receiver<Heard>,
    watch: Watch,
    exit: Option<Exit>,
    alone: bool,
}

impl Keeper {
    /// Watches until the server ended, is to be ended, or broke a limit.
    fn watch(&mut self) {
        loop {
            match self.heard.recv_timeout(SAMPLE) {
                Ok(Heard::Order(Order::Term)) => Family::of(self.own).signal(Signal::TERM),
                Ok(Heard::Order(Order::Kill) | Heard::Closed) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Heard::Ended(how)) => {
                    self.exit = Some(how);
                    return;
                }
                Ok(Heard::Alone) => {
                    self.alone = true;
                    return;
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.exit = self.broken_limit();
                    if self.exit.is_some() {
                        return;
                    }
                }
            }
        }
    }

    fn broken_limit(&self) -> Option<Exit> {
        // A server may lower the limits of other processes of its user, and so leave its keeper without descriptors.
        if !Family::sees(self.own) {
            return Some(Exit::Unseen);
        }
        let family = Family::below(self.own);
        let count = family.processes();
        if count > self.watch.processes {
            return Some(Exit::Processes { count, limit: self.watch.processes });
        }
        let count = family.threads();
        if count > self.watch.threads {
            return Some(Exit::Threads { count, limit: self.watch.threads });
        }
        let limit = self.watch.memory?;
        let used = family.memory();
        (used > limit).then_some(Exit::Memory { used, limit })
    }

    /// Ends whoever is left, politely first; returns who outlived it.
    fn end(&mut self) -> Vec<u32> {
        let over_limit =
            matches!(self.exit, Some(Exit::Memory { .. } | Exit::Processes { .. } | Exit::Threads { .. }));
        if !self.alone && !over_limit {
            Family::of(self.own).signal(Signal::TERM);
            self.wait(LAST_WORDS, LAST_WORDS);
        }
        let mut rounds = KILL_TIME.as_millis() / ROUND.as_millis();
        while !self.alone && rounds > 0 {
            Family::of(self.own).signal(Signal::KILL);
            self.wait(ROUND, ROUND);
            rounds -= 1;
        }
        if self.alone { Vec::new() } else { Family::of(self.own).pids() }
    }

    /// Waits until nobody is left, at most for `budget`; an order to kill ends the wait.
    fn wait(&mut self, mut budget: Duration, step: Duration) {
        let slice = step.min(Duration::from_millis(20));
        while !self.alone && !budget.is_zero() {
            match self.heard.recv_timeout(slice) {
                Ok(Heard::Alone) | Err(RecvTimeoutError::Disconnected) => self.alone = true,
                Ok(Heard::Ended(how)) => {
                    self.exit.get_or_insert(how);
                }
                Ok(Heard::Order(Order::Kill)) => return,
                Ok(Heard::Order(Order::Term) | Heard::Closed) => {}
                Err(RecvTimeoutError::Timeout) => budget = budget.saturating_sub(slice),
            }
        }
    }
}
