//! Looks at the files of a tree, on every core and within bounds of memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

#[cfg(feature = "ast")]
use super::ast::Parsed;
#[cfg(feature = "ast")]
use super::decode::{Decoded, decode_as};
#[cfg(feature = "ast")]
use super::file::FileText;
use super::known;
use super::language::Language;
use super::report::Gathered;
use super::roomy;
use super::rule::Part;
use super::scanner::{Looked, Scanner};
use super::started::Started;
#[cfg(feature = "ast")]
use crate::domain::Finding;
use crate::domain::{SkipKind, Skipped};
use crate::source::{Entry, SourceTree};

/// Bytes of one file that are looked at; a larger one is a gap.
const FILE_BYTES: u64 = 24 << 20;
/// Bytes of files whose syntax trees are kept to be followed into other files.
#[cfg(feature = "ast")]
const TREES: usize = 4 << 20;
/// Threads that look at files.
const THREADS: usize = 16;

/// Files in which nothing was found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clean {
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) known: u64,
}

impl Clean {
    /// Takes a file of which nothing is to be said but that it was looked at; any other is given back.
    fn take(&mut self, looked: Looked) -> Option<Looked> {
        let told = looked.skipped.is_some()
            || !looked.gaps.is_empty()
            || !looked.objections.is_empty()
            || looked.starts
            || !looked.findings.is_empty()
            || looked.unlisted.iter().next().is_some();
        if told {
            return Some(looked);
        }
        self.files += 1;
        self.bytes += looked.bytes;
        self.known += u64::from(looked.known);
        None
    }

    fn add(&mut self, other: &Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.known += other.known;
    }
}

impl Scanner<'_> {
    /// Looks at the files of a tree, some of which are known to be started in a language.
    pub(super) fn tree(&self, tree: &SourceTree, prefix: &str, started: &Started, gathered: &mut Gathered) {
        let renamed =
            |skipped: &Skipped| Skipped { path: format!("{prefix}{}", skipped.path), ..skipped.clone() };
        gathered.skipped.extend(tree.skipped().iter().map(renamed));
        let (looked, clean) = self.entries(tree, prefix, started);
        let done = clean.files + looked.len() as u64;
        #[cfg(feature = "ast")]
        let starts: Vec<(&str, Option<Parsed>)> = {
            let starts = looked.iter().filter(|(_, looked)| looked.starts);
            let path = |at: usize| tree.entries().get(at).map(|entry| entry.path.as_str());
            starts.filter_map(|(at, looked)| Some((path(*at)?, looked.tree.clone()))).collect()
        };
        looked.into_iter().for_each(|(_, looked)| gathered.file(looked));
        gathered.clean(&clean);
        let all = tree.entries().len() as u64;
        if done < all {
            let reason = format!("the scan was cancelled after {done} of {all} files");
            let path = format!("{prefix}(files)");
            gathered.skipped.push(Skipped { path, kind: SkipKind::Cancelled, reason });
        }
        // A lock that Sigyl made is none of the files, and is installed like one that the source carries.
        for lock in tree.locks().iter().filter(|lock| lock.made) {
            gathered.file(self.look(&format!("{prefix}{}", lock.path), &lock.bytes));
        }
        let mut found = self.gather();
        self.code_rules(&Part::Tree(tree), &mut found);
        let (findings, unlisted) = found.finish();
        gathered.findings.extend(findings);
        gathered.unlisted.extend(&unlisted);
        #[cfg(feature = "ast")]
        if done == all {
            self.across((tree, started), prefix, &starts, gathered);
        }
    }

    /// Looks at what flows from one file into another, unless it is known what that comes to.
    #[cfg(feature = "ast")]
    fn across(
        &self,
        (tree, started): (&SourceTree, &Started),
        prefix: &str,
        starts: &[(&str, Option<Parsed>)],
        gathered: &mut Gathered,
    ) {
        let key = || known::key_of_flow(&self.known_as(), prefix, tree.digest(), started);
        let known = self.known.map(|known| (known, key()));
        let kept = known.as_ref().and_then(|(known, key)| Looked::recall(&known.get(key)?));
        let looked = kept.unwrap_or_else(|| {
            let looked = self.follow((tree, started), prefix, starts);
            if let Some((known, key)) = known
                && let Some(kept) = looked.keep()
            {
                known.put(key, kept);
            }
            looked
        });
        let is_known = |new: &Finding| {
            gathered.findings.iter().any(|old| old.rule == new.rule && old.location == new.location)
        };
        let new = looked.findings.into_iter().filter(|new| !is_known(new)).collect::<Vec<_>>();
        gathered.findings.extend(new);
        gathered.unlisted.extend(&looked.unlisted);
        gathered.skipped.extend(looked.gaps);
    }

    /// Follows what flows from some files into others.
    #[cfg(feature = "ast")]
    fn follow(
        &self,
        (tree, started): (&SourceTree, &Started),
        prefix: &str,
        starts: &[(&str, Option<Parsed>)],
    ) -> Looked {
        let entries = tree.entries().iter().filter(|entry| entry.size <= FILE_BYTES);
        let paths = entries.map(|entry| entry.path.as_str()).collect::<Vec<_>>();
        let text = |path: &str| {
            let bytes = tree.read(tree.find(path)?).ok()?;
            let known = started.get(path).flatten();
            match decode_as(path, &bytes, known) {
                Decoded::Text(text) => {
                    let language = known.unwrap_or_else(|| Language::of(path, &text));
                    Some((text.into_owned(), language))
                }
                _ => None,
            }
        };
        let made =
            starts.iter().filter_map(|(path, tree)| Some(((*path).to_owned(), tree.clone()?))).collect();
        let starts = starts.iter().map(|(path, _)| *path).collect::<Vec<_>>();
        let (reached, left) = super::ast::across(&starts, &paths, &text, &made);
        let mut looked = Looked::default();
        for one in reached {
            let path = format!("{prefix}{}", one.path);
            let file = FileText::with_flow(&path, &one.text, one.analysis);
            let (findings, unlisted) = self.check(&Part::Across(&file));
            looked.findings.extend(findings);
            looked.unlisted.extend(&unlisted);
        }
        looked.gaps.extend(left.into_iter().map(|left| Skipped {
            path: format!("{prefix}{}", left.path),
            kind: left.gap.kind,
            reason: format!("what its tools give to other files was not followed whole: {}", left.gap.why),
        }));
        looked
    }

    /// Looks at the files of a tree on every core; returns those of which there is something to say, in order.
    fn entries(&self, tree: &SourceTree, prefix: &str, started: &Started) -> (Vec<(usize, Looked)>, Clean) {
        let entries = tree.entries();
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let gathered = Mutex::new((Vec::new(), Clean::default()));
        #[cfg(feature = "ast")]
        let trees = AtomicUsize::new(0);
        let work = || {
            let (mut mine, mut clean) = (Vec::new(), Clean::default());
            while !self.watch.is_some_and(|watch| watch.is_cancelled()) {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(entry) = entries.get(at) else { break };
                let path = format!("{prefix}{}", entry.path);
                let how = started.get(&entry.path);
                let looked = self.entry(tree, entry, &path, how);
                #[cfg(feature = "ast")]
                let looked = looked.with_tree_within(&trees);
                mine.extend(clean.take(looked).map(|looked| (at, looked)));
                if let Some(watch) = self.watch {
                    watch.files(done.fetch_add(1, Ordering::Relaxed) + 1, entries.len());
                }
            }
            let mut all = gathered.lock().unwrap_or_else(PoisonError::into_inner);
            all.0.append(&mut mine);
            all.1.add(&clean);
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        roomy::each(cores.min(THREADS).min(entries.len()), work);
        let (mut looked, clean) = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
        looked.sort_unstable_by_key(|(at, _)| *at);
        (looked, clean)
    }

    /// Looks at a file of a tree, unless it is known what it comes to.
    fn entry(
        &self,
        tree: &SourceTree,
        entry: &Entry,
        path: &str,
        started: Option<Option<Language>>,
    ) -> Looked {
        if entry.size > FILE_BYTES {
            let reason = format!("{} bytes; files up to {FILE_BYTES} bytes are looked at", entry.size);
            return Looked::skipped(path, SkipKind::TooLarge, reason);
        }
        let known = self.known.map(|known| (known, known::key(&self.known_as(), path, entry, started)));
        if let Some(looked) = known.as_ref().and_then(|(known, key)| Looked::recall(&known.get(key)?)) {
            return looked;
        }
        let _hold = self.in_hand.take(entry.size);
        let looked = match tree.read(entry) {
            Ok(bytes) => self.look_as(path, &bytes, started),
            Err(error) => return Looked::skipped(path, SkipKind::Unreadable, error.to_string()),
        };
        if let Some((known, key)) = known
            && let Some(kept) = looked.keep()
        {
            known.put(key, kept);
        }
        looked
    }
}

#[cfg(feature = "ast")]
impl Looked {
    /// Keeps its syntax tree only if there is room beside `kept` bytes of others.
    fn with_tree_within(mut self, kept: &AtomicUsize) -> Self {
        self.tree = self.tree.filter(|tree| {
            let before = kept.fetch_add(tree.bytes(), Ordering::Relaxed);
            before + tree.bytes() <= TREES
        });
        self
    }
}
