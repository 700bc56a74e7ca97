//! What the scan of one version found otherwise than that of another.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sigyl_core::domain::{
    Failure, Finding, Kind, ReportDiff, RunId, Seq, ServerName, Severity, Timestamp, Version, by_severity,
};
use sigyl_core::wire::v1::{Request, Response, RunEnd, VersionView};

use super::findings::{Found, Standing, place, severity, sheet, whole};
use super::{Key, List, Noun, Screen};
use crate::console::command::Command;
use crate::console::keymap::Scope;
use crate::console::loaded::sentence;
use crate::console::turn::{Tag, Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell, put};
use crate::link::Answer as _;
use crate::render::{Look, Role, specimen};

const VERSIONS: Tag = Tag(0);
const BEFORE: Tag = Tag(1);
const NOW: Tag = Tag(2);

/// Rows above the list.
const HEAD: u16 = 2;

/// How a finding stands between both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    New,
    Gone,
    Same,
}

impl Change {
    fn cell(self) -> Cell {
        match self {
            Self::New => cell(Role::Warn, "+ new"),
            Self::Gone => cell(Role::Ok, "- gone"),
            Self::Same => cell(Role::Dim, "= same"),
        }
    }
}

/// A finding of either side.
struct Changed {
    change: Change,
    found: Found,
    /// Its place among all: what is found twice is two rows.
    at: usize,
}

struct Rows;

impl Noun for Rows {
    type Item = Changed;

    fn title(&self) -> String {
        "findings of two versions".to_owned()
    }

    fn scopes(&self) -> &'static [Scope] {
        &[]
    }

    fn columns(&self) -> &'static [Column] {
        const COLUMNS: &[Column] = &[
            Column::fixed("CHANGE", 6),
            Column::fixed("SEVERITY", 9),
            Column::fixed("RULE", 18),
            Column::wide("WHAT", 16),
            Column::wide("WHERE", 10),
        ];
        COLUMNS
    }

    fn request(&self) -> Option<Request> {
        None
    }

    fn items(&self, _response: Response) -> Result<Vec<Changed>, Failure> {
        Ok(Vec::new())
    }

    fn id(&self, changed: &Changed) -> String {
        format!("{:?} {} {}", changed.change, changed.at, changed.found.finding.fingerprint())
    }

    fn cells(&self, changed: &Changed, view: &View<'_>) -> Vec<Cell> {
        let finding = &changed.found.finding;
        let (glyph, role, word) = severity(finding.severity);
        vec![
            changed.change.cell(),
            cell(role, format!("{} {word}", view.look.sign(glyph))),
            cell(Role::Dim, specimen(&finding.rule.to_string())),
            cell(Role::Text, specimen(&finding.message)),
            cell(Role::Dim, place(finding)),
        ]
    }

    fn key(&self, changed: &Changed, column: usize) -> Key {
        let finding = &changed.found.finding;
        match column {
            0 => Key::Number(changed.change as i64),
            1 => Key::Number(match finding.severity {
                Severity::Block => 0,
                Severity::Error => 1,
                Severity::Warning => 2,
                Severity::Info => 3,
            }),
            2 => Key::Text(finding.rule.to_string()),
            3 => Key::Text(finding.message.to_lowercase()),
            _ => Key::Text(place(finding)),
        }
    }

    fn words(&self, changed: &Changed) -> String {
        let finding = &changed.found.finding;
        let (change, word) = (changed.change.cell().text, severity(finding.severity).2);
        format!("{change} {word} {} {} {}", finding.rule, finding.message, place(finding))
    }

    fn values(&self, changed: Option<&Changed>) -> Values {
        changed.map(|changed| ("rule", changed.found.finding.rule.to_string())).into_iter().collect()
    }

    fn open(&self, changed: &Changed, turn: &mut Turn<'_>) {
        turn.open(sheet(&changed.found));
    }

    fn whole(&self, changed: &Changed, look: &Look, _now: Timestamp) -> Option<String> {
        Some(whole(&changed.found, look))
    }

    fn none(&self) -> &'static str {
        "Neither scan found anything."
    }
}

/// A version that is compared, and the end of the run that recorded it.
struct Side {
    version: Version,
    run: RunId,
    end: Option<Box<RunEnd>>,
}

/// Findings of two versions of one server beside each other.
pub(in crate::console) struct Changes {
    name: ServerName,
    later: Option<Version>,
    earlier: Option<Version>,
    /// Both, the earlier first, once it is known which they are.
    sides: Option<(Side, Side)>,
    says: Option<(Role, String)>,
    rows: List<Rows>,
}

impl Changes {
    /// Compares a version, or the one that serves, with another, or the one recorded before it.
    pub(in crate::console) fn of(name: ServerName, later: Option<Version>, earlier: Option<Version>) -> Self {
        Self { name, later, earlier, sides: None, says: None, rows: List::new(Rows) }
    }

    /// Finds both among the versions on record.
    fn choose(&self, views: &[VersionView]) -> Result<(Side, Side), String> {
        let find = |wanted: &Version| {
            let at = views.iter().position(|view| view.record.version == *wanted);
            at.ok_or_else(|| format!("{} is not on record", specimen(wanted.as_str())))
        };
        let serves = || views.iter().position(|view| view.active).unwrap_or(0);
        let later = self.later.as_ref().map_or_else(|| Ok(serves()), find)?;
        let earlier = self.earlier.as_ref().map_or(Ok(later + 1), find)?;
        let side = |at: usize| {
            let record = views.get(at).map(|view| &view.record);
            record.map(|record| Side { version: record.version.clone(), run: record.run.clone(), end: None })
        };
        let both = side(earlier).zip(side(later));
        both.ok_or_else(|| "nothing was recorded before it: there is nothing to compare with".to_owned())
    }

    fn compare(&mut self) {
        let Some((before, now)) = &self.sides else { return };
        let (Some(old), Some(new)) = (&before.end, &now.end) else { return };
        let missing = [before, now].into_iter().find(|side| !side.has_report());
        if let Some(side) = missing {
            let says = format!("no report of {} is on record", specimen(side.version.as_str()));
            self.says = Some((Role::Warn, says));
            return;
        }
        let reports = |end: &'_ RunEnd| end.report.clone().into_iter().chain(end.live.clone());
        let (old, new): (Vec<_>, Vec<_>) = (reports(old).collect(), reports(new).collect());
        let diff = ReportDiff::between(&old, &new);
        let rules = old.first().zip(new.first()).is_some_and(|(old, new)| old.rules != new.rules);
        self.says = Some(summary(&diff, &before.version, &now.version, rules));
        let parts = [
            (Change::New, &diff.added, now),
            (Change::Gone, &diff.gone, before),
            (Change::Same, &diff.same, now),
        ];
        let rows = parts.into_iter().flat_map(|(change, findings, side)| {
            findings.iter().map(move |finding| (change, side.run.clone(), (*finding).clone()))
        });
        let items = rows.enumerate().map(|(at, (change, run, finding))| {
            let found = Found {
                server: Some(self.name.clone()),
                standing: Standing::Serves,
                run,
                finding,
                accepted: None,
                also: "".into(),
            };
            Changed { change, found, at }
        });
        let items = items.collect();
        self.rows.set(items);
    }
}

impl Side {
    fn has_report(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.report.is_some())
    }
}

/// What both come to, in one line.
fn summary(diff: &ReportDiff<'_>, before: &Version, now: &Version, rules: bool) -> (Role, String) {
    let part = |findings: &[&Finding], word: &str| {
        let each: Vec<_> = by_severity(findings)
            .into_iter()
            .map(|(it, count)| format!("{count} {}", severity(it).2))
            .collect();
        let each = if each.is_empty() { String::new() } else { format!(" ({})", each.join(", ")) };
        format!("{} {word}{each}", findings.len())
    };
    let parts = [part(&diff.added, "new"), part(&diff.gone, "gone"), part(&diff.same, "the same")];
    let versions = format!("{} → {}", specimen(before.as_str()), specimen(now.as_str()));
    let rules = if rules { " · other rules looked, so not all is the source's doing" } else { "" };
    let role = if diff.added.is_empty() { Role::Text } else { Role::Warn };
    (role, format!("{versions}: {}{rules}", parts.join(" · ")))
}

impl Screen for Changes {
    fn title(&self) -> String {
        format!("findings of {}", self.name)
    }

    fn scopes(&self) -> Vec<Scope> {
        self.rows.scopes()
    }

    fn ask(&mut self, turn: &mut Turn<'_>) {
        self.sides = None;
        self.says = Some((Role::Dim, "reading both reports…".to_owned()));
        turn.ask(VERSIONS, Request::Versions { name: self.name.clone() });
    }

    fn answered(&mut self, tag: Tag, answer: Result<Response, Failure>, turn: &mut Turn<'_>) {
        let read = |problem: crate::problem::Problem| problem.failure;
        let taken = match answer {
            Err(failure) => Err(failure),
            Ok(response) if tag == VERSIONS => {
                Vec::<VersionView>::take(response).map_err(read).and_then(|views| {
                    let sides = self.choose(&views).map_err(nothing)?;
                    for (tag, side) in [(BEFORE, &sides.0), (NOW, &sides.1)] {
                        turn.ask(tag, Request::Watch { run: side.run.clone(), after: Seq(0) });
                    }
                    self.sides = Some(sides);
                    Ok(())
                })
            }
            Ok(response) => RunEnd::take(response).map_err(read).map(|end| {
                if let Some((before, now)) = &mut self.sides {
                    let side = if tag == BEFORE { before } else { now };
                    side.end = Some(Box::new(end));
                }
                self.compare();
            }),
        };
        if let Err(failure) = taken {
            self.says = Some((Role::Error, sentence(&failure)));
        }
    }

    fn command(&mut self, command: Command, turn: &mut Turn<'_>) -> bool {
        if command == Command::Refresh {
            self.ask(turn);
            return true;
        }
        turn.height = turn.height.saturating_sub(HEAD);
        let taken = self.rows.command(command, turn);
        turn.height += HEAD;
        taken
    }

    fn values(&self, turn: &Turn<'_>) -> Values {
        let mut values = self.rows.values(turn);
        values.insert("name", self.name.to_string());
        values
    }

    fn filter(&self) -> Option<&str> {
        self.rows.filter()
    }

    fn set_filter(&mut self, text: &str, turn: &mut Turn<'_>) {
        self.rows.set_filter(text, turn);
    }

    fn click(&mut self, (x, y): (u16, u16), turn: &mut Turn<'_>) {
        if let Some(y) = y.checked_sub(HEAD) {
            self.rows.click((x, y), turn);
        }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        if let Some((role, says)) = &self.says {
            let says =
                if view.look.ascii { says.replace('→', "->").replace('·', "-") } else { says.clone() };
            let says = view.look.cut(&says, usize::from(area.width.saturating_sub(3)));
            put(buf, area, area.x + 2, area.y, &says, view.theme.role(*role));
        }
        let rest = Rect { y: area.y + HEAD, height: area.height.saturating_sub(HEAD), ..area };
        self.rows.draw(rest, buf, view);
    }
}

fn nothing(why: String) -> Failure {
    let hint =
        Some("`o` on the versions orders them; two that are marked with Space are compared".to_owned());
    Failure { code: "E0402".to_owned(), kind: Kind::NotFound, message: why, hint }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sigyl_core::domain::Report;

    use super::*;
    use crate::console::tests::Desk;
    use crate::fixtures;

    fn finding(rule: &str, severity: &str) -> serde_json::Value {
        json!({
            "rule": rule, "category": "secret", "severity": severity, "confidence": "high",
            "message": format!("{rule} was found\u{202e}"), "location": {"path": "a.py", "line": 3, "column": 1},
            "evidence": "x", "fix": null,
        })
    }

    fn end(findings: &[serde_json::Value]) -> Response {
        let mut report = serde_json::to_value(fixtures::report()).unwrap();
        report["findings"] = json!(findings);
        let report: Report = serde_json::from_value(report).unwrap();
        let run = fixtures::held_run();
        Response::Run(Box::new(RunEnd {
            run,
            report: Some(report),
            live: None,
            url: None,
            accepted: Vec::new(),
        }))
    }

    #[test]
    fn two_marked_versions_are_compared_and_counted_by_severity() {
        let mut desk = Desk::new(100, 24);
        desk.press("/ c l o c k Enter Enter 4 Space Space f");
        let frame = desk.frame();
        assert!(frame.contains("against") && frame.contains("1.1.0"), "{frame}");
        // Both reports are the same in the answers of the desk.
        desk.press("^s");
        let frame = desk.frame();
        assert!(frame.contains("1.1.0 → 1.2.0: 0 new · 0 gone · 1 the same (1 error)"), "{frame}");
        insta::assert_snapshot!("same", frame);
    }

    #[test]
    fn what_is_new_comes_first_and_says_how_grave_it_is() {
        let mut changes = Changes::of(ServerName::parse("clock").unwrap(), None, None);
        let state = crate::console::state::State::default();
        let mut turn = Turn::new(&state, fixtures::now(), 20);
        changes.answered(VERSIONS, Ok(Response::Versions(fixtures::versions())), &mut turn);
        assert_eq!(turn.todo.len(), 2, "the version that serves, and the one before it");
        let (kept, gone, new) =
            (finding("kept", "warning"), finding("gone", "info"), finding("new", "block"));
        changes.answered(BEFORE, Ok(end(&[kept.clone(), gone])), &mut turn);
        assert!(changes.rows.item().is_none(), "one report is not enough");
        changes.answered(NOW, Ok(end(&[kept, new])), &mut turn);
        let (role, says) = changes.says.clone().unwrap();
        assert_eq!(role, Role::Warn);
        assert!(says.ends_with("1 new (1 block) · 1 gone (1 info) · 1 the same (1 warning)"), "{says}");
        assert_eq!(changes.rows.item().unwrap().found.finding.rule.to_string(), "new");
    }

    #[test]
    fn the_oldest_version_has_nothing_to_be_compared_with() {
        let oldest = fixtures::versions().pop().unwrap().record.version;
        let mut changes = Changes::of(ServerName::parse("clock").unwrap(), Some(oldest), None);
        let state = crate::console::state::State::default();
        let mut turn = Turn::new(&state, fixtures::now(), 20);
        changes.answered(VERSIONS, Ok(Response::Versions(fixtures::versions())), &mut turn);
        let (role, says) = changes.says.clone().unwrap();
        assert!(role == Role::Error && says.contains("nothing was recorded before it"), "{says}");
    }
}
