//! What client code sees of a transport: ask, be answered.

use std::time::Duration;

use serde_json::{Value, json};

use crate::mcp::McpError;
use crate::mcp::message::{Id, METHOD_NOT_FOUND, RpcError, error_response};

use super::{Http, Stdio};

/// One request.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    /// Its id.
    pub(crate) id: i64,
    /// What is asked.
    pub(crate) method: &'a str,
    /// With what.
    pub(crate) params: Value,
    /// Headers that go with it over HTTP.
    pub(crate) headers: Vec<(String, String)>,
    /// How long the answer may take.
    pub(crate) within: Duration,
}

impl Ask<'_> {
    /// Writes the message.
    pub(crate) fn text(&self) -> Vec<u8> {
        json!({"jsonrpc": "2.0", "id": self.id, "method": self.method, "params": self.params})
            .to_string()
            .into_bytes()
    }
}

/// An answer: the result, or the server's own error.
pub(crate) type Reply = Result<Value, RpcError>;

/// A connection to a server.
#[derive(Debug)]
pub(crate) enum Wire {
    /// By pipes.
    Stdio(Box<Stdio>),
    /// By streamable HTTP.
    Http(Box<Http>),
}

impl Wire {
    /// Sends a request and waits for its answer; what else arrives is dealt with meanwhile.
    pub(crate) async fn ask(&mut self, ask: &Ask<'_>) -> Result<Reply, McpError> {
        match self {
            Self::Stdio(stdio) => stdio.ask(ask).await,
            Self::Http(http) => http.ask(ask).await,
        }
    }

    /// Sends a notification without parameters.
    pub(crate) async fn tell(&mut self, method: &str, within: Duration) -> Result<(), McpError> {
        let text = json!({"jsonrpc": "2.0", "method": method}).to_string().into_bytes();
        match self {
            Self::Stdio(stdio) => {
                stdio.tell(text);
                Ok(())
            }
            Self::Http(http) => http.tell(method, text, within).await,
        }
    }

    /// Takes leave: a session that the server keeps is ended.
    pub(crate) async fn close(self) {
        if let Self::Http(http) = self {
            http.close().await;
        }
    }
}

/// Answers what a server asks its client: that it is there, and that it can do nothing else.
pub(crate) fn answer_to_server(id: &Id, method: &str) -> Vec<u8> {
    match method {
        "ping" => format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#).into_bytes(),
        _ => error_response(Some(id), METHOD_NOT_FOUND, "this client has no such method"),
    }
}

/// Reads the outcome of a response whole.
pub(crate) fn read_reply(
    method: &str,
    outcome: Result<&serde_json::value::RawValue, &serde_json::value::RawValue>,
) -> Result<Reply, McpError> {
    let wrong = |error: serde_json::Error| McpError::Protocol {
        method: method.to_owned(),
        why: format!("it cannot be read ({error})"),
    };
    match outcome {
        Ok(result) => serde_json::from_str(result.get()).map(Ok).map_err(wrong),
        Err(error) => serde_json::from_str(error.get()).map(Err).map_err(wrong),
    }
}
