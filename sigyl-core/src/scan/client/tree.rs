//! A value with the place where it stands, whichever syntax it was written in.

/// A value and the byte that it begins at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) at: usize,
    pub(super) value: Value,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    /// Members in order, each with the byte that its name begins at.
    Map(Vec<(String, usize, Node)>),
}

impl Node {
    /// Finds a member by the first of these names that there is.
    pub(super) fn get(&self, names: &[&str]) -> Option<&Self> {
        let members = self.members();
        // Of a name that is given twice, clients take the last.
        names.iter().find_map(|name| members.iter().rfind(|(key, ..)| key == name)).map(|(.., value)| value)
    }

    pub(super) fn members(&self) -> &[(String, usize, Self)] {
        match &self.value {
            Value::Map(members) => members,
            _ => &[],
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a plain value as it is written.
    pub(super) fn plain(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text.clone()),
            Value::Bool(is) => Some(is.to_string()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    pub(super) fn flag(&self) -> Option<bool> {
        match self.value {
            Value::Bool(is) => Some(is),
            _ => None,
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}
