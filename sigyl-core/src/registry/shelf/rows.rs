//! Reads rows of documents from a file: one a line, or one JSON text that holds them.

use std::io::{self, BufRead, Read as _};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::import::ROW_MAX;
use crate::domain::Kind;
use crate::registry::foreign;
use crate::wire::registry::ImportRow;

/// Rows that are handed on together, and bytes of them.
const BATCH: usize = 500;
const BATCH_BYTES: usize = 4 << 20;
/// Largest text that holds all rows at once, in bytes.
const WHOLE_MAX: u64 = 64 << 20;

/// Rows of a file, a batch at a time.
#[derive(Debug)]
pub struct Rows<R> {
    input: R,
    line: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing was read yet.
    Fresh,
    /// One row a line.
    Lines,
    /// All rows were in one text.
    Whole(std::vec::IntoIter<ImportRow>),
}

/// A file holds no rows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowsError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is one text that is too large.
    #[error("it is one text of more than {WHOLE_MAX} bytes: write one document a line")]
    TooLarge,
    /// It is no JSON.
    #[error("it is no list of documents: {0}")]
    NotJson(#[from] serde_json::Error),
}

impl RowsError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Io(_) => Kind::Unavailable,
            Self::TooLarge | Self::NotJson(_) => Kind::Invalid,
        }
    }
}

impl<R: BufRead> Rows<R> {
    /// Reads from `input`: lines of documents, a page of a registry, a list, or one document.
    pub fn new(input: R) -> Self {
        Self { input, line: 0, state: State::Fresh }
    }

    fn batch(&mut self) -> Result<Vec<ImportRow>, RowsError> {
        let first = if matches!(self.state, State::Fresh) { self.begin()? } else { None };
        self.more(first.into_iter().map(translated).collect())
    }

    /// Finds out what the file is. Returns the row that was read for it.
    fn begin(&mut self) -> Result<Option<ImportRow>, RowsError> {
        let Some(first) = self.next_line()? else {
            self.state = State::Lines;
            return Ok(None);
        };
        // A whole object in one line that is no page.
        if matches!(
            serde_json::from_str(first.text.trim_start_matches('\u{feff}')),
            Ok(Page { servers: None })
        ) {
            self.state = State::Lines;
            return Ok(Some(first));
        }
        let mut whole = first.text;
        let read = self.input.by_ref().take(WHOLE_MAX + 1).read_to_string(&mut whole)?;
        if read as u64 > WHOLE_MAX {
            return Err(RowsError::TooLarge);
        }
        self.state = State::Whole(whole_rows(&whole)?.into_iter());
        Ok(None)
    }

    fn more(&mut self, mut rows: Vec<ImportRow>) -> Result<Vec<ImportRow>, RowsError> {
        let mut bytes = 0;
        while rows.len() < BATCH && bytes < BATCH_BYTES {
            let next = match &mut self.state {
                State::Whole(rows) => rows.next(),
                State::Fresh | State::Lines => self.next_line()?,
            };
            let Some(row) = next else { break };
            bytes += row.text.len();
            rows.push(translated(row));
        }
        Ok(rows)
    }

    /// Reads the next line that is not blank. Of one that is too long, one byte more than is taken.
    fn next_line(&mut self) -> Result<Option<ImportRow>, RowsError> {
        loop {
            let mut line = Vec::new();
            let most = ROW_MAX as u64 + 1;
            if self.input.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
                return Ok(None);
            }
            self.line += 1;
            if line.len() as u64 == most && line.last() != Some(&b'\n') && self.line > 1 {
                self.input.skip_until(b'\n')?;
            }
            let text = String::from_utf8_lossy(&line).into_owned();
            if !text.trim().is_empty() {
                return Ok(Some(ImportRow { line: self.line, text }));
            }
        }
    }
}

impl<R: BufRead> Iterator for Rows<R> {
    type Item = Result<Vec<ImportRow>, RowsError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.batch() {
            Ok(rows) if rows.is_empty() => None,
            Ok(rows) => Some(Ok(rows)),
            Err(error) => {
                self.state = State::Whole(Vec::new().into_iter());
                Some(Err(error))
            }
        }
    }
}

/// A text that holds rows.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    servers: Option<Vec<&'a RawValue>>,
}

/// An entry of another product's catalogue, as the document that it stands for; all else stays as it is.
fn translated(row: ImportRow) -> ImportRow {
    // What has none of this word is no such entry, and is not read twice.
    if !row.text.contains("\"type\"") || row.text.len() > ROW_MAX {
        return row;
    }
    let entry = serde_json::from_str::<Map<String, Value>>(&row.text).ok();
    let document = entry.filter(|entry| !entry.contains_key("server")).and_then(|it| foreign::document(&it));
    match document {
        Some(document) => ImportRow { text: Value::Object(document).to_string(), ..row },
        None => row,
    }
}

/// Reads the catalogue of another product, in JSON or YAML.
fn catalogue(text: &str) -> Option<Vec<ImportRow>> {
    let whole: Map<String, Value> = match text.starts_with('{') {
        true => serde_json::from_str(text).ok()?,
        false => serde_yaml::from_str(text).ok()?,
    };
    let documents = foreign::documents(&whole)?;
    let row = |(line, document)| ImportRow { line, text: Value::Object(document).to_string() };
    Some((1..).zip(documents).map(row).collect())
}

fn whole_rows(text: &str) -> Result<Vec<ImportRow>, RowsError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(rows) = (!text.starts_with('[')).then(|| catalogue(text)).flatten() {
        return Ok(rows);
    }
    let items: Vec<&RawValue> = match text.starts_with('[') {
        true => serde_json::from_str(text)?,
        false => match serde_json::from_str::<Page<'_>>(text)?.servers {
            Some(servers) => servers,
            None => vec![serde_json::from_str(text)?],
        },
    };
    let row = |(at, item): (usize, &RawValue)| ImportRow { line: at as u64 + 1, text: item.get().to_owned() };
    Ok(items.into_iter().enumerate().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<(u64, String)>, String> {
        let mut all = Vec::new();
        for batch in Rows::new(text.as_bytes()) {
            let batch = batch.map_err(|error| error.to_string())?;
            all.extend(batch.into_iter().map(|row| (row.line, row.text.trim().to_owned())));
        }
        Ok(all)
    }

    #[test]
    fn every_form_holds_the_same_documents() {
        let (one, two) = (r#"{"name":"a/b"}"#, r#"{"name":"a/c"}"#);
        let both = [(1, one.to_owned()), (2, two.to_owned())];
        for text in [
            format!("{one}\n{two}\n"),
            format!("[{one}, {two}]"),
            format!("{{\"servers\": [{one},\n{two}], \"metadata\": {{\"count\": 2}}}}"),
            format!("{{\n\"servers\": [\n{one},\n{two}\n]}}"),
        ] {
            assert_eq!(rows(&text).unwrap(), both, "{text}");
        }
        assert_eq!(
            rows("{\n  \"name\": \"a/b\"\n}\n").unwrap(),
            [(1, "{\n  \"name\": \"a/b\"\n}".to_owned())]
        );
        assert_eq!(rows(&format!("{one}\n\n{two}")).unwrap()[1].0, 3, "lines are counted as an editor does");
        assert!(rows("").unwrap().is_empty() && rows(" \n\n").unwrap().is_empty());
    }

    #[test]
    fn catalogues_of_others_are_rows_of_documents() {
        let entry = r#"{"name": "x", "type": "server", "image": "mcp/x", "about": {"title": "X", "description": "y"}}"#;
        let yaml = "version: 3\nregistry:\n  x:\n    title: X\n    description: y\n    type: server\n    image: mcp/x\n";
        let hive = r#"{"servers": {"x": {"description": "y", "image": "mcp/x"}}, "remote_servers": {}}"#;
        for (text, name) in [
            (entry.to_owned(), "com.docker.catalog/x"),
            (format!("{entry}\n{entry}"), "com.docker.catalog/x"),
            (format!("[{entry}]"), "com.docker.catalog/x"),
            (yaml.to_owned(), "com.docker.catalog/x"),
            (hive.to_owned(), "dev.toolhive.catalog/x"),
        ] {
            let rows = rows(&text).unwrap();
            assert!(rows[0].1.contains(&format!("\"name\":\"{name}\"")), "{rows:?}");
        }
        let page = r#"{"servers": [{"server": {"name": "a/b"}, "type": "server"}]}"#;
        assert_eq!(rows(page).unwrap()[0].1, r#"{"server": {"name": "a/b"}, "type": "server"}"#);
    }

    #[test]
    fn a_bad_line_is_a_row_and_a_bad_file_an_error() {
        let text = "{\"name\":\"a/b\"}\nnonsense\n";
        assert_eq!(rows(text).unwrap()[1], (2, "nonsense".to_owned()));
        assert!(rows("nonsense\n").unwrap_err().contains("no list of documents"));
        assert!(rows("{\"servers\": 7}").unwrap_err().contains("no list of documents"));
    }

    #[test]
    fn a_line_without_end_is_cut_and_the_next_one_read() {
        let text = format!("{{\"name\":\"a/b\"}}\n{}\n{{\"name\":\"a/c\"}}\n", "x".repeat(3 * ROW_MAX));
        let rows = rows(&text).unwrap();
        assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(rows[1].1.len(), ROW_MAX + 1);
    }

    #[test]
    fn many_rows_come_in_batches() {
        let text = "{\"name\":\"a/b\"}\n".repeat(1_201);
        let sizes: Vec<_> = Rows::new(text.as_bytes()).map(|batch| batch.unwrap().len()).collect();
        assert_eq!(sizes, [500, 500, 201]);
    }
}
