//! The names that are imitated, indexed once by what is left of each when one character goes.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::dependency::Ecosystem;

/// The names of one ecosystem.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Every name of the list: those that are imitated and those that look alike and are used.
    listed: HashSet<&'static str>,
    /// The imitated ones by the hash of themselves, and of what is left of them without one character, in order.
    near: Vec<(u64, &'static str)>,
    /// The imitated ones without what separates their words.
    flat: HashMap<String, Vec<&'static str>>,
    /// The long ones by length and by each of three parts, one of which two slips leave whole.
    parts: HashMap<(usize, usize, &'static str), Vec<&'static str>>,
    /// Who publishes under a name of their own.
    scopes: HashSet<&'static str>,
    /// The imitated ones, in the order of the list.
    imitated: Vec<&'static str>,
}

/// Characters that a name has at least for two slips in it to count.
pub(super) const LONG: usize = 12;

static NPM: LazyLock<Names> = LazyLock::new(|| Names::new(include_str!("names/npm.txt")));
static PYPI: LazyLock<Names> = LazyLock::new(|| Names::new(include_str!("names/pypi.txt")));
static CRATES: LazyLock<Names> = LazyLock::new(|| Names::new(include_str!("names/crates.txt")));
static GO: LazyLock<Names> = LazyLock::new(|| Names::new(include_str!("names/go.txt")));

/// Returns the names of an ecosystem.
pub(super) fn of(ecosystem: Ecosystem) -> &'static Names {
    match ecosystem {
        Ecosystem::Npm => &NPM,
        Ecosystem::PyPi => &PYPI,
        Ecosystem::Crates => &CRATES,
        Ecosystem::Go => &GO,
    }
}

impl Names {
    fn new(text: &'static str) -> Self {
        let mut names = Self::default();
        let mut imitated = true;
        for line in text.lines() {
            imitated &= line != "# neighbours";
            if line.starts_with('#') || line.is_empty() {
                continue;
            }
            names.listed.insert(line);
            names.scopes.extend(scope(line));
            if imitated {
                names.near.extend(shorter(line).chain([[line, ""]]).map(|left| (hash(left), line)));
                names.flat.entry(flat(line)).or_default().push(line);
                names.imitated.push(line);
                if line.len() >= LONG && line.is_ascii() {
                    thirds(line.len()).for_each(|(part, from, to)| {
                        names.parts.entry((line.len(), part, &line[from..to])).or_default().push(line)
                    });
                }
            }
        }
        names.near.sort_by_key(|(hash, _)| *hash);
        names
    }

    /// Tells whether a name is on the list.
    pub(super) fn has(&self, name: &str) -> bool {
        self.listed.contains(name)
    }

    /// Tells whether somebody known publishes under a scope.
    pub(super) fn has_scope(&self, name: &str) -> bool {
        scope(name).is_some_and(|scope| self.scopes.contains(scope))
    }

    /// Yields imitated names that one mistake may have made `name` of.
    pub(super) fn near(&self, name: &str) -> impl Iterator<Item = &'static str> {
        let mut found = Vec::new();
        for left in shorter(name).chain([[name, ""]]) {
            let hash = hash(left);
            let rest = &self.near[self.near.partition_point(|(known, _)| *known < hash)..];
            let same = rest.iter().take_while(|(known, _)| *known == hash).map(|(_, name)| *name);
            found.extend(same.filter(|name| leaves(name, left)));
        }
        found.into_iter()
    }

    /// Yields imitated names that have the same characters but for what separates words.
    pub(super) fn flat(&self, name: &str) -> &[&'static str] {
        self.flat.get(&flat(name)).map_or(&[], Vec::as_slice)
    }

    /// Yields long imitated names that share a third with `name`, which is ASCII, up to two characters away from its
    /// place.
    pub(super) fn near_by_parts(&self, name: &str) -> impl Iterator<Item = &'static str> {
        let mut found = Vec::new();
        for length in (name.len().saturating_sub(2)..=name.len() + 2).filter(|length| *length >= LONG) {
            for (part, from, to) in thirds(length) {
                let moved = (from.saturating_sub(2)..=from + 2).filter_map(|at| name.get(at..at + to - from));
                let shared = moved.filter_map(|part_of_name| self.parts.get(&(length, part, part_of_name)));
                found.extend(shared.flatten().copied());
            }
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter()
    }

    /// Yields every imitated name.
    pub(super) fn imitated(&self) -> impl Iterator<Item = &'static str> {
        self.imitated.iter().copied()
    }
}

/// Yields three parts of a name of some length: which, from where, to where.
fn thirds(length: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..3).map(move |part| (part, length * part / 3, length * (part + 1) / 3))
}

/// Returns the scope of `@scope/name`.
pub(super) fn scope(name: &str) -> Option<&str> {
    name.starts_with('@').then(|| name.split('/').next()).flatten()
}

/// Yields what is left of a name without each of its characters, in two parts. Longer names than any on the lists are
/// not looked at.
fn shorter(name: &str) -> impl Iterator<Item = [&str; 2]> {
    let places = if name.len() <= 120 && name.is_ascii() { name.len() } else { 0 };
    (0..places).map(|at| [&name[..at], &name[at + 1..]])
}

/// Hashes a text in two parts, the same way each time.
fn hash(parts: [&str; 2]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Tells whether a name is a text in two parts, or leaves it when one character goes.
fn leaves(name: &str, [first, second]: [&str; 2]) -> bool {
    let (name, length) = (name.as_bytes(), first.len() + second.len());
    let text = || first.bytes().chain(second.bytes());
    let same = text().zip(name).take_while(|(one, other)| one == *other).count();
    match name.len() {
        whole if whole == length => same == length,
        whole if whole == length + 1 => text().skip(same).eq(name[same + 1..].iter().copied()),
        _ => false,
    }
}

/// Takes out what separates words.
fn flat(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_hold_no_name_twice() {
        for ecosystem in [Ecosystem::Npm, Ecosystem::PyPi, Ecosystem::Crates, Ecosystem::Go] {
            let names = of(ecosystem);
            assert!(names.listed.len() > 150, "{ecosystem}: {}", names.listed.len());
            let normal = |name: &&str| ecosystem == Ecosystem::Crates || ecosystem.normal(name) == **name;
            assert!(names.listed.iter().all(normal), "{ecosystem}");
        }
        assert!(of(Ecosystem::Npm).has("@modelcontextprotocol/sdk") && of(Ecosystem::PyPi).has("fastmcp"));
    }

    #[test]
    fn one_character_more_less_or_other_is_near() {
        let names = Names::new("fastmcp\nlodash\n");
        let near = |name: &str| names.near(name).collect::<std::collections::BTreeSet<_>>();
        for name in ["fastmcp", "fastmc", "fastmcpp", "afastmcp", "fastncp", "fasmtcp"] {
            assert!(near(name).contains("fastmcp"), "{name}");
        }
        for name in ["fast", "fastmcpxx", "lodas-h1", "", "é"] {
            assert!(near(name).is_empty(), "{name}");
        }
        assert!(leaves("abc", ["a", "c"]) && leaves("abc", ["abc", ""]) && leaves("aab", ["ab", ""]));
        assert!(!leaves("abc", ["a", "d"]) && !leaves("abc", ["b", "a"]) && !leaves("a", ["a", "bc"]));
    }
}
