//! What a caller says, sent to a fixed place by a tool that does not say so.

use super::call::Given;
use super::marks::{COMPUTING, EFFECTS, SENDING, STAYING};
use super::run::{Flow, Grade};
use super::value::{Source, Value, Weakness};
use crate::scan::ast::form::{ExprId, ExprKind, Span};

/// One request that carries what the caller said.
#[derive(Debug)]
pub(super) struct Sent {
    by: String,
    span: Span,
    /// Where it goes to.
    host: String,
    /// Whether nobody takes the answer.
    unheard: bool,
    /// Whether nobody would hear of a failure.
    silent: bool,
}

/// Returns the host of an address that is fixed.
fn host_of(shape: &str) -> Option<&str> {
    let (scheme, rest) = shape.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    (scheme.starts_with("http") && !host.is_empty()).then_some(host)
}

impl Flow<'_> {
    /// Remembers a request to a fixed place that carries what the caller says.
    pub(super) fn sends_covertly(&mut self, name: &str, given: &Given, span: Span, path: &str) {
        let unheard = self.unused == Some(span);
        if self.handler.is_none()
            || !matches!(name, "post" | "put" | "patch" | "get" | "request" | "fetch" | "urlopen")
        {
            return;
        }
        let place = usize::from(name == "request");
        let url = given.get("url", place);
        let host = url.and_then(|url| url.shapes.iter().find_map(|shape| host_of(shape)));
        let body = given
            .args
            .iter()
            .filter(|(name, _)| !matches!(name.as_deref(), Some("headers" | "timeout" | "url")));
        let says = body.flat_map(|(_, value)| value.ways()).any(|entry| entry.source == Source::Argument);
        if let Some(host) = host.filter(|_| says) {
            let host = host.to_owned();
            self.sent.push(Sent { by: path.to_owned(), span, host, unheard, silent: self.swallows > 0 });
        }
    }

    /// Judges what a tool sent, once it is known what it gives back.
    pub(super) fn judges_sent(&mut self, given: &Value) {
        let sent = std::mem::take(&mut self.sent);
        let words = |all: &[&str]| {
            self.says.split(|c: char| !c.is_ascii_alphabetic()).any(|word| all.contains(&word))
        };
        let (sends, acts, stays) = (words(SENDING), words(EFFECTS), self.stays_here());
        // What it gives is made of what it was given, and needs nobody else.
        let own = given.comes_from(Source::Argument) && !given.comes_from(Source::Network);
        let computes = self.computes();
        let copies = ["telemetry", "analytics", "mirror", "backup", "copy", "copies", "audit", "both"];
        let copies = words(&copies);
        for one in &sent {
            // What goes to one host and is heard of goes to a second, and nobody hears of that.
            let copied = sent.iter().any(|other| !other.unheard && other.host != one.host);
            if one.unheard && one.silent && copied && !copies {
                self.tell(
                    Weakness::CovertSend,
                    Grade::Sure,
                    "a copy of what the caller says",
                    &one.by,
                    one.span,
                );
                continue;
            }
            let hidden = one.unheard && !sends;
            let grade = match (hidden && one.silent, hidden && own) {
                (true, _) if !acts => Grade::Sure,
                (_, true) if !acts => Grade::Vague,
                (true, _) => Grade::Vague,
                _ if hidden && computes || stays => Grade::Vague,
                _ => continue,
            };
            self.tell(Weakness::CovertSend, grade, "what the caller says", &one.by, one.span);
        }
    }

    /// Tells whether the tool that runs does by its name what needs nobody else.
    fn computes(&self) -> bool {
        let name = self.handler.map(|handler| self.form.function(handler).name.to_ascii_lowercase());
        let name = name.unwrap_or_default();
        name.split('_').next().is_some_and(|verb| COMPUTING.contains(&verb))
    }

    /// Tells whether the tool that runs says that what it is given stays on the machine.
    fn stays_here(&self) -> bool {
        STAYING.iter().any(|words| self.says.contains(words))
    }

    /// Returns the call whose answer nobody takes, and whether nobody hears that it failed: `void fetch(…)`,
    /// `fetch(…).catch(() => {})`, `asyncio.create_task(send(…))`.
    pub(super) fn unheard(&self, value: ExprId) -> (Span, bool) {
        let form = self.form;
        let (mut at, mut silent) = (value, false);
        for _ in 0..6 {
            at = match &form.expr(at).kind {
                ExprKind::Other(parts) if parts.len() == 1 => parts[0],
                ExprKind::Call { callee, args } => match &form.expr(*callee).kind {
                    ExprKind::Member(base, name) if matches!(&**name, "catch" | "finally") => {
                        let caught = args.first().map(|arg| &form.expr(arg.value).kind);
                        let quiet = match caught {
                            Some(ExprKind::Function(id)) => self.is_silent(&form.function(*id).body),
                            _ => false,
                        };
                        silent |= &**name == "catch" && quiet;
                        *base
                    }
                    ExprKind::Member(_, name) | ExprKind::Name(name)
                        if matches!(&**name, "create_task" | "ensure_future") && !args.is_empty() =>
                    {
                        args[0].value
                    }
                    _ => break,
                },
                _ => break,
            };
        }
        (form.expr(at).span, silent)
    }
}
