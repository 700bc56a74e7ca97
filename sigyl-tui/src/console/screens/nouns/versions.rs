//! Versions of a server.

use sigyl_core::domain::{Basis, Failure, ServerName, Timestamp};
use sigyl_core::wire::v1::{Request, Response, VersionView};

use super::super::{Key, Noun, RunScreen};
use crate::console::keymap::Scope;
use crate::console::turn::{Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell};
use crate::link::Answer as _;
use crate::render::{Look, Role, age, specimen, verdict_word, wrap};

const COLUMNS: &[Column] = &[
    Column::wide("VERSION", 12),
    Column::fixed("MARK", 14),
    Column::fixed("VERDICT", 8),
    Column::number("TOOLS", 5),
    Column::number("RECORDED", 10),
    Column::fixed("DIGEST", 12).optional(),
];

/// All versions of one server.
pub(in crate::console) struct Versions {
    /// The server.
    pub(in crate::console) name: ServerName,
}

fn judged(view: &VersionView) -> (Role, &'static str) {
    match &view.record.basis {
        Basis::Approval(_) => (Role::Warn, "approved"),
        Basis::Observed { .. } => (Role::Warn, "observed"),
        Basis::Verdict(basis) => verdict_word(view.verdict.or(Some(*basis))),
        _ => verdict_word(view.verdict),
    }
}

impl Noun for Versions {
    type Item = VersionView;

    fn title(&self) -> String {
        "versions".to_owned()
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Versions]
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn request(&self) -> Option<Request> {
        Some(Request::Versions { name: self.name.clone() })
    }

    fn items(&self, response: Response) -> Result<Vec<VersionView>, Failure> {
        Vec::<VersionView>::take(response).map_err(|problem| problem.failure)
    }

    fn renews(&self) -> bool {
        true
    }

    fn id(&self, view: &VersionView) -> String {
        view.record.version.to_string()
    }

    fn cells(&self, view: &VersionView, drawn: &View<'_>) -> Vec<Cell> {
        let mark = match (view.active, view.latest) {
            (true, true) => "active, latest",
            (true, false) => "active",
            (false, true) => "latest",
            (false, false) => "",
        };
        let (role, word) = judged(view);
        vec![
            cell(Role::Strong, specimen(view.record.version.as_str())),
            cell(Role::Ok, mark),
            cell(role, word),
            cell(Role::Text, view.record.tools.len().to_string()),
            cell(Role::Dim, age(view.record.recorded, drawn.now)),
            cell(Role::Dim, view.record.source.digest.short()),
        ]
    }

    fn key(&self, view: &VersionView, column: usize) -> Key {
        match column {
            0 => Key::Text(view.record.version.to_string()),
            2 => Key::Text(judged(view).1.to_owned()),
            3 => Key::Number(i64::try_from(view.record.tools.len()).unwrap_or(i64::MAX)),
            _ => Key::Number(-view.record.recorded.millis()),
        }
    }

    fn words(&self, view: &VersionView) -> String {
        format!("{} {} {}", view.record.version, judged(view).1, view.record.source.locator)
    }

    fn values(&self, view: Option<&VersionView>) -> Values {
        view.map(|view| ("version", view.record.version.to_string())).into_iter().collect()
    }

    fn open(&self, view: &VersionView, turn: &mut Turn<'_>) {
        turn.open(RunScreen::of(view.record.run.clone()));
    }

    fn whole(&self, view: &VersionView, look: &Look, _now: Timestamp) -> Option<String> {
        let record = &view.record;
        let mut text = String::new();
        let facts = [
            ("version", record.version.to_string()),
            ("source", record.source.locator.clone()),
            ("digest", record.source.digest.to_string()),
            ("recorded", record.recorded.to_string()),
            ("by run", record.run.to_string()),
        ];
        for (label, value) in facts {
            text.push_str(&format!("{}\n", look.paint(Role::Dim, label)));
            text.push_str(&format!("  {}\n", wrap(&specimen(&value), look, 2)));
        }
        text.push_str(&format!("{}\n", look.paint(Role::Dim, "tools")));
        for pin in &record.tools {
            let digest = pin.sha256.short();
            text.push_str(&format!("  {} {}\n", specimen(pin.tool.name()), look.paint(Role::Dim, &digest)));
        }
        Some(text)
    }

    fn none(&self) -> &'static str {
        "No version is on record: nothing of this server was admitted yet."
    }
}
