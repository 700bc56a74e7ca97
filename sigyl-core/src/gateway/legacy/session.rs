//! A legacy session: one client, one process of its own.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::board::Board;
use crate::gateway::process::{Listener as _, Process, cancelled};
use crate::gateway::route::{Seat, Served};

/// A client's own process, and who waits for what.
#[derive(Debug)]
pub(in crate::gateway) struct Session {
    pub(in crate::gateway) served: Arc<Served>,
    pub(in crate::gateway) board: Arc<Board>,
    pub(in crate::gateway) process: Process,
    /// The revision that the server agreed to.
    pub(in crate::gateway) version: String,
    /// Who opened it, where that is known.
    pub(in crate::gateway) by: Option<Arc<str>>,
    _seat: Seat,
}

impl Session {
    pub(in crate::gateway) fn new(
        served: Arc<Served>,
        board: Arc<Board>,
        process: Process,
        seat: Seat,
        version: String,
    ) -> Self {
        Self { served, board, process, version, by: None, _seat: seat }
    }

    /// The same, opened by somebody who is known.
    pub(in crate::gateway) fn opened_by(self, by: Option<Arc<str>>) -> Self {
        Self { by, ..self }
    }

    /// Ends it: the process is stopped, and whoever waits is told why.
    pub(in crate::gateway) fn end(&self, why: &str) {
        self.process.stop();
        self.board.ended(why);
    }

    /// Looks at the clock; returns why the session must go, if it must.
    pub(in crate::gateway) fn look(&self, idle: Duration, drain: Duration) -> Option<&'static str> {
        for id in self.board.expire() {
            self.process.try_send(cancelled(&id, "it took too long"));
        }
        if self.board.over_because().is_some() {
            return Some("its process ended");
        }
        if self.served.retired_for().is_some_and(|since| since >= drain) {
            return Some("another version serves, and the time to move is over");
        }
        self.board.idle_for(true).is_some_and(|for_| for_ >= idle).then_some("it was not used")
    }
}

/// Makes the secret name of a session: 256 random bits, visible ASCII.
pub(in crate::gateway) fn new_id() -> Result<String, getrandom::Error> {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits)?;
    Ok(URL_SAFE_NO_PAD.encode(bits))
}
