//! Puts entries into a client's file, and takes them out again.

use serde_json::{Map, Value};

use super::client::{Client, Form};
use super::entry::Entry;
use super::{jsonc, listed, toml};
use crate::domain::Kind;

/// Largest file that is changed, in bytes.
pub(super) const MOST: usize = 8 << 20;

/// What a merge came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The new text of the file.
    pub text: String,
    /// Whether it differs from the old one.
    pub changed: bool,
    /// Questions that were put in; those that stood there already are not among them.
    pub inputs: Vec<String>,
}

/// A file cannot be changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// It is not what it should be.
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
    /// It is too large.
    #[error("the file has {0} bytes, and {MOST} are read")]
    TooLarge(usize),
    /// Something else stands where the servers should.
    #[error("`{0}` in the file is not what it should be, and is left as it is")]
    Elsewhere(String),
    /// The name stands there with something else.
    #[error("the file has another `{0}` already: take it out first, or choose a name with --as")]
    Taken(String),
    /// Its form cannot be changed without losing its comments.
    #[error("files of {0} are changed by hand: `sigyl config` prints what goes in")]
    ByHand(&'static str),
}

impl MergeError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Taken(_) => Kind::Conflict,
            _ => Kind::Invalid,
        }
    }
}

/// Puts an entry into the text of a client's file; nothing else of it changes, comments included. An empty text is a new
/// file.
pub fn merge(client: &Client, text: &str, entry: &Entry) -> Result<Merged, MergeError> {
    if text.len() > MOST {
        return Err(MergeError::TooLarge(text.len()));
    }
    match client.form {
        Form::Json => jsonc::merge(client.path, text, entry),
        Form::Toml if client.listed => listed::merge(client.path, text, entry),
        Form::Toml => toml::merge(client.path, text, entry),
        Form::Yaml => Err(MergeError::ByHand(client.title)),
    }
}

/// Takes the server called `name` out of the text of a client's file, with these questions if nothing else asks them.
/// Nothing when it is not there.
pub fn remove(
    client: &Client,
    text: &str,
    name: &str,
    inputs: &[String],
) -> Result<Option<String>, MergeError> {
    if text.len() > MOST {
        return Err(MergeError::TooLarge(text.len()));
    }
    match client.form {
        Form::Json => jsonc::remove(client.path, text, name, inputs),
        Form::Toml if client.listed => listed::remove(client.path, text, name),
        Form::Toml => toml::remove(client.path, text, name),
        Form::Yaml => Err(MergeError::ByHand(client.title)),
    }
}

/// Writes entries as a file of their own, for a person to copy from.
pub fn snippet(client: &Client, entries: &[Entry]) -> Result<String, MergeError> {
    if client.form != Form::Yaml {
        let whole =
            entries.iter().try_fold(String::new(), |text, entry| Ok(merge(client, &text, entry)?.text));
        return whole;
    }
    let servers = match client.listed {
        true => Value::Array(entries.iter().map(|it| Value::Object(it.body.clone())).collect()),
        false => entries
            .iter()
            .map(|it| (it.name.clone(), Value::Object(it.body.clone())))
            .collect::<Map<_, _>>()
            .into(),
    };
    let nest = |inner, name: &&str| Value::Object(std::iter::once(((*name).to_owned(), inner)).collect());
    let whole = client.path.iter().rev().fold(servers, nest);
    serde_yaml::to_string(&whole).map_err(|error| MergeError::Unreadable(error.to_string()))
}

#[cfg(test)]
mod tests;
