//! Which catalogue an entry or a text is of.

use serde_json::{Map, Value};

use super::{docker, toolhive};

/// Reads one entry of a catalogue as a document; nothing when it is none.
pub(in crate::registry) fn document(entry: &Map<String, Value>) -> Option<Map<String, Value>> {
    docker::document(entry)
}

/// Reads a catalogue that is one text as documents; nothing when it is none.
pub(in crate::registry) fn documents(catalogue: &Map<String, Value>) -> Option<Vec<Map<String, Value>>> {
    docker::documents(catalogue).or_else(|| toolhive::documents(catalogue))
}
