//! Hands events to everyone who listens, now.

use tokio::sync::broadcast;

use super::Event;

/// How many events a slow listener may lag behind before it has to read the rest from the store.
const CAPACITY: usize = 4096;

/// A broadcast of events. Cloning it is cheap; every clone speaks to the same listeners.
#[derive(Clone, Debug)]
pub struct Bus {
    sender: broadcast::Sender<Event>,
}

impl Bus {
    /// Makes a bus nobody listens to yet.
    pub fn new() -> Self {
        Self { sender: broadcast::Sender::new(CAPACITY) }
    }

    /// Hands `event` to every listener; having none is fine.
    pub fn send(&self, event: Event) {
        self.sender.send(event).ok();
    }

    /// Starts listening.
    pub fn subscribe(&self) -> Subscription {
        Subscription { receiver: self.sender.subscribe() }
    }
}

impl Default for Bus {
    fn default() -> Self {
        Self::new()
    }
}

/// One listener.
#[derive(Debug)]
pub struct Subscription {
    receiver: broadcast::Receiver<Event>,
}

/// What a listener gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// The next event.
    Event(Box<Event>),
    /// The listener was too slow; this many events have to be read from the store.
    Missed(u64),
    /// Nobody will speak any more.
    Closed,
}

impl Subscription {
    /// Waits for the next event.
    pub async fn next(&mut self) -> Heard {
        match self.receiver.recv().await {
            Ok(event) => Heard::Event(Box::new(event)),
            Err(broadcast::error::RecvError::Lagged(missed)) => Heard::Missed(missed),
            Err(broadcast::error::RecvError::Closed) => Heard::Closed,
        }
    }
}
