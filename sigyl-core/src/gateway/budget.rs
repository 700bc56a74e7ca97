//! How much may wait in memory for all clients together, and which of them has to go when it is more.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::journal::By;

/// Accounts that are listed before those that are closed are looked for.
const CLOSED_MOST: usize = 1024;

/// The bytes that wait for all connections together.
#[derive(Debug)]
pub(super) struct Budget {
    most: usize,
    used: AtomicUsize,
    accounts: Mutex<Vec<Weak<Account>>>,
}

/// What waits in memory for one connection.
#[derive(Debug)]
pub(super) struct Account {
    budget: Arc<Budget>,
    /// Who asks, as whoever stands before the endpoint knows them.
    by: Option<By>,
    tally: Mutex<Tally>,
    over: Notify,
}

#[derive(Debug)]
struct Tally {
    held: usize,
    /// When the client last took something, or something began to wait.
    since: Instant,
    over: bool,
}

/// A number of bytes that counts until it is dropped.
#[derive(Debug)]
pub(super) struct Count {
    bytes: usize,
    account: Arc<Account>,
}

/// Bytes that count until they are dropped: when they were written, or their client is gone.
#[derive(Debug)]
pub(super) struct Held {
    bytes: Vec<u8>,
    _count: Option<Count>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Budget {
    /// Lets `most` bytes wait.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, used: AtomicUsize::new(0), accounts: Mutex::default() })
    }

    /// Opens the account of a connection, of whoever asks on it.
    pub(super) fn open(self: &Arc<Self>, by: Option<By>) -> Arc<Account> {
        let tally = Mutex::new(Tally { held: 0, since: Instant::now(), over: false });
        let account = Arc::new(Account { budget: Arc::clone(self), by, tally, over: Notify::new() });
        let mut accounts = lock(&self.accounts);
        if accounts.len() >= CLOSED_MOST && accounts.len() == accounts.capacity() {
            accounts.retain(|account| account.strong_count() > 0);
        }
        accounts.push(Arc::downgrade(&account));
        account
    }

    /// Lets clients go until what waits is within bounds: first those for whom much waits for a long time.
    fn relieve(&self) {
        let accounts: Vec<Arc<Account>> = lock(&self.accounts).iter().filter_map(Weak::upgrade).collect();
        while self.used.load(Ordering::SeqCst) > self.most {
            let slowest = accounts.iter().max_by_key(|account| account.weight());
            if !slowest.is_some_and(|account| account.end()) {
                return;
            }
        }
    }
}

impl Account {
    /// Returns who asks, when that is known.
    pub(super) fn by(&self) -> Option<By> {
        self.by.clone()
    }

    /// Counts bytes that wait for this client. `None` when it is being let go.
    pub(super) fn hold(self: &Arc<Self>, bytes: Vec<u8>) -> Option<Held> {
        let mut count = self.count();
        count.grow(bytes.len()).then(|| Held { bytes, _count: Some(count) })
    }

    /// Begins to count bytes that are held for this client.
    pub(super) fn count(self: &Arc<Self>) -> Count {
        Count { bytes: 0, account: Arc::clone(self) }
    }

    fn take(&self, bytes: usize) -> bool {
        {
            let mut tally = lock(&self.tally);
            if tally.over {
                return false;
            }
            if tally.held == 0 {
                tally.since = Instant::now();
            }
            tally.held += bytes;
            self.budget.used.fetch_add(bytes, Ordering::SeqCst);
        }
        if self.budget.used.load(Ordering::SeqCst) > self.budget.most {
            self.budget.relieve();
        }
        true
    }

    fn give_back(&self, counted: usize) {
        let mut tally = lock(&self.tally);
        // All that waits for a client that is let go was given back at once.
        if !tally.over {
            tally.held -= counted;
            tally.since = Instant::now();
            self.budget.used.fetch_sub(counted, Ordering::SeqCst);
        }
    }

    /// How much waits, times how long it does; nothing when letting it go would free nothing.
    fn weight(&self) -> u128 {
        let tally = lock(&self.tally);
        tally.held as u128 * tally.since.elapsed().as_micros().max(1)
    }

    /// Lets the client go; tells whether that freed anything.
    fn end(&self) -> bool {
        let mut tally = lock(&self.tally);
        let held = std::mem::take(&mut tally.held);
        if held == 0 {
            return false;
        }
        tally.over = true;
        self.budget.used.fetch_sub(held, Ordering::SeqCst);
        self.over.notify_one();
        tracing::warn!(
            bytes = held,
            limit = self.budget.most,
            "a client that reads too slowly was let go: more waited for all clients together than may"
        );
        true
    }

    /// Waits until the client must go.
    pub(super) async fn over(&self) {
        self.over.notified().await;
    }
}

impl Count {
    /// Counts more; tells whether the client may stay.
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        let taken = self.account.take(bytes);
        if taken {
            self.bytes += bytes;
        }
        taken
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.account.give_back(self.bytes);
    }
}

impl Held {
    /// Bytes that are read here and nowhere else, and are not counted.
    pub(super) fn uncounted(bytes: Vec<u8>) -> Self {
        Self { bytes, _count: None }
    }

    /// Puts the bytes into their final form; what is added does not count.
    pub(super) fn framed(mut self, frame: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        self.bytes = frame(&self.bytes);
        self
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_client_for_whom_much_waits_for_long_makes_room() {
        let budget = Budget::new(100);
        let (idle, slow, quick) = (budget.open(None), budget.open(None), budget.open(None));
        let old = slow.hold(vec![0; 60]).unwrap();
        tokio::time::advance(Duration::from_secs(9)).await;
        let one = quick.hold(vec![0; 40]).unwrap();
        let _little = idle.hold(Vec::new()).unwrap();
        assert!(slow.over().now_or_never().is_none(), "all is within bounds");
        let two = quick.hold(vec![0; 40]).unwrap();
        assert!(slow.over().now_or_never().is_some());
        assert!(quick.over().now_or_never().is_none() && idle.over().now_or_never().is_none());
        assert!(slow.hold(vec![0; 1]).is_none());
        assert_eq!(budget.used.load(Ordering::SeqCst), 80);
        drop((old, one, two));
        assert_eq!(budget.used.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn one_client_cannot_hold_more_than_there_is() {
        let budget = Budget::new(100);
        let only = budget.open(None);
        let held: Vec<Held> = (0..9).map_while(|_| only.hold(vec![0; 60])).collect();
        assert_eq!(held.len(), 2);
        assert!(only.over().now_or_never().is_some());
        drop(held);
        assert_eq!(budget.used.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn closed_accounts_are_forgotten() {
        let budget = Budget::new(1);
        for _ in 0..CLOSED_MOST * 4 {
            drop(budget.open(None));
        }
        assert!(lock(&budget.accounts).len() <= CLOSED_MOST * 2);
    }
}
