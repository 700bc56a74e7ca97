//! The revisions of the protocol, and what their requests carry.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// The revision of the modern era that is spoken.
pub(crate) const MODERN: &str = "2026-07-28";
/// The newest revision that starts with `initialize`.
pub(crate) const LEGACY: &str = "2025-11-25";
/// All revisions that start with `initialize`.
pub(crate) const LEGACY_ALL: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", LEGACY];

/// Key of the revision in the `_meta` of a request.
pub(crate) const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// Key of the client's capabilities in the `_meta` of a request.
pub(crate) const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const META_CLIENT: &str = "io.modelcontextprotocol/clientInfo";
/// Key of the server's name and version in the `_meta` of a result.
pub(crate) const META_SERVER: &str = "io.modelcontextprotocol/serverInfo";

/// What Sigyl says of itself to a server.
pub(crate) fn client_info() -> Value {
    json!({"name": "sigyl", "version": env!("CARGO_PKG_VERSION")})
}

/// The `_meta` of a modern request.
pub(crate) fn modern_meta() -> Value {
    json!({META_VERSION: MODERN, META_CLIENT: client_info(), META_CAPABILITIES: {}})
}

/// The field of the parameters whose value a modern request repeats in the header `Mcp-Name`.
pub(crate) fn name_field(method: &str) -> Option<&'static str> {
    match method {
        "tools/call" | "prompts/get" => Some("name"),
        "resources/read" => Some("uri"),
        _ => None,
    }
}

/// The headers that repeat parts of a modern request.
pub(crate) fn modern_headers(method: &str, params: &Map<String, Value>) -> Vec<(String, String)> {
    let mut headers = vec![("Mcp-Method".to_owned(), method.to_owned())];
    if let Some(name) = name_field(method).and_then(|field| params.get(field)).and_then(Value::as_str) {
        headers.push(("Mcp-Name".to_owned(), encode_header(name)));
    }
    headers
}

/// The headers that repeat the arguments that a tool's schema marks with `x-mcp-header`.
pub(crate) fn argument_headers(schema: &Value, arguments: &Value) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    let mut open = vec![(schema, arguments)];
    while let Some((schema, value)) = open.pop() {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { continue };
        for (name, schema) in properties {
            let Some(value) = value.get(name) else { continue };
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                Value::Null | Value::Array(_) => continue,
                Value::Object(_) => {
                    open.push((schema, value));
                    continue;
                }
            };
            if let Some(header) = schema.get("x-mcp-header").and_then(Value::as_str) {
                headers.push((format!("Mcp-Param-{header}"), encode_header(&text)));
            }
        }
    }
    headers
}

/// Writes a value so that a header can carry it.
pub(crate) fn encode_header(value: &str) -> String {
    let plain = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if plain && value.trim() == value && !value.starts_with("=?base64?") {
        return value.to_owned();
    }
    format!("=?base64?{}?=", STANDARD.encode(value))
}

/// Reads a value as [`encode_header`] writes it; nothing when it is malformed.
pub(crate) fn decode_header(value: &str) -> Option<String> {
    match value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        None => Some(value.to_owned()),
        // A malformed value must never equal the one in the body.
        Some(coded) => STANDARD.decode(coded).ok().and_then(|bytes| String::from_utf8(bytes).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_survive_the_journey() {
        for value in ["echo", "", " edge ", "héllo ✓", "a\nb", "=?base64?x?="] {
            let sent = encode_header(value);
            assert!(sent.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{sent}");
            assert_eq!(decode_header(&sent).as_deref(), Some(value));
        }
        assert_eq!(decode_header("=?base64?%%?="), None);
    }

    #[test]
    fn marked_arguments_are_repeated_in_headers() {
        let schema = json!({"properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "deep": {"properties": {"n": {"type": "integer", "x-mcp-header": "N"}}},
            "plain": {"type": "string"},
            "absent": {"type": "string", "x-mcp-header": "Absent"},
        }});
        let mut headers = argument_headers(&schema, &json!({"region": "eu", "deep": {"n": 3}, "plain": "x"}));
        headers.sort();
        assert_eq!(
            headers,
            [("Mcp-Param-N".to_owned(), "3".to_owned()), ("Mcp-Param-Region".to_owned(), "eu".to_owned())]
        );
    }
}
