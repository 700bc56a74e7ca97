//! A client that others wrote: rmcp, in both eras.

use rmcp::ServiceExt as _;
use rmcp::model::{CallToolRequestParams, ProtocolVersion};
use rmcp::service::{ClientLifecycleMode, ClientServiceExt as _};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;

use super::*;
use crate::mcp::fake::{self, Fake};

fn transport(endpoint: &Endpoint) -> StreamableHttpClientTransport<reqwest::Client> {
    let config = StreamableHttpClientTransportConfig::with_uri(format!("{}a", endpoint.base));
    StreamableHttpClientTransport::with_client(endpoint.client(), config)
}

#[tokio::test]
async fn rmcp_lists_and_calls_through_a_session() {
    let server = Fake::new(fake::legacy);
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    let client = ().serve(transport(&endpoint)).await.unwrap();
    assert_eq!(client.list_all_tools().await.unwrap()[0].name, "echo");
    let result = client.call_tool(CallToolRequestParams::new("echo")).await.unwrap();
    assert_eq!(result.is_error, None);
    client.cancel().await.unwrap();
    until(|| server.alive() == 0).await;
}

#[tokio::test]
async fn rmcp_finds_out_the_era_of_either_server() {
    for (handler, name) in [(fake::legacy as fn(&Value) -> Vec<fake::Say>, "old"), (fake::modern, "new")] {
        let server = Fake::new(handler);
        let endpoint = Endpoint::of(quick(), server.upstream()).await;
        let mode = ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            legacy_version: None,
        };
        let client = ().serve_with_lifecycle(transport(&endpoint), mode).await.unwrap();
        let told = format!("{:?}", client.peer_info());
        assert!(told.contains(name), "{told}");
        assert_eq!(client.list_all_tools().await.unwrap()[0].name, "echo");
        client.call_tool(CallToolRequestParams::new("echo")).await.unwrap();
        client.cancel().await.unwrap();
        endpoint.end().await;
        assert_eq!(server.alive(), 0);
    }
}
