//! The index over all documents.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Arc, OnceLock};

use memchr::memmem::Finder;

use super::bounds::{Budget, PAGE_BYTES, VERSIONS_BYTES};
use super::cursor;
use super::endpoint::Endpoint;
use super::entry::Entry;
use super::lines::Lines;
use super::query::{Query, QueryError, Which};
use crate::domain::{Digest, DocumentName, DocumentVersion, Shows, Timestamp, WorkspaceName};
use crate::registry::search::{Index, Texts};
use crate::wire::registry::{Finds, Metadata, ServerList, ServerResponse};

/// Every document, by name and version.
#[derive(Debug, Default)]
pub struct Catalogue {
    rows: BTreeMap<DocumentName, Row>,
    index: Index,
    /// The names that a search would show, what changed last first.
    newest: BTreeSet<(Reverse<Option<Timestamp>>, DocumentName)>,
    /// Which names the addresses of remotes belong to.
    urls: HashMap<Box<str>, BTreeSet<DocumentName>>,
    /// The texts of all rows, put together when a list is searched for the first time after a write.
    lines: OnceLock<Lines>,
    versions: usize,
    revision: u64,
}

/// The versions of one name.
#[derive(Debug, Default)]
pub(super) struct Row {
    entries: BTreeMap<DocumentVersion, Entry>,
    latest: Option<DocumentVersion>,
    /// What its versions are searched by, each text once.
    texts: Vec<Arc<str>>,
    /// When any of them last changed.
    pub(super) updated: Option<Timestamp>,
}

impl Catalogue {
    /// Replaces all versions of a name; with none, the name is gone.
    pub fn replace(&mut self, name: &DocumentName, entries: Vec<Entry>) {
        self.revision += 1;
        self.lines = OnceLock::new();
        let before = self.rows.remove(name).unwrap_or_default();
        for url in before.urls() {
            if let Some(owners) = self.urls.get_mut(url) {
                owners.remove(name);
                if owners.is_empty() {
                    self.urls.remove(url);
                }
            }
        }
        if before.shown().is_some() {
            self.newest.remove(&(Reverse(before.updated), name.clone()));
        }
        let row = Row::of(entries);
        if row.shown().is_some() {
            self.newest.insert((Reverse(row.updated), name.clone()));
        }
        for url in row.urls() {
            self.urls.entry(url.into()).or_default().insert(name.clone());
        }
        self.versions = self.versions - before.entries.len() + row.entries.len();
        match row.shown() {
            Some(entry) => self.index.put(name, &texts(name, entry)),
            None => self.index.remove(name),
        }
        if !row.entries.is_empty() {
            self.rows.insert(name.clone(), row);
        }
    }

    /// Makes a catalogue of those entries that somebody is shown: which version is the latest is decided among them.
    pub fn showing(&self, shows: &Shows) -> Self {
        let mut shown = Self::default();
        for (name, row) in self.rows.iter().filter(|(name, _)| shows.has(name)) {
            let entries = row.entries.values().filter(|entry| entry.is_among(shows)).cloned();
            shown.replace(name, entries.collect());
        }
        shown
    }

    /// Returns a number that is another one after every write.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns how many names and versions there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.rows.len(), self.versions)
    }

    /// Returns all versions of a name, also deleted ones.
    pub fn entries(&self, name: &DocumentName) -> impl Iterator<Item = &Entry> {
        self.rows.get(name).into_iter().flat_map(|row| row.entries.values())
    }

    /// Finds the names that a digest may belong to: of a document, or of anything that was released here.
    pub fn names_of(&self, digest: Digest) -> Vec<DocumentName> {
        let is_meant = |entry: &Entry| {
            entry.is_released() || entry.listing().is_some_and(|listing| listing.digest == digest)
        };
        let rows = self.rows.iter().filter(|(_, row)| row.entries.values().any(is_meant));
        rows.map(|(name, _)| name.clone()).collect()
    }

    /// Returns the names with something that is not deleted which belong to these workspaces, with whose they are.
    pub fn names_in(&self, workspaces: &[WorkspaceName]) -> Vec<(DocumentName, WorkspaceName)> {
        let mut found = Vec::new();
        for (name, row) in &self.rows {
            let kept = row.entries.values().filter(|entry| !entry.is_deleted());
            if let Some(owner) = kept.filter_map(Entry::workspace).find(|owner| workspaces.contains(owner)) {
                found.push((name.clone(), owner.clone()));
            }
        }
        found
    }

    /// Finds another name that the address of a remote belongs to.
    pub fn other_owner(&self, url: &str, name: &DocumentName) -> Option<&DocumentName> {
        self.urls.get(url)?.iter().find(|owner| *owner != name)
    }

    /// Lists documents by name and version.
    pub fn list(&self, mut query: Query, endpoint: Option<&Endpoint>) -> Result<ServerList, QueryError> {
        query.check()?;
        let after = cursor::read(&mut query)?;
        let wanted = Wanted::of(&query);
        let limit = query.limit.unwrap_or(Query::USUAL);
        let mut servers: Vec<ServerResponse> = Vec::new();
        let mut last: Option<(&DocumentName, &DocumentVersion)> = None;
        let mut budget = Budget::of(PAGE_BYTES);
        for (row, entry) in self.walk(after.as_ref(), &wanted) {
            let is_latest = row.latest.as_ref() == Some(&entry.version);
            let Some(response) = entry.response(is_latest, endpoint) else { continue };
            if servers.len() == limit || !budget.takes(&response) {
                let next = last.and_then(|(name, version)| cursor::write(&query, name, version));
                return Ok(page(servers, next));
            }
            last = Some((&entry.name, &entry.version));
            servers.push(response);
        }
        Ok(page(servers, None))
    }

    /// Lists the versions of a name, the newest publication first; nothing when there are none to be seen.
    pub fn versions(
        &self,
        name: &DocumentName,
        include_deleted: bool,
        endpoint: Option<&Endpoint>,
    ) -> Option<ServerList> {
        let row = self.rows.get(name)?;
        let mut entries: Vec<_> =
            row.entries.values().filter(|entry| entry.is_shown(include_deleted)).collect();
        entries.sort_by(|one, other| {
            other.published().cmp(&one.published()).then_with(|| other.version.precedence(&one.version))
        });
        let mut budget = Budget::of(VERSIONS_BYTES);
        let servers: Vec<_> = entries
            .iter()
            .filter_map(|entry| entry.response(row.latest.as_ref() == Some(&entry.version), endpoint))
            .take_while(|response| budget.takes(response))
            .collect();
        let omitted = entries.len() - servers.len();
        let metadata = Metadata { next_cursor: None, count: servers.len(), omitted };
        (!servers.is_empty()).then_some(ServerList { servers, metadata })
    }

    /// Finds a version of a name; with `None`, that which ranks highest.
    pub fn version(
        &self,
        name: &DocumentName,
        version: Option<&DocumentVersion>,
        include_deleted: bool,
        endpoint: Option<&Endpoint>,
    ) -> Option<ServerResponse> {
        let (entry, is_latest) = self.find(name, version)?;
        entry.is_shown(include_deleted).then(|| entry.response(is_latest, endpoint)).flatten()
    }

    /// Finds a version however it stands, for who has just changed it.
    pub fn any_version(&self, name: &DocumentName, version: &DocumentVersion) -> Option<ServerResponse> {
        let (entry, is_latest) = self.find(name, Some(version))?;
        entry.response(is_latest, None)
    }

    fn find(&self, name: &DocumentName, version: Option<&DocumentVersion>) -> Option<(&Entry, bool)> {
        let row = self.rows.get(name)?;
        let entry = row.entries.get(version.or(row.latest.as_ref())?)?;
        Some((entry, row.latest.as_ref() == Some(&entry.version)))
    }

    /// Finds names by words, the best first: each with its latest version. Words may be cut short or mistyped.
    pub fn search(
        &self,
        words: &str,
        limit: usize,
        endpoint: Option<&Endpoint>,
    ) -> Result<Finds, QueryError> {
        let query = Query { search: Some(words.to_owned()), limit: Some(limit), ..Query::default() };
        query.check()?;
        let (found, total) = self.index.find(words, limit);
        let response = |name: &DocumentName| self.version(name, None, false, endpoint);
        let mut budget = Budget::of(PAGE_BYTES);
        let servers =
            found.iter().filter_map(response).take_while(|response| budget.takes(response)).collect();
        Ok(Finds { servers, total })
    }

    /// Yields what stands for each name that a search would show, by name.
    pub(super) fn by_name(&self) -> impl Iterator<Item = &Entry> {
        self.rows.values().filter_map(Row::shown)
    }

    /// The same, what changed last first. The order is kept, so that nobody waits for it to be made.
    pub(super) fn by_change(&self) -> impl Iterator<Item = &Entry> {
        self.newest.iter().filter_map(|(_, name)| self.rows.get(name)?.shown())
    }

    /// Tells how many there are.
    pub(super) fn shown(&self) -> usize {
        self.newest.len()
    }

    fn lines(&self) -> Lines {
        let mut lines = Lines::default();
        for (name, row) in &self.rows {
            row.texts.iter().for_each(|text| lines.push(name, text));
        }
        lines
    }

    /// Walks what is wanted, in order, after a place.
    fn walk<'a>(
        &'a self,
        after: Option<&'a (DocumentName, DocumentVersion)>,
        wanted: &'a Wanted<'a>,
    ) -> impl Iterator<Item = (&'a Row, &'a Entry)> {
        let from = after.map(|(name, _)| name);
        let rows: Box<dyn Iterator<Item = (&DocumentName, &Row)>> = match &wanted.text {
            Some(text) => {
                let names = self.lines.get_or_init(|| self.lines()).holding(text, from);
                Box::new(names.filter_map(|name| self.rows.get_key_value(name)))
            }
            None => {
                let from = from.map_or(Bound::Unbounded, Bound::Included);
                Box::new(self.rows.range::<DocumentName, _>((from, Bound::Unbounded)))
            }
        };
        let mut seen: Option<(&'a Arc<str>, bool)> = None;
        rows.filter(|(_, row)| wanted.since.is_none_or(|since| row.updated >= Some(since)))
            .flat_map(move |(name, row)| {
                let start = match after {
                    Some((last, version)) if last == name => Bound::Excluded(version),
                    _ => Bound::Unbounded,
                };
                row.some(wanted.which, start).map(move |entry| (row, entry))
            })
            .filter(|(_, entry)| wanted.takes(entry))
            .filter(move |(_, entry)| match seen {
                Some((text, holds)) if Arc::ptr_eq(text, &entry.text) => holds,
                _ => {
                    let holds = wanted.is_in(&entry.text);
                    seen = Some((&entry.text, holds));
                    holds
                }
            })
    }
}

impl Row {
    fn of(entries: Vec<Entry>) -> Self {
        let mut row = Self::default();
        for mut entry in entries {
            // Versions of a name mostly say the same.
            match row.texts.last() {
                Some(text) if **text == *entry.text => entry.text = Arc::clone(text),
                _ => row.texts.push(Arc::clone(&entry.text)),
            }
            row.updated = row.updated.max(Some(entry.updated()));
            row.entries.insert(entry.version.clone(), entry);
        }
        row.latest = row.rank();
        row
    }

    /// Finds the version that ranks highest: a deleted one only when all are, and one that is incomplete only then too.
    fn rank(&self) -> Option<DocumentVersion> {
        let best = self.entries.values().max_by(|one, other| {
            (other.is_hidden(), other.is_deleted(), !other.is_complete())
                .cmp(&(one.is_hidden(), one.is_deleted(), !one.is_complete()))
                .then_with(|| one.version.precedence(&other.version))
                .then_with(|| one.published().cmp(&other.published()))
                .then_with(|| one.version.cmp(&other.version))
        });
        best.map(|entry| entry.version.clone())
    }

    /// The addresses of all remotes, but of those that are gone.
    fn urls(&self) -> impl Iterator<Item = &str> {
        let there = self.entries.values().filter(|entry| !entry.is_deleted());
        there.flat_map(|entry| entry.urls.iter().map(|url| &**url))
    }

    /// The entry that stands for the name in a search.
    pub(super) fn shown(&self) -> Option<&Entry> {
        self.entries.get(self.latest.as_ref()?).filter(|entry| entry.is_shown(false))
    }

    fn some<'a>(
        &'a self,
        which: Option<&'a Which>,
        start: Bound<&'a DocumentVersion>,
    ) -> impl Iterator<Item = &'a Entry> {
        let one = match which {
            None => None,
            Some(Which::Latest) => Some(self.latest.as_ref()),
            Some(Which::Exact(version)) => Some(Some(version)),
        };
        let bounds = match one {
            None => Some((start, Bound::Unbounded)),
            // What is not after the start was on the page before.
            Some(Some(version)) if !matches!(start, Bound::Excluded(last) if version <= last) => {
                Some((Bound::Included(version), Bound::Included(version)))
            }
            Some(_) => None,
        };
        bounds
            .into_iter()
            .flat_map(|bounds| self.entries.range::<DocumentVersion, _>(bounds).map(|(_, entry)| entry))
    }
}

/// What of a query one entry is held against.
struct Wanted<'a> {
    which: Option<&'a Which>,
    since: Option<Timestamp>,
    deleted: bool,
    complete_only: bool,
    text: Option<Finder<'static>>,
}

impl<'a> Wanted<'a> {
    fn of(query: &'a Query) -> Self {
        let text = query.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
        Self {
            which: query.version.as_ref(),
            since: query.updated_since,
            deleted: query.include_deleted || query.updated_since.is_some(),
            complete_only: query.complete_only,
            text: text.map(|text| Finder::new(&text.to_lowercase()).into_owned()),
        }
    }

    fn takes(&self, entry: &Entry) -> bool {
        let is_wanted = !self.complete_only || entry.is_complete();
        is_wanted && entry.is_shown(self.deleted) && self.since.is_none_or(|since| entry.updated() >= since)
    }

    fn is_in(&self, text: &str) -> bool {
        self.text.as_ref().is_none_or(|wanted| wanted.find(text.as_bytes()).is_some())
    }
}

fn page(servers: Vec<ServerResponse>, next_cursor: Option<String>) -> ServerList {
    let count = servers.len();
    ServerList { servers, metadata: Metadata { next_cursor, count, omitted: 0 } }
}

/// What a search looks at.
fn texts(name: &DocumentName, entry: &Entry) -> Texts {
    let [title, description] = entry.said();
    let words: BTreeSet<String> = entry.words().into_iter().collect();
    Texts { name: name.as_str().to_owned(), title, description, words: words.into_iter().collect() }
}

#[cfg(test)]
mod tests;
