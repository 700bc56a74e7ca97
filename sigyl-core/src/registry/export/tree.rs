//! Which files there are, and what is in each.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::wire::registry::{Metadata, ServerList, ServerResponse};

/// Documents on a page.
const PAGE: usize = 100;

/// What lets Apache answer with JSON, and pages elsewhere read it.
const APACHE: &str = include_str!("htaccess");
/// The same for nginx, with cursors.
const NGINX: &str = include_str!("nginx.conf");

/// A file of the tree.
#[derive(Debug, PartialEq, Eq)]
pub struct File {
    /// Its place, in parts that are plain names.
    pub path: Vec<String>,
    /// What is in it.
    pub text: String,
}

/// A document that has no place among files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Why.
    pub why: &'static str,
}

/// Documents that become files.
#[derive(Debug, Default)]
pub struct Export {
    /// By name; each with its versions as they were listed.
    names: BTreeMap<String, Vec<(String, ServerResponse)>>,
    left: Vec<Left>,
}

/// A page, as it is written.
#[derive(Serialize)]
struct Page<'a> {
    servers: &'a [&'a ServerResponse],
    metadata: Metadata,
}

impl Export {
    /// Takes a page of documents.
    pub fn take(&mut self, page: ServerList) {
        for response in page.servers {
            let members = response.server.members().unwrap_or_default();
            let text =
                |name: &str| members.get(name).and_then(|it| it.as_str()).unwrap_or_default().to_owned();
            let (name, version) = (text("name"), text("version"));
            match place(&name, &version) {
                Ok(()) => self.names.entry(name).or_default().push((version, response)),
                Err(why) => self.left.push(Left { name, version, why }),
            }
        }
    }

    /// Returns the documents that have no place.
    pub fn left(&self) -> &[Left] {
        &self.left
    }

    /// Returns how many names and versions have one.
    pub fn counts(&self) -> (usize, usize) {
        (self.names.len(), self.names.values().map(Vec::len).sum())
    }

    /// Yields every file.
    pub fn files(&self) -> impl Iterator<Item = Result<File, serde_json::Error>> {
        let all: Vec<_> = self.names.values().flatten().map(|(_, response)| response).collect();
        let latest: Vec<_> =
            all.iter().copied().filter(|response| response.meta.official.is_latest).collect();
        let whole = file(&["v0.1", "servers", "index.json"], &page(&all, None));
        let plain = [(".htaccess", APACHE), ("nginx.conf", NGINX)];
        let plain = plain.map(|(name, text)| Ok(File { path: vec![name.to_owned()], text: text.to_owned() }));
        std::iter::once(whole)
            .chain(pages("all", &all))
            .chain(pages("latest", &latest))
            .chain(self.names.iter().flat_map(|(name, versions)| versions_of(name, versions)))
            .chain(plain)
    }
}

/// The pages of a list.
fn pages(list: &str, all: &[&ServerResponse]) -> Vec<Result<File, serde_json::Error>> {
    let count = all.len().div_ceil(PAGE).max(1);
    let own = |at: usize| {
        let part = all.iter().skip(at * PAGE).take(PAGE).copied().collect::<Vec<_>>();
        let next = (at + 1 < count).then(|| format!("{list}-{}", at + 2));
        file(&["v0.1", "pages", &format!("{list}-{}.json", at + 1)], &page(&part, next))
    };
    (0..count).map(own).collect()
}

/// The files of a name: its versions together, and each by itself.
fn versions_of(name: &str, versions: &[(String, ServerResponse)]) -> Vec<Result<File, serde_json::Error>> {
    let mut path: Vec<&str> = vec!["v0.1", "servers"];
    path.extend(name.split('/'));
    path.push("versions");
    let at = |last: &str| path.iter().copied().chain([last]).map(str::to_owned).collect::<Vec<_>>();
    let written =
        |last: &str, text: Result<String, serde_json::Error>| Ok(File { path: at(last), text: text? });
    let mut newest: Vec<_> = versions.iter().map(|(_, response)| response).collect();
    newest.sort_by_key(|response| std::cmp::Reverse(response.meta.official.published_at));
    let mut files = vec![written("index.json", serde_json::to_string(&page(&newest, None)))];
    for (version, response) in versions {
        files.push(written(version, serde_json::to_string(response)));
        if response.meta.official.is_latest {
            files.push(written("latest", serde_json::to_string(response)));
        }
    }
    files
}

fn page<'a>(servers: &'a [&'a ServerResponse], next_cursor: Option<String>) -> Page<'a> {
    Page { servers, metadata: Metadata { next_cursor, count: servers.len(), omitted: 0 } }
}

fn file(path: &[&str], value: &impl Serialize) -> Result<File, serde_json::Error> {
    let path = path.iter().map(|part| (*part).to_owned()).collect();
    Ok(File { path, text: serde_json::to_string(value)? })
}

/// Tells why a document has no place, if it has none: each part of its address has to be a name that is the same on every
/// disk and in every address.
fn place(name: &str, version: &str) -> Result<(), &'static str> {
    let is_plain = |part: &str| {
        let marks = part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+~".contains(&b));
        marks && !part.is_empty() && !part.starts_with('.') && part.len() <= 200
    };
    if name.split('/').count() != 2 || !name.split('/').all(is_plain) {
        return Err("its name is not two plain words with a slash between");
    }
    match version {
        "latest" | "index.json" => Err("its version is a word that stands for something else here"),
        version if !is_plain(version) => Err("its version is no plain word"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Listing;
    use crate::registry::catalogue::{Catalogue, Entry, Query};
    use crate::store::contract::fixture::listing;

    fn export(listings: Vec<Listing>) -> Export {
        let mut names: BTreeMap<_, Vec<Entry>> = BTreeMap::new();
        for listing in listings {
            let (name, version) = (listing.name.clone(), listing.version.clone());
            let entry = Entry::of(name.clone(), version, Some(listing), None).unwrap();
            names.entry(name).or_default().push(entry);
        }
        let mut catalogue = Catalogue::default();
        names.into_iter().for_each(|(name, entries)| catalogue.replace(&name, entries));
        let (mut export, mut cursor) = (Export::default(), None);
        loop {
            let page = catalogue.list(Query { cursor, ..Query::default() }, None).unwrap();
            cursor = page.metadata.next_cursor.clone();
            export.take(page);
            if cursor.is_none() {
                return export;
            }
        }
    }

    fn files(export: &Export) -> BTreeMap<String, String> {
        export.files().map(|file| file.unwrap()).map(|file| (file.path.join("/"), file.text)).collect()
    }

    #[test]
    fn every_address_of_the_api_is_a_file_that_reads_as_its_answer() {
        let files = files(&export(vec![
            listing("a/clock", "1.9.0", "x"),
            listing("a/clock", "1.10.0", "x"),
            listing("b/alarm", "1.0.0", "x"),
        ]));
        let list = |path: &str| serde_json::from_str::<ServerList>(&files[path]).unwrap();
        let one = |path: &str| serde_json::from_str::<ServerResponse>(&files[path]).unwrap();
        assert_eq!(list("v0.1/servers/index.json").servers.len(), 3);
        assert_eq!(list("v0.1/pages/latest-1.json").servers.len(), 2);
        assert_eq!(list("v0.1/servers/a/clock/versions/index.json").metadata.count, 2);
        assert_eq!(one("v0.1/servers/a/clock/versions/latest"), one("v0.1/servers/a/clock/versions/1.10.0"));
        assert!(files["nginx.conf"].contains("arg_cursor") && files[".htaccess"].contains("index.json"));
    }

    #[test]
    fn cursors_lead_from_page_to_page_to_every_document_once() {
        let many = (0..250).map(|at| listing(&format!("a/s{at:03}"), "1.0.0", "x")).collect();
        let files = files(&export(many));
        let (mut seen, mut at) = (Vec::new(), Some("all-1".to_owned()));
        while let Some(name) = at {
            let page: ServerList = serde_json::from_str(&files[&format!("v0.1/pages/{name}.json")]).unwrap();
            seen.extend(page.servers);
            at = page.metadata.next_cursor;
        }
        let whole: ServerList = serde_json::from_str(&files["v0.1/servers/index.json"]).unwrap();
        assert_eq!((seen.len(), &seen), (250, &whole.servers));
    }

    #[test]
    fn what_could_leave_the_folder_or_hide_something_has_no_place() {
        for (name, version) in [
            ("Gmail", "1"),
            ("a/b/c", "1"),
            ("../x", "1"),
            ("a/..", "1"),
            (".a/b", "1"),
            ("a/b c", "1"),
            ("a\\b/c", "1"),
            ("a/b", "latest"),
            ("a/b", ".."),
            ("a/b", ""),
            ("a/b", "1/2"),
        ] {
            assert!(place(name, version).is_err(), "{name} {version}");
        }
        assert_eq!(place("com.example/clock", "1.0.0-rc.1+build"), Ok(()));
        let odd = export(vec![listing("Microsoft Learn", "1.0.0", "x")]);
        assert_eq!((odd.counts(), odd.left().len()), ((0, 0), 1));
        assert!(files(&odd).contains_key("v0.1/pages/all-1.json"), "an empty list is a page too");
    }
}
