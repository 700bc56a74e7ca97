//! The documentation of this version, as it lies in the repository.

use sigyl_core::domain::{Failure, Timestamp};
use sigyl_core::wire::v1::{Request, Response};

use super::{Asking, Key, Noun, Sheet};
use crate::console::command::Place;
use crate::console::keymap::Scope;
use crate::console::state::State;
use crate::console::turn::{Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell};
use crate::render::{Look, Role, specimen_lines, wrap};

/// A page: its title, and its Markdown.
#[derive(Clone, Copy)]
pub(in crate::console) struct Page(&'static str, &'static str);

macro_rules! page {
    ($title:literal, $word:literal) => {
        Page($title, include_str!(concat!("../../../../docs/", $word, ".md")))
    };
}

pub(in crate::console) const PAGES: [Page; 21] = [
    Page("Overview", include_str!("../../../../README.md")),
    page!("The console", "console"),
    page!("Configuration", "config"),
    page!("Operations", "operations"),
    page!("Verifying", "verify"),
    page!("Scanning", "scan"),
    page!("Policies", "policy"),
    page!("Rules", "rules"),
    page!("The reviewer", "reviewer"),
    page!("How well it detects", "detection"),
    page!("GitHub", "github"),
    page!("Cloud Run", "cloud-run"),
    page!("Knative", "knative"),
    page!("The server", "server"),
    page!("Access and keys", "access"),
    page!("The web interface", "web"),
    page!("The registry", "registry"),
    page!("In CI", "ci"),
    page!("Privacy", "privacy"),
    page!("Performance", "performance"),
    page!("What stays as it is", "stability"),
];

impl Page {
    /// What it is called.
    pub(in crate::console) fn title(self) -> &'static str {
        self.0
    }
}

/// A page to be read.
pub(in crate::console) fn sheet(page: Page) -> Sheet {
    let Page(title, text) = page;
    Sheet::new(title, Asking::Here(Box::new(move |look: &Look| dressed(text, look))))
}

/// All pages; a filter looks into their text.
pub(in crate::console) struct Pages;

impl Noun for Pages {
    type Item = Page;

    fn title(&self) -> String {
        Place::Docs.title().to_owned()
    }

    fn scopes(&self) -> &'static [Scope] {
        &[]
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Docs)
    }

    fn columns(&self) -> &'static [Column] {
        const COLUMNS: &[Column] = &[Column::wide("PAGE", 24), Column::number("LINES", 6)];
        COLUMNS
    }

    fn request(&self) -> Option<Request> {
        None
    }

    fn items(&self, _response: Response) -> Result<Vec<Page>, Failure> {
        Ok(PAGES.to_vec())
    }

    fn known(&self, _state: &State) -> Option<Vec<Page>> {
        Some(PAGES.to_vec())
    }

    fn id(&self, page: &Page) -> String {
        page.0.to_owned()
    }

    fn cells(&self, page: &Page, _view: &View<'_>) -> Vec<Cell> {
        vec![cell(Role::Strong, page.0), cell(Role::Dim, page.1.lines().count().to_string())]
    }

    fn key(&self, page: &Page, column: usize) -> Key {
        match column {
            0 => Key::Text(page.0.to_lowercase()),
            _ => Key::Number(i64::try_from(page.1.len()).unwrap_or(i64::MAX)),
        }
    }

    fn words(&self, page: &Page) -> String {
        format!("{} {}", page.0, page.1)
    }

    fn values(&self, _page: Option<&Page>) -> Values {
        Values::new()
    }

    fn open(&self, page: &Page, turn: &mut Turn<'_>) {
        turn.open(sheet(*page));
    }

    fn open_at(&self, page: &Page, words: &str, turn: &mut Turn<'_>) {
        turn.open(sheet(*page).from(words));
    }

    fn whole(&self, page: &Page, look: &Look, _now: Timestamp) -> Option<String> {
        // The beginning is enough to know a page by.
        let head: Vec<&str> = page.1.lines().take(60).collect();
        Some(dressed(&head.join("\n"), look))
    }

    fn none(&self) -> &'static str {
        ""
    }
}

/// Markdown for a terminal: headings stand out, paragraphs are broken to fit, code and tables stay as they are.
pub(super) fn dressed(markdown: &str, look: &Look) -> String {
    let mut text = String::new();
    let mut code = false;
    for line in specimen_lines(markdown).lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
            continue;
        }
        let line = match line {
            line if code => look.paint(Role::Specimen, &format!("    {line}")),
            line if line.starts_with('#') => look.paint(Role::Strong, line.trim_start_matches('#').trim()),
            line if line.starts_with('|') => line.to_owned(),
            line => {
                let indent = line.len() - line.trim_start_matches([' ', '-', '*']).len();
                wrap(line, look, indent)
            }
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_a_heading_and_text() {
        for page in PAGES {
            let text = dressed(page.1, &Look::PLAIN);
            assert!(text.lines().count() > 5 && page.1.contains("# "), "{}", page.0);
        }
    }

    #[test]
    fn every_document_of_the_repository_is_a_page() {
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let names = std::fs::read_dir(docs).unwrap().map(|entry| entry.unwrap().path());
        for path in names.filter(|path| path.extension().is_some_and(|end| end == "md")) {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(PAGES.iter().any(|page| page.1 == text), "{} is no page", path.display());
        }
    }

    #[test]
    fn a_page_that_was_found_by_words_opens_where_they_stand() {
        let mut desk = crate::console::tests::Desk::new(80, 24);
        desk.press("g h /");
        desk.write("set-clipboard");
        desk.press("Enter Enter");
        let frame = desk.frame();
        assert!(frame.contains("set-clipboard"), "{frame}");
        desk.press("Up Up Up");
        assert_ne!(desk.frame(), frame, "the rest of the page is above");
    }

    #[test]
    fn code_stays_as_it_is() {
        let text = dressed("# A\n\nText.\n\n```sh\nsigyl   list\n```\n", &Look::PLAIN);
        assert_eq!(text, "A\n\nText.\n\n    sigyl   list\n");
    }
}
