//! What a tool says of itself or owes its callers: that it only reads, whose data it gives, what it keeps to itself.

use super::call::Given;
use super::marks::{is_owner, is_secret_name};
use super::run::Flow;
use super::value::{Entry, Source, Value, Weakness};
use crate::scan::ast::form::{ExprId, ExprKind, Span};

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
            self.unowned.push((Weakness::Unowned, span, name));
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
            self.unowned.push((Weakness::Session, span, from));
        }
    }

    /// A token that is made of what others know.
    pub(super) fn names_token(&mut self, name: &str, value: &Value, span: Span) {
        let lower = name.to_ascii_lowercase();
        let secret =
            ["token", "session_id", "sessionid", "otp", "reset_code", "api_key", "nonce", "password"]
                .iter()
                .any(|word| lower.contains(word));
        let guessable = value.is_path().is_some_and(|path| {
            path.starts_with("random.")
                || path.starts_with("Math.random")
                || path.starts_with("hashlib.md5") && path.contains("digest")
        });
        if secret && guessable && self.handler.is_some() {
            self.act(Weakness::Guessable, name, value.is_path().unwrap_or_default(), span);
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
        let named =
            named.filter(|name| is_owner(name.rsplit('.').next().unwrap_or(name))).collect::<Vec<_>>();
        self.unowned.extend(named.into_iter().map(|name| (Weakness::Unowned, span, name)));
    }

    /// A comparison that asks whose something is.
    pub(super) fn compares(&mut self, left: ExprId, right: ExprId) {
        let form = self.form;
        let asks = |id: ExprId| match &form.expr(id).kind {
            ExprKind::Name(name) | ExprKind::Member(_, name) => is_owner(name),
            ExprKind::Index(_, key) => form.text(*key).is_some_and(|name| is_owner(name)),
            ExprKind::Call { args, .. } => {
                args.first().and_then(|arg| form.text(arg.value)).is_some_and(|name| is_owner(name))
            }
            _ => false,
        };
        self.asks_owner |= asks(left) || asks(right);
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
        ) || path == "open" && mode.contains(['w', 'a', 'x', '+']);
        if changes && self.reads_only {
            self.act(Weakness::Mismatch, name, path, span);
        }
    }

    /// Passwords and the like in a log.
    pub(super) fn logs(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        let log = matches!(
            name,
            "debug" | "info" | "warning" | "warn" | "error" | "exception" | "critical" | "log"
        ) && (path.starts_with("logging") || path.starts_with("console") || path.contains("ogger"))
            || path == "print";
        if !log {
            return;
        }
        for (_, value) in &given.args {
            let ways = value.ways();
            let secret = ways.iter().find(|entry| match entry.source {
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
