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
        let (yes, no) = match (path, &**name) {
            ("re.fullmatch" | "re.match" | "re.search", _) => {
                let (pattern, subject) = (first?.known().unwrap_or_default(), given.at(1)?);
                let strict = is_strict(pattern, path == "re.fullmatch");
                (if strict { allowed(subject) } else { none() }, none())
            }
            (_, "fullmatch" | "test") => {
                let (pattern, subject) = (base?.known().unwrap_or_default(), first?);
                let strict = is_strict(pattern, &**name == "fullmatch");
                (if strict { allowed(subject) } else { none() }, none())
            }
            (_, "match" | "search") if first.is_some() => {
                let (pattern, subject) = match base?.known() {
                    Some(pattern) => (pattern, first?),
                    None => (first?.known()?, base?),
                };
                let value = Value {
                    when: decided(if is_strict(pattern, false) { allowed(subject) } else { none() }, none())
                        .when,
                    ..subject.made(|bits| bits | bits::PIECE)
                };
                return Some(value);
            }
            (_, "isdigit" | "isalnum" | "isidentifier" | "isnumeric" | "isdecimal" | "isalpha") => {
                (allowed(base?), none())
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
            (_, "endswith" | "endsWith") => {
                let lead = first?.known().is_some_and(|text| text.starts_with('.') && text.len() > 2)
                    || first?.shapes.iter().any(|shape| shape.starts_with('.') && shape.contains('\0'));
                (if lead { host(base?) } else { none() }, none())
            }
            (_, "has" | "includes" | "contains" | "__contains__" | "hasOwnProperty") => {
                let (holder, part) = (base?, first?);
                match part.known() {
                    Some(text) => {
                        let text = text.to_owned();
                        (none(), lacks(self, &text, holder))
                    }
                    None if Self::is_argument(holder) || holder.known().is_some() => (none(), none()),
                    None => (allowed(part), none()),
                }
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

    fn begins(&mut self, base: &Value, lead: &Value) -> (Facts, Facts) {
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
                (if inside { resolved(base) } else { Facts::new() }, Facts::new())
            }
        }
    }

    pub(super) fn substituted(&mut self, pattern: &str, subject: Option<&Value>, _: Option<&Value>) -> Value {
        let mut value = Value::of(subject.map(Value::ways).unwrap_or_default());
        if pattern.starts_with("[^") && !pattern.contains("\\S") && !pattern.contains("\\W") {
            let more = if pattern.contains('/') { bits::ALL & !bits::PATH } else { bits::ALL | NAMED };
            value = value.with(|known| known | more);
        }
        value
    }
}

/// What it says of a host that it is one of ours.
pub(super) fn host(value: &Value) -> Facts {
    let hosts = value.taint.iter().filter(|entry| entry.bits & bits::HOST != 0);
    hosts.map(|entry| (entry.origin, bits::URL)).collect()
}
