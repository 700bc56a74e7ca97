//! JSON-RPC 2.0 messages, looked at without being rebuilt, so that what passes through stays byte for byte the same.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// JSON-RPC: the text is no JSON.
pub(crate) const PARSE_ERROR: i64 = -32700;
/// JSON-RPC: the JSON is no request.
pub(crate) const INVALID_REQUEST: i64 = -32600;
/// JSON-RPC: no such method.
pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
/// JSON-RPC: wrong parameters.
pub(crate) const INVALID_PARAMS: i64 = -32602;
/// JSON-RPC: the server failed.
pub(crate) const INTERNAL_ERROR: i64 = -32603;
/// MCP 2026-07-28: headers and body disagree.
pub(crate) const HEADER_MISMATCH: i64 = -32020;
/// MCP 2026-07-28: the client lacks a capability that the request needs.
pub(crate) const MISSING_CAPABILITY: i64 = -32021;
/// MCP 2026-07-28: the server does not speak the revision of the request.
pub(crate) const UNSUPPORTED_VERSION: i64 = -32022;

/// Bytes of an id. It is kept, compared and repeated as long as its request is under way.
const ID_MOST: usize = 1024;

/// The identity of a request, comparable however the far end writes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Id {
    /// A whole number.
    Int(i64),
    /// A number of another form, as written.
    Number(Box<str>),
    /// A string.
    Text(Box<str>),
}

impl Id {
    /// Reads an id; `null`, objects and the like are none, nor is what is longer than any id needs to be.
    pub(crate) fn read(raw: &RawValue) -> Option<Self> {
        let text = Some(raw.get()).filter(|text| text.len() <= ID_MOST)?;
        match text.as_bytes().first() {
            // `raw` is valid JSON, so a string that does not parse holds a lone surrogate: no usable id.
            Some(b'"') => serde_json::from_str::<String>(text).ok().map(|text| Self::Text(text.into())),
            Some(b'-' | b'0'..=b'9') => {
                Some(text.parse().map_or_else(|_| Self::Number(text.into()), Self::Int))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Id {
    /// Writes the id as JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => write!(f, "{number}"),
            Self::Number(text) => f.write_str(text),
            Self::Text(text) => write!(f, "{}", Value::from(&**text)),
        }
    }
}

/// One message, borrowed from its text.
#[derive(Debug)]
pub(crate) enum Message<'a> {
    /// Wants an answer.
    Request {
        /// What the answer is matched by.
        id: Id,
        /// What is asked.
        method: Cow<'a, str>,
        /// With what.
        params: Option<&'a RawValue>,
    },
    /// Wants none.
    Notification {
        /// What is told.
        method: Cow<'a, str>,
        /// With what.
        params: Option<&'a RawValue>,
    },
    /// An answer.
    Response {
        /// To which request; nothing when the far end could not read one.
        id: Option<Id>,
        /// The result, or the error object.
        outcome: Result<&'a RawValue, &'a RawValue>,
    },
}

/// Why a text is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is no JSON object (or array of them).
    NotJson,
    /// It is an object, but no JSON-RPC 2.0 message.
    NotRpc(&'static str),
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Keeps a field that is there with the value `null` apart from one that is not there.
fn present<'de: 'a, 'a, D: serde::Deserializer<'de>>(from: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

impl<'a> Message<'a> {
    /// Reads one message; an object with a field given twice is none.
    pub(crate) fn read(text: &'a [u8]) -> Result<Self, Unreadable> {
        let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
        let envelope: Envelope<'a> = match (serde_json::from_slice(text), first) {
            (Ok(envelope), Some(b'{')) => envelope,
            (Err(error), Some(b'{')) if error.is_data() => {
                return Err(Unreadable::NotRpc("a field has the wrong type or is given twice"));
            }
            _ => return Err(Unreadable::NotJson),
        };
        if envelope.jsonrpc.as_deref() != Some("2.0") {
            return Err(Unreadable::NotRpc("`jsonrpc` is not \"2.0\""));
        }
        let id = envelope.id.map(|raw| Id::read(raw).ok_or(raw));
        match (envelope.method, id, envelope.result, envelope.error) {
            (Some(method), Some(Ok(id)), None, None) => {
                Ok(Self::Request { id, method, params: envelope.params })
            }
            (Some(_), Some(Err(_)), ..) => {
                Err(Unreadable::NotRpc("`id` is neither a string nor a number, or longer than 1024 bytes"))
            }
            (Some(method), None, None, None) => Ok(Self::Notification { method, params: envelope.params }),
            (None, Some(id), Some(result), None) => Ok(Self::Response { id: id.ok(), outcome: Ok(result) }),
            (None, id, None, Some(error)) => {
                Ok(Self::Response { id: id.and_then(Result::ok), outcome: Err(error) })
            }
            _ => Err(Unreadable::NotRpc("it is neither a request, a notification nor a response")),
        }
    }
}

/// The error object of a response.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct RpcError {
    /// Its number.
    pub(crate) code: i64,
    /// Its words.
    #[serde(default)]
    pub(crate) message: String,
    /// More about it.
    pub(crate) data: Option<Value>,
}

/// Writes an error response; `id` is `null` when the request's could not be read.
pub(crate) fn error_response(id: Option<&Id>, code: i64, message: &str) -> Vec<u8> {
    let id = id.map_or_else(|| "null".to_owned(), Id::to_string);
    let message = Value::from(message);
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":{message}}}}}"#).into_bytes()
}

/// Puts a message on one line: a line break can only stand between tokens, where a blank means the same.
pub(crate) fn on_one_line(mut text: Vec<u8>) -> Vec<u8> {
    for byte in &mut text {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart() {
        let read = |text: &'static str| Message::read(text.as_bytes());
        assert!(matches!(
            read(r#"{"jsonrpc":"2.0","id":"a","method":"ping"}"#),
            Ok(Message::Request { id: Id::Text(id), params: None, .. }) if &*id == "a"
        ));
        assert!(matches!(
            read(r#"{"jsonrpc":"2.0","method":"x\u0041","params":{"a":1}}"#),
            Ok(Message::Notification { method, params: Some(_) }) if method == "xA"
        ));
        assert!(matches!(
            read(r#" {"jsonrpc":"2.0","id":7,"result":null}"#),
            Ok(Message::Response { id: Some(Id::Int(7)), outcome: Ok(_) })
        ));
        assert!(matches!(
            read(r#"{"jsonrpc":"2.0","id":null,"error":{"code":1}}"#),
            Ok(Message::Response { id: None, outcome: Err(_) })
        ));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for text in ["", "hello", "[]", "{", "{'a': 1}", "7", "\"x\"", "[1,2,3,4,5,6]"] {
            assert_eq!(Message::read(text.as_bytes()).unwrap_err(), Unreadable::NotJson, "{text}");
        }
        for text in [
            "{}",
            r#"{"jsonrpc":"1.0","id":1,"method":"a"}"#,
            r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"a"}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"a"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"a","result":1}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
        ] {
            assert!(matches!(Message::read(text.as_bytes()), Err(Unreadable::NotRpc(_))), "{text}");
        }
    }

    #[test]
    fn depth_does_not_exhaust_the_stack() {
        let deep = format!(r#"{{"jsonrpc":"2.0","method":"a","params":{}"#, "[".repeat(500_000));
        assert!(Message::read(deep.as_bytes()).is_err());
        let closed = format!("{deep}{}}}", "]".repeat(500_000));
        assert!(Message::read(closed.as_bytes()).is_ok(), "what is only passed on may be deep");
    }

    #[test]
    fn ids_are_equal_however_they_are_written() {
        let id = |text: &str| Id::read(serde_json::from_str(text).unwrap());
        assert_eq!(id(r#""\u00e9""#), id("\"é\""));
        assert_ne!(id("1"), id("\"1\""));
        assert_eq!(id("{}"), None);
        assert_eq!(id(&format!("\"{}\"", "x".repeat(ID_MOST))), None);
        assert_eq!(id(&"7".repeat(ID_MOST + 1)), None);
        assert_eq!(id("1.5").unwrap().to_string(), "1.5");
        assert_eq!(id(r#""a\"b""#).unwrap().to_string(), r#""a\"b""#);
    }

    #[test]
    fn a_message_over_several_lines_becomes_one_line() {
        let line = on_one_line(b"{\n \"jsonrpc\":\r\n\"2.0\",\"method\":\"a\"}".to_vec());
        assert!(!line.contains(&b'\n'));
        assert!(Message::read(&line).is_ok());
    }
}
