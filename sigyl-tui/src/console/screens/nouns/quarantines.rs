//! What must not run.

use sigyl_core::domain::{Failure, Quarantine};
use sigyl_core::wire::v1::{Request, Response};

use super::super::{Asking, Key, Noun, Sheet};
use crate::console::command::Place;
use crate::console::keymap::Scope;
use crate::console::turn::{Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell};
use crate::link::Answer as _;
use crate::render::{self, Look, Role, age, specimen};

const COLUMNS: &[Column] = &[
    Column::wide("WHAT", 20),
    Column::wide("WHY", 20),
    Column::fixed("BY", 14),
    Column::number("SINCE", 10),
];

/// Everything under quarantine.
pub(in crate::console) struct Quarantines;

impl Noun for Quarantines {
    type Item = Quarantine;

    fn title(&self) -> String {
        Place::Quarantines.title().to_owned()
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Quarantines]
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Quarantines)
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn request(&self) -> Option<Request> {
        Some(Request::Quarantines)
    }

    fn items(&self, response: Response) -> Result<Vec<Quarantine>, Failure> {
        Vec::<Quarantine>::take(response).map_err(|problem| problem.failure)
    }

    fn renews(&self) -> bool {
        true
    }

    fn id(&self, one: &Quarantine) -> String {
        one.what.to_string()
    }

    fn cells(&self, one: &Quarantine, view: &View<'_>) -> Vec<Cell> {
        vec![
            cell(Role::Block, one.what.to_string()),
            cell(Role::Specimen, specimen(&one.reason)),
            cell(Role::Text, specimen(&one.by)),
            cell(Role::Dim, age(one.since, view.now)),
        ]
    }

    fn key(&self, one: &Quarantine, column: usize) -> Key {
        match column {
            0 => Key::Text(one.what.to_string()),
            1 => Key::Text(one.reason.to_lowercase()),
            2 => Key::Text(one.by.to_lowercase()),
            _ => Key::Number(-one.since.millis()),
        }
    }

    fn words(&self, one: &Quarantine) -> String {
        format!("{} {} {}", one.what, one.reason, one.by)
    }

    fn values(&self, one: Option<&Quarantine>) -> Values {
        one.map(|one| ("what", one.what.to_string())).into_iter().collect()
    }

    fn open(&self, one: &Quarantine, turn: &mut Turn<'_>) {
        let request = Request::ShowQuarantine { what: one.what.clone() };
        let text = |response: &Response, look: &Look, _| match response {
            Response::Quarantine(view) => Some(render::quarantine(view, look)),
            _ => None,
        };
        let sheet = Sheet::new(one.what.to_string(), Asking::Of(Box::new(request), Box::new(text)));
        turn.open(sheet.with(&[Scope::Quarantines], self.values(Some(one))));
    }

    fn none(&self) -> &'static str {
        "Nothing is under quarantine. n puts a server, a version or a tool there by name or digest."
    }
}
