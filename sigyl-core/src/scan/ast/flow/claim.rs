//! What a tool says of itself or owes its callers: that it only reads, whose data it gives, what it keeps to itself.

use super::call::Given;
use super::marks::{is_owner, is_secret_name};
use super::run::{Doubt, Flow};
use super::value::{Entry, Source, Value, Weakness, bits};
use crate::scan::ast::form::{ExprId, ExprKind, Span};

/// What registers a tool.
pub(super) const MAKES: &[&str] = &["tool", "registerTool", "addTool", "add_tool", "register_tool"];

impl Flow<'_> {
    /// Remembers that a caller picks one of several things that have an owner.
    pub(super) fn picks(&mut self, element: &Value, key: &Value) {
        if self.handler.is_none()
            || !element.fields.iter().flat_map(|fields| fields.iter()).any(|(name, _)| is_owner(name))
        {
            return;
        }
        let ways = key.ways();
        let open = ways.iter().find(|entry| entry.source == Source::Argument && self.bits_of(entry) & 1 == 0);
        if let (Some(open), Some(span)) = (open, self.calling) {
            let name = self.origins.name(open.origin).to_owned();
            self.unowned.push((Doubt::Owner, span, name));
        }
    }

    /// Marks what is held for a session that the caller names.
    pub(super) fn of_session(&mut self, element: &mut Value, key: &Value) {
        let ways = key.ways();
        let named = ways.iter().find(|entry| {
            let name =
                self.origins.name(entry.origin).rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
            entry.source == Source::Argument
                && matches!(name.as_str(), "session_id" | "sessionid" | "session" | "sid" | "session_key")
        });
        if let Some(named) = named {
            element.absorb(&[Entry { source: Source::Session, origin: named.origin, bits: 0 }]);
        }
    }

    /// Who somebody is, or what he may do, taken from a session that the caller only named.
    pub(super) fn identifies(&mut self, base: &Value, name: &str) {
        const WHO: &[&str] = &[
            "user",
            "user_id",
            "userId",
            "username",
            "role",
            "roles",
            "is_admin",
            "isAdmin",
            "admin",
            "permissions",
            "scopes",
            "email",
            "account",
            "authenticated",
        ];
        let of_session = base.taint.iter().find(|entry| entry.source == Source::Session);
        if let (Some(entry), Some(span)) = (of_session, self.calling)
            && WHO.contains(&name)
            && self.handler.is_some()
        {
            let from = self.origins.name(entry.origin).to_owned();
            self.unowned.push((Doubt::Session, span, from));
        }
    }

    /// A query for what belongs to somebody whom the caller names.
    pub(super) fn asks_for_owner(&mut self, name: &str, given: &Given, span: Span) {
        if !matches!(name, "execute" | "query" | "fetch" | "fetchrow" | "get" | "all") {
            return;
        }
        let Some(text) = given.at(0).and_then(Value::known).map(str::to_ascii_lowercase) else { return };
        if !text.starts_with("select ") || !text.contains(" where ") {
            return;
        }
        let ways = given.args.iter().skip(1).flat_map(|(_, value)| value.ways()).collect::<Vec<_>>();
        let named = ways
            .iter()
            .filter(|entry| entry.source == Source::Argument)
            .map(|entry| self.origins.name(entry.origin).to_owned());
        // What the query reads tells that each row has an owner, and none is asked for.
        let (columns, condition) = text.split_once(" where ").unwrap_or_default();
        let says = |part: &str| part.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(is_owner);
        let any = says(columns.split(" from ").next().unwrap_or_default()) && !says(condition);
        // What the tool says to be the caller's own, picked by what he gives and by nothing else.
        let own =
            ["signed-in", "signed in", "logged-in", "logged in", "your own", "caller's", "current user"];
        let own = own.iter().any(|word| self.says.contains(word))
            && !says(condition)
            && !condition.contains(" and ");
        let alone = given.args.iter().skip(1).all(|(_, value)| is_given_whole(value));
        let picked = ways.iter().find(|entry| entry.source == Source::Argument);
        if let Some(picked) = picked.filter(|_| own && alone) {
            let name = self.origins.name(picked.origin).to_owned();
            self.unowned.push((Doubt::Caller, span, name));
        }
        let named =
            named.filter(|name| any || is_owner(name.rsplit('.').next().unwrap_or(name))).collect::<Vec<_>>();
        self.unowned.extend(named.into_iter().map(|name| (Doubt::Owner, span, name)));
    }

    /// A comparison that asks whose something is.
    pub(super) fn compares(&mut self, left: ExprId, right: ExprId) {
        let form = self.form;
        let asks = |id: ExprId| match &form.expr(id).kind {
            ExprKind::Name(name) => is_owner(name),
            // `ctx.user.id`.
            ExprKind::Member(base, name) => {
                let of = match &form.expr(*base).kind {
                    ExprKind::Name(name) | ExprKind::Member(_, name) => is_owner(name),
                    _ => false,
                };
                of || is_owner(name)
            }
            ExprKind::Index(_, key) => form.text(*key).is_some_and(|name| is_owner(name)),
            ExprKind::Call { args, .. } => {
                args.first().and_then(|arg| form.text(arg.value)).is_some_and(|name| is_owner(name))
            }
            _ => false,
        };
        self.asks_owner |= asks(left) || asks(right);
    }

    /// What a tool says of itself, taken from elsewhere, or changed once it is there.
    pub(super) fn describes(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        let fetched = |value: &Value| value.comes_from(Source::Network);
        if MAKES.contains(&name) {
            self.speaks_of_others(path, given, span);
            let text = given.args.iter().enumerate().any(|(at, (arg, value))| match arg.as_deref() {
                Some("description" | "name") => fetched(value),
                Some(_) => false,
                None => {
                    at < 2
                        && (value.fields.is_none() && fetched(value)
                            || value.field("description").is_some_and(fetched))
                }
            });
            if text {
                self.act(Weakness::ChangingTool, "a text from the network", path, span);
            }
        }
        let set = given.at(1).and_then(Value::known).unwrap_or_default();
        if path == "setattr" && self.handler.is_some() && matches!(set, "__doc__" | "description") {
            let set = set.to_owned();
            self.act(Weakness::ChangingTool, &set, "a tool", span);
        }
        let of_tool = MAKES.iter().any(|made| path.ends_with(&format!("{made}().update")));
        let says = |value: &Value| value.field("description").is_some();
        if of_tool && self.handler.is_some() && given.at(0).is_some_and(says) {
            self.act(Weakness::ChangingTool, "description", "a tool", span);
        }
    }

    /// A description that is put together when the file runs, and gives orders for the tools of others.
    fn speaks_of_others(&mut self, path: &str, given: &Given, span: Span) {
        let at = if given.at(0).is_some_and(|first| first.known().is_some()) { 1 } else { 0 };
        let told =
            given.option("description").or_else(|| given.at(at).filter(|value| value.fields.is_none()));
        let own = given.named("name").or_else(|| given.at(0)).and_then(Value::known).unwrap_or_default();
        let orders = |shape: &str| super::marks::orders_others(shape, own);
        if told.is_some_and(|told| told.shapes.iter().any(|shape| orders(shape))) {
            self.act(Weakness::Shadow, "its description", path, span);
        }
    }

    /// Looks at what the decorators of a handler say of it.
    pub(super) fn decorated(&mut self, function: crate::scan::ast::form::FnId) {
        let form = self.form;
        // Its names are those of what it stands in.
        self.frames.push(super::frame::Frame::of(function));
        for mark in &form.function(function).decorators {
            if let ExprKind::Call { args, .. } = &form.expr(*mark).kind
                && args.iter().any(|arg| arg.name.as_deref() == Some("description"))
            {
                self.eval(*mark);
            }
        }
        self.frames.pop();
    }

    /// A tool that says that it encrypts, and only writes in another way what it is given.
    pub(super) fn pretends(&mut self, given: &Value, span: Span) {
        let encoded = given.is_path().is_some_and(|path| {
            path.contains("b64encode")
                || path.contains("b32encode")
                || path == "btoa()"
                || path == "codecs.encode()"
        });
        let says = self.handler.and_then(|handler| self.form.function(handler).doc.as_deref());
        let says = says.unwrap_or_default().to_ascii_lowercase();
        if encoded
            && Self::is_argument(given)
            && ["encrypt", "cipher", "aes"].iter().any(|word| says.contains(word))
        {
            self.act(
                Weakness::Mismatch,
                "what it calls encrypted",
                given.is_path().unwrap_or_default(),
                span,
            );
        }
    }

    /// A tool that says that it changes nothing, and does.
    pub(super) fn changes(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        let mode = given.get("mode", 1).and_then(Value::known).unwrap_or("r");
        let changes = matches!(
            path,
            "os.remove"
                | "os.unlink"
                | "os.rename"
                | "os.rmdir"
                | "os.system"
                | "shutil.rmtree"
                | "shutil.move"
                | "os.chmod"
        ) || matches!(
            name,
            "write_text"
                | "write_bytes"
                | "unlink"
                | "writeFile"
                | "writeFileSync"
                | "appendFile"
                | "unlinkSync"
                | "rmSync"
                | "rmdir"
                | "expunge"
        ) || path == "open" && mode.contains(['w', 'a', 'x', '+'])
            || matches!(name, "delete" | "put" | "patch") && super::sink::is_request(path, name)
            || matches!(name, "execute" | "executescript" | "executemany" | "query" | "run" | "exec")
                && given.at(0).is_some_and(changes_rows)
            || super::sink::is_process(path) && deletes(given);
        if changes && self.reads_only {
            self.act(Weakness::Mismatch, name, path, span);
        }
    }

    /// Passwords and the like in a log.
    pub(super) fn logs(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        let log = matches!(
            name,
            "debug" | "info" | "warning" | "warn" | "error" | "exception" | "critical" | "log"
        ) && (is_logger(path))
            || path == "print";
        if !log {
            return;
        }
        for (_, value) in &given.args {
            // One place of a tool is enough to say it.
            if path != "print" && value.fields.is_none() && self.logs_of != self.handler {
                let before = self.seen.len();
                self.reach(Weakness::Line, value, &[Source::Argument], span, path);
                self.logs_of = if self.seen.len() > before { self.handler } else { self.logs_of };
            }
            let ways = value.ways();
            let open = ways.iter().filter(|entry| entry.bits & bits::VEILED == 0);
            let secret = open.into_iter().find(|entry| match entry.source {
                Source::Argument => is_secret_name(self.origins.name(entry.origin)) && entry.bits & 1 == 0,
                source => matches!(source, Source::Key | Source::Credential | Source::Token),
            });
            if let Some(secret) = secret {
                let from = self.origins.name(secret.origin).to_owned();
                self.act(Weakness::Logged, &from, path, span);
            }
        }
    }
}

/// Tells whether a value is what the caller gives and nothing else: each of a list, or the whole of it.
fn is_given_whole(value: &Value) -> bool {
    let given = |value: &Value| value.taint.iter().any(|entry| entry.source == Source::Argument);
    match (&value.items, &value.fields) {
        (Some(items), _) => items.iter().all(given),
        (_, Some(fields)) => fields.iter().all(|(_, value)| given(value)),
        _ => given(value),
    }
}

/// Tells whether a program that is started takes something away.
fn deletes(given: &Given) -> bool {
    const TAKES: &[&[&str]] = &[
        &["rm "],
        &["git ", " branch ", " -D "],
        &["git ", " branch ", " -d "],
        &["git ", " push "],
        &["git ", " reset ", " --hard "],
        &["git ", " clean "],
        &["kubectl ", " delete "],
        &["docker ", " rm "],
        &["docker ", " rmi "],
        &["docker ", " prune "],
        &["gh ", " delete "],
        &["terraform ", " destroy "],
        &["systemctl ", " stop "],
        &["dropdb "],
    ];
    let mut text = String::new();
    for (_, value) in &given.args {
        let items = value.items.iter().flat_map(|items| items.iter());
        for shape in items.chain([value]).filter_map(|word| word.shapes.first()) {
            text.push_str(shape);
            text.push_str("  ");
        }
    }
    TAKES.iter().any(|words| text.starts_with(words[0]) && super::marks::in_order(&text, words))
}

/// Tells whether something is a log, by the way to it.
fn is_logger(path: &str) -> bool {
    const LOGGERS: &[&str] = &[
        "logging",
        "console",
        "pino",
        "winston",
        "bunyan",
        "log4js",
        "loguru",
        "structlog",
        "loglevel",
        "signale",
        "consola",
        "tslog",
    ];
    path.contains("ogger") || LOGGERS.iter().any(|logger| path.starts_with(logger))
}

/// Tells whether a query takes away or changes what is there.
fn changes_rows(query: &Value) -> bool {
    let changes = |shape: &str| {
        let verb = shape.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        matches!(&*verb, "DELETE" | "DROP" | "TRUNCATE" | "ALTER" | "UPDATE")
    };
    query.shapes.iter().any(|shape| changes(shape))
}
