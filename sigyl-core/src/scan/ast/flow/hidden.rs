//! Code that nobody who reads the server sees: decoded from a text, or fetched while it runs.

use super::call::Given;
use super::folded::DECODED;
use super::run::Flow;
use super::sink::{is_code, is_process};
use super::value::{Entry, Object, Source, Value, Weakness, bits};
use crate::scan::ast::form::Span;

/// What is spoken with over a wire that others hold.
const WIRES: &[&str] = &[
    "ws()",
    "WebSocket()",
    "websocket.WebSocket()",
    "net.connect()",
    "net.createConnection()",
    "net.Socket()",
    "tls.connect()",
    "mqtt.connect()",
    "socket.io-client()",
    "socket.io-client.io()",
];
/// Endings of files that run.
const PROGRAMS: &[&str] =
    &[".js", ".mjs", ".cjs", ".ts", ".py", ".sh", ".bash", ".ps1", ".exe", ".node", ".so"];
/// What names the file that runs.
const OWN: &[&str] =
    &["__file__", "__filename", "import.meta.url", "import.meta.filename", "process.argv", "sys.argv"];

impl Flow<'_> {
    /// Looks at what is run for what nobody could read.
    pub(super) fn runs_hidden(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        let starts = is_process(path);
        let runs = is_code(path) || matches!(path, "compile" | "marshal.loads") || name == "_compile";
        if !starts && !runs {
            return;
        }
        let values = match path {
            "Function" => given.args.iter().map(|(_, value)| value.clone()).collect(),
            _ => given.at(0).cloned().into_iter().collect::<Vec<_>>(),
        };
        for value in values {
            // Of a command that is a list, its program.
            let program = value.items.as_ref().and_then(|items| items.first()).filter(|_| starts);
            let value = program.unwrap_or(&value);
            let decoded = value.is_path() == Some(DECODED) || value.field(DECODED).is_some();
            if decoded && !Self::is_argument(value) {
                self.act(Weakness::HiddenCode, "decoded text", path, span);
            }
            // A command that only has a part from elsewhere can be read.
            if self.is_fetched(value) && (runs || value.shapes.is_empty()) {
                self.act(Weakness::HiddenCode, "an answer from the network", path, span);
            }
        }
    }

    /// Looks at whether what is fetched becomes a program.
    pub(super) fn replaces_code(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        let (place, content) = match name {
            "write_text" | "write_bytes" => (given.base.as_ref(), given.at(0)),
            "write" => (given.base.as_ref().and_then(|file| file.field(super::held::PLACE)), given.at(0)),
            _ => (given.at(0), given.at(1)),
        };
        let (Some(place), Some(content)) = (place, content) else { return };
        let ends = |shape: &str| PROGRAMS.iter().any(|end| shape.ends_with(end));
        let program = place.shapes.iter().any(|shape| ends(shape));
        let own = place.is_path().is_some_and(|path| OWN.iter().any(|own| path.contains(own)));
        if (program || own) && content.shapes.is_empty() && self.is_fetched(content) {
            self.act(Weakness::HiddenCode, "an answer from the network that becomes a program", path, span);
        }
    }

    /// Tells whether a value came from the network, and nothing vouches for it.
    pub(super) fn is_fetched(&self, value: &Value) -> bool {
        let open = |entry: &Entry| entry.source == Source::Network && self.bits_of(entry) & bits::CODE == 0;
        value.ways().iter().any(open)
    }

    /// Returns what a function is given that hears the network: `socket.on("message", f)`, `https.get(url, f)`.
    pub(super) fn heard(&mut self, path: &str, name: &str, given: &Given) -> Option<Value> {
        let answers = matches!(path, "http.get" | "https.get" | "http.request" | "https.request");
        let base = given.base.as_ref();
        let hears = matches!(name, "on" | "once" | "addEventListener")
            && given.at(0).and_then(Value::known).is_some_and(|event| matches!(event, "message" | "data"))
            && base.is_some_and(|base| {
                base.is_path().is_some_and(|path| WIRES.contains(&path)) || self.is_fetched(base)
            });
        (answers || hears).then(|| {
            let origin = self.origins.add("the network".into());
            let taint = vec![Entry { source: Source::Network, origin, bits: 0 }];
            Value { taint, object: Object::Unknown, ..Value::default() }
        })
    }
}
