//! Labelled samples, one JSON object a line.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};
use sigyl_core::domain::Digest;

/// What a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The definition of a tool.
    Tool,
    /// A file of code.
    Code,
}

/// What a sample is known to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// It attacks, or it is open to attack.
    Malicious,
    /// It is what a reviewer lets through.
    Benign,
}

/// One labelled sample.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Identifier inside its set.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// Name of the tool, or of the file.
    pub name: String,
    /// Description of the tool.
    #[serde(default)]
    pub description: Option<String>,
    /// Schema of the tool's input.
    #[serde(default)]
    pub input_schema: Option<Map<String, Value>>,
    /// Content of the file.
    #[serde(default)]
    pub code: Option<String>,
    /// What it is known to be.
    pub label: Label,
    /// Class of attack or of origin.
    pub category: String,
    /// Where it comes from.
    pub source: String,
    /// The file that holds it, without its ending.
    #[serde(skip)]
    pub set: String,
}

/// A file of samples that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// It cannot be read at all.
    #[error("{}: cannot be read", .0.display())]
    Io(PathBuf, #[source] std::io::Error),
    /// Code that is not there would count as code in which nothing was found.
    #[error("{}:{line}: a sample of code without `code`", path.display())]
    NoCode {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// One line is no sample.
    #[error("{}:{line}: no labelled sample", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// Which part of the samples is looked at. A sample belongs to one half for good, whatever else is in its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// What rules may be written by.
    Tuning,
    /// What they are checked with.
    Validation,
}

impl Half {
    /// Tells whether a sample is of this half.
    pub fn holds(self, row: &Row) -> bool {
        let even = Digest::of(row.id.as_bytes()).as_bytes()[0].is_multiple_of(2);
        even == (self == Self::Tuning)
    }
}

/// Reads the samples of one file.
pub fn rows(path: &Path) -> Result<Vec<Row>, RowError> {
    let failed = |source| RowError::Io(path.to_owned(), source);
    let set = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut rows = Vec::new();
    for (at, line) in BufReader::new(File::open(path).map_err(failed)?).lines().enumerate() {
        let line = line.map_err(failed)?;
        if line.trim().is_empty() {
            continue;
        }
        let row: Row = serde_json::from_str(&line).map_err(|source| RowError::Line {
            path: path.to_owned(),
            line: at + 1,
            source,
        })?;
        if row.kind == Kind::Code && row.code.is_none() {
            return Err(RowError::NoCode { path: path.to_owned(), line: at + 1 });
        }
        rows.push(Row { set: set.clone(), ..row });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Vec<Row>, RowError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.jsonl");
        std::fs::write(&path, format!("\n{line}\n")).expect("a file");
        rows(&path)
    }

    #[test]
    fn code_that_is_not_there_is_no_sample() {
        let row = |more: &str| {
            format!(
                r#"{{"id":"a","kind":"code","name":"a.py","label":"benign","category":"c","source":"s"{more}}}"#
            )
        };
        assert_eq!(read(&row(r#","code":"""#)).map(|rows| rows.len()).ok(), Some(1));
        assert!(matches!(read(&row("")), Err(RowError::NoCode { line: 2, .. })));
        assert!(matches!(read("{}"), Err(RowError::Line { line: 2, .. })));
    }
}
