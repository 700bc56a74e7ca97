//! An API server on loopback, and the servers that its cluster runs.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::world::World;
use crate::deploy::cloud_run::tests::fake::read;
pub(crate) use crate::deploy::cloud_run::tests::fake::{Asked, Blow};

/// Says of a request what befalls it.
type Befalls = dyn FnMut(&Asked, &mut World) -> Option<Blow> + Send;

/// What there is.
pub(crate) struct State {
    pub(crate) hook: Option<Box<Befalls>>,
    pub(crate) asked: Vec<Asked>,
    pub(crate) world: World,
}

/// A running fake.
pub(crate) struct Fake {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

impl Fake {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = State { hook: None, asked: Vec::new(), world: World::at(&url) };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { url, state }
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap())
    }

    pub(crate) fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        self.change(|state| look(&mut state.world))
    }

    /// Lets something befall requests.
    pub(crate) fn hook(&self, hook: impl FnMut(&Asked, &mut World) -> Option<Blow> + Send + 'static) {
        self.change(|state| state.hook = Some(Box::new(hook)));
    }

    pub(crate) fn unhook(&self) {
        self.change(|state| state.hook = None);
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.change(|state| state.asked.clone())
    }

    /// Counts the requests of a method whose path contains a text.
    pub(crate) fn count(&self, method: &str, part: &str) -> usize {
        self.asked().iter().filter(|asked| asked.method == method && asked.path.contains(part)).count()
    }
}

/// Answers one request after the other on a connection.
fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(asked) = read(&mut reader) {
        let (blow, (status, body)) = {
            let mut state = state.lock().unwrap();
            let state = &mut *state;
            state.asked.push(asked.clone());
            let blow = state.hook.as_mut().and_then(|hook| hook(&asked, &mut state.world));
            match blow {
                Some(Blow::Broken) => return,
                Some(Blow::Answer(status, body)) => (None, (status, body)),
                blow => (blow, state.world.answer(&asked)),
            }
        };
        if matches!(blow, Some(Blow::Silence)) {
            // Until whoever asked goes away.
            reader.read_to_end(&mut Vec::new()).ok();
            return;
        }
        let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            text.len()
        );
        let shown = if blow.is_some() { &text[..text.len() / 2] } else { &text };
        if stream.write_all(format!("{head}{shown}").as_bytes()).is_err() || blow.is_some() {
            return;
        }
    }
}

/// A refusal, as Kubernetes writes it.
pub(crate) fn refusal(status: u16, reason: &str, message: &str, details: Value) -> (u16, Value) {
    let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": status,
        "reason": reason, "message": message, "details": details});
    (status, body)
}
