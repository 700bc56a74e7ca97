//! Messages on their way to one client, bounded by bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::mpsc;

/// One message for a client.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) text: Vec<u8>,
    /// Whether it answers the request that the stream was opened for.
    pub(super) answer: bool,
}

/// The end that messages are put into. The stream ends when all its copies are gone.
#[derive(Clone, Debug)]
pub(super) struct Outbox {
    items: mpsc::UnboundedSender<Item>,
    queued: Arc<AtomicUsize>,
    given_up: Arc<AtomicBool>,
    most: usize,
}

/// The end that messages are taken from.
#[derive(Debug)]
pub(super) struct Inbox {
    items: mpsc::UnboundedReceiver<Item>,
    queued: Arc<AtomicUsize>,
    given_up: Arc<AtomicBool>,
}

/// Makes both ends; `most` bytes may wait.
pub(super) fn channel(most: usize) -> (Outbox, Inbox) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let (queued, given_up) = (Arc::default(), Arc::default());
    let outbox = Outbox { items: sender, queued: Arc::clone(&queued), given_up: Arc::clone(&given_up), most };
    (outbox, Inbox { items: receiver, queued, given_up })
}

impl Outbox {
    /// Puts a message in; gives it back when the client is gone or too slow.
    pub(super) fn offer(&self, text: Vec<u8>) -> Result<(), Vec<u8>> {
        if self.queued.load(Ordering::Relaxed) > self.most {
            return Err(text);
        }
        self.put(Item { text, answer: false }).map_err(|item| item.text)
    }

    /// Puts the answer in, however much waits: there is one for each request.
    pub(super) fn answer(&self, text: Vec<u8>) {
        if self.put(Item { text, answer: true }).is_err() {
            tracing::debug!("an answer was dropped: its client is gone");
        }
    }

    /// Lets the stream end without an answer: the client wants none.
    pub(super) fn give_up(self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    /// Tells whether nobody reads any more.
    pub(super) fn is_gone(&self) -> bool {
        self.items.is_closed()
    }

    fn put(&self, item: Item) -> Result<(), Item> {
        let size = item.text.len();
        self.queued.fetch_add(size, Ordering::Relaxed);
        self.items.send(item).map_err(|refused| {
            self.queued.fetch_sub(size, Ordering::Relaxed);
            refused.0
        })
    }
}

impl Inbox {
    /// Takes the next message; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Item> {
        let item = self.items.recv().await?;
        self.queued.fetch_sub(item.text.len(), Ordering::Relaxed);
        Some(item)
    }

    /// Tells, at the end, whether the client gave the request up.
    pub(super) fn was_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }
}
