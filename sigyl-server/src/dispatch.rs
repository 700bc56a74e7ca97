//! One request through the house: counted, bounded, led to its handler, answered, written down.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{ACCEPT, ALLOW, AUTHORIZATION, HOST, HeaderMap, HeaderValue, IF_NONE_MATCH, SET_COOKIE};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode, Version};
use sigyl_core::access::{Allowance, Who};
use sigyl_core::domain::{Caller, TraceParent};
use tokio::time::Instant;
use uuid::Uuid;

use crate::app::App;
use crate::auth::{SHARE, enter, turned_away};
use crate::door::{Client, is_page_of_elsewhere};
use crate::listen::Line;
use crate::once;
#[cfg(feature = "otel")]
use crate::otel::{Answered, Begun, Otel};
use crate::pages;
use crate::request::Ask;
use crate::respond::{Answer, Body, Problem, Room, finish, let_pages_read, respond, tag};
use crate::router::{Access, Found, Lasts, Params, Place, Route, find};
use crate::session;

/// Seconds after which a client should come back that came when too many requests were under way.
const BUSY: u64 = 1;

/// Seconds after which a client should come back that has too much open already.
const CROWDED: u64 = 5;

/// Where a request leads.
enum Way {
    /// To an operation.
    To(Place, Params),
    /// To nothing: a browser asks whether it may read what is here.
    Preflight,
}

/// Answers one request of a connection.
pub(crate) async fn answer(app: &Arc<App>, line: &Arc<Line>, request: Request<Incoming>) -> Response<Body> {
    let (start, named) = (Instant::now(), Uuid::now_v7());
    let mut id = Uuid::encode_buffer();
    let id: &str = named.hyphenated().encode_lower(&mut id);
    let working = app.metrics.requests.hold();
    let underway = line.begin();
    let (head, body) = request.into_parts();
    let client = app.door.client(line.peer.ip(), &head);
    let (method, asked) = (head.method.clone(), Asked::read(app, &head));
    #[cfg(feature = "otel")]
    let begun = begin(app, line, named, &head.headers);
    #[cfg(feature = "otel")]
    let trace = begun.map(|(_, begun)| begun.own);
    #[cfg(not(feature = "otel"))]
    let trace = None;
    let way = locate(&head);
    let pages_may_read = matches!(way, Ok(Way::Preflight)) || pages_may_read(app, &head.headers);
    let place = match &way {
        Ok(Way::To(place, _)) => Some(*place),
        Ok(Way::Preflight) | Err(_) => None,
    };
    let mut log = Log { method: &method, place, client, caller: None, id, trace };
    let (answer, room) = match way {
        Ok(Way::To(place, params)) => match admit(app, place.route, &params, client, &head).await {
            Ok(Admitted { caller, share, room }) => {
                log.caller = Some(caller.clone());
                let ask = Ask::new(caller, client, head, params, body, app.bounds.body_time, trace);
                let answer = work_once(app, place.route, ask).await;
                (answer.map(|answer| with_share(answer, share)), Some(room))
            }
            Err(problem) => (Err(problem), None),
        },
        Ok(Way::Preflight) => (Ok(Answer::empty(StatusCode::NO_CONTENT)), None),
        Err(problem) => (Err(turned_away(app, client, problem)), None),
    };
    let route = place.map(|place| place.route);
    let is_page = route.map_or_else(|| asked.wants_page, |route| route.is_page);
    let mut answer = answer.unwrap_or_else(|problem| match is_page {
        true => pages::problem(problem, log.caller.as_ref(), id),
        false => problem.answer(id),
    });
    if is_page && asked.has_session && is_over(&log, answer.status) {
        answer.headers.entry(SET_COOKIE).or_insert(session::taken(app.is_secure));
    }
    let is_view = route.is_some_and(|route| route.access == Access::View);
    if is_view || (pages_may_read && !is_page && route.is_none_or(|route| route.access == Access::Browse)) {
        let_pages_read(&mut answer.headers);
    }
    if route.is_some_and(|route| route.method == crate::router::Method::Get && route.access != Access::Open) {
        tag(&mut answer, &asked.known);
    }
    finish(&mut answer, id, &method);
    let took = start.elapsed();
    app.metrics.answered(place.map(|place| place.at), answer.status, took);
    drop(working);
    #[cfg(feature = "otel")]
    if let Some((otel, begun)) = begun {
        let answered = Answered { method: &method, place, status: answer.status, took };
        otel.answered(begun, &answered);
    }
    log.write(answer.status, took);
    respond(answer, &app.bounds, underway, room)
}

/// What the form of the answer depends on, of headers that the handler takes away.
struct Asked {
    /// Whether a person asks: what they see of an address that is not there is a page.
    wants_page: bool,
    /// Whether a browser showed a session.
    has_session: bool,
    /// Tags of answers that the client has.
    known: Vec<HeaderValue>,
}

impl Asked {
    fn read(app: &App, head: &Parts) -> Self {
        Self {
            wants_page: head.method == Method::GET && wants_page(&head.headers),
            has_session: session::shown(&head.headers, app.is_secure).is_some(),
            known: head.headers.get_all(IF_NONE_MATCH).iter().cloned().collect(),
        }
    }
}

/// Gives a request its place in a trace, where a collector is told of it. Only a proxy is believed what it says of it.
#[cfg(feature = "otel")]
fn begin<'a>(app: &'a App, line: &Line, id: Uuid, headers: &HeaderMap) -> Option<(&'a Otel, Begun)> {
    let of_proxy = app.door.is_proxy(line.peer.ip().to_canonical()).then_some(headers);
    app.otel.get().map(|otel| (&**otel, otel.begin(id, of_proxy)))
}

/// Finds where a request leads.
fn locate(head: &Parts) -> Result<Way, Problem> {
    check_host(head)?;
    match find(&head.method, head.uri.path()) {
        Found::Route(place, params) => Ok(Way::To(place, params)),
        Found::Others(there) if head.method == Method::OPTIONS && is_read_by_pages(&there) => {
            Ok(Way::Preflight)
        }
        Found::Others(there) => Err(not_allowed(&there)),
        Found::Nothing => Err(Problem::not_found("there is nothing at this address")),
    }
}

fn wants_page(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(ACCEPT).iter().filter_map(|kind| kind.to_str().ok());
    kinds.any(|kinds| {
        kinds.split(',').any(|kind| kind.split(';').next().unwrap_or_default().trim() == "text/html")
    })
}

/// Tells whether the session that a browser showed is good for nothing, so that it should not show it again.
fn is_over(log: &Log<'_>, status: StatusCode) -> bool {
    let was_looked_at = log.place.is_some_and(|place| place.route.access != Access::Open);
    let is_known = log.caller.as_ref().is_some_and(|caller| caller.key().is_some());
    let is_refused = log.caller.is_some() || status == StatusCode::UNAUTHORIZED;
    was_looked_at && !is_known && is_refused
}

fn is_read_by_pages(routes: &[&Route]) -> bool {
    routes.iter().any(|route| matches!(route.access, Access::Browse | Access::View) && !route.is_page)
}

/// Tells whether a web page may be shown the answer. One of elsewhere must not read, through the browser of somebody who
/// sits here, what only programs of this machine are shown without a key.
fn pages_may_read(app: &App, headers: &HeaderMap) -> bool {
    app.openness.everybody_browses || headers.contains_key(AUTHORIZATION) || !is_page_of_elsewhere(headers)
}

/// A request says which server it means, once: in HTTP/1 by its Host header, also where its address names a server.
fn check_host(head: &Parts) -> Result<(), Problem> {
    let mut hosts = head.headers.get_all(HOST).iter();
    let named = match (hosts.next(), hosts.next()) {
        (None, _) => head.version >= Version::HTTP_2 && head.uri.authority().is_some(),
        (Some(host), None) => !host.is_empty(),
        (Some(_), Some(_)) => false,
    };
    if named { Ok(()) } else { Err(Problem::invalid("the request has to have one Host header")) }
}

fn not_allowed(there: &[&Route]) -> Problem {
    let mut names: Vec<_> = there.iter().map(|route| route.method.name()).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    if is_read_by_pages(there) {
        names.push("OPTIONS");
    }
    let allow = names.join(", ");
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("this address takes {allow}"));
    match HeaderValue::from_str(&allow) {
        Ok(value) => problem.header(ALLOW, value),
        Err(error) => Problem::defect(&error),
    }
}

/// Who comes in, and what they take.
struct Admitted {
    caller: Caller,
    share: Option<Allowance>,
    room: Room,
}

/// Takes room for a request, and finds out whether who asks may come in.
async fn admit(
    app: &App,
    route: &Route,
    params: &Params,
    client: Client,
    head: &Parts,
) -> Result<Admitted, Problem> {
    let room = match route.lasts {
        Lasts::Moment => None,
        Lasts::Bounded => Some(&app.permits),
        Lasts::Open => Some(&app.streams),
    };
    let permit = room.map(|room| Arc::clone(room).try_acquire_owned()).transpose().map_err(|_| {
        app.metrics.refused_busy.add();
        Problem::busy("the server works on as many requests as it may; try again", BUSY)
    })?;
    let (caller, share) = enter(app, route, params, client, &head.headers).await?;
    let seat = match route.lasts {
        Lasts::Open => {
            let who = Who::of(&caller, client.counted);
            Some(app.open.take(who).ok_or_else(|| {
                app.metrics.refused_busy.add();
                let what = "this key, or this address, has as many streams and calls open as it may";
                Problem::busy(what, CROWDED).status(StatusCode::TOO_MANY_REQUESTS)
            })?)
        }
        Lasts::Moment | Lasts::Bounded => None,
    };
    Ok(Admitted { caller, share, room: Room { _permit: permit, _seat: seat } })
}

/// Lets the handler work, once for all requests that are sent under one key.
async fn work_once(app: &Arc<App>, route: &'static Route, ask: Ask) -> Result<Answer, Problem> {
    match once::named(route, &ask)? {
        Some(name) => {
            let own = Arc::clone(app);
            once::do_once(app, route, name, ask, move |ask| async move { work(&own, route, ask).await }).await
        }
        None => work(app, route, ask).await,
    }
}

/// Lets the handler work, for as long as it may.
async fn work(app: &Arc<App>, route: &Route, ask: Ask) -> Result<Answer, Problem> {
    let working = (route.handler)(Arc::clone(app), ask);
    if route.lasts == Lasts::Open {
        return working.await;
    }
    tokio::time::timeout(app.bounds.work_time, working)
        .await
        .unwrap_or_else(|_| Err(Problem::busy("the work on the request took too long", BUSY)))
}

/// Says what is left of a caller's share.
fn with_share(answer: Answer, share: Option<Allowance>) -> Answer {
    let Some(share) = share else { return answer };
    let [limit, remaining, reset] = SHARE;
    answer
        .header(limit, HeaderValue::from(share.limit))
        .header(remaining, HeaderValue::from(share.remaining))
        .header(reset, HeaderValue::from(share.reset.as_secs()))
}

/// What is written down of a request: its route and never its address, which may hold what is secret.
struct Log<'a> {
    method: &'a Method,
    place: Option<Place>,
    client: Client,
    caller: Option<Caller>,
    id: &'a str,
    trace: Option<TraceParent>,
}

impl Log<'_> {
    fn write(&self, status: StatusCode, took: Duration) {
        let key = self.caller.as_ref().and_then(Caller::key);
        tracing::info!(
            // A method that no route has is the client's own text.
            http.method = self.place.map_or("", |_| self.method.as_str()),
            http.route = self.place.map_or("none", |place| place.route.path),
            http.status = status.as_u16(),
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            client = self.client.address.map(tracing::field::display),
            key = key.map(|holder| holder.key.id.as_str()),
            request = self.id,
            trace = self.trace.map(tracing::field::display),
            "answered"
        );
    }
}
