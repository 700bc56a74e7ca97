//! What is wrong with a manifest, and where.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::domain::Kind;

/// One thing that is wrong, or that the author should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// File it is in.
    pub file: String,
    /// Line, counted from 1; nothing when it has none (a field that is missing).
    pub line: Option<usize>,
    /// Column in characters, counted from 1.
    pub column: Option<usize>,
    /// Field it is about, such as `startCommand.args[2]`.
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        match &self.field {
            Some(field) => write!(f, ": `{field}` {}", self.message)?,
            None => write!(f, ": {}", self.message)?,
        }
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

/// A manifest that cannot be used, with every problem found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError {
    /// What is wrong; never empty.
    pub problems: Vec<Problem>,
}

impl ManifestError {
    /// Returns the class of the failure.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.problems.as_slice() {
            return only.fmt(f);
        }
        write!(f, "{} problems in the manifest", self.problems.len())?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for ManifestError {}

/// Where something stands: a file, and a line and column when it has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(super) file: Arc<str>,
    pub(super) at: Option<(usize, usize)>,
}

impl Place {
    /// A file as a whole.
    pub(crate) fn file(file: &str) -> Self {
        Self { file: printable(file).into(), at: None }
    }

    /// Returns the line, counted from 1, if it is known.
    #[cfg(feature = "scan")]
    pub(crate) fn line(&self) -> Option<usize> {
        self.at.map(|(line, _)| line)
    }

    /// A line and column of the same file.
    pub(super) fn at(&self, line: usize, column: usize) -> Self {
        Self { file: Arc::clone(&self.file), at: Some((line, column)) }
    }

    /// Begins a problem that stands here.
    pub(crate) fn problem(&self, field: &str, message: impl Into<String>) -> Problem {
        Problem {
            file: self.file.to_string(),
            line: self.at.map(|(line, _)| line),
            column: self.at.map(|(_, column)| column),
            field: Some(shown(field)).filter(|field| !field.is_empty()),
            message: message.into(),
            hint: None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((line, _)) => write!(f, "{}, line {line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

impl Problem {
    /// Adds what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Problems and notices as they are found; keeps the first of them and counts the rest.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    errors: Vec<Problem>,
    notices: Vec<Problem>,
    more_errors: usize,
    more_notices: usize,
}

/// How many problems one report shows, and how many notices.
pub(super) const SHOWN: usize = 100;

impl Problems {
    /// Notes a problem that forbids the manifest.
    pub(crate) fn error(&mut self, problem: Problem) {
        push(&mut self.errors, &mut self.more_errors, problem);
    }

    /// Notes something that the author should know.
    pub(crate) fn notice(&mut self, problem: Problem) {
        push(&mut self.notices, &mut self.more_notices, problem);
    }

    /// Tells whether a further problem would only be counted.
    pub(super) fn is_full(&self) -> bool {
        self.errors.len() >= SHOWN || self.notices.len() >= SHOWN
    }

    /// Counts what forbids the manifest.
    pub(super) fn count(&self) -> usize {
        self.errors.len() + self.more_errors
    }

    /// Tells whether anything forbids the manifest.
    pub(super) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Returns the notices, or every problem if there is one.
    pub(crate) fn finish(self) -> Result<Vec<Problem>, ManifestError> {
        if self.errors.is_empty() {
            return Ok(closed(self.notices, self.more_notices));
        }
        Err(ManifestError { problems: closed(self.errors, self.more_errors) })
    }
}

fn push(list: &mut Vec<Problem>, more: &mut usize, problem: Problem) {
    if list.len() < SHOWN {
        list.push(problem);
    } else {
        *more += 1;
    }
}

fn closed(mut list: Vec<Problem>, more: usize) -> Vec<Problem> {
    list.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    if let Some(last) = list.last().filter(|_| more > 0) {
        let file = last.file.clone();
        list.push(Place::file(&file).problem("", format!("{more} further problems are not shown")));
    }
    list
}

/// Returns text of a stranger fit to be shown: short, on one line, without control characters.
pub(crate) fn shown(text: &str) -> String {
    const LENGTH: usize = 80;
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => printable(&text[..end]) + "…",
        None => printable(text),
    }
}

/// Returns text of a stranger on one line, without control characters.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unseen(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Tells whether a character moves the cursor, turns the direction of text, cannot be seen, or is none (YAML takes no such
/// thing, even in a comment).
pub(super) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_shown_is_counted() {
        let mut problems = Problems::default();
        for line in 0..SHOWN + 7 {
            problems.error(Place::file("f").at(line + 1, 1).problem("", "is wrong"));
        }
        let error = problems.finish().unwrap_err();
        assert_eq!(error.problems.len(), SHOWN + 1);
        assert_eq!(error.problems[SHOWN].to_string(), "f: 7 further problems are not shown");
    }

    #[test]
    fn a_name_cannot_speak_to_the_terminal() {
        assert_eq!(shown("a\u{1b}[2Jb\u{202e}"), "a\\u{1b}[2Jb\\u{202e}");
        assert_eq!(shown(&"x".repeat(200)).chars().count(), 81);
    }
}
