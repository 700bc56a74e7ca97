//! A finding as a row, and as text.

use std::rc::Rc;

use sigyl_core::domain::{
    Confidence, Failure, Finding, Location, RuleId, RunId, ServerName, Severity, Suppressed, Timestamp,
};
use sigyl_core::wire::v1::{Request, Response, SourceOf};

use super::super::{Asking, Key, Noun, Sheet};
use super::sources::Standing;
use super::{accepted, explain, sources};
use crate::console::command::{Command, Place};
use crate::console::keymap::Scope;
use crate::console::loaded::{Loaded, sentence};
use crate::console::turn::{Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell};
use crate::render::{Glyph, Look, Role, source_lines, source_notes, specimen, specimen_lines, wrap};

/// A finding, and where it was found.
#[derive(Clone)]
pub(in crate::console) struct Found {
    /// The server; nothing where a first deploy was turned away before it had a name.
    pub(in crate::console::screens) server: Option<ServerName>,
    /// How that stands in which it was found.
    pub(in crate::console::screens) standing: Standing,
    /// The run that found it.
    pub(in crate::console::screens) run: RunId,
    /// What was found.
    pub(in crate::console::screens) finding: Finding,
    /// Who accepts it, or did: the order, the policy, or a comment.
    pub(in crate::console::screens) accepted: Option<Suppressed>,
    /// What its order accepts, as an order that accepts one more says it again.
    pub(in crate::console::screens) also: Rc<str>,
}

impl Found {
    /// Whether somebody accepts it for now.
    pub(super) fn is_accepted(&self) -> bool {
        self.accepted.as_ref().is_some_and(|one| one.applied)
    }
}

/// Rows of findings.
pub(super) struct Rows {
    /// Whether the server has a column.
    pub(super) all: bool,
}

/// How a severity looks.
pub(in crate::console::screens) fn severity(severity: Severity) -> (Glyph, Role, &'static str) {
    match severity {
        Severity::Block => (Glyph::Blocked, Role::Block, "block"),
        Severity::Error => (Glyph::Held, Role::Error, "error"),
        Severity::Warning => (Glyph::Warning, Role::Warn, "warning"),
        Severity::Info => (Glyph::Info, Role::Dim, "info"),
    }
}

/// The server that something was found in, else the run.
fn server_of(found: &Found) -> String {
    found.server.as_ref().map_or_else(|| sources::short(&found.run), ToString::to_string)
}

/// Where a finding stands.
pub(in crate::console::screens) fn place(finding: &Finding) -> String {
    finding.location.as_ref().map_or_else(String::new, |location| specimen(&location.to_string()))
}

/// How a waiver names it: by the rule, and where it stands.
fn waivable(finding: &Finding) -> String {
    named(&finding.rule, finding.location.as_ref())
}

/// The same, by its parts.
pub(super) fn named(rule: &RuleId, location: Option<&Location>) -> String {
    match location {
        Some(place @ Location::File { .. }) => format!("{rule}@{place}"),
        Some(Location::Tool { tool, field }) => format!("{rule}@{tool}:{field}"),
        _ => rule.to_string(),
    }
}

fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low confidence: often wrong",
        Confidence::Medium => "medium confidence",
        Confidence::High => "high confidence",
    }
}

impl Noun for Rows {
    type Item = Found;

    fn title(&self) -> String {
        if self.all { Place::Security.title() } else { "scan" }.to_owned()
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Findings, Scope::Runs]
    }

    fn columns(&self) -> &'static [Column] {
        const ALL: &[Column] = &[
            Column::fixed("SEVERITY", 10),
            Column::fixed("SERVER", 14),
            Column::fixed("RULE", 14),
            Column::wide("WHAT", 16),
            Column::wide("WHERE", 10).optional(),
        ];
        const ONE: &[Column] = &[
            Column::fixed("SEVERITY", 10),
            Column::fixed("RULE", 18),
            Column::wide("WHAT", 16),
            Column::wide("WHERE", 10),
        ];
        if self.all { ALL } else { ONE }
    }

    fn request(&self) -> Option<Request> {
        None
    }

    fn items(&self, _response: Response) -> Result<Vec<Found>, Failure> {
        Ok(Vec::new())
    }

    fn id(&self, found: &Found) -> String {
        format!("{} {} {} {}", server_of(found), found.run, found.finding.rule, found.finding.fingerprint())
    }

    fn cells(&self, found: &Found, view: &View<'_>) -> Vec<Cell> {
        let finding = &found.finding;
        let (glyph, role, word) = match found.is_accepted() {
            true => (Glyph::Done, Role::Dim, "accepted"),
            false => severity(finding.severity),
        };
        let mut cells = vec![cell(role, format!("{} {word}", view.look.sign(glyph)))];
        if self.all {
            cells.push(match found.standing.said() {
                Some((glyph, _)) => {
                    cell(glyph.role(), format!("{} {}", view.look.sign(glyph), server_of(found)))
                }
                None => cell(Role::Strong, server_of(found)),
            });
        }
        cells.push(cell(Role::Dim, specimen(&finding.rule.to_string())));
        let why = found.accepted.as_ref().map_or_else(String::new, |one| accepted::said(one) + " · ");
        cells.push(cell(Role::Text, format!("{why}{}", specimen(&finding.message))));
        cells.push(cell(Role::Dim, place(finding)));
        cells
    }

    fn key(&self, found: &Found, column: usize) -> Key {
        let finding = &found.finding;
        match (column, self.all) {
            (0, _) if found.is_accepted() => Key::Number(4),
            (0, _) => Key::Number(match finding.severity {
                Severity::Block => 0,
                Severity::Error => 1,
                Severity::Warning => 2,
                Severity::Info => 3,
            }),
            (1, true) => Key::Text(server_of(found)),
            (2, true) | (1, false) => Key::Text(finding.rule.to_string()),
            (3, true) | (2, false) => Key::Text(finding.message.to_lowercase()),
            _ => Key::Text(place(finding)),
        }
    }

    fn words(&self, found: &Found) -> String {
        let finding = &found.finding;
        let word = severity(finding.severity).2;
        let stands = found.standing.said().map_or("serves", |(_, word)| word);
        let accepted = found.accepted.as_ref().map_or_else(String::new, accepted::said);
        format!(
            "{word} {stands} {} {} {} {} {accepted}",
            server_of(found),
            finding.rule,
            finding.message,
            place(finding)
        )
    }

    fn values(&self, found: Option<&Found>) -> Values {
        let Some(found) = found else { return Values::new() };
        let mut values = Values::from([
            ("run", found.run.to_string()),
            ("rule", found.finding.rule.to_string()),
            ("finding", waivable(&found.finding)),
        ]);
        values.extend(Some(&found.also).filter(|it| !it.is_empty()).map(|it| ("also", it.to_string())));
        values.extend(found.server.as_ref().map(|server| ("name", server.to_string())));
        values
    }

    fn open(&self, found: &Found, turn: &mut Turn<'_>) {
        turn.open(sheet(found).with(&[Scope::Findings], self.values(Some(found))));
    }

    fn offers(&self, found: Option<&Found>, command: Command) -> bool {
        let held = found.is_some_and(|found| found.standing == Standing::Held);
        match command {
            Command::Act("approve" | "reject") => held,
            Command::Act("cancel") => false,
            // A waiver deploys its server again: there has to be one.
            Command::Act("waive") => found.is_some_and(|found| found.server.is_some()),
            _ => true,
        }
    }

    fn whole(&self, found: &Found, look: &Look, _now: Timestamp) -> Option<String> {
        Some(whole(found, look))
    }

    fn none(&self) -> &'static str {
        "Nothing was found in what serves, and nothing that is held or blocked."
    }
}

/// Lines of code before and after the one that a finding stands on.
const AROUND: u32 = 6;

/// A finding to be read: with the code around it, where it stands on a line of the source.
pub(in crate::console::screens) fn sheet(found: &Found) -> Sheet {
    let title = specimen(&found.finding.rule.to_string());
    let found = found.clone();
    let Some(Location::File { path, line: Some(line), .. }) = &found.finding.location else {
        return Sheet::new(title, Asking::Here(Box::new(move |look: &Look| whole(&found, look))));
    };
    let (path, line) = (path.clone(), *line);
    let request = Request::Source {
        of: SourceOf::Run(found.run.clone()),
        path,
        from: line.saturating_sub(AROUND).max(1),
        lines: 2 * AROUND + 1,
    };
    let text =
        move |answer: &Loaded<Response>, look: &Look| whole_with(&found, &code(answer, line, look), look);
    Sheet::new(title, Asking::Also(Box::new(request), Box::new(text)))
}

/// The code around a line, or why it is not shown.
fn code(answer: &Loaded<Response>, line: u32, look: &Look) -> String {
    let label = look.paint(Role::Dim, "code");
    match (answer.failure(), answer.get()) {
        (Some(failure), _) => {
            let inner = Look { width: look.width.map(|width| width.saturating_sub(2)), ..*look };
            let says = wrap(&format!("not shown: {}", sentence(failure)), &inner, 2);
            format!("{label}\n  {}\n", look.paint(Role::Warn, &says))
        }
        (None, Some(Response::Source(window))) => {
            let lines = source_lines(window, Some(u64::from(line)), look, true);
            format!("{label}\n{lines}{}", source_notes(window, look))
        }
        (None, _) => String::new(),
    }
}

/// A finding with its evidence, and what to do.
pub(in crate::console::screens) fn whole(found: &Found, look: &Look) -> String {
    whole_with(found, "", look)
}

/// The same, with code below the evidence.
fn whole_with(found: &Found, code: &str, look: &Look) -> String {
    let finding = &found.finding;
    let (glyph, role, word) = severity(finding.severity);
    let mut text = format!(
        "{} {}\n{}\n\n",
        look.paint(role, &format!("{} {word}", look.sign(glyph))),
        look.paint(Role::Strong, &specimen(&finding.rule.to_string())),
        wrap(&specimen(&finding.message), look, 0),
    );
    let part = |text: &mut String, label: &str, role: Role, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("{}\n", look.paint(Role::Dim, label)));
            // Each line stands two columns to the right.
            let inner = Look { width: look.width.map(|width| width.saturating_sub(2)), ..*look };
            for line in specimen_lines(value).lines() {
                text.push_str(&format!("  {}\n", look.paint(role, &wrap(line, &inner, 2))));
            }
        }
    };
    part(
        &mut text,
        "accepted",
        Role::Warn,
        &found.accepted.as_ref().map_or_else(String::new, accepted::said),
    );
    part(&mut text, "server", Role::Text, &server_of(found));
    if let Some((_, word)) = found.standing.said() {
        part(&mut text, "stands", Role::Warn, &format!("{word}: it does not serve"));
    }
    part(&mut text, "where", Role::Text, &place(finding));
    part(&mut text, "evidence", Role::Specimen, &finding.evidence);
    text.push_str(code);
    let rule = explain::rule(&finding.rule);
    part(&mut text, "why", Role::Text, rule.map_or("", |rule| rule.why.as_str()));
    let fix = finding.fix.as_deref().or(rule.map(|rule| rule.fix.as_str()));
    part(&mut text, "what to do", Role::Text, fix.unwrap_or_default());
    part(
        &mut text,
        "for example",
        Role::Text,
        rule.and_then(|rule| rule.example.as_deref()).unwrap_or_default(),
    );
    let known: Vec<String> = rule.into_iter().flat_map(|rule| &rule.taxa).map(ToString::to_string).collect();
    part(&mut text, "known as", Role::Text, &known.join(", "));
    part(&mut text, "how sure", Role::Text, confidence(finding.confidence));
    part(&mut text, "found by", Role::Text, found.run.as_str());
    if rule.is_none() {
        part(
            &mut text,
            "more",
            Role::Text,
            "the rule is not one of those that come with Sigyl: whoever scanned it has it",
        );
    }
    text
}
