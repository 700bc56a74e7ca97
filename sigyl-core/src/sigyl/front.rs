//! The gateway as the pipeline sees it, and the writer of call records.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{broadcast, mpsc, watch};

use super::tally::Tally;
use crate::clock::Clock;
use crate::domain::{Compared, Resources, ServerName, Version};
use crate::gateway::{Gateway, GatewayConfig, Route};
use crate::mcp::{Probe, Upstream};
use crate::pipeline::{Front, Quiet};
use crate::registry::Endpoint;
use crate::store::{CallRecord, Change, Store};

/// How many call records may wait for the disk.
const BACKLOG: usize = 4096;

/// How many calls a slow listener may lag behind.
const HEARD: usize = 1024;

/// Where clients reach the endpoint.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) endpoint: Endpoint,
    /// Whether somebody stands before it, who knows who asks.
    pub(super) guarded: bool,
}

/// The endpoint that clients reach servers by.
#[derive(Debug)]
pub(super) struct GatewayFront {
    gateway: Gateway,
    upstreams: Mutex<BTreeMap<ServerName, (Version, Upstream)>>,
    base: Mutex<Option<Base>>,
    /// Changes when records of calls were kept.
    pub(super) kept: watch::Sender<()>,
    /// How many there were since this process began.
    pub(super) tally: Arc<Tally>,
    /// Each of them, for whoever listens.
    pub(super) calls: broadcast::Sender<CallRecord>,
}

impl GatewayFront {
    pub(super) fn new(store: &Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let (calls, receiver) = mpsc::channel(BACKLOG);
        let kept = watch::Sender::new(());
        let tally = Arc::new(Tally::default());
        let heard = broadcast::Sender::new(HEARD);
        let counts = Counts { tally: Arc::clone(&tally), heard: heard.clone() };
        tokio::spawn(record_calls(store.clone(), receiver, kept.clone(), counts));
        Self {
            gateway: Gateway::new(GatewayConfig::default(), clock, calls),
            upstreams: Mutex::default(),
            base: Mutex::default(),
            kept,
            tally,
            calls: heard,
        }
    }

    /// Counts a call, and tells of it.
    pub(super) fn count(&self, call: &CallRecord) {
        Counts { tally: Arc::clone(&self.tally), heard: self.calls.clone() }.add(call);
    }

    pub(super) fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Tells where clients reach the endpoint.
    pub(super) fn reached_at(&self, base: Option<Base>) {
        *self.base.lock().unwrap_or_else(PoisonError::into_inner) = base;
    }

    /// Returns how to speak to the instance that serves `name`.
    pub(super) fn upstream(&self, name: &ServerName) -> Option<Upstream> {
        self.upstreams.lock().unwrap_or_else(PoisonError::into_inner).get(name).map(|(_, it)| it.clone())
    }

    /// Refuses every call of a server, or of some of its versions, until [`GatewayFront::unbar`].
    pub(super) fn bar(&self, name: &ServerName, versions: Option<Vec<Version>>, why: String) {
        let mut upstreams = self.upstreams.lock().unwrap_or_else(PoisonError::into_inner);
        let is_meant = |version: &Version| versions.as_ref().is_none_or(|some| some.contains(version));
        if upstreams.get(name).is_some_and(|(version, _)| is_meant(version)) {
            upstreams.remove(name);
        }
        // Held until here, so that no version is routed between the two.
        self.gateway.bar(name, versions, why);
    }

    /// Lets a server be reached again, once something of it runs.
    pub(super) fn unbar(&self, name: &ServerName) {
        self.gateway.unbar(name);
    }

    /// Returns where clients reach the endpoint.
    pub(super) fn reached(&self) -> Option<Endpoint> {
        self.base.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|base| base.endpoint.clone())
    }

    /// Returns the base address of the endpoint.
    pub(super) fn base(&self) -> Option<String> {
        self.reached().map(|endpoint| endpoint.base)
    }

    /// Tells whether only who holds a key comes in by the endpoint's address.
    pub(super) fn is_guarded(&self) -> bool {
        self.base.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|base| base.guarded)
    }
}

impl Front for GatewayFront {
    fn route(
        &self,
        name: &ServerName,
        version: &Version,
        upstream: Upstream,
        resources: &Resources,
        probe: Option<&Probe>,
    ) -> Quiet {
        let mut upstreams = self.upstreams.lock().unwrap_or_else(PoisonError::into_inner);
        if self.gateway.refuses(name, version) {
            return Box::pin(std::future::ready(()));
        }
        upstreams.insert(name.clone(), (version.clone(), upstream.clone()));
        let route = way(version, upstream, resources, probe);
        Box::pin(self.gateway.route(name.clone(), route).over())
    }

    fn try_out(
        &self,
        name: &ServerName,
        version: &Version,
        upstream: Upstream,
        resources: &Resources,
        probe: Option<&Probe>,
        percent: u8,
    ) -> bool {
        self.gateway.try_out(name, way(version, upstream, resources, probe), percent)
    }

    fn compared(&self, name: &ServerName) -> Option<Compared> {
        self.gateway.compared(name)
    }

    fn promote(&self, name: &ServerName) -> Option<Quiet> {
        let mut upstreams = self.upstreams.lock().unwrap_or_else(PoisonError::into_inner);
        let (version, upstream) = self.gateway.tried(name)?;
        let left = self.gateway.promote(name)?;
        upstreams.insert(name.clone(), (version, upstream));
        Some(Box::pin(left.over()))
    }

    fn withdraw(&self, name: &ServerName) {
        self.gateway.withdraw(name);
    }

    fn unroute(&self, name: &ServerName) {
        self.upstreams.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        self.gateway.unroute(name);
    }

    fn url(&self, name: &ServerName) -> Option<String> {
        self.base().map(|base| format!("{base}/mcp/{name}"))
    }
}

/// Makes the way to an instance, with its limits.
fn way(version: &Version, upstream: Upstream, resources: &Resources, probe: Option<&Probe>) -> Route {
    let mut route = Route::new(upstream, version.clone());
    if let Some(most) = resources.max_instances {
        route.max_sessions = most as usize;
    }
    if let Some(seconds) = resources.timeout {
        route.timeout = std::time::Duration::from_secs(seconds);
    }
    route.era = probe.map(|probe| probe.era);
    route
}

/// Who is told of calls before they are kept.
struct Counts {
    tally: Arc<Tally>,
    heard: broadcast::Sender<CallRecord>,
}

impl Counts {
    fn add(&self, call: &CallRecord) {
        self.tally.count(call);
        if self.heard.receiver_count() > 0 {
            // Whoever listened may just have left.
            self.heard.send(call.clone()).ok();
        }
    }
}

async fn record_calls(
    store: Arc<dyn Store>,
    mut receiver: mpsc::Receiver<CallRecord>,
    kept: watch::Sender<()>,
    counts: Counts,
) {
    let mut calls = Vec::new();
    while receiver.recv_many(&mut calls, 256).await > 0 {
        calls.iter().for_each(|call| counts.add(call));
        let count = calls.len();
        match store.apply(Change::Calls(std::mem::take(&mut calls))).await {
            Ok(_) => {
                kept.send_replace(());
            }
            Err(error) => tracing::error!(%error, count, "could not record calls"),
        }
    }
}
