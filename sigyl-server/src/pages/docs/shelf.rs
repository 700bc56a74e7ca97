//! Which pages there are, and in which order.

use std::sync::OnceLock;

use super::leaf::Leaf;
use super::{clients, markdown};

/// What a page is made of.
#[derive(Clone, Copy)]
enum Source {
    /// Markdown of the repository.
    Markdown(&'static str),
    /// What this program knows of clients.
    Clients,
}

/// One page that can be opened.
pub(super) struct Volume {
    /// What its address ends with.
    pub(super) word: &'static str,
    /// What it is called in lists.
    pub(super) title: &'static str,
    source: Source,
    drawn: OnceLock<Leaf>,
}

/// Pages that belong together.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) volumes: &'static [Volume],
}

/// A page of `docs/`.
macro_rules! page {
    ($word:literal, $title:literal) => {
        volume($word, $title, include_str!(concat!("../../../../docs/", $word, ".md")))
    };
}

const fn volume(word: &'static str, title: &'static str, text: &'static str) -> Volume {
    Volume { word, title, source: Source::Markdown(text), drawn: OnceLock::new() }
}

static BEGIN: [Volume; 4] = [
    volume("overview", "Overview", include_str!("../../../../README.md")),
    page!("console", "The console"),
    page!("server", "The server"),
    Volume {
        word: "clients",
        title: "Use it from a client",
        source: Source::Clients,
        drawn: OnceLock::new(),
    },
];

static REGISTRY: [Volume; 3] =
    [page!("registry", "The registry"), page!("access", "Access and keys"), page!("web", "These pages")];

static SCANNING: [Volume; 6] = [
    page!("scan", "Scanning"),
    page!("policy", "Policies"),
    page!("ci", "In CI"),
    page!("reviewer", "The reviewer"),
    page!("detection", "How well it detects"),
    page!("rules", "Every rule"),
];

static RUNNING: [Volume; 10] = [
    page!("operations", "Operations"),
    page!("verify", "Verifying"),
    page!("config", "Configuration"),
    page!("github", "GitHub"),
    page!("cloud-run", "Google Cloud Run"),
    page!("knative", "Knative"),
    page!("performance", "Performance"),
    page!("privacy", "Privacy"),
    page!("stability", "Stability"),
    volume("security", "Security", include_str!("../../../../SECURITY.md")),
];

/// Every page, in the order in which they are read.
pub(super) static GROUPS: [Group; 4] = [
    Group { title: "Begin", volumes: &BEGIN },
    Group { title: "Registry and access", volumes: &REGISTRY },
    Group { title: "Scanning", volumes: &SCANNING },
    Group { title: "Running it", volumes: &RUNNING },
];

impl Volume {
    /// Opens it. It is drawn once.
    pub(super) fn open(&self) -> &Leaf {
        self.drawn.get_or_init(|| match self.source {
            Source::Markdown(text) => markdown::leaf(text),
            Source::Clients => clients::leaf(),
        })
    }
}

/// Every page, one after the other.
pub(super) fn volumes() -> impl Iterator<Item = &'static Volume> {
    GROUPS.iter().flat_map(|group| group.volumes)
}

/// Finds a page by its word.
pub(super) fn volume_at(word: &str) -> Option<&'static Volume> {
    volumes().find(|volume| volume.word == word)
}

/// Returns the word of the page that a file of the repository became.
pub(super) fn word_of(file: &str) -> Option<&'static str> {
    let name = file.trim_start_matches("./").trim_start_matches("../").trim_start_matches("docs/");
    let stem = name.strip_suffix(".md")?;
    let word = match stem {
        "README" => "overview",
        "SECURITY" => "security",
        stem => stem,
    };
    volumes().map(|volume| volume.word).find(|known| *known == word)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_page_of_the_documentation_is_on_the_shelf_once() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let names = files.filter_map(|name| name.into_string().ok());
        let on_disk: BTreeSet<_> =
            names.filter_map(|name| name.strip_suffix(".md").map(str::to_owned)).collect();
        let words: Vec<_> = volumes().map(|volume| volume.word.to_owned()).collect();
        let shelved: BTreeSet<_> = words.iter().cloned().collect();
        assert_eq!(words.len(), shelved.len());
        let missing: Vec<_> = on_disk.difference(&shelved).collect();
        assert!(missing.is_empty(), "put them into GROUPS: {missing:?}");
    }

    #[test]
    fn every_page_opens_with_a_title_and_its_links_lead_somewhere() {
        for volume in volumes() {
            let leaf = volume.open();
            assert!(!leaf.title.is_empty(), "{}", volume.word);
            let ids: BTreeSet<_> = leaf.headings.iter().map(|heading| &heading.id).collect();
            assert_eq!(ids.len(), leaf.headings.len(), "{}", volume.word);
            for (word, id) in &leaf.leads {
                let to = volume_at(word).unwrap().open();
                let found = id.is_empty() || to.headings.iter().any(|heading| heading.id == *id);
                assert!(found, "{} leads to {word}#{id}, which is not there", volume.word);
            }
        }
    }

    #[test]
    fn files_of_the_repository_are_known_by_their_pages() {
        assert_eq!(word_of("docs/server.md"), Some("server"));
        assert_eq!(word_of("../README.md"), Some("overview"));
        for none in ["../ARCHITECTURE.md", "server", "https://example.com/server.md", "x/server.md"] {
            assert_eq!(word_of(none), None, "{none}");
        }
    }
}
