//! What all connections share: routes, sessions, and the way of a request to the right one.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use tokio::time::Instant;

use crate::domain::{Measured, ServerName, Version};
use crate::mcp::era::LEGACY_ALL;
use crate::store::CallOutcome;

use super::GatewayConfig;
use super::budget::{Account, Budget};
use super::declared::Declared;
use super::journal::{By, Journal};
use super::legacy::Session;
use super::post::{Post, standing};
use super::proxy::Passed;
use super::request::{SESSION, VERSION, check_source, header, read_body, server_name};
use super::respond::{
    Answer, NO_SESSION, NO_SESSION_TEXT, TRANSPORT_ERROR, busy, empty, error, json, not_allowed,
};
use super::route::{Seat, Served};
use super::trial::{TAKEN_BACK, Trial};

/// Sessions of HTTP servers that are remembered, so that they stay on the route they began on.
const PINS_MOST: usize = 4096;

/// Bytes of such a session's name.
const PIN_MOST: usize = 1024;

/// What of a server is refused, and why.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    /// All of them when absent.
    pub(super) versions: Option<Vec<Version>>,
    pub(super) why: String,
}

impl Bar {
    /// The same with what was refused before.
    pub(super) fn and(self, before: Option<&Self>) -> Self {
        let Some(before) = before else { return self };
        let versions = match (self.versions, &before.versions) {
            (Some(versions), Some(more)) => Some([versions.as_slice(), more].concat()),
            (None, _) | (_, None) => None,
        };
        Self { versions, why: self.why }
    }

    /// Tells whether a version is refused.
    pub(super) fn holds(&self, version: &Version) -> bool {
        self.versions.as_ref().is_none_or(|versions| versions.contains(version))
    }
}

/// A session of an HTTP server, which has it.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) served: Arc<Served>,
    used: Instant,
    /// Who opened it, where that is known.
    pub(super) by: Option<Arc<str>>,
}

/// What all connections share.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) config: Arc<GatewayConfig>,
    pub(super) journal: Arc<Journal>,
    pub(super) declared: Arc<Declared>,
    pub(super) budget: Arc<Budget>,
    routes: RwLock<HashMap<ServerName, Arc<Served>>>,
    /// Versions that some new clients are led to.
    trials: Mutex<HashMap<ServerName, Trial>>,
    /// Servers that have no route yet and will get one.
    starting: Mutex<HashSet<ServerName>>,
    /// Servers whose calls are refused.
    barred: Mutex<HashMap<ServerName, Bar>>,
    retired: Mutex<Vec<Weak<Served>>>,
    sessions: Mutex<HashMap<String, Arc<Session>>>,
    pins: Mutex<HashMap<String, Kept>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    pub(super) fn new(config: GatewayConfig, journal: Journal) -> Self {
        Self {
            budget: Budget::new(config.held_bytes),
            config: Arc::new(config),
            journal: Arc::new(journal),
            declared: Arc::default(),
            routes: RwLock::default(),
            trials: Mutex::default(),
            starting: Mutex::default(),
            barred: Mutex::default(),
            retired: Mutex::default(),
            sessions: Mutex::default(),
            pins: Mutex::default(),
        }
    }

    fn routes(&self) -> RwLockReadGuard<'_, HashMap<ServerName, Arc<Served>>> {
        self.routes.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn routes_mut(&self) -> RwLockWriteGuard<'_, HashMap<ServerName, Arc<Served>>> {
        self.routes.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn trials(&self) -> MutexGuard<'_, HashMap<ServerName, Trial>> {
        lock(&self.trials)
    }

    /// Tells whether a version of a server serves.
    pub(super) fn is_routed(&self, name: &ServerName) -> bool {
        self.routes().contains_key(name)
    }

    /// Returns what calls of the version that serves came to; nothing where none serves.
    pub(super) fn measured(&self, name: &ServerName) -> Measured {
        self.routes().get(name).map(|served| served.measured()).unwrap_or_default()
    }

    pub(super) fn starting(&self) -> MutexGuard<'_, HashSet<ServerName>> {
        lock(&self.starting)
    }

    pub(super) fn barred(&self) -> MutexGuard<'_, HashMap<ServerName, Bar>> {
        lock(&self.barred)
    }

    pub(super) fn sessions(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        lock(&self.sessions)
    }

    pub(super) fn pins(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        lock(&self.pins)
    }

    pub(super) fn retired(&self) -> MutexGuard<'_, Vec<Weak<Served>>> {
        lock(&self.retired)
    }

    /// Answers one request of the connection whose account is given.
    pub(super) async fn handle(
        self: &Arc<Self>,
        request: Request<Incoming>,
        account: &Arc<Account>,
    ) -> Answer {
        if let Err(refusal) = check_source(&request) {
            return *refusal;
        }
        let path = request.uri().path();
        if path == "/health" {
            return match *request.method() {
                Method::GET | Method::HEAD => json(StatusCode::OK, br#"{"status":"ok"}"#.to_vec()),
                _ => not_allowed("GET"),
            };
        }
        let Some(rest) = path.strip_prefix("/mcp/") else {
            let what = "Not found. Servers are at /mcp/NAME.";
            return error(StatusCode::NOT_FOUND, None, TRANSPORT_ERROR, what);
        };
        let name = server_name(rest.strip_suffix('/').unwrap_or(rest));
        let served = name.as_ref().and_then(|name| self.routes().get(name).cloned());
        match served {
            Some(served) => self.serve(served, request, account).await,
            None if name.as_ref().is_some_and(|name| self.starting().contains(name)) => {
                busy(None, "the server is starting")
            }
            None => {
                if let Some(why) = name.as_ref().and_then(|name| self.refused(name)) {
                    return error(StatusCode::FORBIDDEN, None, TRANSPORT_ERROR, &why);
                }
                let shown: String = rest.chars().take(200).filter(|c| !c.is_control()).collect();
                let what = format!("Not found: no server `{shown}` is running here.");
                error(StatusCode::NOT_FOUND, None, TRANSPORT_ERROR, &what)
            }
        }
    }

    async fn serve(
        self: &Arc<Self>,
        served: Arc<Served>,
        request: Request<Incoming>,
        account: &Arc<Account>,
    ) -> Answer {
        let (parts, body) = request.into_parts();
        if !matches!(parts.method, Method::POST | Method::GET | Method::DELETE) {
            return not_allowed("POST, GET, DELETE");
        }
        let (body, _counted) = match parts.method {
            Method::POST => match read_body(body, &self.config, account).await {
                Ok(read) => read,
                Err(refusal) => return *refusal,
            },
            _ => (bytes::Bytes::new(), account.count()),
        };
        // A body can take its time.
        if let Some(refusal) = self.refusal(&served) {
            return refusal;
        }
        let named = header(&parts.headers, SESSION);
        let pinned = named.and_then(|named| self.pinned(named, &served.name));
        if let Some(served) = pinned {
            return self.pass(served, &parts, body, account).await;
        }
        let session = named.and_then(|named| self.session(named, &served.name));
        // The modern era has no sessions, and ignores the header that names one.
        let modern = header(&parts.headers, VERSION).is_some_and(|version| !LEGACY_ALL.contains(&version));
        let begins = parts.method == Method::POST && session.is_none() && (named.is_none() || modern);
        let served = if begins { self.chosen(served, &body, account) } else { served };
        let opening = (begins && !modern).then(|| (Arc::clone(&served), Instant::now()));
        let answer = self.answer(served, &parts, body, account, session, modern).await;
        if let Some((served, since)) = opening.filter(|_| answer.status().is_server_error()) {
            // Nobody comes to call what cannot be opened.
            served.count(CallOutcome::Failed, since.elapsed());
        }
        answer
    }

    /// Answers by what serves, or by the session that was named.
    async fn answer(
        self: &Arc<Self>,
        served: Arc<Served>,
        parts: &hyper::http::request::Parts,
        body: bytes::Bytes,
        account: &Arc<Account>,
        session: Option<Arc<Session>>,
        modern: bool,
    ) -> Answer {
        if let (Some(_), None) = (served.route.upstream.url(), &session) {
            return self.pass(served, parts, body, account).await;
        }
        let named = header(&parts.headers, SESSION).filter(|_| session.is_some() || !modern);
        match (&parts.method, named, session) {
            (&Method::POST, None, session) | (&Method::POST, Some(_), session @ Some(_)) => {
                let headers = &parts.headers;
                Post { inner: self, served, session, headers, body, account }.answer().await
            }
            (_, Some(_), None) => error(StatusCode::NOT_FOUND, None, NO_SESSION, NO_SESSION_TEXT),
            (&Method::GET, _, Some(session)) => standing(self, &session, &parts.headers, account),
            (_, Some(named), Some(_)) => {
                self.end_session(named, "the client ended it");
                empty(StatusCode::OK)
            }
            (_, None, _) => not_allowed("POST"),
        }
    }

    async fn pass(
        self: &Arc<Self>,
        served: Arc<Served>,
        parts: &hyper::http::request::Parts,
        body: bytes::Bytes,
        account: &Arc<Account>,
    ) -> Answer {
        let (method, uri, headers) = (parts.method.clone(), parts.uri.clone(), &parts.headers);
        Passed { inner: self, served, method, uri, headers, body, by: account.by() }.forward().await
    }

    fn session(&self, named: &str, server: &ServerName) -> Option<Arc<Session>> {
        let session = self.sessions().get(named).cloned()?;
        if session.board.over_because().is_some() {
            self.end_session(named, "its process ended");
            return None;
        }
        (session.served.name == *server).then_some(session)
    }

    /// Keeps a new session under its secret name.
    pub(super) fn keep_session(&self, name: String, session: Session) {
        let (served, secret) = (Arc::clone(&session.served), name.clone());
        self.sessions().insert(name, Arc::new(session));
        // It may have been barred while the session was opened.
        let barred = self.barred().get(&served.name).filter(|bar| bar.holds(&served.route.version)).cloned();
        if let Some(bar) = barred {
            self.end_session(&secret, &bar.why);
        } else if served.is_cut() {
            self.end_session(&secret, TAKEN_BACK);
        }
    }

    /// Refuses what is routed to a version that was barred since.
    pub(super) fn refusal(&self, served: &Served) -> Option<Answer> {
        let why = self.barred().get(&served.name).filter(|bar| bar.holds(&served.route.version))?.why.clone();
        Some(error(StatusCode::FORBIDDEN, None, TRANSPORT_ERROR, &why))
    }

    fn refused(&self, name: &ServerName) -> Option<String> {
        self.barred().get(name).map(|bar| bar.why.clone())
    }

    /// Gives a seat for one more session; the one that was not used for the longest time makes room.
    pub(super) fn seat(&self, served: &Arc<Served>) -> Option<Seat> {
        if let Some(seat) = served.seat() {
            return Some(seat);
        }
        let unused = {
            let sessions = self.sessions();
            let ours = sessions.iter().filter(|(_, session)| Arc::ptr_eq(&session.served, served));
            let idle = ours.filter_map(|(name, session)| {
                // A client that listens is the last to go.
                let listens = session.board.idle_for(true).is_none();
                session.board.idle_for(false).map(|for_| ((listens, Reverse(for_)), name.clone()))
            });
            idle.min().map(|(_, name)| name)
        };
        self.end_session(&unused?, "another session needed its place");
        served.seat()
    }

    fn end_session(&self, name: &str, why: &str) {
        let removed = self.sessions().remove(name);
        if let Some(session) = removed {
            session.end(why);
        }
    }

    pub(super) fn end_sessions(&self, which: impl Fn(&Session) -> bool, why: &str) {
        let removed: Vec<Arc<Session>> =
            self.sessions().extract_if(|_, session| which(session)).map(|(_, session)| session).collect();
        for session in removed {
            session.end(why);
        }
    }

    /// Remembers that a session of an HTTP server lives on this route.
    pub(super) fn pin(&self, session: &str, served: &Arc<Served>, by: Option<&By>) {
        if session.len() > PIN_MOST {
            tracing::debug!(server.name = %served.name, "a session's name is too long to be remembered");
            return;
        }
        let mut pins = self.pins();
        if served.is_cut() {
            return;
        }
        if pins.len() >= PINS_MOST && !pins.contains_key(session) {
            let oldest = pins.iter().min_by_key(|(_, kept)| kept.used).map(|(name, _)| name.clone());
            if let Some(oldest) = oldest {
                pins.remove(&oldest);
            }
        }
        // Servers may repeat the name in each answer, also to somebody else who uses the session.
        let opened = pins.get(session).filter(|kept| Arc::ptr_eq(&kept.served, served));
        let by = match opened {
            Some(kept) => kept.by.clone(),
            None => by.map(|by| Arc::clone(&by.name)),
        };
        pins.insert(session.to_owned(), Kept { served: Arc::clone(served), used: Instant::now(), by });
    }

    /// Forgets a session of an HTTP server.
    pub(super) fn unpin(&self, session: &str) {
        self.pins().remove(session);
    }

    fn pinned(&self, session: &str, server: &ServerName) -> Option<Arc<Served>> {
        let mut pins = self.pins();
        let kept = pins.get_mut(session).filter(|kept| kept.served.name == *server)?;
        kept.used = Instant::now();
        Some(Arc::clone(&kept.served))
    }

    /// Looks at the clock for everything that has a deadline.
    pub(super) fn look(&self) {
        let (idle, drain) = (self.config.session_idle, self.config.drain);
        let sessions: Vec<(String, Arc<Session>)> =
            self.sessions().iter().map(|(name, session)| (name.clone(), Arc::clone(session))).collect();
        for (name, session) in sessions {
            if let Some(why) = session.look(idle, drain) {
                tracing::debug!(server.name = %session.served.name, why, "a session ends");
                self.end_session(&name, why);
            }
        }
        let is_over = |served: &Served| served.retired_for().is_some_and(|since| since >= drain);
        self.pins().retain(|_, kept| kept.used.elapsed() < idle && !is_over(&kept.served));
        let mut retired = self.retired();
        retired.retain(|served| served.strong_count() > 0);
        let served: Vec<Arc<Served>> = retired.iter().filter_map(Weak::upgrade).collect();
        drop(retired);
        for served in served.iter().filter(|served| is_over(served)) {
            served.modern.end("another version serves, and the time to move is over");
        }
        let current: Vec<Arc<Served>> = self.routes().values().cloned().collect();
        let tried: Vec<Arc<Served>> = self.trials().values().map(|trial| Arc::clone(&trial.served)).collect();
        for served in current.iter().chain(&served).chain(&tried) {
            served.modern.look(idle);
        }
    }

    /// Ends everything: the endpoint goes away.
    pub(super) fn end_all(&self) {
        let why = "the endpoint ends";
        self.end_sessions(|_| true, why);
        self.pins().clear();
        let retired: Vec<Arc<Served>> = self.retired().iter().filter_map(Weak::upgrade).collect();
        let tried: Vec<Arc<Served>> = self.trials().drain().map(|(_, trial)| trial.served).collect();
        let routes = self.routes();
        for served in retired.iter().chain(routes.values()).chain(&tried) {
            served.modern.end(why);
        }
    }

    /// Ends the streams that would never end by themselves, so that only requests under way remain.
    pub(super) fn end_streams(&self) {
        for session in self.sessions().values() {
            session.board.stop_standing();
        }
    }
}
