//! What a file says: values with the place where each stands.

use serde_json::{Map, Number};

use super::problem::Place;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

/// A value as YAML knows it. Numbers and truths keep the text that was written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Truth(bool, String),
    Number(Number, String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Something that was reported already and is not looked at again.
    Wrong,
}

/// One key of a map with its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) node: Node,
}

impl Node {
    /// A map without keys.
    pub(super) fn empty(place: Place) -> Self {
        Self { place, value: Value::Map(Vec::new()) }
    }

    /// A text.
    pub(super) fn text(place: Place, text: impl Into<String>) -> Self {
        Self { place, value: Value::Text(text.into()) }
    }

    /// Returns the keys of a map; none for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Returns the items of a list; none for anything else.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Returns the text, if it is one.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Finds what stands under a dotted path; a key without a value counts as absent.
    pub(super) fn find(&self, path: &str) -> Option<&Self> {
        let found = path.split('.').try_fold(self, |node, key| {
            node.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
        });
        found.filter(|node| node.value != Value::Null)
    }

    /// Takes out what stands under a dotted path, with maps that become empty by it.
    pub(super) fn take(&mut self, path: &str) -> Option<Self> {
        let Value::Map(entries) = &mut self.value else { return None };
        let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
        let at = entries.iter().position(|entry| entry.key == key)?;
        let Some(rest) = rest else { return Some(entries.remove(at).node) };
        let taken = entries[at].node.take(rest)?;
        if matches!(&entries[at].node.value, Value::Map(left) if left.is_empty()) {
            entries.remove(at);
        }
        Some(taken)
    }

    /// Puts a node under a dotted path, with the maps on the way; what stood there is replaced.
    ///
    /// Returns the node when something that is no map stands in the way.
    pub(super) fn put(&mut self, path: &str, node: Self) -> Result<(), Self> {
        if self.value == Value::Null {
            self.value = Value::Map(Vec::new());
        }
        let Value::Map(entries) = &mut self.value else { return Err(node) };
        let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
        let at = entries.iter().position(|entry| entry.key == key).unwrap_or_else(|| {
            let place = node.place.clone();
            entries.push(Entry { key: key.to_owned(), node: Self::empty(place.clone()), place });
            entries.len() - 1
        });
        match rest {
            Some(rest) => entries[at].node.put(rest, node),
            None => {
                entries[at].node = node;
                Ok(())
            }
        }
    }

    /// Tells whether both say the same, wherever they stand and however they are written.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.to_json() == other.to_json()
    }

    /// Returns the value without places.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null | Value::Wrong => serde_json::Value::Null,
            Value::Truth(truth, _) => (*truth).into(),
            Value::Number(number, _) => number.clone().into(),
            Value::Text(text) => text.clone().into(),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => serde_json::Value::Object(object(entries)),
        }
    }
}

impl Value {
    /// Names the sort of value, for messages.
    pub(crate) fn sort(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Truth(..) => "true or false",
            Self::Number(..) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Wrong => "something else",
        }
    }
}

fn object(entries: &[Entry]) -> Map<String, serde_json::Value> {
    entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect()
}
