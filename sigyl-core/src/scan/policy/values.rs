//! Values of a policy file: taken by key, checked, and told with their place when they are wrong.

use serde::de::DeserializeOwned;

use crate::manifest::{Entry, Node, Place, Problems, Value, shown};

/// Items of one list.
const ITEMS: usize = 200;
/// Characters of a text for readers.
const TEXT: usize = 500;

/// A map of a policy file, whose problems are noted as its values are taken.
pub(super) struct Map<'a> {
    pub(super) node: &'a Node,
    /// The path of the map in the file, for messages.
    path: String,
}

impl<'a> Map<'a> {
    /// Takes a node that has to be a map with these keys.
    pub(super) fn new(node: &'a Node, path: &str, keys: &[&str], problems: &mut Problems) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            problems.error(node.place.problem(path, format!("holds {} and not a map", node.value.sort())));
            return None;
        };
        let map = Self { node, path: path.to_owned() };
        for entry in entries.iter().filter(|entry| !keys.contains(&entry.key.as_str())) {
            map.unknown(entry, keys, problems);
        }
        Some(map)
    }

    fn unknown(&self, entry: &Entry, keys: &[&str], problems: &mut Problems) {
        let likeness = |key: &str| strsim::jaro_winkler(&entry.key.chars().take(40).collect::<String>(), key);
        let near = keys.iter().map(|key| (likeness(key), key)).filter(|(likeness, _)| *likeness > 0.8);
        let problem = entry.place.problem(&self.at(&entry.key), "is not a key that a policy has here");
        let hint = match near.max_by(|one, other| one.0.total_cmp(&other.0)) {
            Some((_, key)) => format!("did you mean `{key}`?"),
            None => format!("the keys are {}", keys.join(", ")),
        };
        problems.error(problem.hint(hint));
    }

    /// Returns the path of a key.
    pub(super) fn at(&self, key: &str) -> String {
        match self.path.is_empty() {
            true => key.to_owned(),
            false => format!("{}.{key}", self.path),
        }
    }

    /// Finds the value of a key.
    pub(super) fn find(&self, key: &str) -> Option<&'a Node> {
        let entry = self.node.entries().iter().find(|entry| entry.key == key);
        entry.map(|entry| &entry.node).filter(|node| node.value != Value::Null)
    }

    /// Notes what is wrong with a key; with the whole map when the key is not there.
    pub(super) fn wrong(&self, key: &str, message: impl Into<String>, problems: &mut Problems) {
        let place = self.find(key).map_or(&self.node.place, |node| &node.place);
        problems.error(place.problem(&self.at(key), message));
    }

    /// Takes a text of one line.
    pub(super) fn text(&self, key: &str, problems: &mut Problems) -> Option<String> {
        let node = self.find(key)?;
        self.text_of(node, key, problems)
    }

    fn text_of(&self, node: &Node, key: &str, problems: &mut Problems) -> Option<String> {
        let Value::Text(text) = &node.value else {
            let message = format!("holds {} and not text", node.value.sort());
            problems.error(node.place.problem(&self.at(key), message));
            return None;
        };
        let text = text.trim();
        let wrong = if text.is_empty() {
            "is empty"
        } else if text.chars().count() > TEXT {
            "is too long"
        } else if text.chars().any(char::is_control) {
            "has to be one line, without control characters"
        } else {
            return Some(text.to_owned());
        };
        problems.error(node.place.problem(&self.at(key), wrong));
        None
    }

    /// Takes a text that `parse` understands.
    pub(super) fn parsed<T, E: std::fmt::Display>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, E>,
        problems: &mut Problems,
    ) -> Option<T> {
        let text = self.text(key, problems)?;
        parse(&text).map_err(|error| self.wrong(key, format!("is wrong: {error}"), problems)).ok()
    }

    /// Takes one word of those that `T` knows.
    pub(super) fn word<T: DeserializeOwned>(&self, key: &str, problems: &mut Problems) -> Option<T> {
        self.parsed(key, word, problems)
    }

    /// Takes true or false.
    pub(super) fn truth(&self, key: &str, problems: &mut Problems) -> Option<bool> {
        let node = self.find(key)?;
        match &node.value {
            Value::Truth(truth, _) => Some(*truth),
            other => {
                let message = format!("holds {} and not true or false", other.sort());
                problems.error(node.place.problem(&self.at(key), message));
                None
            }
        }
    }

    /// Takes a text, or a list of them, that `parse` understands; with the place of each.
    pub(super) fn list<T, E: std::fmt::Display>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, E>,
        problems: &mut Problems,
    ) -> Vec<(T, Place)> {
        let Some(node) = self.find(key) else { return Vec::new() };
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        if items.is_empty() {
            problems.error(node.place.problem(&self.at(key), "is an empty list, which fits nothing"));
        }
        if items.len() > ITEMS {
            let message = format!("has {} items, and at most {ITEMS} are read", items.len());
            problems.error(node.place.problem(&self.at(key), message));
            return Vec::new();
        }
        let mut taken = Vec::new();
        for item in items {
            let Some(text) = self.text_of(item, key, problems) else { continue };
            match parse(&text) {
                Ok(value) => taken.push((value, item.place.clone())),
                Err(error) => problems.error(item.place.problem(&self.at(key), format!("is wrong: {error}"))),
            }
        }
        taken
    }

    /// Takes the maps of a list, each with its path.
    pub(super) fn maps(&self, key: &str, most: usize, problems: &mut Problems) -> Vec<(&'a Node, String)> {
        let Some(node) = self.find(key) else { return Vec::new() };
        let Value::List(items) = &node.value else {
            self.wrong(key, format!("holds {} and not a list", node.value.sort()), problems);
            return Vec::new();
        };
        if items.len() > most {
            self.wrong(key, format!("has {} items, and at most {most} are read", items.len()), problems);
            return Vec::new();
        }
        items.iter().enumerate().map(|(at, item)| (item, format!("{}[{at}]", self.at(key)))).collect()
    }
}

/// Reads one word of those that `T` knows.
pub(super) fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| shown_long(&error.to_string()))
}

/// The words to choose from may be many.
fn shown_long(text: &str) -> String {
    let kept: String = text.chars().take(400).collect();
    kept.lines().map(shown_line).collect::<Vec<_>>().join(" ")
}

fn shown_line(line: &str) -> String {
    line.chars().filter(|c| !c.is_control()).collect()
}

/// Shows a text of the file in a message.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", shown(text))
}
