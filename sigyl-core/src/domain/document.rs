//! Documents of servers as their publishers wrote them, and the name and version that each goes by.

use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use super::text::checked_text;
use super::{Digest, Version, canonical};

/// Name that a document goes by. What is published follows the rules of [`ServerName`](super::ServerName); what is
/// imported may not, and is kept under the name that it has.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DocumentName(Box<str>);

/// Version that a document goes by: as published, or the empty text of a document that names none.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DocumentVersion(Box<str>);

/// Text that no document can be found by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` cannot be the {what} of a document: {why}", text.escape_debug())]
pub struct AddressError {
    text: String,
    what: &'static str,
    why: &'static str,
}

const NAME_MAX: usize = 200;
const VERSION_MAX: usize = 255;

impl DocumentName {
    /// Checks and takes a name.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let wrong = |why| AddressError { text: text.chars().take(NAME_MAX).collect(), what: "name", why };
        if text.is_empty() || text.chars().count() > NAME_MAX {
            return Err(wrong("it needs 1 to 200 characters"));
        }
        if text.chars().any(char::is_control) {
            return Err(wrong("it holds a control character"));
        }
        Ok(Self(text.into()))
    }

    /// Returns what stands before the slash, if there is one.
    pub fn namespace(&self) -> Option<&str> {
        self.0.split_once('/').map(|(namespace, _)| namespace)
    }
}

impl DocumentName {
    /// Tells whether it is a namespace and a name, as every reader of a registry expects.
    pub fn is_complete(&self) -> bool {
        self.0.split_once('/').is_some_and(|(space, own)| !space.is_empty() && !own.is_empty())
    }
}

impl DocumentVersion {
    /// Tells whether there is one, as every reader of a registry expects.
    pub fn is_complete(&self) -> bool {
        !self.0.is_empty()
    }

    /// Checks and takes a version.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let wrong =
            |why| AddressError { text: text.chars().take(VERSION_MAX).collect(), what: "version", why };
        if text.chars().count() > VERSION_MAX {
            return Err(wrong("it has more than 255 characters"));
        }
        if text.chars().any(char::is_control) {
            return Err(wrong("it holds a control character"));
        }
        if text == "latest" {
            return Err(wrong("the word stands for whichever version ranks highest"));
        }
        Ok(Self(text.into()))
    }

    /// Compares precedence as [`Version::precedence`] does; what is no version at all ranks lowest.
    pub fn precedence(&self, other: &Self) -> std::cmp::Ordering {
        let (ours, theirs) = (Version::parse(&self.0).ok(), Version::parse(&other.0).ok());
        match (&ours, &theirs) {
            (Some(ours), Some(theirs)) => ours.precedence(theirs),
            _ => ours.is_some().cmp(&theirs.is_some()),
        }
    }
}

checked_text!(DocumentName, AddressError);
checked_text!(DocumentVersion, AddressError);

/// A JSON object, byte for byte as it was given. Cloning it is cheap.
#[derive(Clone)]
pub struct RawDocument(Arc<RawValue>);

/// Bytes that are no document, or none that is taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// There are too many.
    #[error("the document has {bytes} bytes, and the limit is {limit}")]
    TooLarge {
        /// How many there are.
        bytes: usize,
        /// How many there may be.
        limit: usize,
    },
    /// They are no JSON that everybody reads the same.
    #[error("the document is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// They are something else than an object.
    #[error("the document is no JSON object")]
    NotAnObject,
}

impl RawDocument {
    /// Largest document, in bytes.
    pub const MAX_BYTES: usize = 256 << 10;
    /// How deep one may nest.
    pub const MAX_DEPTH: usize = 64;

    /// Checks and takes a document, and returns its members beside it. A member that is given twice is refused: readers
    /// do not agree on which one counts.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Map<String, Value>), DocumentError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(DocumentError::TooLarge { bytes: bytes.len(), limit: Self::MAX_BYTES });
        }
        let value = read_strictly(bytes, Self::MAX_DEPTH)?;
        let raw: Box<RawValue> = serde_json::from_slice(bytes)?;
        match value {
            Value::Object(members) => Ok((Self(raw.into()), members)),
            _ => Err(DocumentError::NotAnObject),
        }
    }

    /// Writes members as a document.
    pub fn of(members: &Map<String, Value>) -> Result<Self, DocumentError> {
        let raw = serde_json::value::to_raw_value(members)?;
        let bytes = raw.get().len();
        if bytes > Self::MAX_BYTES {
            return Err(DocumentError::TooLarge { bytes, limit: Self::MAX_BYTES });
        }
        Ok(Self(raw.into()))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Returns the members.
    pub fn members(&self) -> Result<Map<String, Value>, DocumentError> {
        Ok(serde_json::from_str(self.0.get())?)
    }

    /// Digests members in their canonical form: what means the same has the same digest.
    pub fn digest_of(members: &Map<String, Value>) -> Result<Digest, DocumentError> {
        Ok(canonical::digest_of_members(members)?)
    }
}

impl PartialEq for RawDocument {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Debug for RawDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RawDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|raw| Self(raw.into()))
    }
}

/// Reads JSON that every reader reads the same: no member is given twice, and nothing nests deeper than `deepest`.
pub(crate) fn read_strictly(bytes: &[u8], deepest: usize) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { left: deepest, deepest }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Reads a value in which no member is given twice and nothing nests too deep.
#[derive(Clone, Copy)]
struct Strict {
    left: usize,
    deepest: usize,
}

impl Strict {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.left.checked_sub(1) {
            Some(left) => Ok(Self { left, ..self }),
            None => Err(E::custom(format_args!("it nests deeper than {} levels", self.deepest))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut read = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            read.push(item);
        }
        Ok(read.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut read = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if read.contains_key(&name) {
                let shown: String = name.chars().take(100).collect();
                return Err(A::Error::custom(format_args!(
                    "the member `{}` is given twice",
                    shown.escape_debug()
                )));
            }
            let value = members.next_value_seed(inner)?;
            read.insert(name, value);
        }
        Ok(read.into())
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;

    fn refusal(text: &str) -> String {
        RawDocument::parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_document_is_kept_byte_for_byte() {
        let text = r#"{"name": "a/b", "n": 1.50e2, "big": 9007199254740993, "u": "\u00e9"}"#;
        let (raw, members) = RawDocument::parse(text.as_bytes()).unwrap();
        assert_eq!(raw.as_str(), text);
        assert_eq!(members["n"], 150.0);
        assert_eq!(serde_json::to_string(&raw).unwrap(), text);
        assert_eq!(serde_json::from_str::<RawDocument>(text).unwrap(), raw);
        assert_eq!(raw.members().unwrap(), members);
    }

    #[test]
    fn what_readers_do_not_read_alike_is_refused() {
        assert!(refusal(r#"{"a": 1, "b": {"c": 1, "c": 2}}"#).contains("the member `c` is given twice"));
        assert!(refusal(r#"{"a": "x"} {}"#).contains("trailing"));
        assert!(refusal("{\"a\": \"\0\"}").contains("control character"));
        assert!(refusal("[1]").contains("no JSON object"));
        assert!(refusal("").contains("not JSON"));
        assert!(RawDocument::parse(b"{\"a\": \"\xff\"}").is_err());
        assert!(refusal(r#"{"a": "\ud800"}"#).contains("not JSON"));
    }

    #[test]
    fn sizes_and_depths_are_bounded() {
        let nested = |levels: usize| format!("{{\"a\": {}{}}}", "[".repeat(levels), "]".repeat(levels));
        let deepest = RawDocument::MAX_DEPTH - 1;
        assert!(RawDocument::parse(nested(deepest).as_bytes()).is_ok());
        assert!(refusal(&nested(deepest + 1)).contains("deeper than 64"));
        assert!(refusal(&nested(100_000)).contains("deeper than 64"));
        let large = format!("{{\"a\": \"{}\"}}", "x".repeat(RawDocument::MAX_BYTES));
        assert!(refusal(&large).contains("the limit is 262144"));
    }

    #[test]
    fn what_means_the_same_has_the_same_digest() {
        let digest =
            |text: &str| RawDocument::digest_of(&RawDocument::parse(text.as_bytes()).unwrap().1).unwrap();
        assert_eq!(digest(r#"{"a": 1, "b": "é"}"#), digest("{\"b\":\"\\u00e9\",\"a\":1.0}"));
        assert_ne!(digest(r#"{"a": 1}"#), digest(r#"{"a": "1"}"#));
    }

    #[test]
    fn names_and_versions_that_no_rule_allows_can_still_be_found() {
        for name in ["com.example/clock", "Gmail", "Microsoft Learn", "../x"] {
            assert_eq!(DocumentName::parse(name).unwrap().as_str(), name);
        }
        for name in ["", "a\0b", "a\nb", &"x".repeat(201)] {
            assert!(DocumentName::parse(name).is_err(), "{name:?}");
        }
        assert_eq!(DocumentName::parse("com.example/clock").unwrap().namespace(), Some("com.example"));
        for version in ["", "1.0.0", "^1.2", "1.0 beta"] {
            assert_eq!(DocumentVersion::parse(version).unwrap().as_str(), version);
        }
        for version in ["latest", "1\u{7}", &"1".repeat(256)] {
            assert!(DocumentVersion::parse(version).is_err(), "{version:?}");
        }
    }

    #[test]
    fn what_is_no_version_ranks_lowest() {
        let version = |text| DocumentVersion::parse(text).unwrap();
        assert_eq!(version("").precedence(&version("b")), Ordering::Less);
        assert_eq!(version("^2").precedence(&version("")), Ordering::Equal);
        assert_eq!(version("1.10.0").precedence(&version("1.9.0")), Ordering::Greater);
    }
}
