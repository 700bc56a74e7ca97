//! Where the calls of one server go.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::domain::{Digest, Measured, ServerName, Version};
use crate::mcp::{Era, Upstream};
use crate::store::CallOutcome;

use super::modern::ModernSlot;

/// How long one request may take, where the server does not say.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(300);

/// The far end of a server's address, and its limits.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Route {
    /// How to speak to it.
    pub upstream: Upstream,
    /// The version that serves.
    pub version: Version,
    /// Sessions (each a process of a stdio server) at a time; at least one.
    pub max_sessions: usize,
    /// How long one request may take.
    pub timeout: Duration,
    /// The newest era that it speaks, where a probe has found out.
    pub era: Option<Era>,
}

impl Route {
    /// Makes a route with 32 sessions and five minutes for a request.
    pub fn new(upstream: Upstream, version: Version) -> Self {
        Self { upstream, version, max_sessions: 32, timeout: REQUEST_TIMEOUT, era: None }
    }
}

/// A route in use. What was opened on it stays on it when another takes its place.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) name: ServerName,
    pub(super) route: Route,
    /// For an HTTP upstream: the client that reaches it, or why none can.
    pub(super) http: Option<Result<reqwest::Client, String>>,
    pub(super) modern: ModernSlot,
    era: Mutex<Option<Era>>,
    sessions: Arc<AtomicUsize>,
    passing: Arc<AtomicUsize>,
    retired: Mutex<Option<Instant>>,
    /// Whether answers that are on their way back are cut off.
    cut: watch::Sender<bool>,
    /// What its calls came to.
    measured: Mutex<Measured>,
    /// What it declared and nothing forbade, as digests of whole answers, since when.
    clean: Mutex<(u64, BTreeSet<Digest>)>,
}

/// Answers that are remembered as clean.
const CLEAN_MOST: usize = 64;

/// One place that is taken; given back when dropped.
#[derive(Debug)]
pub(super) struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Served {
    pub(super) fn new(name: ServerName, route: Route) -> Self {
        let http = route.upstream.url();
        let http = http.map(|url| crate::mcp::proxy_client(url).map_err(|error| error.to_string()));
        Self {
            name,
            http,
            modern: ModernSlot::default(),
            era: Mutex::new(route.era),
            sessions: Arc::default(),
            passing: Arc::default(),
            retired: Mutex::new(None),
            cut: watch::Sender::new(false),
            measured: Mutex::default(),
            clean: Mutex::default(),
            route,
        }
    }

    /// Counts a call that ended, or a session that could not be opened.
    pub(super) fn count(&self, outcome: CallOutcome, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let failed = u64::from(outcome != CallOutcome::Ok);
        self.measured.lock().unwrap_or_else(PoisonError::into_inner).add(1, failed, micros);
    }

    /// Tells what its calls came to so far.
    pub(super) fn measured(&self) -> Measured {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a seat for a session, if one is free.
    pub(super) fn seat(&self) -> Option<Seat> {
        let most = self.route.max_sessions.max(1);
        let more = |taken| (taken < most).then_some(taken + 1);
        self.sessions.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).ok()?;
        Some(Seat(Arc::clone(&self.sessions)))
    }

    /// Counts a request that is passed on to an HTTP server, until the answer is dropped.
    pub(super) fn passing(&self) -> Seat {
        self.passing.fetch_add(1, Ordering::SeqCst);
        Seat(Arc::clone(&self.passing))
    }

    /// Cuts off every answer that is on its way back, however it comes to an end by itself.
    pub(super) fn cut_off(&self) {
        self.cut.send_replace(true);
    }

    /// Tells whether they are.
    pub(super) fn is_cut(&self) -> bool {
        *self.cut.borrow()
    }

    /// Waits until answers are cut off.
    pub(super) async fn is_cut_off(&self) {
        // Whoever waits holds this, and with it the sender: it cannot be gone.
        if self.cut.subscribe().wait_for(|cut| *cut).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Tells how many requests are under way that belong to no session of ours.
    pub(super) fn under_way(&self) -> usize {
        self.passing.load(Ordering::SeqCst) + self.modern.waiting()
    }

    pub(super) fn era(&self) -> Option<Era> {
        *self.era.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn found_era(&self, era: Era) {
        *self.era.lock().unwrap_or_else(PoisonError::into_inner) = Some(era);
    }

    /// Tells whether an answer was looked at since, and nothing in it is forbidden.
    pub(super) fn is_clean(&self, since: u64, whole: Digest) -> bool {
        let clean = self.clean.lock().unwrap_or_else(PoisonError::into_inner);
        clean.0 == since && clean.1.contains(&whole)
    }

    /// Remembers an answer in which nothing is forbidden.
    pub(super) fn found_clean(&self, since: u64, whole: Digest) {
        let mut clean = self.clean.lock().unwrap_or_else(PoisonError::into_inner);
        if clean.0 != since || clean.1.len() >= CLEAN_MOST {
            *clean = (since, BTreeSet::new());
        }
        clean.1.insert(whole);
    }

    /// Notes that another route took the place of this one.
    pub(super) fn retire(&self) {
        *self.retired.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Tells how long ago another route took the place of this one.
    pub(super) fn retired_for(&self) -> Option<Duration> {
        self.retired.lock().unwrap_or_else(PoisonError::into_inner).map(|at| at.elapsed())
    }
}
