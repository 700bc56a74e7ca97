//! Names that imitate others: a slip of the finger, another separator or scope, another script, a word more.

use super::dependency::Ecosystem;
use super::names::{self, LONG, Names, scope};
use crate::scan::fold::{Folded, fold};

/// How a name imitates another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scan) enum How {
    /// One or two characters differ.
    Letters,
    /// The same, in a name so short that it may be a word of its own.
    Short,
    /// The separators or the scope differ.
    Separators,
    /// Characters look like others.
    Looks,
    /// Another owner publishes a module of the same name.
    Owner,
    /// A word such as `-js` or `-official` stands beside it.
    Affix,
}

/// Words that promise to be the same package.
const SUFFIXES: [&str; 12] = [
    "-official",
    "-latest",
    "-original",
    "-fixed",
    "-secure",
    "-js",
    ".js",
    "js",
    "-node",
    "-python",
    "-py",
    "-pypi",
];
const PREFIXES: [&str; 6] = ["node-", "python-", "py-", "official-", "real-", "the-"];

/// Returns the well-known package that `name` imitates, if it is not well known itself.
pub(in crate::scan) fn imitated(ecosystem: Ecosystem, name: &str) -> Option<(&'static str, How)> {
    let names = names::of(ecosystem);
    // crates.io takes `-` and `_` for the same in a search and not in a name.
    let (name, same) = match ecosystem {
        Ecosystem::Crates => (name.to_owned(), [name.replace('-', "_"), name.replace('_', "-")]),
        _ => (ecosystem.normal(name), [String::new(), String::new()]),
    };
    if names.has(&name) || same.iter().any(|same| names.has(same)) || names.has_scope(&name) {
        return None;
    }
    if ecosystem == Ecosystem::Go {
        return module(names, &name);
    }
    looks(names, &name)
        .or_else(|| separators(names, &name))
        .or_else(|| letters(names, &name))
        .or_else(|| two_letters(names, &name))
        .or_else(|| affix(names, &name))
}

/// Reads characters as what they look like.
fn looks(names: &Names, name: &str) -> Option<(&'static str, How)> {
    let letter = |c: char| match fold(c) {
        Folded::Same => Some(c),
        Folded::Gone => None,
        Folded::Tag(is) | Folded::Is(is) | Folded::Looks(is) => Some(is.to_ascii_lowercase()),
    };
    let plain: String =
        if name.is_ascii() { name.to_owned() } else { name.chars().filter_map(letter).collect() };
    let mut ways = vec![plain.clone()];
    for (looks, like) in
        [("rn", "m"), ("vv", "w"), ("cl", "d"), ("1", "l"), ("0", "o"), ("5", "s"), ("I", "l")]
    {
        ways.extend(plain.contains(looks).then(|| plain.replace(looks, like)));
    }
    let is_other = |way: &String| way != name && way.len() >= 5;
    ways.iter()
        .filter(|way| is_other(way))
        .find_map(|way| names.flat(way).iter().find(|target| *target == way))
        .map(|target| (*target, How::Looks))
}

/// Compares names without what separates their words.
fn separators(names: &Names, name: &str) -> Option<(&'static str, How)> {
    let own = |target: &&&str| scope(name).is_none() || scope(target).is_some();
    names
        .flat(name)
        .iter()
        .filter(own)
        .find(|target| target.len() >= 6)
        .map(|target| (*target, How::Separators))
}

fn letters(names: &Names, name: &str) -> Option<(&'static str, How)> {
    names.near(name).filter(|target| target.len() >= 5).find_map(|target| Some((target, slip(name, target)?)))
}

/// Tells how a name may have been made of another by one slip within one word.
fn slip(name: &str, target: &str) -> Option<How> {
    if scope(name).is_some() != scope(target).is_some() || strsim::osa_distance(name, target) != 1 {
        return None;
    }
    let (word, meant) = one_word(name, target)?;
    let swapped = word.len() == meant.len() && strsim::levenshtein(word, meant) == 2;
    let doubled = word.len() != meant.len() && without_doubles(word) == without_doubles(meant);
    // `v2` and `cu12` are other versions of the same.
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    if digits(word) != digits(meant) {
        return None;
    }
    match meant.len() {
        0..=3 => None,
        4..=6 if !swapped && !doubled => Some(How::Short),
        4 => Some(How::Short),
        _ => Some(How::Letters),
    }
}

/// Returns the only word in which two names differ.
fn one_word<'a>(name: &'a str, target: &'a str) -> Option<(&'a str, &'a str)> {
    const MARKS: [char; 5] = ['-', '_', '.', '/', '@'];
    if name.matches(MARKS).ne(target.matches(MARKS)) {
        return None;
    }
    let mut differ = name.split(MARKS).zip(target.split(MARKS)).filter(|(one, other)| one != other);
    let first = differ.next()?;
    differ.next().is_none().then_some(first)
}

fn without_doubles(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    letters.dedup();
    letters.into_iter().collect()
}

/// Looks for two slips in one long word.
fn two_letters(names: &Names, name: &str) -> Option<(&'static str, How)> {
    if name.len() + 2 < LONG || name.len() > 120 || !name.is_ascii() {
        return None;
    }
    let near = |target: &&'static str| {
        let (one, other) = (name.len(), target.len());
        if one.abs_diff(other) > 2 || apart(name, target) > 4 {
            return false;
        }
        let word = one_word(name, target).filter(|(_, meant)| meant.len() >= 8);
        word.is_some_and(|(word, meant)| {
            word.as_bytes().first() == meant.as_bytes().first() && strsim::osa_distance(word, meant) <= 2
        })
    };
    names.near_by_parts(name).find(near).map(|target| (target, How::Letters))
}

/// Counts the characters that one of two texts has and the other has not.
fn apart(one: &str, other: &str) -> usize {
    let mut counts = [0_i16; 128];
    one.bytes().for_each(|byte| counts[usize::from(byte & 127)] += 1);
    other.bytes().for_each(|byte| counts[usize::from(byte & 127)] -= 1);
    counts.iter().map(|count| usize::from(count.unsigned_abs())).sum()
}

fn affix(names: &Names, name: &str) -> Option<(&'static str, How)> {
    let suffixes = SUFFIXES.iter().filter_map(|word| name.strip_suffix(word));
    let prefixes = PREFIXES.iter().filter_map(|word| name.strip_prefix(word));
    let mut targets = suffixes.chain(prefixes).filter(|rest| rest.len() >= 6 && scope(rest).is_none());
    targets
        .find_map(|rest| names.flat(rest).iter().find(|target| **target == rest))
        .map(|target| (*target, How::Affix))
}

/// Compares a Go module by host, owner and name.
fn module(names: &Names, name: &str) -> Option<(&'static str, How)> {
    let parts: Vec<&str> = name.split('/').collect();
    let [host, owner, module, ..] = parts.as_slice() else { return letters(names, name) };
    let path = [*host, *owner, *module].join("/");
    if names.has(&path) {
        return None;
    }
    let is_owner = |target: &&'static str| {
        let mut parts = target.split('/');
        let (Some(of), Some(by), Some(named)) = (parts.next(), parts.next(), parts.next()) else {
            return false;
        };
        of == *host && named == *module && imitates_owner(owner, by)
    };
    let owned = names.imitated().find(is_owner).map(|target| (target, How::Owner));
    owned.or_else(|| letters(names, &path))
}

/// Tells whether an owner calls itself like another: one slip, or a word more, as `boltdb-go` for `boltdb`.
fn imitates_owner(owner: &str, meant: &str) -> bool {
    let (owner, meant) = (owner.to_ascii_lowercase(), meant.to_ascii_lowercase());
    owner != meant
        && meant.len() >= 4
        && (strsim::osa_distance(&owner, &meant) == 1
            || owner.strip_prefix(&meant).is_some_and(|more| more.starts_with(['-', '_']) || more == "go"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ecosystem: Ecosystem, name: &str) -> Option<(&'static str, How)> {
        imitated(ecosystem, name)
    }

    #[test]
    fn names_that_imitate_are_found_with_what_they_imitate() {
        for (ecosystem, name, target, how) in [
            (Ecosystem::Npm, "lodahs", "lodash", How::Letters),
            (Ecosystem::Npm, "expresss", "express", How::Letters),
            (Ecosystem::Npm, "typscript", "typescript", How::Letters),
            (Ecosystem::Npm, "c0mmander", "commander", How::Looks),
            (Ecosystem::Npm, "\u{0430}xios", "axios", How::Looks),
            (Ecosystem::Npm, "modelcontextprotocol-sdk", "@modelcontextprotocol/sdk", How::Separators),
            (Ecosystem::Npm, "@modelcontextprotocal/sdk", "@modelcontextprotocol/sdk", How::Letters),
            (Ecosystem::Npm, "@model-context-protocol/sdk", "@modelcontextprotocol/sdk", How::Separators),
            (Ecosystem::Npm, "commander-official", "commander", How::Affix),
            (Ecosystem::PyPi, "reqeusts", "requests", How::Letters),
            (Ecosystem::PyPi, "python-requests", "requests", How::Affix),
            (Ecosystem::PyPi, "fasmtcp", "fastmcp", How::Letters),
            (Ecosystem::PyPi, "beautifulsoop4", "beautifulsoup4", How::Letters),
            (Ecosystem::Crates, "rustdecimal", "rust_decimal", How::Separators),
            (Ecosystem::Crates, "serde_jsno", "serde_json", How::Short),
            (Ecosystem::Go, "github.com/boltdb-go/bolt", "github.com/boltdb/bolt", How::Owner),
            (Ecosystem::Go, "github.com/siruspen/logrus", "github.com/sirupsen/logrus", How::Owner),
            (Ecosystem::Go, "github.com/gorila/mux/v2", "github.com/gorilla/mux", How::Owner),
        ] {
            assert_eq!(of(ecosystem, name), Some((target, how)), "{name}");
        }
    }

    #[test]
    fn neighbours_that_exist_and_names_of_ones_own_are_left_alone() {
        for (ecosystem, name) in [
            (Ecosystem::Npm, "lodash"),
            (Ecosystem::Npm, "preact"),
            (Ecosystem::Npm, "lodash-es"),
            (Ecosystem::Npm, "@types/lodahs"),
            (Ecosystem::Npm, "@acme/react"),
            (Ecosystem::Npm, "@acme/server-utils"),
            (Ecosystem::Npm, "my-mcp-server"),
            (Ecosystem::PyPi, "mcp-server-gist"),
            (Ecosystem::PyPi, "Typing.Extensions"),
            (Ecosystem::PyPi, "nvidia-cublas-cu13"),
            (Ecosystem::Crates, "serde-json"),
            (Ecosystem::Crates, "bit-vec"),
            (Ecosystem::Go, "github.com/sirupsen/logrus"),
            (Ecosystem::Go, "github.com/acme/bolt"),
            (Ecosystem::Go, "github.com/gorilla/mux/v2"),
        ] {
            assert_eq!(of(ecosystem, name), None, "{name}");
        }
    }
}
