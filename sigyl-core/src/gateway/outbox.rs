//! Messages on their way to one client, bounded by bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::mpsc;

use super::budget::{Account, Held};

/// One message for a client.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) text: Held,
    /// Whether it answers the request that the stream was opened for.
    pub(super) answer: bool,
}

/// The end that messages are put into. The stream ends when all its copies are gone.
#[derive(Clone, Debug)]
pub(super) struct Outbox {
    items: mpsc::UnboundedSender<Item>,
    queued: Arc<AtomicUsize>,
    given_up: Arc<AtomicBool>,
    account: Option<Arc<Account>>,
    most: usize,
}

/// A message was not taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused;

/// The end that messages are taken from.
#[derive(Debug)]
pub(super) struct Inbox {
    items: mpsc::UnboundedReceiver<Item>,
    queued: Arc<AtomicUsize>,
    given_up: Arc<AtomicBool>,
}

/// Makes both ends; `most` bytes may wait, and they count on the account of the client's connection.
pub(super) fn channel(most: usize, account: Option<Arc<Account>>) -> (Outbox, Inbox) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let (queued, given_up) = (Arc::default(), Arc::default());
    let outbox =
        Outbox { items: sender, queued: Arc::clone(&queued), given_up: Arc::clone(&given_up), account, most };
    (outbox, Inbox { items: receiver, queued, given_up })
}

impl Outbox {
    /// Puts a message in; refused when the client is gone or too slow.
    pub(super) fn offer(&self, text: Vec<u8>) -> Result<(), Refused> {
        if self.queued.load(Ordering::Relaxed) > self.most {
            return Err(Refused);
        }
        self.put(text, false)
    }

    /// Puts the answer in, however much waits for this client: there is one for each request.
    pub(super) fn answer(&self, text: Vec<u8>) {
        if self.put(text, true).is_err() {
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

    fn put(&self, text: Vec<u8>, answer: bool) -> Result<(), Refused> {
        if self.is_gone() {
            return Err(Refused);
        }
        let size = text.len();
        let text = match &self.account {
            Some(account) => account.hold(text).ok_or(Refused)?,
            None => Held::uncounted(text),
        };
        self.queued.fetch_add(size, Ordering::Relaxed);
        self.items.send(Item { text, answer }).map_err(|_| {
            self.queued.fetch_sub(size, Ordering::Relaxed);
            Refused
        })
    }
}

impl Inbox {
    /// Takes the next message; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Item> {
        let item = self.items.recv().await?;
        self.queued.fetch_sub(item.text.as_ref().len(), Ordering::Relaxed);
        Some(item)
    }

    /// Tells, at the end, whether the client gave the request up.
    pub(super) fn was_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }
}
