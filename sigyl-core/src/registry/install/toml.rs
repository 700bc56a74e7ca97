//! TOML, changed in place.

use serde_json::Value;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, value as plain};

use super::entry::Entry;
use super::merge::{MergeError, Merged};

pub(super) fn merge(path: &[&str], text: &str, entry: &Entry) -> Result<Merged, MergeError> {
    let mut document = read(text)?;
    let servers = descend(&mut document, path)?;
    let table = table(entry);
    match servers.get(&entry.name) {
        Some(there) if same(there, &table) => {
            return Ok(Merged { text: text.to_owned(), changed: false, inputs: Vec::new() });
        }
        Some(_) => return Err(MergeError::Taken(entry.name.clone())),
        None => servers.insert(&entry.name, Item::Table(table)),
    };
    Ok(Merged { text: ended_as(text, document.to_string()), changed: true, inputs: Vec::new() })
}

/// Writes the body of an entry as a table.
pub(super) fn table(entry: &Entry) -> Table {
    let mut table = Table::new();
    for (name, inner) in &entry.body {
        table.insert(name, item(inner));
    }
    table
}

pub(super) fn remove(path: &[&str], text: &str, name: &str) -> Result<Option<String>, MergeError> {
    let mut document = read(text)?;
    let mut here: Option<&mut dyn toml_edit::TableLike> = Some(document.as_table_mut());
    for part in path {
        here = here.and_then(|table| table.get_mut(part)).and_then(Item::as_table_like_mut);
    }
    let Some(servers) = here else { return Ok(None) };
    if servers.remove(name).is_none() {
        return Ok(None);
    }
    Ok(Some(ended_as(text, document.to_string())))
}

/// Ends lines as those of the text before were ended: what writes TOML ends them in one way.
pub(super) fn ended_as(before: &str, written: String) -> String {
    let ends = before.matches('\n').count();
    let is_crlf = ends > 0 && before.matches("\r\n").count() == ends;
    if is_crlf { written.replace("\r\n", "\n").replace('\n', "\r\n") } else { written }
}

pub(super) fn read(text: &str) -> Result<DocumentMut, MergeError> {
    text.parse().map_err(|error: toml_edit::TomlError| MergeError::Unreadable(error.message().to_owned()))
}

pub(super) fn descend<'a>(
    document: &'a mut DocumentMut,
    path: &[&str],
) -> Result<&'a mut dyn toml_edit::TableLike, MergeError> {
    let mut here: &mut dyn toml_edit::TableLike = document.as_table_mut();
    for part in path {
        let new = || {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        };
        let next = here.entry(part).or_insert_with(new);
        here = next.as_table_like_mut().ok_or_else(|| MergeError::Elsewhere((*part).to_owned()))?;
    }
    Ok(here)
}

/// Tells whether an entry says the same as a table, however each is laid out.
pub(super) fn same(there: &Item, table: &Table) -> bool {
    let read = |item: &Item| {
        let mut document = DocumentMut::new();
        document.insert("x", item.clone());
        document.to_string().parse::<::toml::Table>().ok()
    };
    let own = read(&Item::Table(table.clone()));
    own.is_some() && read(there) == own
}

fn item(value: &Value) -> Item {
    match value {
        Value::Bool(flag) => plain(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => plain(whole),
            None => plain(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => plain(text.as_str()),
        Value::Array(items) => {
            plain(items.iter().filter_map(|inner| item(inner).into_value().ok()).collect::<Array>())
        }
        Value::Object(members) => {
            let inline =
                members.iter().filter_map(|(name, inner)| Some((name, item(inner).into_value().ok()?)));
            plain(inline.collect::<InlineTable>())
        }
        Value::Null => Item::None,
    }
}
