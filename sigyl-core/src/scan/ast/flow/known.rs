//! What is known of functions from elsewhere: what becomes of what they are given.

use super::call::Given;
use super::checks::host;
use super::effects::{Effect, NAMED, vouches};
use super::guard::decided;
use super::held::is_path_object;
use super::index;
use super::run::Flow;
use super::value::{Entry, Facts, Object, Source, Value, bits};
use crate::scan::ast::form::{Span, Word};
use Effect::{
    Decode, First, Guess, Join, Keep, Network, Nothing, Piece, Private, Relative, Resolve, Same, Text, Trace,
};

impl Flow<'_> {
    /// Returns a part that means something by its name.
    pub(super) fn special_member(&mut self, base: &Value, name: &Word) -> Option<Value> {
        let path = base.is_path();
        match (path, &**name) {
            (Some("os"), "environ") | (Some("process"), "env") => {
                let origin = self.origins.add("environment".into());
                let taint = vec![Entry { source: Source::Environment, origin, bits: 0 }];
                return Some(Value {
                    taint,
                    object: Object::Path(format!("{}.{name}", path.unwrap_or_default()).into()),
                    ..Value::default()
                });
            }
            (Some("process.env" | "os.environ"), name)
                if !matches!(
                    name,
                    "get" | "copy" | "items" | "keys" | "values" | "pop" | "setdefault" | "update"
                ) =>
            {
                return Some(self.variable(name));
            }
            (Some(path), "token") if path == "authInfo" || path.ends_with("get_access_token()") => {
                let origin = self.origins.add("token".into());
                return Some(Value::of(vec![Entry { source: Source::Token, origin, bits: 0 }]));
            }
            (Some("os" | "path" | "os.path"), "sep") => {
                return Some(Value::text("/"));
            }
            _ => {}
        }
        if &**name == "authInfo" && path.is_none() {
            self.knows_caller = true;
            return Some(Value::path("authInfo"));
        }
        // What a script caught; what a client gives under that name is none.
        let caught =
            path.is_none_or(|path| matches!(path, "err" | "error" | "e" | "ex" | "exception" | "cause"));
        if &**name == "stack" && self.form.script && caught && base.taint.is_empty() && base.fields.is_none()
        {
            return Some(self.effect(Trace, "", &Given::default()));
        }
        if matches!(&**name, "authorization" | "Authorization")
            && (path.is_none() || path.is_some_and(|path| path.ends_with("headers")))
        {
            let origin = self.origins.add("Authorization".into());
            return Some(Value::of(vec![Entry { source: Source::Token, origin, bits: 0 }]));
        }
        if base.taint.is_empty() {
            return None;
        }
        if !is_parsed(base, name) {
            return None;
        }
        let change: fn(u32) -> u32 = match &**name {
            "hostname" | "host" | "netloc" | "origin" => |bits| bits | bits::HOST,
            "length" | "size" | "real" | "year" => |bits| bits | bits::ALL | bits::VEILED,
            "suffix" => |bits| bits | bits::PIECE | NAMED,
            "stem" | "scheme" | "protocol" | "parts" | "port" | "query" | "fragment" | "search" => {
                |bits| bits | bits::PIECE
            }
            "name" if path == Some("pathlib.Path()") => |bits| bits | NAMED,
            "parents" => {
                return Some(Value {
                    object: Object::Path("pathlib.Path().parents".into()),
                    ..base.made(|bits| bits)
                });
            }
            "parent" if path == Some("pathlib.Path()") => {
                return Some(Value { object: base.object.clone(), ..base.made(|bits| bits) });
            }
            "href" => |bits| bits,
            "is_private" | "is_loopback" | "is_reserved" | "is_link_local" | "is_multicast" => {
                return Some(decided(Facts::new(), host(base)));
            }
            "is_global" => return Some(decided(host(base), Facts::new())),
            _ => return None,
        };
        Some(base.made(change))
    }

    /// One variable of the environment.
    pub(super) fn variable(&mut self, name: &str) -> Value {
        let upper = name.to_ascii_uppercase();
        let secret = [
            "API_KEY",
            "APIKEY",
            "ACCESS_KEY",
            "PRIVATE_KEY",
            "MASTER_KEY",
            "ENCRYPTION_KEY",
            "SIGNING_KEY",
            "TOKEN",
            "SECRET",
            "PASSW",
            "CREDENTIAL",
            "DATABASE_URL",
            "DSN",
            "ANY KEY",
        ]
        .iter()
        .any(|word| upper.contains(word));
        if !secret {
            return Value::default();
        }
        let origin = self.origins.add(name.into());
        Value::of(vec![Entry { source: Source::Key, origin, bits: 0 }])
    }

    /// Returns what a function from elsewhere makes of what it is given.
    pub(super) fn known(&mut self, path: &str, name: &Word, given: &Given, span: Span) -> Value {
        if let Some(value) = self.guards(path, name, given) {
            return value;
        }
        if let Some(value) = self.reflected(path, name, given, span) {
            return value;
        }
        if let Some(value) = super::folded::folded(path, name, given) {
            return value;
        }
        self.hands_on(name, given, span);
        if let Some(value) = self.special_call(path, name, given) {
            return value;
        }
        if let Some(value) = self.handed_on(path, name, given, span) {
            return value;
        }
        let effect = index::function(path).or_else(|| {
            given.base.as_ref()?;
            index::method(name)
        });
        let called = || Object::Path(format!("{path}()").into());
        match effect {
            Some(effect) => self.effect(effect, path, given),
            None => {
                let heard = self.heard(path, name, given);
                if let Some(value) = self.call_back_with(given, heard) {
                    // What registers a tool gives the tool, and not what that gives.
                    let registers = super::claim::MAKES.contains(&&**name);
                    return if registers { Value { object: called(), ..Value::default() } } else { value };
                }
                let value = self.unknown(name, given);
                let value = match value.object {
                    Object::Unknown => Value { object: called(), ..value },
                    _ => value,
                };
                self.client(path, given, value)
            }
        }
    }

    pub(super) fn effect(&mut self, effect: Effect, path: &str, given: &Given) -> Value {
        let is_method = given.base.as_ref().is_some_and(|base| {
            base.is_path().is_none_or(|known| known.ends_with(')') || !base.taint.is_empty())
        });
        let parts = || -> Vec<Value> {
            let base = given
                .base
                .iter()
                .filter(|_| is_method || given.base.as_ref().is_some_and(|base| !base.shapes.is_empty()));
            base.chain(given.args.iter().map(|(_, value)| value)).cloned().collect()
        };
        let all = || {
            let mut all = Value::default();
            parts().iter().for_each(|part| all.absorb(&part.ways()));
            all
        };
        let named = || Object::Path(format!("{path}()").into());
        match effect {
            Keep(more) => Value { object: named(), ..all().with(|known| known & !bits::RESOLVED | more) },
            Same => Value { object: named(), ..all() },
            Nothing => Value::default(),
            Network => {
                let origin = self.origins.add("the network".into());
                let taint = vec![Entry { source: Source::Network, origin, bits: 0 }];
                Value { taint, object: named(), ..Value::default() }
            }
            Trace => {
                let origin = self.origins.add("the trace of a failure".into());
                Value::of(vec![Entry { source: Source::Trace, origin, bits: 0 }])
            }
            Private => {
                let origin = self.origins.add("the user's own data".into());
                Value::of(vec![Entry { source: Source::Private, origin, bits: 0 }])
            }
            First
                if is_method
                    || given
                        .base
                        .as_ref()
                        .is_some_and(|base| base.items.is_some() || base.fields.is_some()) =>
            {
                given.base.clone().unwrap_or_default()
            }
            First if matches!(path, "json.loads" | "JSON.parse") => {
                given.at(0).cloned().unwrap_or_default().with(|known| known | bits::LOOSE)
            }
            First => match given.args.first() {
                Some((None, value)) if given.args.len() == 1 || !matches!(path, "dict" | "Object.assign") => {
                    value.clone()
                }
                _ => all(),
            },
            Guess => self.guessed(path, given, all()),
            Piece => all().with(|known| known | bits::PIECE),
            Text => self.text_of(&parts(), given),
            Decode => self.decoded(all()),
            Join | Resolve => self.path_of(&parts(), matches!(effect, Resolve)),
            Relative => all().with(|known| known | bits::RELATIVE | bits::RESOLVED),
        }
    }

    fn text_of(&mut self, parts: &[Value], given: &Given) -> Value {
        let mut value = self.joined_flat(parts);
        let base = given.base.as_ref().filter(|base| !base.taint.is_empty() && base.items.is_none());
        if let Some(base) = base {
            // What is changed in a text keeps what was known of it, but for what it holds.
            value.absorb(&base.taint);
        }
        value
    }

    fn decoded(&mut self, mut code: Value) -> Value {
        for entry in &mut code.taint {
            entry.origin = self.origins.decoded(entry.origin);
            entry.bits &= bits::VAGUE;
        }
        Value { fields: None, object: Object::Path(super::folded::DECODED.into()), ..code }
    }

    pub(super) fn path_of(&mut self, parts: &[Value], resolves: bool) -> Value {
        let mut joined = Vec::new();
        for part in parts {
            if !joined.is_empty() {
                joined.push(Value::text("/"));
            }
            joined.push(part.clone());
        }
        let value = self.joined(&joined);
        self.fences.0 += usize::from(resolves && Self::is_argument(&value));
        let value = match resolves {
            true => Value { shapes: value.shapes.clone(), ..value.with(|known| known | bits::RESOLVED) },
            false => value,
        };
        Value { object: Object::Path("pathlib.Path()".into()), ..value }
    }

    fn joined_flat(&mut self, parts: &[Value]) -> Value {
        let mut flat = Vec::new();
        for part in parts {
            match &part.items {
                Some(items) => flat.extend(items.iter().cloned()),
                None => flat.push(part.clone()),
            }
        }
        self.joined(&flat)
    }

    /// A function from elsewhere that another thread is to call with what is given behind it.
    fn handed_on(&mut self, path: &str, name: &Word, given: &Given, span: Span) -> Option<Value> {
        let runs = matches!(
            path,
            "asyncio.to_thread" | "anyio.to_thread.run_sync" | "threading.Thread" | "multiprocessing.Process"
        ) || matches!(&**name, "run_in_executor" | "submit" | "run_sync" | "apply_async");
        if !runs {
            return None;
        }
        let mut args = given.args.iter().skip_while(|(name, value)| {
            value.is_path().is_none() || !matches!(name.as_deref(), None | Some("target"))
        });
        let target = args.next()?.1.is_path()?.to_owned();
        let mut rest = args.cloned().collect::<Vec<_>>();
        if let Some(items) = given.named("args").and_then(|args| args.items.clone()) {
            rest = items.iter().map(|item| (None, item.clone())).collect();
        }
        let name: Word = target.rsplit('.').next().unwrap_or(&target).into();
        let given = Given { args: rest, base: None };
        self.sinks(&target, &name, &given, span);
        self.acts(&target, &name, &given, span);
        Some(self.known(&target, &name, &given, span))
    }

    /// Nothing is known of it: what it is given may be in what it gives, and what says that it checks may check.
    pub(super) fn unknown(&mut self, name: &str, given: &Given) -> Value {
        let mut all = Value::default();
        if let Some(base) = &given.base {
            let open = base.ways().into_iter().filter(|entry| !entry.source.is_secret());
            all.absorb(&open.collect::<Vec<_>>());
        }
        let doubt = if vouches(name) { bits::VOUCHED } else { bits::VAGUE };
        let mut facts = Facts::new();
        for (_, value) in &given.args {
            let open =
                value.ways().into_iter().filter(|entry| !entry.source.is_secret() || doubt == bits::VOUCHED);
            let open = open
                .map(|entry| Entry { bits: (entry.bits | doubt) & !bits::RESOLVED, ..entry })
                .collect::<Vec<_>>();
            facts.extend(open.iter().map(|entry| (entry.origin, bits::VOUCHED)));
            let shown = open.into_iter().filter(|entry| !entry.source.is_secret()).collect::<Vec<_>>();
            all.absorb(&shown);
        }
        self.asks_proof |= doubt == bits::VOUCHED;
        if doubt == bits::VOUCHED {
            self.state().learn(&facts);
        }
        all
    }

    fn special_call(&mut self, path: &str, name: &Word, given: &Given) -> Option<Value> {
        let first = given.at(0);
        self.knows_caller |= &**name == "get_access_token";
        Some(match (path, &**name) {
            ("os.getenv" | "os.environ.get" | "os.environ.pop", _) => self.environment(given),
            (
                "require"
                | "import"
                | "__import__"
                | "importlib.import_module"
                | "process.getBuiltinModule"
                | "process.binding"
                | "module.require"
                | "getattr",
                _,
            ) => {
                return self.loaded(path, given);
            }
            (path, _) if path.ends_with("createRequire()") => return self.loaded(path, given),
            ("dataclasses.asdict" | "asdict" | "vars" | "dataclasses.astuple", _)
                if matches!(first.map(|first| &first.object), Some(Object::Instance(_))) =>
            {
                self.held_by(first?)
            }
            (_, "model_dump" | "_asdict" | "model_dump_json")
                if matches!(given.base.as_ref().map(|base| &base.object), Some(Object::Instance(_))) =>
            {
                self.held_by(given.base.as_ref()?)
            }
            ("functools.partial" | "partial" | "functools.partialmethod", _) => Self::bound(first?, given),
            ("Object.entries" | "Map" | "Object.fromEntries" | "dict" | "Object.assign", _)
                if first.is_some_and(super::reflected::holds_functions) =>
            {
                return Some(super::reflected::dispatched(path, first?));
            }
            (_, "items" | "entries")
                if given.base.as_ref().is_some_and(super::reflected::holds_functions) =>
            {
                return Some(super::reflected::dispatched("Object.entries", given.base.as_ref()?));
            }
            (_, "bind") if given.base.is_some() => Self::bound(given.base.as_ref()?, given),
            (_, "get_http_headers") => Value::path("request.headers"),
            ("open" | "io.open" | "codecs.open" | "aiofiles.open" | "fs.readFile" | "fs.readFileSync", _) => {
                self.file(first)
            }
            (_, "open") if given.base.as_ref().is_some_and(is_path_object) => self.file(given.base.as_ref()),
            (_, "read_text" | "read_bytes") => self.file(given.base.as_ref()),
            (_, "read" | "readlines" | "readline") => given.base.clone().unwrap_or_default(),
            (_, "get" | "pop" | "setdefault") => return self.get(path, given),
            (_, "append" | "set") if path.contains("searchParams.") => return self.asked(given),
            (_, "append" | "push" | "add" | "extend" | "unshift" | "insert" | "appendleft") => {
                return self.grown(name, given);
            }
            // What is split at every white space has no line breaks.
            (_, "split") if given.args.is_empty() && given.base.as_ref().is_some_and(Self::is_argument) => {
                given.base.as_ref()?.made(|known| known | bits::PIECE | bits::LINE)
            }
            (_, "update" | "assign" | "set") => return self.updated(given),
            (_, "replace" | "replaceAll" | "sub") => return self.rewritten(path, name, given),
            (_, "cursor" | "__enter__" | "__aenter__" | "create") if given.base.is_some() => {
                Value::path(format!("{path}()"))
            }
            _ if super::sink::is_process(path) => self.output(given),
            _ if super::sink::is_request(path, name) => self.effect(Network, path, given),
            (_, "namelist" | "getnames" | "infolist" | "getmembers" | "getEntries") => {
                return self.listed(path);
            }
            ("range", _) => Self::counted(given),
            ("min" | "Math.min", _) if given.args.len() > 1 => Self::least(given),
            _ => return None,
        })
    }

    /// The smallest of several: no larger than any that the caller does not choose.
    fn least(given: &Given) -> Value {
        let capped = given.args.iter().any(|(_, value)| !Self::is_argument(value));
        let mut all = Value::default();
        given.args.iter().for_each(|(_, value)| all.absorb(&value.ways()));
        all.with(|known| if capped { known | bits::CAPPED } else { known })
    }

    /// A variable of the environment: that of a name, or any that the caller chooses.
    pub(super) fn environment(&mut self, given: &Given) -> Value {
        let ways = given.at(0).map(Value::ways).unwrap_or_default();
        let mut ways = ways.iter().filter(|entry| entry.source == Source::Argument);
        let chosen = ways.any(|entry| self.bits_of(entry) & bits::ALL != bits::ALL);
        let name = given.at(0).and_then(Value::known).unwrap_or(if chosen { "any key" } else { "" });
        let value = self.variable(name);
        match given.at(1) {
            Some(default) => value.or(default),
            None => value,
        }
    }

    /// The query of an address that something was added to: it never decides which host is asked.
    fn asked(&mut self, given: &Given) -> Option<Value> {
        let mut base = given.base.clone()?;
        given.args.iter().for_each(|(_, value)| base.push(value.made(|known| known | bits::URL)));
        self.changed = Some(base.clone());
        Some(base)
    }

    /// A text of which all but some signs were taken out.
    fn rewritten(&mut self, path: &str, name: &str, given: &Given) -> Option<Value> {
        let pattern = match (name, &given.base) {
            ("sub", Some(base)) if path != "re.sub" => base.known(),
            _ => given.at(0).and_then(Value::known),
        };
        let subject = match (path, name) {
            ("re.sub", _) => given.at(2),
            (_, "sub") => given.at(1),
            _ => given.base.as_ref(),
        };
        // `text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")` writes a text as an expression that is that text.
        let signs = ['.', '*', '+', '?', '(', ')', '|'];
        if pattern.is_some_and(|pattern| {
            pattern.starts_with('[') && signs.iter().all(|sign| pattern.contains(*sign))
        }) && given.at(1).and_then(Value::known).is_some_and(|by| by.ends_with("$&"))
        {
            return Some(subject?.made(|known| known | bits::REGEX));
        }
        let keeps = |pattern: &&str| path == "re.sub" || pattern.starts_with("[^");
        let breaks =
            ["\n", "\r", "\r\n", "[\r\n]", "[\n\r]", "[\\r\\n]", "[\\r\\n]+", "\\s+", "\\n", "\\r?\\n"];
        if pattern.is_some_and(|pattern| breaks.contains(&pattern)) && subject.is_some_and(Self::is_argument)
        {
            return Some(subject?.made(|known| known | bits::LINE));
        }
        let pattern = pattern.filter(keeps)?.to_owned();
        Some(Self::substituted(&pattern, subject))
    }

    pub(super) fn get(&mut self, path: &str, given: &Given) -> Option<Value> {
        let base = given.base.as_ref()?;
        if path.starts_with("requests.")
            || path.starts_with("httpx.")
            || path.starts_with("aiohttp.")
            || path.starts_with("axios")
            || path.starts_with("got")
        {
            return Some(self.effect(Network, path, given));
        }
        let key = given.at(0)?;
        let mut value = match key.known() {
            Some(name) => {
                let name: Word = name.into();
                self.member(base, &name)
            }
            None => self.index(base, key),
        };
        if let Some(default) = given.at(1) {
            value = value.or(default);
        }
        Some(value)
    }

    pub(super) fn output(&mut self, given: &Given) -> Value {
        let reads = |value: &Value| {
            value
                .shapes
                .iter()
                .any(|shape| ["pbpaste", "xclip", "xsel", "wl-paste"].iter().any(|word| shape.contains(word)))
        };
        let any = given
            .values()
            .any(|value| reads(value) || value.items.iter().flat_map(|items| items.iter()).any(reads));
        if any {
            self.effect(Private, "", given)
        } else {
            Self::reads_program(given, Value::path("subprocess()"))
        }
    }
}

/// Tells whether a value is what was made of an address or path: what a caller calls `host` or `query` is no part of one.
fn is_parsed(base: &Value, name: &str) -> bool {
    let given = |entry: &Entry| entry.source == Source::Argument && entry.bits & bits::HOST == 0;
    base.is_path().is_some() || matches!(name, "length" | "size") || !base.ways().iter().all(given)
}
