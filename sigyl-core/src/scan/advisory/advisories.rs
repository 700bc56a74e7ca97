//! Advisories, indexed by package.

use std::collections::HashMap;

use super::range::Range;
use super::severity::Degree;
use super::version::Version;
use crate::domain::{AdvisoriesUsed, Digest};
use crate::scan::package::Ecosystem;

/// A package, by its normal name.
type Key = (Ecosystem, Box<str>);

/// Advisories on packages, indexed by name.
pub struct Advisories {
    pub(super) all: Vec<Advisory>,
    index: HashMap<Key, Vec<(u32, u32)>>,
    digest: Digest,
    newest: Option<String>,
    unread: usize,
}

/// One advisory.
#[derive(Debug)]
pub(super) struct Advisory {
    pub(super) id: Box<str>,
    pub(super) degree: Degree,
    pub(super) summary: Box<str>,
    pub(super) affected: Vec<Affected>,
}

/// What an advisory says of one package.
#[derive(Debug)]
pub(super) struct Affected {
    pub(super) ecosystem: Ecosystem,
    pub(super) name: Box<str>,
    pub(super) ranges: Vec<Range>,
    pub(super) versions: Vec<Box<str>>,
}

/// What an advisory says of one version of a package, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scan) struct Advised<'a> {
    /// Its id.
    pub(in crate::scan) id: &'a str,
    /// How bad it is.
    pub(in crate::scan) degree: Degree,
    /// What it says in a line.
    pub(in crate::scan) summary: &'a str,
    /// The next version without it.
    pub(in crate::scan) fixed: Option<&'a str>,
}

impl Advisories {
    pub(super) fn new(all: Vec<Advisory>, digest: Digest, newest: Option<String>, unread: usize) -> Self {
        let mut index: HashMap<_, Vec<_>> = HashMap::with_capacity(all.len());
        for (at, advisory) in (0..).zip(&all) {
            for (of, affected) in (0..).zip(&advisory.affected) {
                index.entry((affected.ecosystem, affected.name.clone())).or_default().push((at, of));
            }
        }
        Self { all, index, digest, newest, unread }
    }

    /// Returns what a report says of them.
    pub(in crate::scan) fn used(&self) -> AdvisoriesUsed {
        let newest = self.newest().map(str::to_owned);
        let (count, unread) = (self.count() as u64, self.unread() as u64);
        AdvisoriesUsed { digest: self.digest(), count, newest, unread }
    }

    /// Returns the digest of all that was read: the same files give the same one.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns when the newest advisory was last changed, as it says it.
    pub fn newest(&self) -> Option<&str> {
        self.newest.as_deref()
    }

    /// Counts the advisories on packages of npm, PyPI, crates.io and Go that were not withdrawn.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Counts ranges that cannot be compared: given as commits alone, or with a version that is none.
    pub fn unread(&self) -> usize {
        self.unread
    }

    /// Yields what is said of one version of a package.
    pub(in crate::scan) fn of(&self, ecosystem: Ecosystem, name: &str, version: &str) -> Vec<Advised<'_>> {
        let parsed = Version::parse(ecosystem, version);
        let told = self.on(ecosystem, name).filter(|(_, affected)| affected.tells(parsed.as_ref(), version));
        told.map(|(advisory, affected)| advised(advisory, affected, parsed.as_ref())).collect()
    }

    /// Yields what is said of every version of a package.
    pub(in crate::scan) fn of_all(&self, ecosystem: Ecosystem, name: &str) -> Vec<Advised<'_>> {
        let all =
            self.on(ecosystem, name).filter(|(_, affected)| affected.ranges.iter().any(Range::affects_all));
        all.map(|(advisory, affected)| advised(advisory, affected, None)).collect()
    }

    /// Tells whether anything is said of a package.
    pub(in crate::scan) fn knows(&self, ecosystem: Ecosystem, name: &str) -> bool {
        self.on(ecosystem, name).next().is_some()
    }

    fn on(&self, ecosystem: Ecosystem, name: &str) -> impl Iterator<Item = (&Advisory, &Affected)> {
        let places = self.index.get(&(ecosystem, ecosystem.normal(name).into())).into_iter().flatten();
        places.filter_map(|(at, of)| {
            let advisory = self.all.get(*at as usize)?;
            Some((advisory, advisory.affected.get(*of as usize)?))
        })
    }
}

fn advised<'a>(advisory: &'a Advisory, affected: &'a Affected, version: Option<&Version>) -> Advised<'a> {
    let fixed = version.and_then(|version| {
        affected
            .ranges
            .iter()
            .filter(|range| range.affects(version))
            .find_map(|range| range.fixed_after(version))
    });
    Advised { id: &advisory.id, degree: advisory.degree, summary: &advisory.summary, fixed }
}

impl Affected {
    fn tells(&self, parsed: Option<&Version>, version: &str) -> bool {
        let plain = version.trim_start_matches('v');
        let is_it = |one: &str| {
            let same = |parsed: &Version| {
                Version::parse(self.ecosystem, one).is_some_and(|one| one.order(parsed).is_eq())
            };
            one == version || one == plain || parsed.is_some_and(same)
        };
        self.versions.iter().any(|one| is_it(one))
            || parsed.is_some_and(|version| self.ranges.iter().any(|range| range.affects(version)))
            // A version that cannot be compared is affected when all are.
            || parsed.is_none() && self.ranges.iter().any(Range::affects_all)
    }
}

impl std::fmt::Debug for Advisories {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Advisories")
            .field("count", &self.count())
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}
