//! Being asked to end (Ctrl-C, TERM, HUP), and going on after a stop (CONT).

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::problem::Problem;
use sigyl_core::domain::Kind;

/// How long a signal is on its way.
const LATE: Duration = Duration::from_millis(50);

/// Hears the signals that ask a process to end; while it lives, they do not end it by themselves.
pub(crate) struct Interrupts([Signal; 3]);

impl Interrupts {
    /// Starts listening.
    pub(crate) fn listen() -> Result<Self, Problem> {
        Ok(Self([
            hear(SignalKind::interrupt())?,
            hear(SignalKind::terminate())?,
            hear(SignalKind::hangup())?,
        ]))
    }

    /// Drops Ctrl-C that was pressed for another program, which had the terminal; who asks to end otherwise is still heard.
    pub(crate) async fn drop_interrupt(&mut self) {
        let [interrupt, ..] = &mut self.0;
        // What was pressed just before that program ended may be on its way here.
        while tokio::time::timeout(LATE, interrupt.recv()).await.is_ok_and(|heard| heard.is_some()) {}
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Hears that this process goes on after it was stopped.
pub(crate) struct Resumes(Signal);

impl Resumes {
    /// Starts listening.
    pub(crate) fn listen() -> Result<Self, Problem> {
        Ok(Self(hear(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?))
    }

    /// Waits for the next time.
    pub(crate) async fn next(&mut self) {
        self.0.recv().await;
    }
}

fn hear(kind: SignalKind) -> Result<Signal, Problem> {
    signal(kind).map_err(|error| {
        let message = format!("could not listen for signals: {error}");
        Problem::failed("E0023", Kind::Internal, message, "raise the limits of this shell: see `ulimit -a`")
    })
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    #[tokio::test]
    async fn only_ctrl_c_is_dropped() {
        let mut interrupts = Interrupts::listen().unwrap();
        kill_process(getpid(), Signal::INT).unwrap();
        interrupts.drop_interrupt().await;
        assert!(interrupts.next().now_or_never().is_none(), "it was for somebody else");
        kill_process(getpid(), Signal::INT).unwrap();
        kill_process(getpid(), Signal::TERM).unwrap();
        interrupts.drop_interrupt().await;
        assert!(interrupts.next().now_or_never().is_some(), "somebody asks this process to end");
    }
}
