//! The three tools, as MCP sees them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, JsonObject,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};

use crate::time::{Offset, parse, render};

/// Keeps no state: each answer comes from the clock and the arguments.
pub struct Clock;

impl ServerHandler for Clock {
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
            "now" => now(&arguments),
            "convert" => convert(&arguments),
            "wait" => wait(&arguments).await,
            other => return Err(ErrorData::invalid_params(format!("there is no tool `{other}`"), None)),
        };
        Ok(CallToolResponse::Complete(match answer {
            Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Err(problem) => CallToolResult::error(vec![ContentBlock::text(problem)]),
        }))
    }
}

fn tools() -> Vec<Tool> {
    let offset = json!({ "type": "string", "description": "UTC offset such as +02:00; UTC when absent." });
    vec![
        tool(
            "now",
            "Returns the present time as RFC 3339, in UTC or in the given UTC offset.",
            json!({ "type": "object", "properties": { "offset": offset }, "additionalProperties": false }),
        ),
        tool(
            "convert",
            "Returns an RFC 3339 time in another UTC offset.",
            json!({
                "type": "object",
                "properties": {
                    "time": { "type": "string", "description": "Time such as 2026-11-22T21:00:00Z." },
                    "offset": { "type": "string", "description": "UTC offset such as +02:00." },
                },
                "required": ["time", "offset"],
                "additionalProperties": false,
            }),
        ),
        tool(
            "wait",
            "Waits for some seconds, then returns the time.",
            json!({
                "type": "object",
                "properties": {
                    "seconds": {
                        "type": "number",
                        "description": "How long to wait, at most 10.",
                        "minimum": 0,
                        "maximum": 10,
                    },
                },
                "required": ["seconds"],
                "additionalProperties": false,
            }),
        ),
    ]
}

fn tool(name: &'static str, description: &'static str, schema: Value) -> Tool {
    let schema = match schema {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    };
    Tool::new(name, description, schema)
        .with_annotations(ToolAnnotations::new().read_only(true).open_world(false))
}

fn now(arguments: &JsonObject) -> Result<String, String> {
    let offset = if arguments.contains_key("offset") { offset(arguments)? } else { Offset::UTC };
    Ok(render(unix_now()?, offset))
}

fn convert(arguments: &JsonObject) -> Result<String, String> {
    let time = text(arguments, "time")?;
    let unix = parse(time).ok_or_else(|| format!("`{time}` is no RFC 3339 time"))?;
    Ok(render(unix, offset(arguments)?))
}

async fn wait(arguments: &JsonObject) -> Result<String, String> {
    let seconds = arguments
        .get("seconds")
        .and_then(Value::as_f64)
        .filter(|seconds| (0.0..=10.0).contains(seconds))
        .ok_or("`seconds` must be a number from 0 to 10")?;
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    Ok(render(unix_now()?, Offset::UTC))
}

fn offset(arguments: &JsonObject) -> Result<Offset, String> {
    let given = text(arguments, "offset")?;
    Offset::parse(given).ok_or_else(|| format!("`{given}` is no UTC offset such as +02:00"))
}

fn text<'a>(arguments: &'a JsonObject, name: &str) -> Result<&'a str, String> {
    arguments.get(name).and_then(Value::as_str).ok_or_else(|| format!("`{name}` must be a string"))
}

fn unix_now() -> Result<i64, String> {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| "the clock is before 1970")?;
    i64::try_from(passed.as_secs()).map_err(|_| "the clock is past the year 9999".to_owned())
}
