//! One request through the house: counted, bounded, led to its handler, answered, written down.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, HOST, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use uuid::Uuid;

use crate::app::App;
use crate::door::Client;
use crate::listen::Line;
use crate::respond::{Answer, Body, Content, Problem, respond};
use crate::router::{Found, Route, find};

/// Names a request in its answer and in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Seconds after which a client should come back that came when too many requests were under way.
const BUSY: u64 = 1;

/// Answers one request of a connection.
pub(crate) async fn answer(app: &Arc<App>, line: &Arc<Line>, request: Request<Incoming>) -> Response<Body> {
    let (start, id) = (Instant::now(), Uuid::now_v7().to_string());
    let working = app.metrics.requests.hold();
    let underway = line.begin();
    let (head, _body) = request.into_parts();
    let client = app.door.client(line.peer.ip(), &head.headers);
    let place = locate(&head);
    let route = place.as_ref().ok().copied();
    let (answer, permit) = match place {
        Ok((_, route)) => match room(app, route) {
            Ok(permit) => (work(app, route).await, permit),
            Err(problem) => (Err(problem), None),
        },
        Err(problem) => (Err(problem), None),
    };
    let mut answer = answer.unwrap_or_else(|problem| problem.answer(&id));
    finish(&mut answer, &id, &head.method);
    let took = start.elapsed();
    app.metrics.answered(route.map(|(at, _)| at), answer.status, took);
    drop(working);
    tell(&head.method, route.map(|(_, route)| route.path), answer.status, took, client, &id);
    respond(answer, &app.bounds, underway, permit)
}

/// Finds the route of a request, with its place in the table.
fn locate(head: &Parts) -> Result<(usize, &'static Route), Problem> {
    check_host(head)?;
    match find(&head.method, head.uri.path()) {
        Found::Route(route, at) => Ok((at, route)),
        Found::Methods(there) => Err(not_allowed(&there)),
        Found::Nothing => Err(Problem::not_found("there is nothing at this address")),
    }
}

/// Takes room for a request; what is always answered needs none.
fn room(app: &App, route: &Route) -> Result<Option<OwnedSemaphorePermit>, Problem> {
    if route.always {
        return Ok(None);
    }
    Arc::clone(&app.permits).try_acquire_owned().map(Some).map_err(|_| {
        app.metrics.refused_busy.add();
        Problem::busy("the server works on as many requests as it may; try again", BUSY)
    })
}

/// A request says which server it means, once.
fn check_host(head: &Parts) -> Result<(), Problem> {
    let mut hosts = head.headers.get_all(HOST).iter();
    let named = match (hosts.next(), hosts.next()) {
        (None, _) => head.uri.authority().is_some(),
        (Some(host), None) => !host.is_empty(),
        (Some(_), Some(_)) => false,
    };
    if named { Ok(()) } else { Err(Problem::invalid("the request has to have one Host header")) }
}

fn not_allowed(there: &[crate::router::Method]) -> Problem {
    let mut names: Vec<_> = there.iter().map(|method| method.name()).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    let allow = names.join(", ");
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("this address takes {allow}"));
    match HeaderValue::from_str(&allow) {
        Ok(value) => problem.header(ALLOW, value),
        Err(error) => Problem::defect(&error),
    }
}

/// Lets the handler work, for as long as it may.
async fn work(app: &Arc<App>, route: &Route) -> Result<Answer, Problem> {
    let working = (route.handler)(Arc::clone(app));
    tokio::time::timeout(app.bounds.work_time, working)
        .await
        .unwrap_or_else(|_| Err(Problem::busy("the work on the request took too long", BUSY)))
}

/// Adds what every answer has, and takes away what an answer to HEAD has not.
fn finish(answer: &mut Answer, id: &str, method: &Method) {
    if let Ok(id) = HeaderValue::from_str(id) {
        answer.headers.insert(REQUEST_ID, id);
    }
    answer.headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer.headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let (&Method::HEAD, Content::Whole(bytes)) = (method, &answer.content) {
        answer.headers.insert(hyper::header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        answer.content = Content::Empty;
    }
}

/// Writes the request down: by its route and never by its address, which may hold what is secret.
fn tell(method: &Method, route: Option<&str>, status: StatusCode, took: Duration, client: Client, id: &str) {
    // A method that no route has is the client's own text.
    let method = if route.is_some() { method.as_str() } else { "" };
    tracing::info!(
        http.method = method,
        http.route = route.unwrap_or("none"),
        http.status = status.as_u16(),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        client = %client.address,
        is_here = client.is_here,
        request = id,
        "answered"
    );
}
