//! TOML whose servers stand in a list of tables, each with its name in it; changed in place.

use toml_edit::{ArrayOfTables, Item, Table};

use super::entry::Entry;
use super::merge::{MergeError, Merged};
use super::toml::{descend, ended_as, read, same, table};

pub(super) fn merge(path: &[&str], text: &str, entry: &Entry) -> Result<Merged, MergeError> {
    let Some((last, above)) = path.split_last() else { return Err(MergeError::Elsewhere(String::new())) };
    let mut document = read(text)?;
    let parent = descend(&mut document, above)?;
    // A list with nothing in it is written either way.
    if parent.get(last).is_some_and(|there| there.as_array().is_some_and(toml_edit::Array::is_empty)) {
        parent.remove(last);
    }
    let new = || Item::ArrayOfTables(ArrayOfTables::new());
    let list = parent.entry(last).or_insert_with(new).as_array_of_tables_mut();
    let list = list.ok_or_else(|| MergeError::Elsewhere((*last).to_owned()))?;
    let own = table(entry);
    let there = list.iter().find(|there| is_called(there, &entry.name));
    match there.map(|there| same(&Item::Table(there.clone()), &own)) {
        Some(true) => return Ok(Merged { text: text.to_owned(), changed: false, inputs: Vec::new() }),
        Some(false) => return Err(MergeError::Taken(entry.name.clone())),
        None => list.push(own),
    }
    Ok(Merged { text: ended_as(text, document.to_string()), changed: true, inputs: Vec::new() })
}

pub(super) fn remove(path: &[&str], text: &str, name: &str) -> Result<Option<String>, MergeError> {
    let Some((last, above)) = path.split_last() else { return Ok(None) };
    let mut document = read(text)?;
    let mut here: Option<&mut dyn toml_edit::TableLike> = Some(document.as_table_mut());
    for part in above {
        here = here.and_then(|table| table.get_mut(part)).and_then(Item::as_table_like_mut);
    }
    let Some(list) = here.and_then(|table| table.get_mut(last)).and_then(Item::as_array_of_tables_mut) else {
        return Ok(None);
    };
    let Some(at) = list.iter().position(|there| is_called(there, name)) else { return Ok(None) };
    list.remove(at);
    Ok(Some(ended_as(text, document.to_string())))
}

fn is_called(table: &Table, name: &str) -> bool {
    table.get("name").and_then(Item::as_str) == Some(name)
}
