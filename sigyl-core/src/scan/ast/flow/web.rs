//! Where requests go on to: a host that was checked may send them to one that was not.

use super::call::Given;
use super::run::{Flow, Grade};
use super::value::{Entry, Object, Source, Value, Weakness, bits};
use crate::scan::ast::form::{Block, ExprKind, Part, Span, StmtKind};

impl Flow<'_> {
    /// Looks at a request whose host was checked, and that follows wherever the answer sends it.
    pub(super) fn goes_on(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        if !super::sink::is_request(path, name) {
            return;
        }
        let Some(grade) = follows(path, name, given) else { return };
        // What looks at each answer may look at where it leads.
        let later = given.base.as_ref().and_then(|base| base.field(HOOKS));
        if given.base.as_ref().is_some_and(|base| base.field(HOOKED).is_some())
            || later.is_some_and(|hooks| self.may_stop(hooks, 3))
            || self.is_hooked(given)
        {
            return;
        }
        let place = usize::from(matches!(name, "request" | "stream") && !path.starts_with("axios"));
        let url = given.named("url").or_else(|| given.at(place).filter(|value| value.fields.is_none()));
        let Some(url) = url.or_else(|| given.option("url")) else { return };
        // What was made safe for more than an address is not one of which the host alone was looked at.
        let checked = |entry: &Entry| {
            let known = self.bits_of(entry);
            let more = bits::SQL | bits::COMMAND | bits::CODE | bits::HOSTED | bits::VAGUE | bits::VOUCHED;
            entry.source == Source::Argument && known & bits::URL != 0 && known & more == 0
        };
        let ways = url.ways();
        if let Some(entry) = ways.iter().find(|entry| checked(entry)) {
            let from = self.origins.name(entry.origin).to_owned();
            self.tell(Weakness::Redirect, grade, &from, path, span);
        }
    }
}

/// Tells whether a request goes where the answer sends it: because it says so, or because it does not say otherwise.
fn follows(path: &str, name: &str, given: &Given) -> Option<Grade> {
    let says = |option: &str, off: &[&str]| {
        given.option(option).map(|value| !value.known().is_some_and(|text| off.contains(&text)))
    };
    let switch = says("allow_redirects", &["\u{1}false"])
        .or_else(|| says("follow_redirects", &["\u{1}false"]))
        .or_else(|| says("followRedirect", &["\u{1}false"]))
        .or_else(|| says("maxRedirects", &["0"]))
        .or_else(|| says("redirect", &["error", "manual"]));
    match switch {
        Some(follows) => follows.then_some(Grade::Sure),
        None if given.base.as_ref().is_some_and(|base| base.field("(follows)").is_some()) => {
            Some(Grade::Sure)
        }
        None => {
            let asks = ["requests", "aiohttp", "urllib.request", "axios", "got"];
            let asks = path == "fetch" || asks.iter().any(|client| path.starts_with(client));
            (asks && name != "head").then_some(Grade::Vague)
        }
    }
}

/// What a client is remembered by that looks at each answer before it follows.
const HOOKED: &str = "(hooked)";
/// What it is remembered by that looks at each address before it asks there, and whether that address is a private one.
const FENCED: &str = "(fenced)";
/// Where a client of Python holds what it calls with each request.
const HOOKS: &str = "event_hooks";
/// What tells private addresses from others.
const PRIVATE: &[&str] =
    &["is_private", "is_global", "is_loopback", "is_link_local", "isPrivate", "isLoopback", "isLinkLocal"];

impl Flow<'_> {
    /// Remembers of a client that it follows, and that it looks where.
    pub(super) fn client(&self, path: &str, given: &Given, mut value: Value) -> Value {
        let makes = ["httpx.", "axios.create", "got.extend", "ky.create", "ky.extend"];
        if makes.iter().any(|make| path.starts_with(make)) && self.is_hooked(given) {
            value.set(HOOKED, Value::default());
        }
        let hooks = given.option(HOOKS).or_else(|| given.option("hooks"));
        if makes.iter().any(|make| path.starts_with(make)) && hooks.is_some_and(|hooks| self.fences(hooks, 4))
        {
            value.set(FENCED, Value::default());
        }
        let on = given.option("follow_redirects").and_then(Value::known) == Some("\u{1}true");
        if on && path.starts_with("httpx.") {
            value.set("(follows)", Value::default());
        }
        value
    }

    /// Tells whether a client looks at every address before it asks there, and refuses private ones.
    pub(super) fn refuses_private(&self, given: &Given) -> bool {
        let Some(base) = &given.base else { return false };
        base.field(FENCED).is_some() || base.field(HOOKS).is_some_and(|hooks| self.fences(hooks, 4))
    }

    /// Tells whether a value is a function that fails for a private address, or holds one.
    fn fences(&self, hook: &Value, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let items = hook.items.iter().flat_map(|items| items.iter());
        let fields = hook.fields.iter().flat_map(|fields| fields.iter().map(|(_, value)| value));
        match &hook.object {
            Object::Functions(all) => all.iter().any(|id| {
                let body = &self.form.function(*id).body;
                self.raises(body) && self.names_private(body, 4)
            }),
            _ => items.chain(fields).any(|value| self.fences(value, depth)),
        }
    }

    /// Tells whether a block fails somewhere.
    fn raises(&self, block: &Block) -> bool {
        let mut found = false;
        self.form.visit(block, &mut |part| {
            found |= matches!(part, Part::Stmt(stmt) if matches!(stmt.kind, StmtKind::Raise(_)));
        });
        found
    }

    /// Tells whether a block asks whether an address is a private one, itself or in what it calls.
    fn names_private(&self, block: &Block, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let mut found = false;
        let mut called = Vec::new();
        self.form.visit(block, &mut |part| {
            let Part::Expr(id) = part else { return };
            match &self.form.expr(id).kind {
                ExprKind::Member(_, name) => found |= PRIVATE.contains(&&**name),
                ExprKind::Call { callee, .. } => called.extend(self.form.name(*callee)),
                _ => {}
            }
        });
        let named = |name: &crate::scan::ast::form::Word| {
            let mut all = self.form.functions().skip(1).filter(|(_, function)| function.name == *name);
            all.any(|(_, function)| self.names_private(&function.body, depth))
        };
        found || called.into_iter().any(named)
    }

    /// Tells whether something that may stop it is called with each answer, or each address that one leads to.
    fn is_hooked(&self, given: &Given) -> bool {
        let hooks = ["event_hooks", "beforeRedirect", "hooks"].iter().filter_map(|name| given.option(name));
        hooks.into_iter().any(|hooks| self.may_stop(hooks, 3))
    }

    /// Tells whether a value is a function that may fail, or holds one; what is not known may, unless it only writes down.
    fn may_stop(&self, hook: &Value, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let items = hook.items.iter().flat_map(|items| items.iter());
        let fields = hook.fields.iter().flat_map(|fields| fields.iter().map(|(_, value)| value));
        match &hook.object {
            Object::Functions(all) => all.iter().any(|id| self.fails_anywhere(&self.form.function(*id).body)),
            Object::Path(path) => {
                let path = path.to_ascii_lowercase();
                path != "print"
                    && !["log", "console", "debug", "trace"].iter().any(|word| path.contains(word))
            }
            _ => items.chain(fields).any(|value| self.may_stop(value, depth)),
        }
    }

    /// Tells whether a block fails somewhere, or asks something that says that it checks.
    fn fails_anywhere(&self, block: &Block) -> bool {
        let mut found = false;
        self.form.visit(block, &mut |part| match part {
            Part::Stmt(stmt) => found |= matches!(stmt.kind, StmtKind::Raise(_)),
            Part::Expr(id) => {
                if let ExprKind::Call { callee, .. } = &self.form.expr(id).kind {
                    let name = crate::scan::ast::handlers::last_name(self.form, *callee);
                    found |= name.is_some_and(|name| super::effects::vouches(&name));
                }
            }
        });
        found
    }
}
