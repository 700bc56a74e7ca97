//! Being asked to end: Ctrl-C, TERM, HUP.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::problem::Problem;
use sigyl_core::domain::Kind;

/// Hears the signals that ask a process to end; while it lives, they do not end it by themselves.
pub(crate) struct Interrupts([Signal; 3]);

impl Interrupts {
    /// Starts listening.
    pub(crate) fn listen() -> Result<Self, Problem> {
        let hear = |kind| {
            signal(kind).map_err(|error| {
                let message = format!("could not listen for signals: {error}");
                Problem::failed(
                    "E0023",
                    Kind::Internal,
                    message,
                    "raise the limits of this shell: see `ulimit -a`",
                )
            })
        };
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
