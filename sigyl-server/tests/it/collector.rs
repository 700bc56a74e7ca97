//! A collector on a port of its own, which keeps what it is told.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// How long a test waits for what has to come.
const LIMIT: Duration = Duration::from_secs(60);

/// One message, as it came.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What a collector answers to its first message, its second and so on: a status and a body; nothing leaves it waiting.
type Answers = Arc<dyn Fn(usize) -> Option<(u16, &'static [u8])> + Send + Sync>;

/// A collector.
pub(crate) struct Collector {
    pub(crate) url: String,
    told: mpsc::UnboundedReceiver<Told>,
    /// Every byte that came, with the heads of the messages.
    pub(crate) bytes: Vec<u8>,
}

impl Collector {
    /// One that takes everything.
    pub(crate) async fn start() -> Self {
        Self::answering(|_| Some((200, b""))).await
    }

    pub(crate) async fn answering(
        answers: impl Fn(usize) -> Option<(u16, &'static [u8])> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/otlp", listener.local_addr().unwrap());
        let (tell, told) = mpsc::unbounded_channel();
        tokio::spawn(serve(listener, Arc::new(answers), tell));
        Self { url, told, bytes: Vec::new() }
    }

    /// The next message.
    pub(crate) async fn next(&mut self) -> Told {
        let told = tokio::time::timeout(LIMIT, self.told.recv()).await.unwrap().unwrap();
        self.bytes.extend(format!("{} {:?}", told.path, told.headers).bytes());
        self.bytes.extend(&told.body);
        told
    }

    /// The spans of the next messages that have some, until there are as many.
    pub(crate) async fn spans(&mut self, count: usize) -> Vec<Span> {
        self.spans_until(|spans| spans.len() >= count).await
    }

    /// The same until there are enough.
    pub(crate) async fn spans_until(&mut self, is_enough: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        let mut spans = Vec::new();
        while !is_enough(&spans) {
            let told = self.next().await;
            if told.path != "/otlp/v1/traces" {
                continue;
            }
            let message = ExportTraceServiceRequest::decode(told.body).unwrap();
            let scopes = message.resource_spans.into_iter().flat_map(|one| one.scope_spans);
            spans.extend(scopes.flat_map(|scope| scope.spans));
        }
        spans
    }

    /// The numbers of the next message that has some.
    pub(crate) async fn metrics(&mut self) -> Vec<Metric> {
        loop {
            let told = self.next().await;
            if told.path == "/otlp/v1/metrics" {
                let message = ExportMetricsServiceRequest::decode(told.body).unwrap();
                let scopes = message.resource_metrics.into_iter().flat_map(|one| one.scope_metrics);
                return scopes.flat_map(|scope| scope.metrics).collect();
            }
        }
    }
}

async fn serve(listener: TcpListener, answers: Answers, tell: mpsc::UnboundedSender<Told>) {
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (answers, tell, count) = (Arc::clone(&answers), tell.clone(), Arc::clone(&count));
        let service = service_fn(move |request: Request<Incoming>| {
            let (answers, tell, count) = (Arc::clone(&answers), tell.clone(), Arc::clone(&count));
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let told = Told { path: head.uri.path().to_owned(), headers: head.headers, body };
                // The test may be over.
                tell.send(told).ok();
                let at = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                let Some((status, body)) = answers(at) else { return std::future::pending().await };
                let response = Response::builder().status(status).body(Full::from(body));
                Ok::<Response<Full<Bytes>>, Infallible>(response.unwrap())
            }
        });
        // Its client may leave in the middle of a message.
        let talk = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move { talk.await.ok() });
    }
}

/// Attributes as text, by name.
pub(crate) fn attributes(all: &[KeyValue]) -> Vec<(String, String)> {
    let said = |value: &Option<AnyValue>| match value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{other:?}"),
    };
    let mut all: Vec<_> = all.iter().map(|one| (one.key.clone(), said(&one.value))).collect();
    all.sort();
    all
}
