//! Reading such a file.

use std::fmt::{self, Write as _};
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::render::specimen;

/// Bytes that a file has at most.
const LIMIT: u64 = 64 << 10;
/// Problems that are told.
const TOLD: usize = 20;
/// How alike two names are, at least, for one to be meant by the other.
const ALIKE: f64 = 0.7;

/// What is wrong in a file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::console) enum Wrong {
    /// It cannot be read.
    #[error("could not read {path}: {why}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        why: String,
    },
    /// It holds what it cannot hold.
    #[error("{}", told(path, problems))]
    Problems {
        /// The file.
        path: PathBuf,
        /// Lines, from 1, and what is wrong there.
        problems: Vec<(usize, String)>,
    },
}

fn told(path: &Path, problems: &[(usize, String)]) -> String {
    let mut text = String::new();
    for (at, (line, what)) in problems.iter().take(TOLD).enumerate() {
        let end = if at == 0 { "" } else { "\n" };
        // Writing into a string does not fail.
        write!(text, "{end}{}:{line}: {}", path.display(), specimen(what)).ok();
    }
    match problems.len().saturating_sub(TOLD) {
        0 => text,
        more => format!("{text}\nand {more} more problems"),
    }
}

/// Problems of a file, while it is read.
pub(in crate::console) struct Problems<'a> {
    text: &'a str,
    found: Vec<(usize, String)>,
}

impl Problems<'_> {
    /// Notes a problem at a place.
    pub(super) fn note(&mut self, at: Range<usize>, what: impl fmt::Display) {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        self.found.push((before.matches('\n').count() + 1, what.to_string()));
    }
}

/// Reads a file, and what `take` makes of its tables.
pub(in crate::console) fn read<T>(
    path: &Path,
    take: impl FnOnce(&DeTable<'_>, &mut Problems<'_>) -> T,
) -> Result<T, Wrong> {
    let unreadable =
        |error: std::io::Error| Wrong::Unreadable { path: path.to_owned(), why: error.to_string() };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let read = file.take(LIMIT + 1).read_to_string(&mut text).map_err(unreadable)?;
    if read as u64 > LIMIT {
        return Err(unreadable(std::io::Error::other("it is larger than 64 KiB")));
    }
    parse(&text, path, take)
}

/// Takes the text of a file apart.
pub(super) fn parse<T>(
    text: &str,
    path: &Path,
    take: impl FnOnce(&DeTable<'_>, &mut Problems<'_>) -> T,
) -> Result<T, Wrong> {
    let mut problems = Problems { text, found: Vec::new() };
    let (tables, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        problems.note(error.span().unwrap_or_default(), error.message());
    }
    // What is no TOML is told alone: what would be read of the rest is a guess.
    let taken = if errors.is_empty() { Some(take(tables.get_ref(), &mut problems)) } else { None };
    problems.found.sort();
    match taken {
        Some(taken) if problems.found.is_empty() => Ok(taken),
        _ => Err(Wrong::Problems { path: path.to_owned(), problems: problems.found }),
    }
}

/// The text of a value; of any other value, a problem.
pub(super) fn text<'a>(value: &'a Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<&'a str> {
    let text = value.get_ref().as_str();
    if text.is_none() {
        problems.note(value.span(), "a text in quotes belongs here");
    }
    text
}

/// The entries of a table, in the order of the file; of any other value, a problem.
pub(super) fn entries<'a, 'i>(
    value: &'a Spanned<DeValue<'i>>,
    problems: &mut Problems<'_>,
) -> Vec<(&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>)> {
    match value.get_ref() {
        DeValue::Table(table) => table.iter().collect(),
        _ => {
            problems.note(value.span(), "a table belongs here");
            Vec::new()
        }
    }
}

/// A hint at the name that was probably meant.
pub(super) fn nearest(unknown: &str, names: impl IntoIterator<Item = String>) -> String {
    let alike = names.into_iter().map(|name| (strsim::jaro_winkler(unknown, &name), name));
    let best = alike.filter(|(alike, _)| *alike > ALIKE).max_by(|one, other| one.0.total_cmp(&other.0));
    best.map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}
