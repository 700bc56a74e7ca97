//! Where clients reach servers that run here, as a document says it.

use serde_json::{Map, Value, json};

/// The endpoint of what runs here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it is reached, such as `http://127.0.0.1:7447`; without a slash at its end.
    pub base: String,
    /// Whether a client that shows no key is turned away.
    pub keyed: bool,
}

impl Endpoint {
    /// Describes a server at `path` as a remote. Where a key is needed, the header that carries it is named, with a place
    /// that its user fills: a document never holds a key.
    pub(super) fn remote(&self, path: &str) -> Value {
        let mut remote = Map::new();
        remote.insert("type".to_owned(), "streamable-http".into());
        remote.insert("url".to_owned(), format!("{}{path}", self.base).into());
        if self.keyed {
            remote.insert("headers".to_owned(), json!([header()]));
        }
        remote.into()
    }
}

fn header() -> Value {
    json!({
        "name": "Authorization",
        "description": "A key that may call this server",
        "isRequired": true,
        "isSecret": true,
        "value": "Bearer {sigyl_key}",
        "variables": {
            "sigyl_key": {
                "description": "Your key of Sigyl that may call this server: `sigyl keys create` makes one",
                "isRequired": true,
                "isSecret": true,
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Document;

    #[test]
    fn a_remote_behind_keys_says_so_as_the_schema_has_it() {
        let remote =
            |keyed| Endpoint { base: "https://mcp.example.com".to_owned(), keyed }.remote("/mcp/clock");
        assert_eq!(
            remote(false),
            json!({"type": "streamable-http", "url": "https://mcp.example.com/mcp/clock"})
        );
        let document = json!({
            "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
            "name": "com.example/clock", "description": "Tells the time", "version": "1.0.0",
            "remotes": [remote(true)],
        });
        let checked = Document::validate(document.to_string().as_bytes());
        assert_eq!(checked.issues, [], "{document}");
    }
}
