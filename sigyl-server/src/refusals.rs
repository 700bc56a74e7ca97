//! How often keys were refused, by address: who tries them has to wait before another one is looked at. A key that was
//! good once is written down in the audit each time that it is refused, so it must not be looked at without end.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sigyl_core::access::{Rate, TooMany};
use sigyl_core::clock::Clock;

use crate::listen::network;

/// Microseconds for which an address pays at most, beyond its bucket, for keys that were refused at once.
const DEBT_MOST: i64 = 3_600_000_000;

/// How many refusals each address has left. Only they count: a good key takes nothing.
#[derive(Debug)]
pub(crate) struct Refusals {
    rate: Rate,
    most: usize,
    clock: Arc<dyn Clock>,
    /// When each address has all of its refusals again, in microseconds.
    full_at: Mutex<HashMap<IpAddr, i64>>,
    /// Held while a key of an address that had refusals is looked at, so that many at once do not pass for one.
    turn: tokio::sync::Mutex<()>,
}

/// The right to look at one key. It counts as a refusal unless it is let off: who goes away meanwhile may have been refused.
#[derive(Debug)]
pub(crate) struct Try<'a> {
    refusals: &'a Refusals,
    address: IpAddr,
    counts: bool,
    // Given back after it was counted: the next one has to see that.
    _turn: Option<tokio::sync::MutexGuard<'a, ()>>,
}

impl Refusals {
    /// Gives each address refusals at `rate`, and counts them for `most` addresses.
    pub(crate) fn new(rate: Rate, most: usize, clock: Arc<dyn Clock>) -> Self {
        Self { rate, most, clock, full_at: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    /// Lets a key of `address` be looked at, unless too many from there were refused. Waits for others only where one
    /// was refused of late.
    pub(crate) async fn begin(&self, address: IpAddr) -> Result<Try<'_>, TooMany> {
        let address = network(address);
        let mut turn = None;
        if self.is_suspect(address)? {
            turn = Some(self.turn.lock().await);
            // Those who went before may have left nothing.
            self.is_suspect(address)?;
        }
        Ok(Try { refusals: self, address, counts: true, _turn: turn })
    }

    /// Tells whether `address` had refusals of late, or might have; it fails when it has none left.
    fn is_suspect(&self, address: IpAddr) -> Result<bool, TooMany> {
        let now = self.now();
        let held = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        // Who is not counted for want of room waits for its turn, and is not shut out for what others did.
        let Some(full_at) = held.get(&address) else { return Ok(held.len() >= self.most) };
        let full_at = self.clamped(*full_at, now);
        let over = full_at.saturating_add(self.every()).saturating_sub(now.saturating_add(self.whole()));
        if over > 0 {
            let retry_after = Duration::from_micros(over.unsigned_abs());
            return Err(TooMany { limit: self.rate.burst, retry_after });
        }
        Ok(full_at > now)
    }

    fn count(&self, address: IpAddr) {
        let now = self.now();
        let mut held = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= self.most {
            held.retain(|_, full_at| *full_at > now);
        }
        if held.len() < self.most || held.contains_key(&address) {
            let full_at = held.entry(address).or_insert(now);
            *full_at = self.clamped(self.clamped(*full_at, now).saturating_add(self.every()), now);
        }
    }

    /// A clock that was set back must not shut anybody out for longer than the worst client.
    fn clamped(&self, full_at: i64, now: i64) -> i64 {
        full_at.clamp(now, now.saturating_add(self.whole()).saturating_add(DEBT_MOST))
    }

    fn now(&self) -> i64 {
        self.clock.now().millis().saturating_mul(1_000)
    }

    fn every(&self) -> i64 {
        i64::try_from(self.rate.every.as_micros()).unwrap_or(i64::MAX).max(1)
    }

    fn whole(&self) -> i64 {
        self.every().saturating_mul(self.rate.burst.into())
    }
}

impl Try<'_> {
    /// The key was good, or nobody can tell: it does not count.
    pub(crate) fn let_off(mut self) {
        self.counts = false;
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        if self.counts {
            self.refusals.count(self.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use sigyl_core::clock::FixedClock;

    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn refusals(burst: u32, most: usize) -> (Refusals, Arc<FixedClock>) {
        let clock = Arc::new(FixedClock::default());
        let rate = Rate { burst, every: Duration::from_secs(10) };
        (Refusals::new(rate, most, clock.clone()), clock)
    }

    async fn refuse(refusals: &Refusals, address: IpAddr) {
        drop(refusals.begin(address).await.unwrap());
    }

    #[tokio::test]
    async fn only_refusals_take_and_time_gives_back() {
        let (refusals, clock) = refusals(2, 10);
        for _ in 0..2 {
            for _ in 0..100 {
                refusals.begin(ONE).await.unwrap().let_off();
            }
            refuse(&refusals, ONE).await;
        }
        let too_many = refusals.begin(ONE).await.unwrap_err();
        assert_eq!(too_many, TooMany { limit: 2, retry_after: Duration::from_secs(10) });
        refusals.begin(OTHER).await.unwrap().let_off();
        clock.advance(Duration::from_secs(10));
        refuse(&refusals, ONE).await;
        refusals.begin(ONE).await.unwrap_err();
    }

    #[tokio::test]
    async fn keys_that_are_tried_at_once_are_paid_for_and_then_looked_at_one_by_one() {
        let (refusals, clock) = refusals(2, 10);
        let mut tries = Vec::new();
        for _ in 0..6 {
            tries.push(refusals.begin(ONE).await.unwrap());
        }
        drop(tries);
        assert_eq!(refusals.begin(ONE).await.unwrap_err().retry_after, Duration::from_secs(50));
        clock.advance(Duration::from_secs(50));
        let first = refusals.begin(ONE).await.unwrap();
        let second = async { refusals.begin(ONE).await.is_err() };
        let (is_refused, ()) = tokio::join!(second, async {
            tokio::task::yield_now().await;
            drop(first);
        });
        assert!(is_refused, "the second saw what was left before the first");
    }

    #[tokio::test]
    async fn who_is_not_counted_for_want_of_room_waits_and_is_not_shut_out() {
        let (refusals, clock) = refusals(1, 1);
        for address in [ONE, OTHER, OTHER] {
            refuse(&refusals, address).await;
        }
        refusals.begin(ONE).await.unwrap_err();
        let waits = refusals.begin(OTHER).await.unwrap();
        assert!(waits._turn.is_some());
        waits.let_off();
        clock.advance(Duration::from_secs(20));
        refuse(&refusals, OTHER).await;
        refusals.begin(OTHER).await.unwrap_err();
        assert_eq!(refusals.full_at.lock().unwrap().len(), 1);
    }
}
