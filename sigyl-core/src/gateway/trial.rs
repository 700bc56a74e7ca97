//! A new version beside the one that serves: a share of new clients is led to it, and what their calls come to is counted
//! apart.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;

use super::budget::Account;
use super::gateway::{Draining, Gateway};
use super::inner::Inner;
use super::route::{Route, Served};
use crate::domain::{Compared, ServerName, Version};
use crate::mcp::Upstream;

/// Why what was tried ends.
pub(super) const TAKEN_BACK: &str = "the version that was tried was taken back";

/// What is tried, and for how many.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) served: Arc<Served>,
    percent: u8,
    turns: AtomicU64,
}

impl Trial {
    /// Tells whether a request that belongs to no session is led here. Sessions are led evenly, in turn; what has none, as
    /// in the modern era, is led by who asks: by the name of the account, or else by the connection.
    fn takes(&self, body: &[u8], account: &Arc<Account>) -> bool {
        if opens(body) {
            return self.takes_next();
        }
        let mut asks = DefaultHasher::new();
        match account.by() {
            Some(by) => by.name.hash(&mut asks),
            None => Arc::as_ptr(account).hash(&mut asks),
        }
        self.served.route.version.to_string().hash(&mut asks);
        asks.finish() % 100 < u64::from(self.percent)
    }

    fn takes_next(&self) -> bool {
        let (turn, percent) = (self.turns.fetch_add(1, Ordering::Relaxed), u64::from(self.percent));
        let so_far = |turns: u64| turns.wrapping_mul(percent) / 100;
        so_far(turn.wrapping_add(1)) != so_far(turn)
    }
}

/// Tells whether a message opens a session.
fn opens(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Asked<'a> {
        #[serde(borrow)]
        method: Cow<'a, str>,
    }
    serde_json::from_slice::<Asked<'_>>(body).is_ok_and(|asked| asked.method == "initialize")
}

impl Inner {
    /// Returns where a request that belongs to no session is led: to the version that serves, or to one that is tried.
    pub(super) fn chosen(&self, served: Arc<Served>, body: &[u8], account: &Arc<Account>) -> Arc<Served> {
        let trials = self.trials();
        let trial = trials.get(&served.name).filter(|trial| trial.takes(body, account));
        trial.map_or(served, |trial| Arc::clone(&trial.served))
    }

    /// Ends everything that is led to one instance.
    pub(super) fn end_served(&self, served: &Arc<Served>, why: &str) {
        // First: what is opened or answered meanwhile is not kept.
        served.cut_off();
        served.retire();
        self.retired().push(Arc::downgrade(served));
        self.end_sessions(|session| Arc::ptr_eq(&session.served, served), why);
        self.pins().retain(|_, kept| !Arc::ptr_eq(&kept.served, served));
        served.modern.end(why);
    }
}

impl Gateway {
    /// Leads `percent` of new clients of a server here, and leaves the others where they are. A trial of the same
    /// version goes on with another share. Tells whether it did: it does not where the version is barred, or nothing serves.
    pub fn try_out(&self, name: &ServerName, route: Route, percent: u8) -> bool {
        // Held until the end, so that no version is tried that is barred meanwhile.
        let barred = self.inner.barred();
        let is_barred = barred.get(name).is_some_and(|bar| bar.holds(&route.version));
        if is_barred || !self.inner.is_routed(name) {
            return false;
        }
        let mut trials = self.inner.trials();
        let before = trials.remove(name).map(|trial| trial.served);
        let (same, other) = match before {
            Some(served) if served.route.version == route.version => (Some(served), None),
            other => (None, other),
        };
        let served = same.unwrap_or_else(|| Arc::new(Served::new(name.clone(), route)));
        trials.insert(name.clone(), Trial { served, percent, turns: AtomicU64::new(0) });
        drop(trials);
        if let Some(other) = other {
            self.inner.end_served(&other, TAKEN_BACK);
        }
        true
    }

    /// Tells what calls came to, on both sides; nothing where nothing is tried (any more).
    pub fn compared(&self, name: &ServerName) -> Option<Compared> {
        let tried = self.inner.trials().get(name)?.served.measured();
        Some(Compared { serving: self.inner.measured(name), tried })
    }

    /// Tells which version is tried, and how it is spoken to.
    pub fn tried(&self, name: &ServerName) -> Option<(Version, Upstream)> {
        let trials = self.inner.trials();
        let route = &trials.get(name)?.served.route;
        Some((route.version.clone(), route.upstream.clone()))
    }

    /// Leads all new clients to what was tried; those that it has stay. The answer tells when the others have left.
    pub fn promote(&self, name: &ServerName) -> Option<Draining> {
        let trial = self.inner.trials().remove(name)?;
        Some(self.lead_to(trial.served))
    }

    /// Leads nobody any more to what is tried, and ends what it has.
    pub fn withdraw(&self, name: &ServerName) {
        let trial = self.inner.trials().remove(name);
        if let Some(trial) = trial {
            self.inner.end_served(&trial.served, TAKEN_BACK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_kept_exactly_and_evenly() {
        for percent in [1, 10, 33, 50, 99] {
            let upstream = Upstream::Http { url: "http://127.0.0.1:1/mcp".to_owned() };
            let route = Route::new(upstream, Version::parse("2.0.0").unwrap());
            let served = Arc::new(Served::new(ServerName::parse("a").unwrap(), route));
            let trial = Trial { served, percent, turns: AtomicU64::new(0) };
            let taken: Vec<bool> = (0..1_000).map(|_| trial.takes_next()).collect();
            let count = |part: &[bool]| part.iter().filter(|taken| **taken).count();
            assert_eq!(count(&taken), usize::from(percent) * 10);
            assert!(taken.chunks(100).all(|part| count(part) == usize::from(percent)), "{percent}");
        }
    }
}
