//! Writes events to the store in order, then hands them to whoever listens.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::domain::{RunId, Seq, ServerName};
use crate::event::{Bus, Event, EventKind};
use crate::store::{Change, Store};

use super::masks::Masks;

/// How many messages are taken at once: their events are stored together.
const BACKLOG: usize = 1024;

enum Message {
    Event(Box<Event>),
    Flush(oneshot::Sender<()>),
}

/// The one way in which events leave: numbered, stored, then broadcast. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Emitter {
    sender: mpsc::UnboundedSender<Message>,
    clock: Arc<dyn Clock>,
    bus: Bus,
    masks: Masks,
}

impl Emitter {
    /// Starts the writer. What `masks` hides of a server is hidden in every event of it.
    pub fn start(store: Arc<dyn Store>, clock: Arc<dyn Clock>, bus: Bus, masks: Masks) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::spawn(write(store, bus.clone(), receiver));
        Self { sender, clock, bus, masks }
    }

    /// Returns the bus on which stored events appear.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Tells what happened; returns at once.
    pub fn emit(&self, run: Option<&RunId>, server: Option<&ServerName>, mut kind: EventKind) {
        if let Some(server) = server {
            let mask = self.masks.of(server);
            kind.texts().into_iter().for_each(|text| mask.hide(text));
        }
        let at = self.clock.now();
        let event = Event { seq: Seq(0), at, run: run.cloned(), server: server.cloned(), kind };
        // The writer ends only with the runtime, when nobody is left to tell.
        self.sender.send(Message::Event(Box::new(event))).ok();
    }

    /// Waits until everything told so far is stored and handed on.
    pub async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        if self.sender.send(Message::Flush(done)).is_ok() {
            // An error means that the writer is gone, and with it whatever could be waited for.
            wait.await.ok();
        }
    }
}

async fn write(store: Arc<dyn Store>, bus: Bus, mut receiver: mpsc::UnboundedReceiver<Message>) {
    let mut messages = Vec::new();
    while receiver.recv_many(&mut messages, BACKLOG).await > 0 {
        let mut events = Vec::new();
        let mut waiting = Vec::new();
        for message in messages.drain(..) {
            match message {
                Message::Event(event) => events.push(*event),
                Message::Flush(done) => waiting.push(done),
            }
        }
        publish(&*store, &bus, events).await;
        for done in waiting {
            // Whoever asked may have stopped waiting.
            done.send(()).ok();
        }
    }
}

async fn publish(store: &dyn Store, bus: &Bus, mut events: Vec<Event>) {
    if events.is_empty() {
        return;
    }
    match store.apply(Change::Events(events.clone())).await {
        Ok(last) => {
            let first = last.0 + 1 - events.len() as u64;
            for (event, seq) in events.iter_mut().zip(first..) {
                event.seq = Seq(seq);
            }
        }
        // Listeners still hear of it, with seq 0: an event that could not be kept is better than silence.
        Err(error) => tracing::error!(%error, events = events.len(), "could not store events"),
    }
    for event in events {
        bus.send(event);
    }
}
