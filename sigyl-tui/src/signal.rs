//! Being asked to end (Ctrl-C, TERM, HUP), and going on after a stop (CONT).

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::problem::Problem;
use sigyl_core::domain::Kind;

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
