//! The audit.

use sigyl_core::domain::{AuditEntry, AuditFact, AuditOutcome, Failure, Timestamp};
use sigyl_core::wire::v1::{Request, Response};

use super::super::{Asking, Key, Noun, Sheet};
use crate::console::command::Place;
use crate::console::keymap::Scope;
use crate::console::turn::{Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell};
use crate::link::Answer as _;
use crate::render::{Glyph, Look, Role, age, specimen, wrap};

const COLUMNS: &[Column] = &[
    Column::number("NUMBER", 7),
    Column::number("WHEN", 10),
    Column::fixed("HOW", 9),
    Column::wide("WHO", 10),
    Column::wide("WHAT", 12),
    Column::wide("ON", 12),
    Column::fixed("FROM", 15).optional(),
];

/// Entries that are asked for.
const NEWEST: usize = 500;

/// The newest entries.
pub(in crate::console) struct Entries;

fn glyph(outcome: AuditOutcome) -> Glyph {
    match outcome {
        AuditOutcome::Done => Glyph::Done,
        AuditOutcome::Refused => Glyph::Blocked,
        _ => Glyph::Failed,
    }
}

/// How it ended, for a reader. What began a run says nothing of how that ended: its own record does.
fn how(fact: &AuditFact) -> (Glyph, String) {
    let begins = fact.outcome == AuditOutcome::Done && run_of(fact).is_some();
    if begins {
        (Glyph::Starting, "begun".to_owned())
    } else {
        (glyph(fact.outcome), fact.outcome.to_string())
    }
}

/// The run that began, and what is said beside it.
fn run_of(fact: &AuditFact) -> Option<&str> {
    fact.note.as_deref().and_then(|note| note.strip_prefix("run "))
}

/// All of an entry.
fn whole(entry: &AuditEntry, look: &Look) -> String {
    let fact = &entry.fact;
    let facts = [
        ("entry", entry.number.to_string()),
        ("when", fact.at.to_string()),
        ("who", specimen(&fact.who.name)),
        ("key", fact.who.key.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)),
        ("what", specimen(&fact.what)),
        ("on", specimen(&fact.on)),
        ("workspace", fact.workspace.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)),
        ("from", fact.from.map_or_else(|| "this machine".to_owned(), |from| from.to_string())),
        ("how", how(fact).1),
        match run_of(fact) {
            Some(run) => ("run", specimen(run)),
            None => ("note", fact.note.as_deref().map_or_else(String::new, specimen)),
        },
        ("hash", entry.hash.to_string()),
        ("after", entry.previous.to_string()),
    ];
    let lines = facts.map(|(label, value)| {
        format!("{}{}\n", look.paint(Role::Dim, &format!("{label:<11}")), wrap(&value, look, 11))
    });
    lines.concat()
}

impl Noun for Entries {
    type Item = AuditEntry;

    fn title(&self) -> String {
        Place::Audit.title().to_owned()
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Audit]
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Audit)
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn request(&self) -> Option<Request> {
        Some(Request::Audit { after: None, limit: NEWEST })
    }

    fn items(&self, response: Response) -> Result<Vec<AuditEntry>, Failure> {
        let entries = Vec::<AuditEntry>::take(response).map_err(|problem| problem.failure)?;
        Ok(entries.into_iter().rev().collect())
    }

    fn id(&self, entry: &AuditEntry) -> String {
        entry.number.to_string()
    }

    fn cells(&self, entry: &AuditEntry, view: &View<'_>) -> Vec<Cell> {
        let fact = &entry.fact;
        let (glyph, how) = how(fact);
        vec![
            cell(Role::Text, entry.number.to_string()),
            cell(Role::Dim, age(fact.at, view.now)),
            cell(glyph.role(), format!("{} {how}", view.look.sign(glyph))),
            cell(Role::Strong, specimen(&fact.who.name)),
            cell(Role::Text, specimen(&fact.what)),
            cell(Role::Text, specimen(&fact.on)),
            cell(Role::Dim, fact.from.map_or_else(String::new, |from| from.to_string())),
        ]
    }

    fn key(&self, entry: &AuditEntry, column: usize) -> Key {
        match column {
            2 => Key::Text(how(&entry.fact).1),
            3 => Key::Text(entry.fact.who.name.to_lowercase()),
            4 => Key::Text(entry.fact.what.clone()),
            5 => Key::Text(entry.fact.on.clone()),
            _ => Key::Number(i64::try_from(entry.number).unwrap_or(i64::MAX)),
        }
    }

    fn words(&self, entry: &AuditEntry) -> String {
        let fact = &entry.fact;
        let told = [
            entry.number.to_string(),
            fact.at.to_string(),
            how(fact).1,
            fact.who.name.clone(),
            fact.who.key.as_ref().map_or_else(String::new, ToString::to_string),
            fact.what.clone(),
            fact.on.clone(),
            fact.workspace.as_ref().map_or_else(String::new, ToString::to_string),
            fact.from.map_or_else(String::new, |from| from.to_string()),
            fact.note.clone().unwrap_or_default(),
        ];
        told.join(" ")
    }

    fn values(&self, _entry: Option<&AuditEntry>) -> Values {
        Values::new()
    }

    fn open(&self, entry: &AuditEntry, turn: &mut Turn<'_>) {
        let (title, entry) = (format!("entry {}", entry.number), entry.clone());
        turn.open(Sheet::new(title, Asking::Here(Box::new(move |look| whole(&entry, look)))));
    }

    fn whole(&self, entry: &AuditEntry, look: &Look, _now: Timestamp) -> Option<String> {
        Some(whole(entry, look))
    }

    fn next(&self, entries: &[AuditEntry], cursor: Option<&str>) -> Option<(Request, Option<String>)> {
        // The number that was gone back to, or the oldest that is known; entries before it are asked for from their first on.
        let reached = cursor.and_then(|number| number.parse().ok());
        let before = reached.or_else(|| entries.last().map(|entry| entry.number.saturating_sub(1)))?;
        let step = u64::try_from(NEWEST).unwrap_or(u64::MAX);
        let after = before.checked_sub(1).map(|_| before.saturating_sub(step))?;
        Some((Request::Audit { after: Some(after), limit: NEWEST }, Some(after.to_string())))
    }

    fn total(&self, entries: &[AuditEntry]) -> Option<usize> {
        // They are numbered one after the other from 1 on.
        entries.first().and_then(|newest| usize::try_from(newest.number).ok())
    }

    fn none(&self) -> &'static str {
        "Nothing was changed yet."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_began_a_run_is_not_said_to_be_done() {
        let fact = |note: Option<&str>| AuditFact {
            at: crate::fixtures::now(),
            who: sigyl_core::domain::Actor { name: "ada".to_owned(), account: None, key: None },
            what: "rollback".to_owned(),
            on: "clock".to_owned(),
            workspace: None,
            from: None,
            outcome: AuditOutcome::Done,
            note: note.map(str::to_owned),
        };
        assert_eq!(how(&fact(Some("run 019a, from 1.1.0 to 1.0.0"))).1, "begun");
        assert_eq!(how(&fact(None)).1, "done");
        let entry =
            AuditEntry::after(&sigyl_core::domain::AuditHead::NONE, fact(Some("run 019a, from 1 to 2")));
        let text = whole(&entry.unwrap(), &Look::PLAIN);
        assert!(text.contains("run        019a, from 1 to 2") && !text.contains("why"), "{text}");
    }
}
