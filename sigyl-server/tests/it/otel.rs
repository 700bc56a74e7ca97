//! What a collector is told, and what becomes of requests when it does not listen.

use std::time::Duration;

use hyper::Request;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::AggregationTemporality;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use serde_json::json;
use sigyl_core::domain::Network;
use sigyl_server::{Config, Telemetry};

use crate::app::TestApp;
use crate::collector::{Collector, attributes};
use crate::endpoint::{call, release};
use crate::running::Running;

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
    let mut told = collector.next().await;
    while told.path != "/otlp/v1/traces" {
        told = collector.next().await;
    }
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

/// What is planted where clients can write something; no two share a part.
const PLANTED: [&str; 7] = [
    "pl4nted-path",
    "pl4nted-query",
    "pl4nted-header",
    "pl4nted-agent",
    "pl4nted-cookie",
    "pl4nted-host",
    "pl4nted-key",
];

#[tokio::test]
async fn nothing_that_a_client_says_and_no_key_is_told() {
    let mut collector = Collector::start().await;
    let app = TestApp::with(telling(&collector)).await;
    let key = app.admin_key().await;
    let body = json!({"label": "editor", "view": {"known": "anything"}});
    let view = app.tell("POST", "/api/v1/keys", Some(&key), Some(&body)).await.json();
    let view = view["plain"].as_str().unwrap();
    let [path, query, header, agent, cookie, host, other] = PLANTED;
    let paths = [
        format!("/api/v1/servers/{path}?q={query}"),
        format!("/view/{view}/v0.1/servers?search={query}"),
        format!("/mcp/{path}"),
        format!("/{path}?{query}"),
    ];
    for path in &paths {
        for key in [&key, other] {
            let request = Request::get(path).header("host", format!("{host}.example"));
            let request =
                request.header("authorization", format!("Bearer {key}")).header("x-planted", header);
            let request = request.header("user-agent", agent).header("cookie", format!("sigyl={cookie}"));
            app.send(request.body(Default::default()).unwrap()).await;
        }
    }
    let told = collector.spans(9).await;
    let shown: Vec<_> = named(&told, "GET /view/{view}/v0.1/servers");
    assert!(shown.iter().any(|span| attributes(&span.attributes)[1].1 == "200"), "{shown:?}");
    app.end().await;
    collector.metrics().await;
    let text = String::from_utf8_lossy(&collector.bytes).into_owned();
    for secret in PLANTED.into_iter().chain([&key, view, "search="]) {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn keys_of_the_collector_go_to_it_alone() {
    let mut collector = Collector::start().await;
    let mut config = telling(&collector);
    let headers = &mut config.telemetry.as_mut().unwrap().headers;
    headers.push(("authorization".to_owned(), sigyl_core::domain::SecretValue::new("Bearer hunter2")));
    assert!(!format!("{config:?}").contains("hunter2"));
    let app = TestApp::with(config).await;
    let key = app.admin_key().await;
    app.get("/health").await;
    let told = collector.next().await;
    assert_eq!(told.headers["authorization"], "Bearer hunter2");
    let metrics = app.tell("GET", "/metrics", Some(&key), None).await;
    assert!(!String::from_utf8_lossy(&metrics.body).contains("hunter2"));
    app.end().await;
}

/// How many spans `/metrics` says are lost.
async fn lost(app: &TestApp, key: &str) -> u64 {
    let metrics = app.tell("GET", "/metrics", Some(key), None).await;
    let text = String::from_utf8(metrics.body.to_vec()).unwrap();
    let line = text.lines().find(|line| line.starts_with("sigyl_otel_lost_total{signal=\"spans\"}")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_collector_that_never_answers_holds_nobody_up_and_what_is_lost_is_counted() {
    let mut collector = Collector::answering(|_| None).await;
    let mut config = telling(&collector);
    let telemetry = config.telemetry.as_mut().unwrap();
    (telemetry.queue, telemetry.patience) = (8, Duration::from_secs(3600));
    config.bounds.drain_time = Duration::from_millis(10);
    let app = TestApp::with(config).await;
    let key = app.admin_key().await;
    app.get("/health").await;
    while collector.next().await.path != "/otlp/v1/traces" {}
    // The collector holds the first message for an hour: nobody who asks now may wait for it.
    let asked = async {
        for _ in 0..50 {
            assert_eq!(app.get("/health").await.status, 200);
        }
        lost(&app, &key).await
    };
    assert_eq!(tokio::time::timeout(Duration::from_secs(60), asked).await.unwrap(), 42);
    tokio::time::timeout(Duration::from_secs(60), app.end()).await.unwrap();
}

#[tokio::test]
async fn what_nobody_takes_is_lost_at_once_and_what_may_be_taken_later_is_tried_again() {
    for (status, body, is_lost) in [
        (400, &b"no"[..], true),
        (500, b"", true),
        (404, b"<html>", true),
        (200, b"<html>hello</html>", true),
        (503, b"", false),
        (429, b"", false),
    ] {
        let mut collector =
            Collector::answering(move |at| Some(if at < 3 { (status, body) } else { (200, b"") })).await;
        let app = TestApp::with(telling(&collector)).await;
        let key = app.admin_key().await;
        app.get("/health").await;
        let first = collector.spans(1).await;
        if is_lost {
            // The request for the numbers is a span as well, and never lost before it is told.
            while lost(&app, &key).await == 0 {
                tokio::task::yield_now().await;
            }
        } else {
            assert_eq!(collector.spans(1).await, first, "{status}");
            assert_eq!(lost(&app, &key).await, 0, "{status}");
        }
        app.end().await;
    }
}

#[tokio::test]
async fn numbers_are_those_of_the_text_for_prometheus() {
    let mut collector = Collector::start().await;
    let app = TestApp::with(telling(&collector)).await;
    let key = app.admin_key().await;
    for _ in 0..3 {
        app.get("/health").await;
    }
    let text = app.tell("GET", "/metrics", Some(&key), None).await;
    let text = String::from_utf8(text.body.to_vec()).unwrap();
    // The first came before anybody asked.
    collector.metrics().await;
    app.end().await;
    let told = collector.metrics().await;
    let names: Vec<_> = told.iter().map(|metric| metric.name.as_str()).collect();
    let said: Vec<_> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert_eq!(names, said);
    let requests = told.iter().find(|metric| metric.name == "sigyl_http_requests_total").unwrap();
    let Some(Data::Sum(sum)) = &requests.data else { panic!("{requests:?}") };
    assert!(sum.is_monotonic && sum.aggregation_temporality == AggregationTemporality::Cumulative as i32);
    let health = sum.data_points.iter().find(|point| {
        let labels = attributes(&point.attributes);
        labels.contains(&("route".to_owned(), "/health".to_owned()))
    });
    assert_eq!(health.unwrap().value, Some(Number::AsInt(3)));
    let times = told.iter().find(|metric| metric.name == "sigyl_http_request_seconds").unwrap();
    let Some(Data::Histogram(times)) = &times.data else { panic!("{times:?}") };
    let point = times.data_points.iter().find(|point| point.count == 3).unwrap();
    assert_eq!((point.bucket_counts.len(), point.explicit_bounds.len()), (11, 10));
    assert_eq!(point.bucket_counts.iter().sum::<u64>(), 3);
}

/// What an attribute of a span says.
fn said(span: &Span, key: &str) -> String {
    attributes(&span.attributes)
        .into_iter()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value)
        .unwrap_or_default()
}

#[tokio::test]
async fn a_run_is_told_with_its_steps_and_a_call_below_its_request_without_what_was_said() {
    let mut collector = Collector::start().await;
    let server = Running::start(&[
        ("SIGYL_OTEL_ENDPOINT", &collector.url),
        ("SIGYL_OTEL_HEADERS_ENV", "OTEL_KEYS"),
        ("OTEL_KEYS", "authorization=Bearer%20hunter2"),
    ]);
    let end = release(&server).await;
    assert_eq!(end["run"]["state"], "done", "{end}");
    let opened = server.with_key("POST", "/mcp/echo", &call()).await;
    let session = opened.headers["mcp-session-id"].to_str().unwrap().to_owned();
    let bearer = format!("Bearer {}", server.key);
    let headers = [("host", &*server.address), ("authorization", &*bearer), ("mcp-session-id", &*session)];
    let asked = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
        "name": "echo", "arguments": {"text": "pl4nted-argument"}}});
    assert_eq!(server.send("POST", "/mcp/echo", &headers, &asked).await.status, 200);
    let spans = collector
        .spans_until(|spans| {
            let call = spans.iter().find(|span| span.name == "tools/call echo");
            let is_whole = call.is_some_and(|call| spans.iter().any(|it| it.span_id == call.parent_span_id));
            is_whole && spans.iter().any(|span| span.name == "run release")
        })
        .await;

    let called = named(&spans, "tools/call echo")[0];
    let request = spans.iter().find(|span| span.span_id == called.parent_span_id).unwrap();
    assert_eq!((request.name.as_str(), &request.trace_id), ("POST /mcp/{name}", &called.trace_id));
    assert_eq!(
        attributes(&called.attributes),
        [
            ("gen_ai.operation.name", "execute_tool"),
            ("gen_ai.tool.name", "echo"),
            ("mcp.method.name", "tools/call"),
            ("sigyl.server.name", "echo"),
            ("sigyl.server.version", "1.0.0"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
    );

    let run = named(&spans, "run release")[0];
    assert_eq!(
        (said(run, "sigyl.run.state"), said(run, "sigyl.server.name")),
        ("done".into(), "echo".into())
    );
    assert_eq!(said(run, "sigyl.run.id"), end["run"]["id"].as_str().unwrap());
    let steps: Vec<_> = spans.iter().filter(|span| span.parent_span_id == run.span_id).collect();
    assert_eq!(steps.len(), end["run"]["steps"].as_array().unwrap().len());
    assert!(steps.iter().all(|step| step.trace_id == run.trace_id && step.span_id != run.span_id));
    assert!(steps.iter().any(|step| step.name == "scan_source" && said(step, "sigyl.step.state") == "done"));

    let told = String::from_utf8_lossy(&collector.bytes).replace("Bearer hunter2", "");
    let folder = server.folder.path().to_str().unwrap();
    for secret in ["pl4nted-argument", &session, &server.key, "hunter2", folder] {
        assert!(!told.contains(secret), "{secret}");
    }
    assert!(!server.log.lock().unwrap().contains("hunter2"));
}
