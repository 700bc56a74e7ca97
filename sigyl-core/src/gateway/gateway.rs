//! The endpoint as its owner sees it: routes come and go, clients stay where they are.

use std::sync::{Arc, Weak};

use tokio::sync::mpsc::Sender;

use crate::clock::Clock;
use crate::domain::ServerName;
use crate::store::CallRecord;

use super::GatewayConfig;
use super::inner::Inner;
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

    /// Leads new clients of a server here. Sessions on an earlier route stay on it until they end, or until the time
    /// to drain is over.
    pub fn route(&self, name: ServerName, route: Route) {
        let served = Arc::new(Served::new(name.clone(), route));
        let replaced = self.inner.routes_mut().insert(name, served);
        if let Some(old) = replaced {
            old.retire();
            self.inner.retired().push(Arc::downgrade(&old));
        }
    }

    /// Takes a server away at once: its sessions end, its processes are stopped.
    pub fn unroute(&self, name: &ServerName) {
        let removed = self.inner.routes_mut().remove(name);
        self.inner.end_sessions(|session| session.served.name == *name, "the server was removed");
        self.inner.pins().retain(|_, (served, _)| served.name != *name);
        let retired: Vec<Arc<Served>> = self.inner.retired().iter().filter_map(Weak::upgrade).collect();
        for served in retired.iter().chain(&removed).filter(|served| served.name == *name) {
            served.modern.end("the server was removed");
        }
    }

    /// Tells how many sessions and requests are still on earlier routes of a server.
    pub fn draining(&self, name: &ServerName) -> usize {
        let ours = |served: &Served| served.name == *name && served.retired_for().is_some();
        let sessions = self.inner.sessions().values().filter(|session| ours(&session.served)).count();
        let pins = self.inner.pins().values().filter(|(served, _)| ours(served)).count();
        let retired: Vec<Arc<Served>> = self.inner.retired().iter().filter_map(Weak::upgrade).collect();
        let under_way: usize =
            retired.iter().filter(|served| ours(served)).map(|served| served.under_way()).sum();
        sessions + pins + under_way
    }

    /// Waits until nothing is left on earlier routes of a server, so that what served them may be stopped. Takes no
    /// longer than the time to drain and the longest request, while the endpoint serves.
    pub async fn drained(&self, name: &ServerName) {
        let mut clock = tokio::time::interval(self.inner.config.tick);
        while self.draining(name) > 0 {
            clock.tick().await;
        }
    }

    /// Tells how many sessions are open on the present and earlier routes of a server.
    pub fn sessions(&self, name: &ServerName) -> usize {
        self.inner.sessions().values().filter(|session| session.served.name == *name).count()
    }
}
