//! What is under way on one connection, and until when.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// One connection, as the requests on it see it.
#[derive(Debug)]
pub(crate) struct Line {
    /// The other end of the connection.
    pub(crate) peer: SocketAddr,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When each request under way must be over, if it must.
    under_way: BTreeMap<u64, Option<Instant>>,
    next: u64,
    idle_since: Instant,
}

/// How a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pulse {
    /// Requests are under way, in time.
    Busy,
    /// There has been no request for this long.
    Idle(Duration),
    /// A request should be over, and is not: its client does not read.
    Overdue,
}

/// A request that is under way until this is dropped: with the last byte of its answer.
#[derive(Debug)]
pub(crate) struct Underway {
    line: Arc<Line>,
    number: u64,
}

impl Line {
    /// A new connection.
    pub(super) fn new(peer: SocketAddr) -> Arc<Self> {
        let state = State { under_way: BTreeMap::new(), next: 0, idle_since: Instant::now() };
        Arc::new(Self { peer, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a request.
    pub(crate) fn begin(self: &Arc<Self>) -> Underway {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.under_way.insert(number, None);
        drop(state);
        Underway { line: Arc::clone(self), number }
    }

    /// Tells how the connection is.
    pub(super) fn pulse(&self) -> Pulse {
        let state = self.state();
        let now = Instant::now();
        if state.under_way.is_empty() {
            Pulse::Idle(now - state.idle_since)
        } else if state.under_way.values().flatten().any(|due| *due <= now) {
            Pulse::Overdue
        } else {
            Pulse::Busy
        }
    }
}

impl Underway {
    /// Lets the request last until `due` and not longer: else its connection is closed.
    pub(crate) fn ends_by(&self, due: Instant) {
        self.line.state().under_way.insert(self.number, Some(due));
    }

    /// Lets the request last as long as it takes.
    pub(crate) fn may_last(&self) {
        self.line.state().under_way.insert(self.number, None);
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        let mut state = self.line.state();
        state.under_way.remove(&self.number);
        if state.under_way.is_empty() {
            state.idle_since = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_busy_then_idle_and_overdue_when_an_answer_is_not_read() {
        let line = Line::new(([127, 0, 0, 1], 1).into());
        let second = Duration::from_secs(1);
        tokio::time::advance(second).await;
        assert_eq!(line.pulse(), Pulse::Idle(second));
        let (one, two) = (line.begin(), line.begin());
        one.ends_by(Instant::now() + second);
        assert_eq!(line.pulse(), Pulse::Busy);
        tokio::time::advance(second).await;
        assert_eq!(line.pulse(), Pulse::Overdue);
        one.may_last();
        assert_eq!(line.pulse(), Pulse::Busy);
        one.ends_by(Instant::now());
        assert_eq!(line.pulse(), Pulse::Overdue);
        drop(one);
        assert_eq!(line.pulse(), Pulse::Busy);
        drop(two);
        tokio::time::advance(second).await;
        assert_eq!(line.pulse(), Pulse::Idle(second));
    }
}
