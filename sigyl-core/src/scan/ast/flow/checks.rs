//! Calls that check something: what they say of what they are given.

use super::call::Given;
use super::effects::NAMED;
use super::guard::{allowed, decided, every, is_strict, lacks, resolved};
use super::run::Flow;
use super::value::{Facts, Source, Value, bits};
use crate::scan::ast::form::Word;

impl Flow<'_> {
    /// What a check says, if it is one that is known.
    pub(super) fn guards(&mut self, path: &str, name: &Word, given: &Given) -> Option<Value> {
        let none = Facts::new;
        let first = given.at(0);
        let base = given.base.as_ref();
        const ASK: &[&str] =
            &["mime", "magic", "imghdr", "filetype", "endswith", "allowed", "valid", "guess_type"];
        let lower = name.to_ascii_lowercase();
        self.asks_kind |= ASK.iter().any(|word| lower.contains(word) || path.contains(word))
            || matches!(&*lower, "has" | "includes" | "match" | "test" | "fullmatch" | "some");
        let (yes, no) = match (path, &**name) {
            (_, "fullmatch" | "test" | "match" | "search") => return Self::matched(path, name, given),
            (_, "isdigit" | "isalnum" | "isidentifier" | "isnumeric" | "isdecimal" | "isalpha") => {
                (allowed(base?), none())
            }
            (_, "compare_digest" | "timingSafeEqual") => {
                if let (Some(one), Some(other), Some(span)) =
                    (first.cloned(), given.at(1).cloned(), self.calling)
                {
                    self.knows_password(&one, &other, span);
                }
                (super::archive::vouched(first?, given.at(1)?), none())
            }
            (_, "is_relative_to") => (resolved(base?), none()),
            (_, "relative_to") => {
                let facts = resolved(base?);
                self.state().learn(&facts);
                return Some(base?.made(|known| known | bits::RELATIVE));
            }
            ("os.path.isabs" | "path.isAbsolute", _) => (none(), every(first?, bits::NO_ROOT)),
            (_, "is_absolute") => (none(), every(base?, bits::NO_ROOT)),
            (_, "startswith" | "startsWith") => self.begins(base?, first?),
            (_, "endswith" | "endsWith") => (Self::ends(base?, first?), none()),
            (_, "has" | "includes" | "contains" | "__contains__" | "hasOwnProperty") => {
                self.holds(base?, first?)
            }
            ("any" | "all", _) => {
                let when = first?.when.as_deref().cloned().unwrap_or_default();
                if path == "any" { (when.0.clone(), when.1.clone()) } else { (when.0, none()) }
            }
            (_, "some" | "every") if base.is_some() => {
                let value = self.call_back(given)?;
                let when = value.when.as_deref().cloned().unwrap_or_default();
                if &**name == "some" { (when.0, when.1) } else { (when.0, none()) }
            }
            _ => return None,
        };
        Some(decided(yes, no))
    }

    /// A text that an expression matches.
    fn matched(path: &str, name: &str, given: &Given) -> Option<Value> {
        let first = given.at(0)?;
        let (pattern, subject) = match (path.starts_with("re."), &given.base) {
            (true, _) if given.at(1).is_some() => (first.known(), given.at(1)?),
            (_, Some(base)) if base.known().is_some() => (base.known(), first),
            // `text.match(pattern)`.
            (_, Some(base)) if matches!(name, "match" | "search") => (Some(first.known()?), base),
            _ => (None, first),
        };
        let strict = pattern.is_some_and(|pattern| is_strict(pattern, name == "fullmatch"));
        let anchored = matches!(path, "re.match" | "re.fullmatch");
        let one_of_ours = || {
            let all = first.taint.is_empty() && !first.shapes.is_empty();
            all && first.shapes.iter().all(|pattern| fixes_host(pattern, anchored))
        };
        let facts = match pattern {
            _ if strict => allowed(subject),
            Some(pattern) if fixes_host(pattern, anchored) => every(subject, bits::URL),
            None if anchored && one_of_ours() => every(subject, bits::URL),
            _ => Facts::new(),
        };
        let when = decided(facts, Facts::new()).when;
        match name {
            "match" | "search" if !path.starts_with("re.") => {
                Some(Value { when, ..subject.made(|bits| bits | bits::PIECE) })
            }
            _ => Some(Value { when, ..Value::default() }),
        }
    }

    /// A host that ends in one of ours, from a dot on.
    pub(super) fn ends(base: &Value, end: &Value) -> Facts {
        let dotted = end.known().is_some_and(|text| text.starts_with('.') && text.len() > 2)
            || end.shapes.iter().any(|shape| shape.starts_with('.') && shape.contains('\0'));
        if dotted { host(base) } else { Facts::new() }
    }

    /// A list or text that something is in.
    pub(super) fn holds(&mut self, holder: &Value, part: &Value) -> (Facts, Facts) {
        match part.known() {
            Some(text) => {
                let text = text.to_owned();
                (Facts::new(), lacks(self, &text, holder))
            }
            None if Self::is_argument(holder) || holder.known().is_some() => (Facts::new(), Facts::new()),
            None => (allowed(part), Facts::new()),
        }
    }

    pub(super) fn begins(&mut self, base: &Value, lead: &Value) -> (Facts, Facts) {
        match lead.known() {
            Some("-") => (Facts::new(), every(base, bits::ARGV)),
            Some("..") => {
                let relative = base.taint.iter().filter(|entry| entry.bits & bits::RELATIVE != 0);
                (Facts::new(), relative.map(|entry| (entry.origin, bits::PATH)).collect())
            }
            Some("/") if base.taint.iter().all(|entry| entry.bits & bits::RESOLVED == 0) => {
                (Facts::new(), every(base, bits::NO_ROOT))
            }
            // An address whose host is fixed.
            Some(text) if text.contains("://") => {
                let host = text.splitn(4, '/').nth(3).is_some();
                (if host { every(base, bits::URL) } else { Facts::new() }, Facts::new())
            }
            // A folder, with the separator behind it.
            _ => {
                let ends = |shape: &Word| shape.len() > 1 && (shape.ends_with('/') || shape.ends_with('\\'));
                let inside = lead.shapes.iter().any(ends)
                    && lead.taint.iter().all(|entry| entry.source != Source::Argument);
                self.fences.1 += usize::from(inside && Self::is_argument(base));
                (if inside { resolved(base) } else { Facts::new() }, Facts::new())
            }
        }
    }

    pub(super) fn substituted(pattern: &str, subject: Option<&Value>) -> Value {
        let mut value = Value::of(subject.map(Value::ways).unwrap_or_default());
        if pattern.starts_with("[^") && !pattern.contains("\\S") && !pattern.contains("\\W") {
            let more = if pattern.contains('/') { bits::ALL & !bits::PATH } else { bits::ALL | NAMED };
            value = value.with(|known| known | more);
        }
        value
    }
}

/// Tells whether an expression that matches an address leaves no choice of its host: `^https://docs\.acme\.io/`.
fn fixes_host(pattern: &str, of_python: bool) -> bool {
    let anchored = pattern.strip_prefix('^').or(of_python.then_some(pattern));
    let plain = anchored.map(|pattern| pattern.replace("\\/", "/")).unwrap_or_default();
    let rest = ["https?://", "https://", "http://", "http(?:s)?://", "http(s)?://"];
    let Some(rest) = rest.iter().find_map(|scheme| plain.strip_prefix(scheme)) else { return false };
    let Some((host, _)) = rest.split_once('/') else { return false };
    let fixed = host.replace("\\.", "");
    fixed.len() < host.len() && fixed.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What it says of a host that it is one of ours.
pub(super) fn host(value: &Value) -> Facts {
    let hosts = value.taint.iter().filter(|entry| entry.bits & bits::HOST != 0);
    hosts.map(|entry| (entry.origin, bits::URL)).collect()
}
