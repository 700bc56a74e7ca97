//! How many streams and calls of MCP servers each caller has open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sigyl_core::access::Who;

/// Counts what is open, for each caller.
#[derive(Debug)]
pub(crate) struct OpenStreams {
    most: usize,
    open: Mutex<HashMap<Who, usize>>,
}

/// One that is open; it is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    streams: Arc<OpenStreams>,
    who: Who,
}

impl OpenStreams {
    /// Lets each caller have `most` open.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, open: Mutex::default() })
    }

    /// Takes a seat for a caller, if they may have one more.
    pub(crate) fn take(self: &Arc<Self>, who: Who) -> Option<Seat> {
        let mut open = self.counts();
        let count = open.entry(who.clone()).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Seat { streams: Arc::clone(self), who })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Who, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.streams.counts();
        if let Some(count) = open.get_mut(&self.who) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_has_seats_of_their_own_and_gives_them_back() {
        let streams = OpenStreams::new(2);
        let at = |last| Who::Address([127, 0, 0, last].into());
        let (first, second) = (streams.take(at(1)), streams.take(at(1)));
        assert!(first.is_some() && second.is_some() && streams.take(at(1)).is_none());
        assert!(streams.take(at(2)).is_some());
        drop(first);
        assert!(streams.take(at(1)).is_some());
        drop(second);
        assert!(streams.counts().is_empty(), "nothing is remembered of who has nothing open");
    }
}
