//! What a collector is told, and what becomes of requests when it does not listen.

use std::time::Duration;

use hyper::Request;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use sigyl_core::domain::Network;
use sigyl_server::{Config, Telemetry};

use crate::app::TestApp;
use crate::collector::{Collector, attributes};

/// A server that tells a collector at once.
fn telling(collector: &Collector) -> Config {
    let mut telemetry = Telemetry::to(&*collector.url);
    telemetry.gather = Duration::from_millis(1);
    telemetry.every = Duration::from_secs(3600);
    let mut config = Config::default();
    config.telemetry = Some(telemetry);
    config
}

fn named<'s>(spans: &'s [Span], name: &str) -> Vec<&'s Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_request_is_one_span_with_what_its_route_says() {
    let mut collector = Collector::start().await;
    let app = TestApp::with(telling(&collector)).await;
    let health = app.get("/health?q=1").await;
    let told = collector.next().await;
    assert_eq!(
        (told.path.as_str(), told.headers["content-type"].to_str().unwrap()),
        ("/otlp/v1/traces", "application/x-protobuf")
    );
    let mut message = ExportTraceServiceRequest::decode(told.body).unwrap();
    let resource = attributes(&message.resource_spans[0].resource.take().unwrap().attributes);
    assert_eq!(resource[1], ("service.name".to_owned(), "sigyl-server".to_owned()));
    let spans = &message.resource_spans[0].scope_spans[0].spans;
    let [span] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!((span.name.as_str(), span.kind), ("GET /health", SpanKind::Server.into()));
    let (host, port) = (app.address.ip().to_string(), app.address.port().to_string());
    let expected = [
        ("http.request.method", "GET"),
        ("http.response.status_code", "200"),
        ("http.route", "/health"),
        ("server.address", &host),
        ("server.port", &port),
        ("url.scheme", "http"),
    ];
    let expected: Vec<_> = expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    assert_eq!(attributes(&span.attributes), expected);
    assert_eq!(hex(&span.trace_id), health.header("x-request-id").replace('-', ""));
    assert!(span.parent_span_id.is_empty() && span.status.is_none() && span.span_id.len() == 8);
    assert!(span.start_time_unix_nano > 0 && span.end_time_unix_nano >= span.start_time_unix_nano);
    app.end().await;
}

#[tokio::test]
async fn what_no_route_has_is_told_without_the_words_of_its_client() {
    let mut collector = Collector::start().await;
    let app = TestApp::with(telling(&collector)).await;
    app.ask("PLANTED", "/planted").await;
    let spans = collector.spans(1).await;
    let span = named(&spans, "HTTP")[0];
    let told = attributes(&span.attributes);
    assert_eq!(told[0], ("http.request.method".to_owned(), "_OTHER".to_owned()));
    assert_eq!(told[1], ("http.response.status_code".to_owned(), "404".to_owned()));
    assert!(span.status.is_none() && told.iter().all(|(key, _)| key != "error.type" && key != "http.route"));
    app.end().await;
}

/// A place in a trace that somebody says a request has.
const PLACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// The span of a request that says it has a place in a trace.
async fn placed(proxies: Vec<Network>) -> Span {
    let mut collector = Collector::start().await;
    let mut config = telling(&collector);
    config.trusted_proxies = proxies;
    let app = TestApp::with(config).await;
    let request = Request::get("/health").header("host", "localhost").header("traceparent", PLACE);
    app.send(request.body(Default::default()).unwrap()).await;
    let span = collector.spans(1).await.remove(0);
    app.end().await;
    span
}

#[tokio::test]
async fn the_place_that_a_stranger_says_is_not_taken_over_and_that_of_a_proxy_is() {
    let of_stranger = placed(Vec::new()).await;
    assert!(of_stranger.parent_span_id.is_empty());
    assert_ne!(hex(&of_stranger.trace_id), "0af7651916cd43dd8448eb211c80319c");
    let of_proxy = placed(vec![Network::parse("127.0.0.0/8").unwrap()]).await;
    assert_eq!(hex(&of_proxy.trace_id), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(hex(&of_proxy.parent_span_id), "b7ad6b7169203331");
    assert_ne!(of_proxy.span_id, of_proxy.parent_span_id);
}

#[tokio::test]
async fn what_was_not_told_yet_is_told_when_the_server_ends() {
    let mut collector = Collector::start().await;
    let mut config = telling(&collector);
    config.telemetry.as_mut().unwrap().gather = Duration::from_secs(3600);
    let app = TestApp::with(config).await;
    for _ in 0..5 {
        app.get("/health").await;
    }
    app.end().await;
    assert_eq!(named(&collector.spans(5).await, "GET /health").len(), 5);
}
