//! The three tools, as MCP sees them.

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, JsonObject,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};

use crate::book::{Book, MAX_NOTE};

/// One session over the shared book.
#[derive(Clone)]
pub struct Notes(pub Arc<Book>);

impl ServerHandler for Notes {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let answer = match request.name.as_ref() {
            "add" => self.add(&arguments),
            "list" => self.list(),
            "remove" => self.remove(&arguments),
            other => return Err(ErrorData::invalid_params(format!("there is no tool `{other}`"), None)),
        };
        Ok(CallToolResponse::Complete(match answer {
            Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Err(problem) => CallToolResult::error(vec![ContentBlock::text(problem)]),
        }))
    }
}

impl Notes {
    fn add(&self, arguments: &JsonObject) -> Result<String, String> {
        let text = arguments.get("text").and_then(Value::as_str).ok_or("`text` must be a string")?;
        let number = self.0.add(text).map_err(|error| error.to_string())?;
        Ok(format!("kept as note {number}"))
    }

    fn list(&self) -> Result<String, String> {
        let notes = self.0.notes().map_err(|error| error.to_string())?;
        serde_json::to_string(&notes).map_err(|error| error.to_string())
    }

    fn remove(&self, arguments: &JsonObject) -> Result<String, String> {
        let number =
            arguments.get("number").and_then(Value::as_u64).ok_or("`number` must be a number from 1")?;
        self.0.remove(number).map_err(|error| error.to_string())?;
        Ok(format!("removed note {number}"))
    }
}

fn tools() -> Vec<Tool> {
    let text = json!({
        "type": "string",
        "description": "The note, at most 4096 bytes.",
        "maxLength": MAX_NOTE,
    });
    let number = json!({
        "type": "integer",
        "description": "Number of the note, as `add` and `list` return it.",
        "minimum": 1,
    });
    vec![
        tool("add", "Keeps a note and returns its number.", json!({ "text": text }), json!(["text"])),
        tool("list", "Returns all notes, each with its number.", json!({}), Value::Null)
            .with_annotations(ToolAnnotations::new().read_only(true).open_world(false)),
        tool("remove", "Removes the note with a number.", json!({ "number": number }), json!(["number"])),
    ]
}

fn tool(name: &'static str, description: &'static str, properties: Value, required: Value) -> Tool {
    let mut schema = JsonObject::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties);
    if !required.is_null() {
        schema.insert("required".to_owned(), required);
    }
    schema.insert("additionalProperties".to_owned(), false.into());
    Tool::new(name, description, schema).with_annotations(ToolAnnotations::new().open_world(false))
}
