//! A small Google on loopback: tokens, switched-off APIs, denied permissions, and answers that a test sets.
//!
//! It plays what these tests ask and no more; the shapes are those of Google's discovery documents.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::world::World;

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
}

/// An answer that is given instead of the usual one.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// What the path contains.
    pub(crate) path: &'static str,
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// How often it is given.
    pub(crate) times: usize,
}

/// What befalls a request.
#[derive(Clone, Debug)]
pub(crate) enum Blow {
    /// It is answered with this instead.
    Answer(u16, Value),
    /// It is done, and never answered.
    Silence,
    /// It is done, and half of the answer comes.
    Half,
    /// It is not done, and nobody answers.
    Broken,
}

/// Says of a request what befalls it.
type Befalls = dyn FnMut(&Asked, &mut World) -> Option<Blow> + Send;

/// Says of each request what befalls it.
#[derive(Default)]
pub(crate) struct Hook(pub(crate) Option<Box<Befalls>>);

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hook({})", self.0.is_some())
    }
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// What befalls requests to a world.
    pub(crate) hook: Hook,
    pub(crate) asked: Vec<Asked>,
    pub(crate) faults: Vec<Fault>,
    /// APIs that are switched off.
    pub(crate) off: Vec<&'static str>,
    /// Permissions that nobody has.
    pub(crate) denied: Vec<&'static str>,
    /// Paths, with their query left out, at which something is.
    pub(crate) things: BTreeMap<String, Value>,
    /// A whole project, instead of things.
    pub(crate) world: Option<World>,
    tokens: usize,
}

/// A running fake.
#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

impl State {
    fn befalls(&mut self, asked: &Asked) -> Option<Blow> {
        let is_token = asked.path.starts_with("/token");
        let (hook, world) = (self.hook.0.as_mut()?, self.world.as_mut()?);
        if is_token { None } else { hook(asked, world) }
    }
}

impl Fake {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { url, state }
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.lock().unwrap().asked.clone()
    }

    /// Counts the requests whose path contains a text.
    pub(crate) fn count(&self, part: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path.contains(part)).count()
    }
}

/// Answers one request after the other on a connection.
fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(asked) = read(&mut reader) {
        let (blow, (status, body)) = {
            let mut state = state.lock().unwrap();
            state.asked.push(asked.clone());
            match state.befalls(&asked) {
                Some(Blow::Broken) => return,
                Some(Blow::Answer(status, body)) => (None, (status, body)),
                blow => (blow, answer(&mut state, &asked)),
            }
        };
        if matches!(blow, Some(Blow::Silence)) {
            // Until whoever asked goes away.
            reader.read_to_end(&mut Vec::new()).ok();
            return;
        }
        let text = body.to_string();
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nmetadata-flavor: Google\r\ncontent-length: {}\r\n\r\n",
            text.len()
        );
        let shown = if blow.is_some() { &text[..text.len() / 2] } else { &text };
        if stream.write_all(format!("{head}{shown}").as_bytes()).is_err() || blow.is_some() {
            return;
        }
    }
}

pub(crate) fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let text = String::from_utf8_lossy(&body).into_owned();
    Some(Asked { method, path, headers, body: text, bytes: body })
}

fn answer(state: &mut State, asked: &Asked) -> (u16, Value) {
    if let Some(fault) = state.faults.iter_mut().find(|one| one.times > 0 && asked.path.contains(one.path)) {
        fault.times -= 1;
        return (fault.status, fault.body.clone());
    }
    if asked.path.starts_with("/token") || asked.path.starts_with("/computeMetadata") {
        state.tokens += 1;
        return (200, json!({"access_token": format!("ya29.{}", state.tokens), "expires_in": 3_600}));
    }
    if let Some(world) = state.world.as_ref().filter(|_| asked.path.starts_with("/serve/")) {
        return world.serve(asked);
    }
    let current = format!("Bearer ya29.{}", state.tokens);
    if asked.headers.get("authorization") != Some(&current) {
        return refusal(
            401,
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials.",
            &json!([]),
        );
    }
    if let Some(world) = &mut state.world {
        let mut answer = world.answer(asked);
        if world.has_pages {
            turn_to(&mut answer.1, asked);
        }
        if answer.0 >= 400 {
            world.refused.push(format!("{} {} {}", answer.0, asked.method, asked.path));
        }
        return answer;
    }
    let path = asked.path.split('?').next().unwrap();
    let (_, api, rest) = {
        let mut parts = path.splitn(3, '/');
        (parts.next(), parts.next().unwrap(), parts.next().unwrap())
    };
    if state.off.contains(&api) && api != "serviceusage" {
        let service = format!("{api}.googleapis.com");
        let details = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED",
            "metadata": {"service": service}}]);
        return refusal(
            403,
            "PERMISSION_DENIED",
            "it has not been used in project 1 before or it is disabled",
            &details,
        );
    }
    if rest.ends_with("services:batchGet") {
        return (200, apis(state, &asked.path));
    }
    if rest.ends_with(":testIamPermissions") {
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        let held = body["permissions"].as_array().unwrap().iter();
        let held: Vec<&Value> = held.filter(|one| !state.denied.contains(&one.as_str().unwrap())).collect();
        return (200, json!({ "permissions": held }));
    }
    match state.things.get(path) {
        Some(thing) => (200, thing.clone()),
        None => refusal(404, "NOT_FOUND", "Requested entity was not found.", &json!([])),
    }
}

/// Leaves one thing in a list: that of the page which is asked for.
fn turn_to(answer: &mut Value, asked: &Asked) {
    let lists = ["items", "builds", "secrets", "versions", "revisions"];
    let Some(name) = lists.iter().find(|name| answer[**name].is_array()) else { return };
    let Some(all) = answer[*name].as_array_mut() else { return };
    let page = asked.path.split(['?', '&']).find_map(|pair| pair.strip_prefix("pageToken="));
    let at: usize = page.map_or(0, |page| page.parse().unwrap());
    let more = all.len() > at + 1;
    *all = all.drain(..).skip(at).take(1).collect();
    if more {
        answer["nextPageToken"] = (at + 1).to_string().into();
    }
}

fn apis(state: &State, path: &str) -> Value {
    let names = path.split(['?', '&']).filter_map(|pair| pair.strip_prefix("names="));
    let services = names.map(|name| {
        let name = name.replace("%2F", "/");
        let host = name.rsplit('/').next().unwrap();
        let is_off = state.off.iter().any(|off| host.starts_with(&format!("{off}.")));
        json!({"name": name, "state": if is_off { "DISABLED" } else { "ENABLED" }})
    });
    json!({ "services": services.collect::<Vec<_>>() })
}

pub(crate) fn refusal(status: u16, code: &str, message: &str, details: &Value) -> (u16, Value) {
    (status, json!({"error": {"code": status, "status": code, "message": message, "details": details}}))
}
