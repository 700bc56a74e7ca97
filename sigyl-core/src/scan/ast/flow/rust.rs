//! What needs a closer look in Rust: programs, checks, paths, addresses.

use super::call::Given;
use super::checks::host;
use super::guard::{allowed, decided, every, is_strict, lacks, resolved};
use super::run::Flow;
use super::value::{Facts, Object, Source, Value, Weakness, bits};
use crate::scan::ast::form::{Span, Word};

/// What a client of HTTP is called.
const CLIENT: &str = "reqwest.Client.new()";
/// A path that was made a text.
const SHOWN: &str = "(text)";

/// Brings the ways to a thing to one.
pub(super) fn way(path: &str) -> String {
    const SAME: &[(&str, &str)] = &[
        ("std.process.", ""),
        ("tokio.process.", ""),
        ("async_process.", ""),
        ("process.Command", "Command"),
        ("std.fs.File", "File"),
        ("tokio.fs.File", "File"),
        ("fs.File", "File"),
        ("std.fs.", "fs."),
        ("tokio.fs.", "fs."),
        ("async_std.fs.", "fs."),
        ("fs_err.", "fs."),
        ("std.env.", "env."),
        ("std.os.", "os."),
        ("std.net.", "net."),
        ("tokio.net.", "net."),
        ("reqwest.blocking.", "reqwest."),
        ("rmcp.model.", ""),
        ("Client.new()", CLIENT),
        ("Client.builder()", CLIENT),
        ("reqwest.Client.builder()", CLIENT),
    ];
    for (from, to) in SAME {
        if let Some(rest) = path.strip_prefix(from) {
            return format!("{to}{rest}");
        }
    }
    path.to_owned()
}

impl Flow<'_> {
    /// Looks at a call of Rust that is more than a line of a table.
    pub(super) fn rust_call(&mut self, path: &str, name: &Word, given: &Given, span: Span) -> Option<Value> {
        if let Some(value) = self.rust_checks(path, name, given) {
            return Some(value);
        }
        let first = given.at(0);
        let base = given.base.as_ref();
        if let Some(value) = self.rust_command(path, name, given, span) {
            return Some(value);
        }
        if let Some(value) = self.rust_request(path, name, given, span) {
            return Some(value);
        }
        Some(match (path, &**name) {
            ("env.var" | "env.var_os", _) => self.environment(given),
            ("env.vars" | "env.vars_os", _) => self.whole_environment(),
            ("fs.read_to_string" | "fs.read" | "File.open", _) => self.file(first),
            (_, "join") => {
                let base = base?.clone();
                match &base.items {
                    Some(items) => {
                        let between = first.cloned().unwrap_or_default();
                        let all = items.iter().flat_map(|item| [between.clone(), item.clone()]);
                        let all = all.skip(1).collect::<Vec<_>>();
                        self.joined(&all)
                    }
                    None => self.path_of(&[base, first?.clone()], false),
                }
            }
            (_, "to_string_lossy" | "display" | "to_str") => {
                let base = base?.clone();
                match base.is_path() {
                    Some("pathlib.Path()") => Value { object: Object::Path(SHOWN.into()), ..base },
                    _ => base,
                }
            }
            (_, "open") if path.contains("OpenOptions") => {
                self.reach(Weakness::Path, first?, &[Source::Argument], span, path);
                self.file(first)
            }
            (_, "get" | "remove" | "pointer") if base.is_some() => return self.get("", given),
            (_, "map" | "map_or" | "for_each" | "filter_map" | "flat_map" | "then")
                if base.is_some_and(|base| base.fields.is_some()) =>
            {
                // Of what may be there or not, the whole is handed on.
                let only = Given { args: given.args.clone(), base: None };
                let whole = base?.clone();
                return self.hands(&only, whole);
            }
            (_, "text" | "success" | "structured" | "json" | "raw")
                if path.contains("Content") || path.contains("CallToolResult") =>
            {
                let mut all = Value::default();
                given.args.iter().for_each(|(_, value)| all.absorb(&value.ways()));
                all
            }
            _ => return None,
        })
    }

    /// A program that is put together word by word.
    fn rust_command(&mut self, path: &str, name: &str, given: &Given, span: Span) -> Option<Value> {
        let first = given.at(0);
        if path == "Command.new" {
            let mut command = Value::path("Command()");
            command.push(first?.clone());
            return Some(command);
        }
        let command = given.base.as_ref().filter(|base| base.is_path() == Some("Command()"))?;
        let mut all = command.clone();
        match name {
            "arg" | "args" => match &first?.items {
                Some(items) => items.iter().for_each(|item| all.push(item.clone())),
                None => all.push(first?.clone()),
            },
            "output" | "status" | "spawn" | "exec" => {
                let args = command.items.iter().flat_map(|items| items.iter());
                let words = Given { args: args.map(|item| (None, item.clone())).collect(), base: None };
                self.process("Command.new", &words, span);
                self.command(&words, span, "Command.new");
                all = self.output(&words);
            }
            _ => {}
        }
        Some(all)
    }

    /// A request to an address, and what goes with it.
    fn rust_request(&mut self, path: &str, name: &str, given: &Given, span: Span) -> Option<Value> {
        let first = given.at(0);
        let base = given.base.as_ref();
        let request = base.and_then(Value::is_path) == Some("reqwest.request()");
        Some(match name {
            "get" if is_authorization(first) => self.token(),
            "bearer_auth" => {
                self.reach(Weakness::Passthrough, first?, &[Source::Token], span, path);
                base?.clone()
            }
            "header" if is_authorization(first) => {
                self.reach(Weakness::Passthrough, &given.at(1)?.clone(), &[Source::Token], span, path);
                base?.clone()
            }
            "get" | "post" | "put" | "patch" | "delete" | "head" | "request"
                if path.starts_with("reqwest.Client") =>
            {
                let address = given.at(usize::from(name == "request"))?.clone();
                self.reach(Weakness::Address, &address, &[Source::Argument], span, path);
                self.asks(&address, span, path);
                Value::path("reqwest.request()")
            }
            "json" | "form" | "query" | "body" | "multipart" if request => {
                self.sends_away(&first?.clone(), span, path);
                base?.clone()
            }
            _ => return None,
        })
    }

    /// Calls the functions that a method is given with what it is called on.
    fn hands(&mut self, given: &Given, whole: Value) -> Option<Value> {
        let function = given.args.iter().find_map(|(_, value)| match &value.object {
            Object::Functions(functions) => functions.first().copied(),
            _ => None,
        })?;
        Some(self.enter(function, None, vec![(None, whole)]))
    }

    fn rust_checks(&mut self, path: &str, name: &str, given: &Given) -> Option<Value> {
        match name {
            "any" | "all" => return self.each_part(name, given),
            "contains" | "contains_key" => {
                let (yes, no) = self.holds_part(given.base.as_ref()?, given.at(0)?);
                return Some(decided(yes, no));
            }
            _ => {}
        }
        let none = Facts::new;
        let first = given.at(0);
        let base = given.base.as_ref();
        let is_resolved = |value: &Value| {
            value.is_path() != Some(SHOWN) && value.ways().iter().any(|e| e.bits & bits::RESOLVED != 0)
        };
        let (yes, no) = match (path, name) {
            ("is_plain_part", _) => (every(first?, bits::PATH), none()),
            (_, "starts_with") if is_resolved(base?) => (resolved(base?), none()),
            (_, "starts_with") => self.begins(base?, first?),
            (_, "strip_prefix") if is_resolved(base?) => {
                let facts = resolved(base?);
                self.state().learn(&facts);
                return Some(base?.made(|known| known | bits::RELATIVE));
            }
            (_, "ends_with") => (Self::ends(base?, first?), none()),
            (_, "is_match") => {
                let strict = base?.known().is_some_and(|pattern| is_strict(pattern, false));
                (if strict { allowed(first?) } else { none() }, none())
            }
            (_, "is_absolute" | "has_root") => (none(), every(base?, bits::NO_ROOT)),
            (_, "is_relative") => (every(base?, bits::NO_ROOT), none()),
            (
                _,
                "is_alphanumeric"
                | "is_ascii_alphanumeric"
                | "is_ascii_digit"
                | "is_numeric"
                | "is_ascii_alphabetic"
                | "is_alphabetic"
                | "is_ascii_lowercase"
                | "is_ascii_hexdigit",
            ) => (allowed(base?), none()),
            (_, "eq_ignore_ascii_case") => {
                (if first?.known().is_some() { allowed(base?) } else { none() }, none())
            }
            (_, "is_private" | "is_loopback" | "is_link_local" | "is_unspecified" | "is_multicast") => {
                (none(), host(base?))
            }
            _ => return None,
        };
        Some(decided(yes, no))
    }

    /// What is asked of each part of a value, or of each of a table.
    fn each_part(&mut self, name: &str, given: &Given) -> Option<Value> {
        let value = self.call_back(given)?;
        let when = value.when.as_deref().cloned().unwrap_or_default();
        // Any of a table that is ours; or none of the parts.
        let counts = name == "all" || !given.base.as_ref().is_some_and(Self::is_argument);
        let yes = if counts { when.0 } else { Facts::new() };
        Some(decided(yes, if name == "any" { when.1 } else { Facts::new() }))
    }

    fn holds_part(&mut self, holder: &Value, part: &Value) -> (Facts, Facts) {
        if let Some(text) = part.known() {
            let text = text.to_owned();
            return (Facts::new(), lacks(self, &text, holder));
        }
        // A function of signs, such as `char::is_control`, says nothing that is known.
        if part.taint.is_empty() && Self::is_argument(holder) {
            return (Facts::new(), Facts::new());
        }
        self.holds(holder, part)
    }

    /// A part of an instance whose type is known to ask for addresses.
    pub(super) fn typed_field(&mut self, base: &Value, name: &str) -> Option<Value> {
        let Object::Instance(class) = base.object else { return None };
        if self.attribute(class, name).is_some() || self.method(class, name).is_some() {
            return None;
        }
        let fields = &self.form.class(class).fields;
        let (_, of) = fields.iter().find(|(field, _)| &**field == name)?;
        let of = of.trim_start_matches(['*', '&', ' ']);
        match of {
            "http.Client" => Some(Value::path("http.Client()")),
            "reqwest::Client" | "Client" | "Arc<Client>" | "Arc<reqwest::Client>" => {
                Some(Value::path(CLIENT))
            }
            _ => None,
        }
    }
}

fn is_authorization(name: Option<&Value>) -> bool {
    let Some(name) = name else { return false };
    name.known().is_some_and(|name| name.eq_ignore_ascii_case("authorization"))
        || name.is_path().is_some_and(|path| path.ends_with("AUTHORIZATION"))
}
