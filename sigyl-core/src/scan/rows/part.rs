//! Reads a JSON text without holding it: the entries of its lists leave one by one.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::read::Reading;
use super::row::{RowKind, RowsOf};
use super::value::Once;

/// What a value stands for.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// The text, one line of it, or the `result` of an answer.
    Whole,
    /// The list of an answer.
    List(RowKind),
}

/// A value whose entries leave while it is read. It comes to nothing, or to the value itself where it holds no entries.
pub(super) struct Part<'r, 'a> {
    pub(super) reading: &'r mut Reading<'a>,
    pub(super) role: Role,
}

impl<'de> DeserializeSeed<'de> for Part<'_, '_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_, '_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while let Some(value) = list.next_element_seed(Once(&self.reading.twice.clone()))? {
            let goes_on = match self.role {
                Role::List(kind) => self.reading.listed(kind, value),
                Role::Whole => self.reading.entry(value),
            };
            if !goes_on {
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        match self.role {
            Role::Whole => members(self.reading, map).map(|()| None),
            Role::List(_) => Once(&self.reading.twice.clone()).visit_map(map).map(Some),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.into()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(number.into()))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Some(Value::Null))
    }
}

/// Reads an object: the answer to a question for a list, whose entries leave at once, or an entry itself.
fn members<'de, A: MapAccess<'de>>(reading: &mut Reading<'_>, mut map: A) -> Result<(), A::Error> {
    let (mut kept, mut lists) = (Map::new(), false);
    let twice = reading.twice.clone();
    while let Some(member) = map.next_key::<String>()? {
        let role = match (reading.of, RowKind::of_list(&member)) {
            (RowsOf::Tools, Some(kind)) => Some(Role::List(kind)),
            (RowsOf::Tools, None) if member == "result" => Some(Role::Whole),
            _ => None,
        };
        let value = match role {
            Some(role) => map.next_value_seed(Part { reading, role })?,
            None => Some(map.next_value_seed(Once(&twice))?),
        };
        match value {
            Some(value) => Once(&twice).insert(&mut kept, member, value),
            None => lists = true,
        }
    }
    match reading.object(kept, lists) {
        true => Ok(()),
        false => Err(A::Error::custom("stopped")),
    }
}
