//! Documents of the registry: found while one types, narrowed by what is known of them.

mod entry;
mod wanted;
mod whole;

use sigyl_core::domain::{Failure, Timestamp};
use sigyl_core::wire::registry::{Finds, ServerResponse};
use sigyl_core::wire::v1::{Request, Response};

use self::entry::Entry;
use self::wanted::Wanted;
use super::{Asking, Key, Noun, Sheet};
use crate::console::command::Place;
use crate::console::keymap::Scope;
use crate::console::turn::{Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell};
use crate::link::Answer as _;
use crate::render::{self, Look, Role};

const COLUMNS: &[Column] = &[
    Column::wide("NAME", 18),
    Column::fixed("VERSION", 9),
    Column::fixed("VERDICT", 9),
    Column::fixed("RUNTIME", 9),
    Column::wide("DESCRIPTION", 16),
    Column::number("RATING", 7).optional(),
    Column::fixed("TAGS", 20).optional(),
];

/// Documents that a search asks for.
const MOST: usize = 100;
/// Letters from which on the registry is searched while one types.
const LETTERS: usize = 2;

/// What was found by words.
#[derive(Default)]
pub(in crate::console) struct Documents {
    /// The words; all documents when there are none.
    words: String,
    /// Words of the filter that what is here was found by, and those that are asked for.
    found: Option<String>,
    asked: Option<String>,
}

impl Documents {
    /// Documents that these words find; all of them where there are none.
    pub(in crate::console) fn by(words: String) -> Self {
        Self { words, ..Self::default() }
    }

    /// What asks for them, with what was typed beside.
    fn request_for(&self, typed: Option<&str>) -> Request {
        let words: Vec<&str> = [self.words.as_str(), typed.unwrap_or_default()].into();
        let words = words.join(" ").trim().to_owned();
        match words.as_str() {
            "" => Request::Listings { cursor: None },
            _ => Request::Search { words, limit: MOST },
        }
    }

    fn is_searched(&self) -> bool {
        !self.words.is_empty() || self.found.is_some()
    }
}

impl Noun for Documents {
    type Item = Entry;

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
        Some(self.request_for(self.found.as_deref()))
    }

    fn items(&self, response: Response) -> Result<Vec<Entry>, Failure> {
        let documents: Vec<ServerResponse> = match response {
            Response::Page(page) => page.servers,
            other => Finds::take(other).map(|finds| finds.servers).map_err(|problem| problem.failure)?,
        };
        Ok(documents.into_iter().map(Entry::of).collect())
    }

    fn id(&self, entry: &Entry) -> String {
        format!("{}@{}", render::specimen(&entry.name), render::specimen(&entry.version))
    }

    fn cells(&self, entry: &Entry, _view: &View<'_>) -> Vec<Cell> {
        let [name, version, description] = [&entry.name, &entry.version, &entry.description];
        let (role, verdict) = render::document_scan(&entry.document);
        let rating = entry
            .rating()
            .map_or_else(|| "-".to_owned(), |rated| format!("{:.1}/{}", rated.average, rated.count));
        vec![
            cell(Role::Strong, render::specimen(name)),
            cell(render::document_role(&entry.document), render::specimen(version)),
            cell(role, verdict),
            cell(Role::Text, render::specimen(&entry.runtimes())),
            cell(Role::Specimen, render::specimen(description)),
            cell(Role::Text, rating),
            cell(Role::Dim, entry.tags.join(" ")),
        ]
    }

    fn key(&self, entry: &Entry, column: usize) -> Key {
        match column {
            0 => Key::Text(entry.name.clone()),
            1 => Key::Text(entry.version.clone()),
            2 => Key::Text(render::document_scan(&entry.document).1),
            3 => Key::Text(entry.runtimes()),
            // The best first; those that nobody rated last.
            5 => Key::Number(entry.rating().map_or(1, |rated| (rated.average * -1_000.0) as i64)),
            6 => Key::Text(entry.tags.join(" ")),
            _ => Key::Text(entry.description.to_lowercase()),
        }
    }

    fn words(&self, entry: &Entry) -> String {
        format!("{} {} {} {}", entry.name, entry.version, entry.description, entry.tags.join(" "))
    }

    fn fits(&self, entry: &Entry, wanted: &str) -> bool {
        let wanted = Wanted::of(wanted);
        // What was found by these words fits them, also where a letter is another one.
        let found = self.found.as_deref() == Some(wanted.words().as_str());
        wanted.facets_fit(entry) && (found || wanted.words_fit(&self.words(entry).to_lowercase()))
    }

    fn search(&mut self, filter: &str) -> Option<Request> {
        let words = Wanted::of(&filter.to_lowercase()).words();
        let words = Some(words).filter(|words| words.chars().count() >= LETTERS);
        if words == self.found {
            return None;
        }
        self.asked = words;
        Some(self.request_for(self.asked.as_deref()))
    }

    fn searched(&mut self) {
        self.found = self.asked.take();
    }

    fn values(&self, entry: Option<&Entry>) -> Values {
        let Some(entry) = entry else { return Values::new() };
        let mut values = Values::from([("document", entry.name.clone()), ("version", entry.version.clone())]);
        values.extend(entry.source.clone().map(|source| ("package", source)));
        values
    }

    fn open(&self, entry: &Entry, turn: &mut Turn<'_>) {
        let [name, version] = [&entry.name, &entry.version].map(|text| render::specimen(text));
        let title = format!("{name} {version}");
        let request = Request::Listing { name: entry.name.clone(), version: entry.version.clone() };
        let text = |response: &Response, look: &Look, _| match response {
            Response::Listing(document) => Some(whole::whole(&Entry::of((**document).clone()), look)),
            _ => None,
        };
        let sheet = Sheet::new(title, Asking::Of(Box::new(request), Box::new(text)));
        turn.open(sheet.with(&[Scope::Registry], self.values(Some(entry))));
    }

    fn whole(&self, entry: &Entry, look: &Look, _now: Timestamp) -> Option<String> {
        Some(whole::whole(entry, look))
    }

    fn cursor(&self, response: &Response) -> Option<String> {
        match response {
            Response::Page(page) => page.metadata.next_cursor.clone(),
            _ => None,
        }
    }

    fn next(&self, _items: &[Entry], cursor: Option<&str>) -> Option<(Request, Option<String>)> {
        let cursor = cursor.filter(|_| !self.is_searched())?;
        Some((Request::Listings { cursor: Some(cursor.to_owned()) }, None))
    }

    fn more(&self, count: usize) -> Option<&'static str> {
        match self.is_searched() {
            false if count > 0 => Some("/ searches all: words, verdict: runtime: tag: rating:"),
            false => None,
            true => (count >= MOST).then_some("the best ones; more words find fewer"),
        }
    }

    fn none(&self) -> &'static str {
        match self.is_searched() {
            true => "Nothing is found by these words. Esc shows all documents.",
            false => {
                "No document is here. n publishes one, and `sigyl import URL` takes in another registry's."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::{Failure, Kind};

    use super::*;
    use crate::console::tests::Desk;

    fn words(desk: &Desk) -> Vec<String> {
        let words = |request: &Request| match request {
            Request::Search { words, .. } => Some(words.clone()),
            _ => None,
        };
        desk.asked.iter().filter_map(words).collect()
    }

    #[test]
    fn the_registry_is_searched_while_one_types_with_one_question_at_a_time() {
        let mut desk = Desk::new(100, 24);
        desk.press("g r /");
        for c in "zones".chars() {
            desk.take(crate::console::input::Input::Key(crate::console::tests::key_of(&c.to_string())));
        }
        assert_eq!(words(&desk), ["zo"], "the answer is waited for");
        desk.settle();
        assert_eq!(words(&desk), ["zo", "zones"], "then what was typed meanwhile is asked for at once");
        let frame = desk.frame();
        // It is called otherwise: the search forgives that, and so what it found is not filtered away.
        assert!(frame.contains("io.github.ada/clock") && !frame.contains("@acme"), "{frame}");
        desk.press("Enter Esc");
        assert!(desk.frame().contains("com.acme/files"), "all are back: {}", desk.frame());
    }

    #[test]
    fn facets_narrow_what_is_here_without_a_question() {
        let mut desk = Desk::new(108, 24);
        desk.press("g r /");
        let shown = |desk: &mut Desk, filter: &str| {
            desk.press("^u");
            desk.write(filter);
            let frame = desk.frame();
            ["io.github.ada/clock", "com.acme/files", "com.acme/mail"]
                .map(|name| frame.contains(&format!("▌ {name}")) || frame.contains(&format!("  {name}")))
        };
        assert_eq!(shown(&mut desk, "verdict:pass"), [true, false, false]);
        assert_eq!(shown(&mut desk, "runtime:python"), [false, true, false]);
        assert_eq!(shown(&mut desk, "tag:time"), [true, false, false]);
        assert_eq!(shown(&mut desk, "rating:4"), [true, false, false]);
        assert_eq!(shown(&mut desk, "runtime:remote verdict:unscanned"), [false, false, true]);
        assert!(words(&desk).is_empty());
    }

    #[test]
    fn a_search_that_fails_keeps_what_is_here_and_says_so() {
        let mut desk = Desk::new(100, 24);
        desk.press("g r /");
        for key in ["a", "c"] {
            desk.take(crate::console::input::Input::Key(crate::console::tests::key_of(key)));
        }
        let at = desk.open.iter().position(|(_, request)| matches!(request, Request::Search { .. })).unwrap();
        let (ticket, _) = desk.open.remove(at);
        let failure = Failure {
            code: "E0900".to_owned(),
            kind: Kind::Upstream,
            message: "gone".to_owned(),
            hint: None,
        };
        desk.answer(ticket, Err(failure));
        let frame = desk.frame();
        assert!(frame.contains("E0900 gone") && frame.contains("com.acme/files"), "{frame}");
    }

    #[test]
    fn a_document_is_deployed_by_its_package() {
        let mut desk = Desk::new(100, 24);
        desk.press("g r d");
        let frame = desk.frame();
        assert!(frame.contains("Registry › deploy") && frame.contains("npm:@ada/clock@1.2.0"), "{frame}");
    }

    #[test]
    fn a_document_without_a_package_says_what_is_missing() {
        let mut desk = Desk::new(100, 24);
        desk.press("g r Down Down d");
        assert!(desk.frame().contains("*package"), "{}", desk.frame());
    }

    #[test]
    fn a_document_is_shown_as_text_and_then_as_it_is() {
        let mut desk = Desk::new(80, 70);
        desk.press("g r Enter");
        insta::assert_snapshot!("document", desk.frame());
    }
}
