//! The endpoint as its owner sees it: routes come and go, clients stay where they are.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use tokio::sync::mpsc::Sender;

use crate::clock::Clock;
use crate::domain::{Digest, ServerName, Version};
use crate::store::CallRecord;

use super::GatewayConfig;
use super::declared::Sighting;
use super::inner::{Bar, Inner};
use super::journal::Journal;
use super::route::{Route, Served};

/// The MCP endpoint in front of all running servers. A copy is the same endpoint.
#[derive(Clone, Debug)]
pub struct Gateway {
    pub(super) inner: Arc<Inner>,
}

impl Gateway {
    /// Makes an endpoint without routes; a record of each call goes to `records`, without ever waiting for it.
    pub fn new(config: GatewayConfig, clock: Arc<dyn Clock>, records: Sender<CallRecord>) -> Self {
        let inner = Inner::new(config, Journal::new(clock, records));
        Self { inner: Arc::new(inner) }
    }

    /// Leads new clients of a server here, unless it is barred. Sessions on an earlier route stay on it until they end,
    /// or until the time to drain is over; the answer tells when.
    pub fn route(&self, name: ServerName, route: Route) -> Draining {
        self.lead_to(Arc::new(Served::new(name, route)))
    }

    pub(super) fn lead_to(&self, served: Arc<Served>) -> Draining {
        let name = served.name.clone();
        let barred = self.inner.barred();
        if barred.get(&name).is_some_and(|bar| bar.holds(&served.route.version)) {
            return Draining { inner: Arc::clone(&self.inner), old: None };
        }
        self.inner.starting().remove(&name);
        let replaced = self.inner.routes_mut().insert(name, served);
        if let Some(old) = &replaced {
            old.retire();
            self.inner.retired().push(Arc::downgrade(old));
        }
        drop(barred);
        Draining { inner: Arc::clone(&self.inner), old: replaced }
    }

    /// Tells clients of a server without a route to come back later: it is starting.
    pub fn expect(&self, name: ServerName) {
        self.inner.starting().insert(name);
    }

    /// Takes a server away at once: its sessions end, its processes are stopped.
    pub fn unroute(&self, name: &ServerName) {
        self.inner.starting().remove(name);
        let removed = self.inner.routes_mut().remove(name);
        let tried = self.inner.trials().remove(name).map(|trial| trial.served);
        self.inner.end_sessions(|session| session.served.name == *name, "the server was removed");
        let retired: Vec<Arc<Served>> = self.inner.retired().iter().filter_map(Weak::upgrade).collect();
        let ours = retired.iter().chain(&removed).chain(&tried).filter(|served| served.name == *name);
        for served in ours {
            served.modern.end("the server was removed");
            served.cut_off();
        }
        // After that, so that no answer that comes meanwhile keeps a session here.
        self.inner.pins().retain(|_, kept| kept.served.name != *name);
    }

    /// Refuses every call of a server from now on, whatever is routed to it, and ends what is under way. With versions
    /// named, only what those serve. What was barred before stays so.
    pub fn bar(&self, name: &ServerName, versions: Option<Vec<Version>>, why: String) {
        let bar = {
            let mut barred = self.inner.barred();
            let bar = Bar { versions, why }.and(barred.get(name));
            barred.insert(name.clone(), bar.clone());
            bar
        };
        self.inner.starting().remove(name);
        let is_meant = |served: &Served| served.name == *name && bar.holds(&served.route.version);
        let removed = {
            let mut routes = self.inner.routes_mut();
            let is_routed = routes.get(name).is_some_and(|served| is_meant(served));
            if is_routed { routes.remove(name) } else { None }
        };
        let tried = {
            let mut trials = self.inner.trials();
            let is_tried = trials.get(name).is_some_and(|trial| is_meant(&trial.served));
            if is_tried { trials.remove(name).map(|trial| trial.served) } else { None }
        };
        self.inner.end_sessions(|session| is_meant(&session.served), &bar.why);
        let retired: Vec<Arc<Served>> = self.inner.retired().iter().filter_map(Weak::upgrade).collect();
        for served in retired.iter().chain(&removed).chain(&tried).filter(|served| is_meant(served)) {
            served.modern.end(&bar.why);
            served.cut_off();
        }
        // After that, so that no answer that comes meanwhile keeps a session here.
        self.inner.pins().retain(|_, kept| !is_meant(&kept.served));
    }

    /// Refuses every answer that declares something with one of these digests, whichever server gives it. What was
    /// forbidden before is no more.
    pub fn forbid(&self, why: BTreeMap<Digest, String>) {
        self.inner.declared.forbid(why);
    }

    /// Tells `to` what servers are seen to declare, forbidden or not, without ever waiting for it.
    pub fn tell_declared(&self, to: Sender<Sighting>) {
        self.inner.declared.tell(to);
    }

    /// Lets a server be routed to again.
    pub fn unbar(&self, name: &ServerName) {
        self.inner.barred().remove(name);
    }

    /// Tells whether this version of a server is refused.
    pub fn refuses(&self, name: &ServerName, version: &Version) -> bool {
        self.inner.barred().get(name).is_some_and(|bar| bar.holds(version))
    }

    /// Tells how many sessions are open on the present and earlier routes of a server.
    pub fn sessions(&self, name: &ServerName) -> usize {
        self.inner.sessions().values().filter(|session| session.served.name == *name).count()
    }

    /// Counts the sessions that are open now, by server and by who opened them. Those of servers that speak HTTP are counted
    /// from their beginning until they are ended or were not used for a while, and no more of them than are remembered.
    pub fn open_sessions(&self) -> BTreeMap<(ServerName, Option<Arc<str>>), u64> {
        let mut open = BTreeMap::new();
        let mut add = |server: &ServerName, by: &Option<Arc<str>>| {
            *open.entry((server.clone(), by.clone())).or_default() += 1;
        };
        let sessions = self.inner.sessions();
        let alive = sessions.values().filter(|session| session.board.over_because().is_none());
        alive.for_each(|session| add(&session.served.name, &session.by));
        drop(sessions);
        self.inner.pins().values().for_each(|kept| add(&kept.served.name, &kept.by));
        open
    }
}

/// What is still under way on a route that another took the place of.
#[derive(Debug)]
pub struct Draining {
    inner: Arc<Inner>,
    old: Option<Arc<Served>>,
}

impl Draining {
    /// Tells how many sessions and requests are left.
    pub fn left(&self) -> usize {
        let Some(old) = &self.old else { return 0 };
        let sessions = self.inner.sessions().values().filter(|s| Arc::ptr_eq(&s.served, old)).count();
        let pins = self.inner.pins().values().filter(|kept| Arc::ptr_eq(&kept.served, old)).count();
        sessions + pins + old.under_way()
    }

    /// Waits until nothing is left, so that what served them may be stopped. Takes no longer than the time to drain
    /// and the longest request, while the endpoint serves.
    pub async fn over(self) {
        let mut clock = tokio::time::interval(self.inner.config.tick);
        while self.left() > 0 {
            clock.tick().await;
        }
    }
}
