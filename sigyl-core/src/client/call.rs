//! One request, put together.

use std::fmt::Display;
use std::time::Duration;

use reqwest::Url;
use serde::Serialize;

use super::{ClientError, Operation};

/// How long an answer may take: more than a server works on one.
const WITHIN: Duration = Duration::from_secs(90);

/// How long a tool, or a look at all that is on record, may take.
const LONG: Duration = Duration::from_secs(15 * 60);

/// What most bodies are.
const JSON: &str = "application/json";

/// A request to be sent.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) operation: &'static Operation,
    parts: Vec<String>,
    query: Vec<(&'static str, String)>,
    /// What it carries, and what that is.
    pub(super) body: Option<(Vec<u8>, &'static str)>,
    /// How long the whole answer may take.
    pub(super) within: Duration,
    /// The last event that was seen of a stream.
    pub(super) seen: Option<String>,
}

impl Call {
    /// A request for `operation`.
    pub(super) fn of(operation: &'static Operation) -> Self {
        Self { operation, parts: Vec::new(), query: Vec::new(), body: None, within: WITHIN, seen: None }
    }

    /// The same with the next part of its address.
    pub(super) fn part(mut self, part: impl Display) -> Self {
        self.parts.push(part.to_string());
        self
    }

    /// The same with a parameter after `?`.
    pub(super) fn asks(mut self, name: &'static str, value: impl Display) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// The same with a parameter, when there is a value.
    pub(super) fn may_ask(self, name: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.asks(name, value),
            None => self,
        }
    }

    /// The same with text that is JSON, or should be.
    pub(super) fn text(self, body: &str) -> Self {
        Self { body: Some((body.as_bytes().to_vec(), JSON)), ..self }
    }

    /// The same with a body.
    pub(super) fn json(self, body: &impl Serialize) -> Result<Self, ClientError> {
        let written = serde_json::to_vec(body);
        let written = written
            .map_err(|error| ClientError::Unwritten { operation: self.operation.id, source: error.into() })?;
        Ok(Self { body: Some((written, JSON)), ..self })
    }

    /// The same with an archive.
    pub(super) fn archive(self, packed: Vec<u8>) -> Self {
        Self { body: Some((packed, "application/gzip")), ..self }
    }

    /// The same for something that takes as long as a tool does.
    pub(super) fn long(self) -> Self {
        Self { within: LONG, ..self }
    }

    /// Returns the address of this request at a server.
    pub(super) fn url(&self, server: &Url) -> Result<Url, ClientError> {
        let mut url = server.clone();
        let mut parts = self.parts.iter();
        let path: Option<Vec<&str>> = self
            .operation
            .path
            .split('/')
            .skip(1)
            .map(|part| if part.starts_with('{') { parts.next().map(String::as_str) } else { Some(part) })
            .collect();
        let path = path.unwrap_or_default();
        // A part that means another place would lead to another operation.
        if let Some(part) = path.iter().find(|part| matches!(**part, "" | "." | "..")) {
            return Err(ClientError::Part { operation: self.operation.id, part: (*part).to_owned() });
        }
        match url.path_segments_mut() {
            Ok(mut segments) => drop(segments.pop_if_empty().extend(path)),
            Err(()) => {
                return Err(ClientError::Address {
                    url: super::address::shown(server),
                    why: "it has no path",
                });
            }
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::super::operation::{CALL_TOOL, SHOW_DOCUMENT};
    use super::*;

    #[test]
    fn a_name_stays_one_part_of_the_address() {
        let server = Url::parse("https://a.example/sigyl/").unwrap();
        let call =
            Call::of(SHOW_DOCUMENT).part("com.example/a").part("1.0+b %2F?#").asks("include_deleted", true);
        assert_eq!(
            call.url(&server).unwrap().as_str(),
            "https://a.example/sigyl/v0.1/servers/com.example%2Fa/versions/1.0+b%20%252F%3F%23?include_deleted=true"
        );
    }

    #[test]
    fn no_name_leads_to_another_operation() {
        let server = Url::parse("http://localhost:1").unwrap();
        for tool in ["..", ".", ""] {
            let call = Call::of(CALL_TOOL).part("clock").part(tool);
            assert!(matches!(call.url(&server), Err(ClientError::Part { .. })), "{tool:?}");
        }
        let call = Call::of(CALL_TOOL).part("clock").part("../../keys");
        assert!(call.url(&server).unwrap().path().ends_with("/tools/..%2F..%2Fkeys"));
    }
}
