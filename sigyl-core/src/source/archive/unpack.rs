//! Where entries of an archive or a repository become files: the one place that counts and refuses.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::domain::{SkipKind, Skipped};
use crate::source::SourceError;
use crate::source::copy::{create_new, digest_into, write_new};
use crate::source::path;
use crate::source::tree::{Entry, Files, Limits};

/// Unpacked bytes that no ratio is asked of: small archives of text pack very well.
const FREE: u64 = 1 << 20;

/// A folder being filled.
#[derive(Debug)]
pub(crate) struct Unpack<'a> {
    name: String,
    into: PathBuf,
    limits: &'a Limits,
    /// Bytes of all files at most, by the total and by the ratio.
    budget: u64,
    over_budget: String,
    entries: BTreeMap<String, Entry>,
    /// Every path and every folder above it, by its lower-case form.
    taken: HashMap<String, Taken>,
    links: Vec<(String, String)>,
    skipped: Vec<Skipped>,
    seen: usize,
    total: u64,
}

#[derive(Debug)]
struct Taken {
    path: String,
    folder: bool,
}

impl<'a> Unpack<'a> {
    /// Begins to fill `into`, which is made, or is empty. `packed` is the size of what is unpacked.
    pub(crate) fn new(name: &str, into: &Path, limits: &'a Limits, packed: u64) -> Result<Self, SourceError> {
        std::fs::create_dir_all(into).map_err(SourceError::io("make the folder", into))?;
        let mut inside = std::fs::read_dir(into).map_err(SourceError::io("read", into))?;
        if inside.next().is_some() {
            let source = std::io::Error::from(std::io::ErrorKind::DirectoryNotEmpty);
            return Err(SourceError::Io { action: "unpack into", path: into.to_owned(), source });
        }
        let by_ratio = packed.saturating_mul(limits.ratio).max(FREE);
        let (budget, over_budget) = match by_ratio < limits.total {
            true => (by_ratio, format!("{} unpacked bytes for each packed one", limits.ratio)),
            false => (limits.total, format!("{} bytes", limits.total)),
        };
        Ok(Self {
            name: name.to_owned(),
            into: into.to_owned(),
            limits,
            budget,
            over_budget,
            entries: BTreeMap::new(),
            taken: HashMap::new(),
            links: Vec::new(),
            skipped: Vec::new(),
            seen: 0,
            total: 0,
        })
    }

    /// Returns what the archive is called.
    #[cfg(feature = "runtime")]
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the bytes that all files may have together.
    pub(crate) fn budget(&self) -> u64 {
        self.budget
    }

    /// Returns how many entries there may be.
    pub(crate) fn most_entries(&self) -> u64 {
        self.limits.entries as u64
    }

    /// Counts one entry of any sort.
    pub(crate) fn count(&mut self) -> Result<(), SourceError> {
        self.seen += 1;
        if self.seen > self.limits.entries {
            let limit = format!("{} entries", self.limits.entries);
            return Err(SourceError::TooLarge { what: self.name.clone(), limit });
        }
        Ok(())
    }

    /// Checks a folder; it is made when a file in it is.
    pub(crate) fn folder(&mut self, raw: &str) -> Result<(), SourceError> {
        match self.clean(raw)? {
            path if path.is_empty() => Ok(()),
            path => self.claim(&path, true),
        }
    }

    /// Writes a file.
    pub(crate) fn file(
        &mut self,
        raw: &str,
        executable: bool,
        from: &mut dyn Read,
    ) -> Result<(), SourceError> {
        let path = self.clean(raw)?;
        self.claim(&path, false)?;
        let on_disk = self.into.join(&path);
        let mut file = create_new(&on_disk, executable)?;
        let left = self.budget - self.total;
        let digested = digest_into(from, &mut file, self.limits.file.min(left));
        let Some((size, digest)) = digested.map_err(|error| self.broken(&path, &error))? else {
            return Err(match left < self.limits.file {
                true => self.over_budget(),
                false => SourceError::over_bytes(format!("{} in {}", path, self.name), self.limits.file),
            });
        };
        self.total += size;
        self.entries.insert(path.clone(), Entry { path, size, digest, executable });
        Ok(())
    }

    /// Notes a link to another path of the archive; `target` is relative to the folder that holds the link.
    pub(crate) fn link(&mut self, raw: &str, target: &str) -> Result<(), SourceError> {
        let path = self.clean(raw)?;
        let to = path::follow(path::parent(&path), target)
            .map_err(|why| self.bad(format!("`{path}` is a link to {why}")))?;
        self.claim(&path, false)?;
        self.links.push((path, to));
        Ok(())
    }

    /// Notes a second name of a file; `target` is relative to the top of the archive.
    pub(crate) fn hard_link(&mut self, raw: &str, target: &str) -> Result<(), SourceError> {
        let path = self.clean(raw)?;
        let to = self.clean(target)?;
        self.claim(&path, false)?;
        self.links.push((path, to));
        Ok(())
    }

    /// Notes something that is left out.
    pub(crate) fn skip(&mut self, path: &str, kind: SkipKind, reason: &str) {
        self.skipped.push(Skipped { path: path::shown(path), kind, reason: reason.to_owned() });
    }

    /// Ends it: writes what links point to, and goes into the single top folder if asked.
    pub(crate) fn finish(mut self, strip: bool) -> Result<Files, SourceError> {
        for (path, to) in std::mem::take(&mut self.links) {
            match self.entries.get(&to).cloned() {
                Some(entry) => self.second(path, entry)?,
                None => {
                    self.skip(&path, SkipKind::NotAFile, "a link that points to a folder, a link, or nothing")
                }
            }
        }
        let top = if strip { self.single_top() } else { None };
        let cut = top.as_ref().map_or(0, |top| top.len() + 1);
        let root = top.map_or_else(|| self.into.clone(), |top| self.into.join(top));
        let shorten = |path: String| path.get(cut..).map_or_else(String::new, str::to_owned);
        let entries = self.entries.into_values();
        let skipped = self.skipped.into_iter();
        Ok(Files {
            root,
            entries: entries.map(|entry| Entry { path: shorten(entry.path), ..entry }).collect(),
            skipped: skipped.map(|skipped| Skipped { path: shorten(skipped.path), ..skipped }).collect(),
        })
    }

    /// Makes the error that says what is wrong with the archive.
    pub(crate) fn bad(&self, why: impl Into<String>) -> SourceError {
        SourceError::BadArchive { archive: self.name.clone(), why: why.into() }
    }

    /// Makes the error that says that all files together are too large.
    pub(crate) fn over_budget(&self) -> SourceError {
        SourceError::TooLarge { what: self.name.clone(), limit: self.over_budget.clone() }
    }

    fn broken(&self, path: &str, error: &std::io::Error) -> SourceError {
        self.bad(format!("`{path}` could not be unpacked: {error}"))
    }

    fn clean(&self, raw: &str) -> Result<String, SourceError> {
        let path = path::clean(raw).map_err(|why| self.bad(format!("`{}` is {why}", path::shown(raw))))?;
        if path.split('/').count() > self.limits.depth {
            let limit = format!("{} folders inside folders", self.limits.depth);
            return Err(SourceError::TooLarge { what: format!("{path} in {}", self.name), limit });
        }
        Ok(path)
    }

    /// Takes a path for a file or folder, and the paths above it for folders; each may mean one thing only.
    fn claim(&mut self, path: &str, folder: bool) -> Result<(), SourceError> {
        if path.is_empty() {
            return Err(self.bad("a file without a name"));
        }
        let above = path.match_indices('/').map(|(at, _)| (&path[..at], true));
        for (part, folder) in above.chain([(path, folder)]) {
            let key = part.to_lowercase();
            match self.taken.get(&key) {
                Some(taken) if taken.folder && folder && taken.path == part => {}
                Some(taken) => {
                    let why =
                        format!("`{part}` and `{}` are the same path where case does not count", taken.path);
                    let same = format!("`{part}` is there twice");
                    return Err(self.bad(if taken.path == part { same } else { why }));
                }
                None => {
                    self.taken.insert(key, Taken { path: part.to_owned(), folder });
                }
            }
        }
        Ok(())
    }

    fn second(&mut self, path: String, entry: Entry) -> Result<(), SourceError> {
        self.total += entry.size;
        if self.total > self.budget {
            return Err(self.over_budget());
        }
        let from = self.into.join(&entry.path);
        let bytes = std::fs::read(&from).map_err(SourceError::io("read", &from))?;
        write_new(&self.into.join(&path), &bytes, entry.executable)?;
        self.entries.insert(path.clone(), Entry { path, ..entry });
        Ok(())
    }

    /// Returns the one folder that everything lies in.
    fn single_top(&self) -> Option<String> {
        let skipped = self.skipped.iter().map(|skipped| &skipped.path);
        let mut tops =
            self.entries.keys().chain(skipped).map(|path| path.split_once('/').map(|(top, _)| top));
        let first = tops.next()??;
        tops.all(|top| top == Some(first)).then(|| first.to_owned())
    }
}
