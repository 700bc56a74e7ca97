//! How often somebody may ask: a bucket of tokens for each caller and class of route.
//!
//! A bucket is one time: when it will be full again. How many there are is bounded. While all are in use, those who come
//! new share one: nobody else is slowed by them, and nobody gets in by being one more.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::domain::{Caller, KeyId};

/// What an operation costs, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// Looks things up.
    Read,
    /// Changes records.
    Write,
    /// Starts a run.
    Deploy,
    /// Shows a key, or begins to sign in.
    Login,
}

/// Who is counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Who {
    /// All uses of a key.
    Key(KeyId),
    /// All that comes from an address; of IPv6, from its network of 64 bits, which one host has whole.
    Address(IpAddr),
}

impl Who {
    /// Whoever comes from an address: with a key, all uses of it count together.
    pub fn of(caller: &Caller, address: IpAddr) -> Self {
        caller.key().map_or(Self::Address(address), |holder| Self::Key(holder.key.id.clone()))
    }
}

/// How much is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many may come at once.
    pub burst: u32,
    /// How long it takes until one more may come.
    pub every: Duration,
}

/// How much of each class is let through, and for how many callers that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Of [`Class::Read`].
    pub read: Rate,
    /// Of [`Class::Write`].
    pub write: Rate,
    /// Of [`Class::Deploy`].
    pub deploy: Rate,
    /// Of [`Class::Login`].
    pub login: Rate,
    /// Buckets at most.
    pub buckets: usize,
}

impl Default for Rates {
    fn default() -> Self {
        let rate = |burst, millis| Rate { burst, every: Duration::from_millis(millis) };
        Self {
            read: rate(500, 5),
            write: rate(60, 100),
            deploy: rate(20, 3_000),
            login: rate(10, 6_000),
            buckets: 65_536,
        }
    }
}

/// It may pass; what is left of its bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How many may come at once.
    pub limit: u32,
    /// How many more may come now.
    pub remaining: u32,
    /// How long until the bucket is full again.
    pub reset: Duration,
}

/// It may not pass now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests: try again in {} s", .retry_after.as_secs().max(1))]
pub struct TooMany {
    /// How many may come at once.
    pub limit: u32,
    /// When the next may come.
    pub retry_after: Duration,
}

/// The buckets. Cheap to ask; it does not wait.
#[derive(Debug)]
pub struct Throttle {
    rates: Rates,
    clock: Arc<dyn Clock>,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// When each bucket is full again, in microseconds. Nobody is who comes when there is no bucket left.
    full_at: HashMap<(Option<Who>, Class), i64>,
    /// When the full ones were last removed.
    swept: i64,
}

/// How often full buckets are looked for at most: it takes a walk over all.
const SWEEP_EVERY: i64 = 1_000_000;

impl Throttle {
    /// Makes a throttle with all buckets full.
    pub fn new(rates: Rates, clock: Arc<dyn Clock>) -> Self {
        Self { rates, clock, held: Mutex::default() }
    }

    /// Takes one token of `who` for an operation of `class`.
    pub fn take(&self, who: Who, class: Class) -> Result<Allowance, TooMany> {
        let rate = self.rate(class);
        let now = self.clock.now().millis().saturating_mul(1_000);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = held.bucket((Some(together(who)), class), self.rates.buckets, now);
        rate.take(bucket, now)
    }

    fn rate(&self, class: Class) -> Rate {
        match class {
            Class::Read => self.rates.read,
            Class::Write => self.rates.write,
            Class::Deploy => self.rates.deploy,
            Class::Login => self.rates.login,
        }
    }
}

impl Held {
    fn bucket(&mut self, of: (Option<Who>, Class), most: usize, now: i64) -> &mut i64 {
        let is_new = !self.full_at.contains_key(&of);
        if is_new && self.full_at.len() >= most && (now - self.swept).abs() >= SWEEP_EVERY {
            self.swept = now;
            // A full bucket says no more than none.
            self.full_at.retain(|_, full_at| *full_at > now);
        }
        let of = if is_new && self.full_at.len() >= most { (None, of.1) } else { of };
        self.full_at.entry(of).or_insert(now)
    }
}

impl Rate {
    fn take(self, full_at: &mut i64, now: i64) -> Result<Allowance, TooMany> {
        let every = i64::try_from(self.every.as_micros()).unwrap_or(i64::MAX).max(1);
        let whole = every.saturating_mul(self.burst.into());
        // A clock that was set back must not shut anybody out for longer than an empty bucket does.
        let from = (*full_at).clamp(now, now.saturating_add(whole));
        let then = from.saturating_add(every);
        let over = then - now - whole;
        if over > 0 {
            *full_at = from;
            return Err(TooMany { limit: self.burst, retry_after: micros(over) });
        }
        *full_at = then;
        let remaining = u32::try_from(-over / every).unwrap_or(u32::MAX);
        Ok(Allowance { limit: self.burst, remaining, reset: micros(then - now) })
    }
}

fn micros(count: i64) -> Duration {
    Duration::from_micros(u64::try_from(count).unwrap_or(0))
}

fn together(who: Who) -> Who {
    match who {
        Who::Address(address) => Who::Address(match address.to_canonical() {
            IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() & (u128::MAX << 64)).into(),
            four => four,
        }),
        key => key,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::FixedClock;
    use crate::store::contract::fixture::key_id;

    fn throttle(burst: u32, millis: u64, buckets: usize) -> (Throttle, Arc<FixedClock>) {
        let clock = Arc::new(FixedClock::at(crate::domain::Timestamp::from_millis(1_000_000)));
        let rate = Rate { burst, every: Duration::from_millis(millis) };
        let rates = Rates { read: rate, write: rate, deploy: rate, login: rate, buckets };
        (Throttle::new(rates, clock.clone()), clock)
    }

    fn four(last: u8) -> Who {
        Who::Address([10, 0, 0, last].into())
    }

    #[test]
    fn a_burst_passes_and_then_one_for_each_step_of_time() {
        let (throttle, clock) = throttle(3, 1_000, 10);
        let take = || throttle.take(four(1), Class::Read);
        let left: Vec<_> = (0..3).map(|_| take().unwrap().remaining).collect();
        assert_eq!(left, [2, 1, 0]);
        let refused = take().unwrap_err();
        assert_eq!((refused.limit, refused.retry_after), (3, Duration::from_secs(1)));
        clock.advance(Duration::from_millis(999));
        assert_eq!(take().unwrap_err().retry_after, Duration::from_millis(1));
        clock.advance(Duration::from_millis(1));
        assert_eq!(take().unwrap(), Allowance { limit: 3, remaining: 0, reset: Duration::from_secs(3) });
        assert!(take().is_err());
    }

    #[test]
    fn callers_and_classes_are_counted_apart_and_one_host_together() {
        let (throttle, _) = throttle(1, 1_000, 10);
        let key = || Who::Key(key_id("key0000000000000"));
        for (who, class) in
            [(four(1), Class::Read), (four(2), Class::Read), (four(1), Class::Login), (key(), Class::Read)]
        {
            assert!(throttle.take(who.clone(), class).is_ok(), "{who:?}");
            assert!(throttle.take(who.clone(), class).is_err(), "{who:?}");
        }
        let six = |text: &str| Who::Address(text.parse().unwrap());
        assert!(throttle.take(six("2001:db8::1"), Class::Read).is_ok());
        assert!(throttle.take(six("2001:db8::ffff:2"), Class::Read).is_err(), "the same network");
        assert!(throttle.take(six("2001:db8:0:1::1"), Class::Read).is_ok(), "another network");
        assert!(throttle.take(six("::ffff:10.0.0.1"), Class::Read).is_err(), "IPv4 within IPv6");
    }

    #[test]
    fn more_callers_than_buckets_share_one_and_hinder_nobody_else() {
        let (throttle, clock) = throttle(1, 1_000, 4);
        for last in 0..4 {
            assert!(throttle.take(four(last), Class::Read).is_ok());
        }
        assert!(throttle.take(four(100), Class::Read).is_ok());
        assert!(throttle.take(four(101), Class::Read).is_err(), "the shared bucket is empty");
        let held = throttle.held.lock().unwrap().full_at.len();
        assert_eq!(held, 5);
        clock.advance(Duration::from_secs(2));
        for last in 100..104 {
            assert!(throttle.take(four(last), Class::Read).is_ok(), "{last}: full buckets make room");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_shuts_nobody_out_for_long() {
        let rate = Rate { burst: 2, every: Duration::from_secs(1) };
        let mut full_at = 1_000_000_000_000;
        assert_eq!(rate.take(&mut full_at, 5).unwrap_err().retry_after, Duration::from_secs(1));
        assert_eq!(rate.take(&mut full_at, 1_000_005).unwrap().remaining, 0);
    }

    proptest! {
        #[test]
        fn never_more_pass_than_the_rate_allows(
            burst in 1..20_u32, millis in 1..500_u64, waits in prop::collection::vec(0..200_u64, 1..200)
        ) {
            let (throttle, clock) = throttle(burst, millis, 10);
            let (mut passed, mut elapsed) = (0_u64, 0);
            for wait in waits {
                clock.advance(Duration::from_millis(wait));
                elapsed += wait;
                match throttle.take(four(1), Class::Read) {
                    Ok(_) => passed += 1,
                    Err(refused) => prop_assert!(refused.retry_after <= Duration::from_millis(millis)),
                }
                prop_assert!(passed <= u64::from(burst) + elapsed / millis);
            }
        }
    }
}
