//! Calls of Go and Rust to what is from elsewhere: each language has its own tables.

use super::call::Given;
use super::effects::Effect;
use super::run::Flow;
use super::sinks::Which;
use super::value::{Entry, Object, Source, Value, Weakness, bits};
use crate::scan::ast::form::{Language, Span, Word};

/// What is known of what comes with a language, and of what is used most with it.
pub(super) struct Library {
    /// What acts on what it is given: by its way, or by the name of a method of anything.
    pub(super) sinks: &'static [(&'static str, Which, Weakness)],
    pub(super) functions: &'static [(&'static str, Effect)],
    pub(super) methods: &'static [(&'static str, Effect)],
    /// What changes the file that it is given first.
    pub(super) changes: &'static [&'static str],
    /// What reads the file that it is given first.
    pub(super) reads: &'static [&'static str],
}

/// Methods that types of every kind have.
const COMMON: &[&str] = &[
    "String",
    "Error",
    "Get",
    "Set",
    "Close",
    "get",
    "new",
    "from",
    "into",
    "as_str",
    "to_string",
    "next",
    "len",
];

/// Functions and types that Go has itself.
const GO_OWN: &[&str] = &[
    "append", "cap", "clear", "close", "complex", "copy", "delete", "imag", "len", "make", "max", "min",
    "new", "panic", "print", "println", "real", "recover", "any", "bool", "byte", "error", "float32",
    "float64", "int", "int16", "int32", "int64", "int8", "rune", "string", "uint", "uint16", "uint32",
    "uint64", "uint8", "uintptr",
];

impl Flow<'_> {
    /// Looks at a call to what is from elsewhere, and returns what it gives.
    pub(super) fn compiled(&mut self, path: &str, name: &Word, given: &Given, span: Span) -> Value {
        if let Some(value) = self.only_method(path, name, given) {
            return value;
        }
        let is_rust = self.language() == Language::Rust;
        self.beyond = self.beyond || self.handler.is_some() && self.is_elsewhere(path, name, given);
        let library = if is_rust { &super::rust_library::LIBRARY } else { &super::go_library::LIBRARY };
        let one = if is_rust { super::rust::way(path) } else { path.to_owned() };
        let path = one.as_str();
        self.library_sinks(library, path, name, given, span);
        self.library_acts(library, path, given, span);
        let special = match is_rust {
            true => self.rust_call(path, name, given, span),
            false => self.go_call(path, name, given, span),
        };
        if let Some(value) = special {
            return value;
        }
        let of_value = given.base.as_ref().is_some_and(|base| {
            base.is_path().is_none_or(|known| known.ends_with(')') || !base.taint.is_empty())
        });
        let effect = library.functions.iter().find(|(known, _)| *known == path);
        let effect =
            effect.or_else(|| library.methods.iter().find(|(known, _)| of_value && *known == &**name));
        if let Some((_, effect)) = effect {
            return self.effect(*effect, path, given);
        }
        if let Some(value) = self.call_back(given) {
            return value;
        }
        let value = self.unknown(name, given);
        let object = Object::Path(format!("{path}()").into());
        match value.object {
            Object::Unknown => Value { object, ..value },
            _ => value,
        }
    }

    /// Tells whether a call gives what the caller gave to a function of another file of the same package: Go names one
    /// without a way to it, and Rust by a way within the crate.
    fn is_elsewhere(&self, path: &str, name: &Word, given: &Given) -> bool {
        let known = |name: &str| {
            self.form.functions().any(|(_, one)| &*one.name == name)
                || self.form.classes().any(|(_, one)| &*one.name == name)
        };
        let named = match self.language() {
            Language::Go => given.base.is_none() && path == &**name && !GO_OWN.contains(&path),
            Language::Rust => path.starts_with("crate.") || path.starts_with("super."),
            Language::Dynamic => false,
        };
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let plain = !name.is_empty() && name.bytes().all(word);
        named && plain && given.args.iter().any(|(_, value)| Self::is_argument(value)) && !known(name)
    }

    /// Returns what the one method of that name gives, of a value whose type is not known.
    fn only_method(&mut self, path: &str, name: &Word, given: &Given) -> Option<Value> {
        let base = given.base.as_ref().filter(|base| base.object == Object::Unknown)?;
        if path != format!(".{name}") || COMMON.contains(&&**name) {
            return None;
        }
        let id = self.methods.get(name).copied().flatten()?;
        let function = self.form.function(id);
        // What the caller gave holds what the caller gave.
        let this = match Self::is_argument(base) {
            true => Some(base.clone()),
            false => function.class.map(super::run::instance),
        };
        Some(self.enter(id, this, given.args.clone()))
    }

    fn library_sinks(&mut self, library: &Library, path: &str, name: &str, given: &Given, span: Span) {
        let is_method = |sink: &str| given.base.is_some() && sink.strip_prefix('.') == Some(name);
        let known = library.sinks.iter().filter(|(sink, ..)| *sink == path || is_method(sink));
        for (_, which, weakness) in known {
            let values: Vec<&Value> = match which {
                Which::At(at, _) => given.at(*at).into_iter().collect(),
                Which::Two => [given.at(0), given.at(1)].into_iter().flatten().collect(),
                Which::Every => given.args.iter().map(|(_, value)| value).collect(),
                Which::Base => given.base.iter().collect(),
            };
            for value in values {
                if *weakness == Weakness::Sql && !is_query(value, name) {
                    continue;
                }
                self.reach(*weakness, value, &[Source::Argument], span, path.trim_start_matches('.'));
                if *weakness == Weakness::Address {
                    self.asks(value, span, path);
                }
            }
        }
    }

    /// Looks at what an address says, and at what is sent with it.
    pub(super) fn asks(&mut self, address: &Value, span: Span, path: &str) {
        let secret = [Source::Environment, Source::Credential, Source::Private];
        self.reach(Weakness::Exfiltration, address, &secret, span, path);
        for shape in &address.shapes {
            if super::marks::METADATA.iter().any(|host| shape.contains(host)) {
                self.act(Weakness::Metadata, &shape.replace('\0', "…"), path, span);
            }
        }
    }

    /// Looks at which files a call reads or changes whatever the caller gives.
    fn library_acts(&mut self, library: &Library, path: &str, given: &Given, span: Span) {
        let changes = library.changes.contains(&path);
        let reads = library.reads.contains(&path);
        if changes && self.reads_only {
            self.act(Weakness::Mismatch, path.rsplit('.').next().unwrap_or(path), path, span);
        }
        let Some(place) = given.at(0).filter(|_| changes || reads) else { return };
        for shape in place.shapes.iter().map(|shape| shape.to_ascii_lowercase()) {
            if changes {
                self.writes(&shape, span, path);
            }
            let told = super::marks::SYSTEM.iter().any(|start| shape.starts_with(start));
            if reads && (told || super::effects::is_login(&shape)) {
                self.act(Weakness::SystemFile, &shape.replace('\0', "…"), path, span);
            }
        }
    }

    /// Looks at what a request sends besides its address.
    pub(super) fn sends_away(&mut self, value: &Value, span: Span, path: &str) {
        let secret = [Source::Environment, Source::Credential, Source::Private];
        self.reach(Weakness::Exfiltration, value, &secret, span, path);
    }

    /// Makes what the environment holds as a whole.
    pub(super) fn whole_environment(&mut self) -> Value {
        let origin = self.origins.add("environment".into());
        Value::of(vec![Entry { source: Source::Environment, origin, bits: 0 }])
    }

    /// Makes the token that a caller of the server sent.
    pub(super) fn token(&mut self) -> Value {
        let origin = self.origins.add("Authorization".into());
        Value::of(vec![Entry { source: Source::Token, origin, bits: 0 }])
    }
}

/// Tells whether a text is a query that was put together, or comes whole from the caller to what takes nothing else.
fn is_query(value: &Value, name: &str) -> bool {
    const ONLY: &[&str] = &[
        "QueryContext",
        "QueryRowContext",
        "ExecContext",
        "QueryRow",
        "Raw",
        "query_as",
        "query_scalar",
        "raw_sql",
        "sql_query",
        "execute_batch",
        "batch_execute",
        "simple_query",
    ];
    let whole = ONLY.contains(&name)
        && value.shapes.is_empty()
        && value.items.is_none()
        && value.fields.is_none()
        && value.taint.iter().all(|entry| entry.bits & bits::VAGUE == 0);
    whole || super::sink::is_query(value, "")
}
