//! Documents of the registry.

use sigyl_core::domain::{Failure, Timestamp};
use sigyl_core::wire::registry::{Finds, ServerResponse};
use sigyl_core::wire::v1::{Request, Response};

use super::{Asking, Key, Noun, Sheet};
use crate::console::command::Place;
use crate::console::keymap::Scope;
use crate::console::turn::{Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell};
use crate::link::Answer as _;
use crate::render::{self, Look, Role, specimen_lines};

const COLUMNS: &[Column] = &[
    Column::wide("NAME", 20),
    Column::fixed("VERSION", 12),
    Column::fixed("SCAN", 10),
    Column::wide("DESCRIPTION", 16),
];

/// Documents that a search asks for.
const MOST: usize = 100;

/// What was found by words.
pub(in crate::console) struct Documents {
    /// The words; all documents when there are none.
    pub(in crate::console) words: String,
}

impl Noun for Documents {
    type Item = ServerResponse;

    fn title(&self) -> String {
        match self.words.as_str() {
            "" => Place::Registry.title().to_owned(),
            words => format!("{}: {}", Place::Registry.title(), render::specimen(words)),
        }
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Registry]
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Registry)
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn request(&self) -> Option<Request> {
        Some(match self.words.as_str() {
            "" => Request::Listings { cursor: None },
            words => Request::Search { words: words.to_owned(), limit: MOST },
        })
    }

    fn items(&self, response: Response) -> Result<Vec<ServerResponse>, Failure> {
        match response {
            Response::Page(page) => Ok(page.servers),
            other => Finds::take(other).map(|finds| finds.servers).map_err(|problem| problem.failure),
        }
    }

    fn id(&self, document: &ServerResponse) -> String {
        let [name, version, _] = render::document(document);
        format!("{name}@{version}")
    }

    fn cells(&self, document: &ServerResponse, _view: &View<'_>) -> Vec<Cell> {
        let [name, version, description] = render::document(document);
        let (role, scan) = render::document_scan(document);
        vec![
            cell(Role::Strong, name),
            cell(render::document_role(document), version),
            cell(role, scan),
            cell(Role::Specimen, description),
        ]
    }

    fn key(&self, document: &ServerResponse, column: usize) -> Key {
        let [name, version, description] = render::document(document);
        Key::Text(match column {
            0 => name,
            1 => version,
            2 => render::document_scan(document).1,
            _ => description.to_lowercase(),
        })
    }

    fn words(&self, document: &ServerResponse) -> String {
        render::document(document).join(" ")
    }

    fn values(&self, document: Option<&ServerResponse>) -> Values {
        let Some(document) = document else { return Values::new() };
        Values::from([("document", member(document, "name")), ("version", member(document, "version"))])
    }

    fn open(&self, document: &ServerResponse, turn: &mut Turn<'_>) {
        let [name, version, _] = render::document(document);
        let title = format!("{name} {version}");
        let request =
            Request::Listing { name: member(document, "name"), version: member(document, "version") };
        let text = |response: &Response, _: &Look, _| match response {
            Response::Listing(document) => Some(whole(document)),
            _ => None,
        };
        let sheet = Sheet::new(title, Asking::Of(Box::new(request), Box::new(text)));
        turn.open(sheet.with(&[Scope::Registry], self.values(Some(document))));
    }

    fn whole(&self, document: &ServerResponse, _look: &Look, _now: Timestamp) -> Option<String> {
        Some(whole(document))
    }

    fn cursor(&self, response: &Response) -> Option<String> {
        match response {
            Response::Page(page) => page.metadata.next_cursor.clone(),
            _ => None,
        }
    }

    fn next(&self, _items: &[ServerResponse], cursor: Option<&str>) -> Option<(Request, Option<String>)> {
        let cursor = cursor.filter(|_| self.words.is_empty())?;
        Some((Request::Listings { cursor: Some(cursor.to_owned()) }, None))
    }

    fn more(&self, count: usize) -> Option<&'static str> {
        match self.words.as_str() {
            "" if count > 0 => Some("s searches all"),
            "" => None,
            _ => (count >= MOST).then_some("the best ones; more words find fewer"),
        }
    }

    fn none(&self) -> &'static str {
        "No document is here. s searches, n publishes one, and `sigyl import URL` takes in another registry's."
    }
}

/// A text of a document as it stands there: requests name it so.
fn member(document: &ServerResponse, name: &str) -> String {
    let members = document.server.members().unwrap_or_default();
    members.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
}

/// A document with its metadata, as JSON.
fn whole(document: &ServerResponse) -> String {
    match serde_json::to_string_pretty(document) {
        Ok(text) => specimen_lines(&text),
        Err(error) => format!("it cannot be written as JSON: {error}"),
    }
}
