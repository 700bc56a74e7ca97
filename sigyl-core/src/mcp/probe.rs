//! Probing a server and calling one of its tools.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::{Declaration, Era, Mask, Tool, ToolError};

use super::client::{Client, is_method_not_found};
use super::era::argument_headers;
use super::{McpError, ProbeLimits, Upstream};

/// What a server said of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// The era it answered in.
    pub era: Era,
    /// Protocol versions: the negotiated one, or all that it supports.
    pub versions: Vec<String>,
    /// `serverInfo`.
    pub server_info: Value,
    /// `capabilities`.
    pub capabilities: Value,
    /// `instructions`.
    pub instructions: Option<String>,
    /// All pages of its tools.
    pub tools: Vec<Tool>,
    /// All pages of its prompts.
    pub prompts: Vec<Value>,
    /// All pages of its resources, and of their templates after them.
    pub resources: Vec<Value>,
    /// Time to the first answer, in microseconds.
    pub latency_micros: u64,
}

impl Probe {
    /// Returns it with the secrets that the server repeats hidden.
    pub fn masked(mut self, mask: &Mask) -> Result<Self, ToolError> {
        if mask.is_empty() {
            return Ok(self);
        }
        let values = [&mut self.server_info, &mut self.capabilities].into_iter();
        values.chain(&mut self.prompts).chain(&mut self.resources).for_each(|value| mask.json(value));
        self.versions.iter_mut().chain(&mut self.instructions).for_each(|text| mask.hide(text));
        self.tools = self.tools.iter().map(|tool| tool.masked(mask)).collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// What is kept of it beside the tools.
    pub fn declaration(&self) -> Declaration {
        Declaration {
            era: self.era,
            versions: self.versions.clone(),
            server_info: self.server_info.clone(),
            capabilities: self.capabilities.clone(),
            instructions: self.instructions.clone(),
            prompts: self.prompts.clone(),
            resources: self.resources.clone(),
            latency_micros: self.latency_micros,
        }
    }
}

/// Meets a server and writes down everything that it declares. Calls no tool.
///
/// A stdio server is started for it and stopped afterwards.
pub async fn probe(upstream: &Upstream, limits: &ProbeLimits) -> Result<Probe, McpError> {
    within("probe", limits, async {
        let mut client = Client::connect(upstream, limits).await?;
        let probe = describe(&mut client).await;
        client.close().await;
        probe
    })
    .await
}

/// Calls one tool and gives its result as the server gave it; a result with `isError` is a result.
pub async fn call(
    upstream: &Upstream,
    tool: &str,
    arguments: Value,
    limits: &ProbeLimits,
) -> Result<Value, McpError> {
    let arguments = match arguments {
        Value::Null => Value::Object(Map::new()),
        Value::Object(_) => arguments,
        _ => return Err(McpError::Arguments { tool: tool.to_owned() }),
    };
    within("tools/call", limits, async {
        let mut client = Client::connect(upstream, limits).await?;
        let result = call_on(&mut client, upstream, tool, arguments).await;
        client.close().await;
        result
    })
    .await
}

async fn within<T>(
    what: &str,
    limits: &ProbeLimits,
    work: impl Future<Output = Result<T, McpError>>,
) -> Result<T, McpError> {
    tokio::time::timeout(limits.whole, work)
        .await
        .unwrap_or_else(|_| Err(McpError::Timeout { method: what.to_owned(), after: limits.whole, junk: 0 }))
}

async fn describe(client: &mut Client) -> Result<Probe, McpError> {
    let hello = client.hello().clone();
    let has = |name: &str| hello.capabilities.get(name).is_some_and(Value::is_object);
    let mut tools = Vec::new();
    if has("tools") {
        for definition in client.list("tools/list", "tools").await? {
            let Value::Object(definition) = definition else {
                return Err(McpError::Protocol {
                    method: "tools/list".to_owned(),
                    why: "a tool is no object".to_owned(),
                });
            };
            tools.push(Tool::new(definition)?);
        }
    }
    let prompts =
        if has("prompts") { list_if_any(client, "prompts/list", "prompts").await? } else { Vec::new() };
    let mut resources = Vec::new();
    if has("resources") {
        resources = list_if_any(client, "resources/list", "resources").await?;
        // What a template says is shown to a model as well.
        resources.extend(list_if_any(client, "resources/templates/list", "resourceTemplates").await?);
    }
    Ok(Probe {
        era: hello.era,
        versions: hello.versions,
        server_info: hello.server_info,
        capabilities: hello.capabilities,
        instructions: hello.instructions,
        tools,
        prompts,
        resources,
        latency_micros: u64::try_from(hello.latency.as_micros()).unwrap_or(u64::MAX),
    })
}

/// Lists prompts, resources or their templates: a server may declare the capability for one and have no list of the
/// other.
async fn list_if_any(client: &mut Client, method: &str, kind: &str) -> Result<Vec<Value>, McpError> {
    match client.list(method, kind).await {
        Err(error) if is_method_not_found(&error) => Ok(Vec::new()),
        found => found,
    }
}

async fn call_on(
    client: &mut Client,
    upstream: &Upstream,
    tool: &str,
    arguments: Value,
) -> Result<Value, McpError> {
    let mut headers = Vec::new();
    if client.hello().era == Era::Modern && upstream.url().is_some() {
        // The tool's schema says which arguments its server wants repeated in headers.
        let tools = client.list("tools/list", "tools").await?;
        let named = tools.iter().find(|found| found.get("name").and_then(Value::as_str) == Some(tool));
        let schema = named.and_then(|found| found.get("inputSchema"));
        headers = schema.map(|schema| argument_headers(schema, &arguments)).unwrap_or_default();
    }
    let params =
        Map::from_iter([("name".to_owned(), Value::from(tool)), ("arguments".to_owned(), arguments)]);
    client.request("tools/call", params, headers).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::mcp::fake::{self, Fake, Say};

    fn limits() -> ProbeLimits {
        ProbeLimits {
            junk_lines: 10,
            message_bytes: 100_000,
            total_bytes: 2_000_000,
            ..ProbeLimits::default()
        }
    }

    #[tokio::test]
    async fn a_legacy_server_is_met_by_initialize_on_the_same_process() {
        let server = Fake::new(fake::legacy);
        let probe = probe(&server.upstream(), &limits()).await.unwrap();
        assert_eq!((probe.era, &*probe.versions[0]), (Era::Legacy, "2025-11-25"));
        assert_eq!(probe.server_info["name"], "old");
        assert_eq!(probe.instructions.as_deref(), Some("be kind"));
        assert_eq!(probe.tools[0].name(), "echo");
        assert_eq!((server.spawned(), server.alive()), (1, 0));
    }

    #[tokio::test]
    async fn a_modern_server_is_met_by_discover() {
        let server = Fake::new(fake::modern);
        let probe = probe(&server.upstream(), &limits()).await.unwrap();
        assert_eq!((probe.era, &*probe.versions[0]), (Era::Modern, "2026-07-28"));
        assert_eq!(probe.server_info["name"], "new");
        assert_eq!(probe.tools[0].name(), "echo");
    }

    #[tokio::test]
    async fn a_server_that_ends_on_an_unknown_first_request_is_started_again() {
        let server = Fake::new(|asked| match asked["method"].as_str() {
            Some("server/discover") => vec![Say::End],
            _ => fake::legacy(asked),
        });
        assert_eq!(probe(&server.upstream(), &limits()).await.unwrap().era, Era::Legacy);
        assert_eq!(server.spawned(), 2);
    }

    #[tokio::test]
    async fn both_eras_call_a_tool_and_answer_the_server_meanwhile() {
        for (handler, id) in [(fake::legacy as fn(&Value) -> Vec<Say>, 3), (fake::modern, 2)] {
            let server = Fake::new(move |asked| match asked["method"].as_str() {
                Some("tools/call") => {
                    let ping = Say::Line(r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#.to_owned());
                    vec![Say::Line("not json".to_owned()), ping]
                }
                // The answer to the ping: only now is the tool's result given.
                None => {
                    assert_eq!(*asked, json!({"jsonrpc": "2.0", "id": "p", "result": {}}));
                    vec![fake::result(&json!({ "id": id }), json!({"content": [], "isError": true}))]
                }
                _ => handler(asked),
            });
            let result = call(&server.upstream(), "echo", json!({}), &limits()).await.unwrap();
            assert_eq!(result["isError"], true);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_way_of_failing_is_told_apart() {
        let said = async |server: std::sync::Arc<Fake>| {
            let error = probe(&server.upstream(), &limits()).await.unwrap_err();
            assert_eq!(server.alive(), 0);
            error.to_string()
        };
        assert_eq!(
            said(Fake::new(|_| Vec::new())).await,
            "the server did not answer `initialize` within 30 s"
        );
        assert_eq!(
            said(Fake::new(|_| vec![Say::End])).await,
            "the server ended before it answered `initialize`: exit status 3"
        );
        let garbage = said(Fake::saying_first(&"{'a': 1}\n".repeat(11), |_| Vec::new())).await;
        assert!(garbage.contains("must log to standard error"), "{garbage}");
        assert_eq!(
            said(Fake::saying_first("Welcome!\n", |_| Vec::new())).await,
            "the server did not answer `initialize` within 30 s (it wrote 1 line(s) that are not JSON-RPC on its standard output)"
        );
        assert_eq!(
            said(Fake::new(|asked| vec![fake::error(asked, -32000)])).await,
            "the server answered `initialize` with error -32000: no"
        );
        let future = |asked: &Value| vec![fake::result(asked, json!({"protocolVersion": "2031-01-01"}))];
        assert!(said(Fake::new(future)).await.contains("`2031-01-01`, which is not known"));
    }

    #[tokio::test]
    async fn templates_of_resources_are_read_after_the_resources() {
        let server = Fake::new(|asked| match asked["method"].as_str() {
            Some("initialize") => {
                let mut hello = fake::legacy(asked);
                if let Some(Say::Line(line)) = hello.first_mut() {
                    let mut answer: Value = serde_json::from_str(line).unwrap();
                    answer["result"]["capabilities"]["resources"] = json!({});
                    *line = answer.to_string();
                }
                hello
            }
            Some("resources/templates/list") => {
                vec![fake::result(
                    asked,
                    json!({"resourceTemplates": [{"name": "t", "uriTemplate": "a://{b}"}]}),
                )]
            }
            Some("resources/list") => {
                vec![fake::result(asked, json!({"resources": [{"name": "r", "uri": "a://c"}]}))]
            }
            _ => fake::legacy(asked),
        });
        let resources = probe(&server.upstream(), &limits()).await.unwrap().resources;
        assert_eq!(
            (&resources[0]["uri"], &resources[1]["uriTemplate"]),
            (&json!("a://c"), &json!("a://{b}"))
        );
    }

    fn with_tools(list: impl Fn(&Value) -> Value + Send + Sync + 'static) -> std::sync::Arc<Fake> {
        Fake::new(move |asked| match asked["method"].as_str() {
            Some("tools/list") => vec![fake::result(asked, list(asked))],
            _ => fake::modern(asked),
        })
    }

    #[tokio::test]
    async fn all_pages_are_read_up_to_the_limits() {
        let paged = with_tools(|asked| {
            let page: u64 = asked["params"]["cursor"].as_str().map_or(0, |cursor| cursor.parse().unwrap());
            let names: Vec<Value> = (0..100).map(|n| json!({"name": format!("t{page}_{n}")})).collect();
            let next = (page < 99).then(|| (page + 1).to_string());
            json!({"tools": names, "nextCursor": next})
        });
        assert_eq!(probe(&paged.upstream(), &limits()).await.unwrap().tools.len(), 10_000);
        let fewer = ProbeLimits { items: 9_999, ..limits() };
        let error = probe(&paged.upstream(), &fewer).await.unwrap_err();
        assert_eq!(error.to_string(), "the answer to `tools/list` is too large: more than 9999 tools");
        let fewer = ProbeLimits { pages: 7, ..limits() };
        assert!(
            probe(&paged.upstream(), &fewer).await.unwrap_err().to_string().contains("more than 7 pages")
        );
    }

    #[tokio::test]
    async fn endless_and_oversized_lists_end_with_an_error() {
        let said = async |server: std::sync::Arc<Fake>| {
            probe(&server.upstream(), &limits()).await.unwrap_err().to_string()
        };
        let circle = with_tools(|_| json!({"tools": [{"name": "a"}], "nextCursor": "x"}));
        assert!(said(circle).await.contains("cursor a second time"));
        let huge = with_tools(|_| json!({"tools": [{"name": "a", "description": "x".repeat(200_000)}]}));
        assert!(said(huge).await.contains("too large"));
        let nameless = with_tools(|_| json!({"tools": [{"description": "x"}]}));
        assert!(said(nameless).await.contains("cannot be used"));
        let deep = with_tools(|_| {
            let mut schema = json!({});
            for _ in 0..130 {
                schema = json!({ "properties": schema });
            }
            json!({"tools": [{"name": "a", "inputSchema": schema}]})
        });
        assert!(said(deep).await.contains("recursion limit"));
    }

    #[test]
    fn probes_and_calls_can_be_spawned() {
        fn movable<T: Send>(_: T) {}
        let (server, limits) = (Fake::new(fake::legacy).upstream(), limits());
        movable(probe(&server, &limits));
        movable(call(&server, "echo", Value::Null, &limits));
    }

    #[tokio::test]
    async fn a_known_era_saves_the_question() {
        let server = Fake::new(|asked| {
            assert_ne!(asked["method"], "server/discover");
            fake::legacy(asked)
        });
        let known = ProbeLimits { era: Some(Era::Legacy), discover: Duration::ZERO, ..limits() };
        assert_eq!(probe(&server.upstream(), &known).await.unwrap().era, Era::Legacy);
    }
}
