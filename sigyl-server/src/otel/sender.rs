//! Spans on their way: a queue of a bounded length, and the one who empties it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use sigyl_core::clock::{Clock as _, SystemClock};
use sigyl_core::web::WebError;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Telemetry;
use super::lost::Lost;
use super::post::{Post, Sent, Signal};
use super::request::{address, nanos};
use super::span::text;
use crate::metrics::{Family, Point};

/// Spans in one message.
const BATCH: usize = 512;

/// How often a message is tried.
const ATTEMPTS: u32 = 5;

/// How long it is waited at most before a message is tried again, whatever the collector wishes.
const LONGEST: Duration = Duration::from_secs(30);

/// What requests and senders share.
#[derive(Debug)]
pub(crate) struct Otel {
    queue: mpsc::Sender<Span>,
    /// Spans that are neither told nor lost yet.
    waiting: AtomicU64,
    pub(super) lost: Lost,
    pub(super) telemetry: Telemetry,
    post: Post,
    resource: Resource,
    /// When the server began to count, in nanoseconds since 1970-01-01 UTC.
    pub(super) began: u64,
    /// Where clients reach the server.
    pub(super) address: Vec<KeyValue>,
    /// Set when the server takes no more requests: nothing is gathered any more.
    ending: CancellationToken,
    /// Set when everything has to be told now.
    pub(super) finishing: CancellationToken,
}

impl Otel {
    /// Makes ready to tell a collector of a server that clients reach at `base`; what is told comes out of the queue.
    pub(super) fn new(
        telemetry: Telemetry,
        base: &str,
        ending: CancellationToken,
    ) -> Result<(Self, mpsc::Receiver<Span>), WebError> {
        let (queue, told) = mpsc::channel(telemetry.queue.max(1));
        let resource = Resource {
            attributes: vec![
                text("service.name", &*telemetry.service_name),
                text("service.version", env!("CARGO_PKG_VERSION")),
                text("service.instance.id", Uuid::now_v7().to_string()),
            ],
            ..Resource::default()
        };
        let otel = Self {
            queue,
            waiting: AtomicU64::new(0),
            lost: Lost::default(),
            post: Post::new(&telemetry)?,
            telemetry,
            resource,
            began: nanos(SystemClock.now()),
            address: address(base),
            ending,
            finishing: CancellationToken::new(),
        };
        Ok((otel, told))
    }

    /// Takes a span to be told. Never waits: what there is no room for is lost, and counted.
    pub(super) fn tell(&self, span: Span) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if self.queue.try_send(span).is_err() {
            self.settle(1, 1);
        }
    }

    /// Counts spans that are told or lost.
    fn settle(&self, count: u64, lost: u64) {
        self.waiting.fetch_sub(count, Ordering::Relaxed);
        self.lost.add_spans(lost);
    }

    /// Gives up what was not told, when there is no more time.
    pub(super) fn give_up(&self) {
        let left = self.waiting.swap(0, Ordering::Relaxed);
        self.lost.add_spans(left);
        self.lost.say("the server has ended");
    }

    /// Returns what is lost, as a number of the server.
    pub(crate) fn lost_family(&self) -> Family<'static> {
        let (spans, points) = self.lost.counts();
        let points = vec![Point::by("signal", "spans", spans), Point::by("signal", "points", points)];
        Family::counter("sigyl_otel_lost_total", "Spans and numbers that no collector took.", points)
    }

    /// Who and what the server is, and which part of it tells.
    pub(super) fn origin(&self) -> (Option<Resource>, Option<InstrumentationScope>) {
        let scope = InstrumentationScope {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        (Some(self.resource.clone()), Some(scope))
    }

    /// Sends a message of `count` parts, again where that may help. What is lost of it is told with the cause.
    pub(super) async fn deliver(
        &self,
        signal: Signal,
        message: Vec<u8>,
        count: u64,
        attempts: u32,
    ) -> Result<(), Loss> {
        let mut pause = self.telemetry.gather.min(LONGEST);
        let mut attempt = 1;
        loop {
            // Whoever is told to finish has no time to come again.
            let is_last = attempt >= attempts || self.finishing.is_cancelled();
            let (after, why) = match self.post.send(signal, message.clone()).await {
                Sent::Taken { refused: 0 } => return Ok(()),
                Sent::Taken { refused } => {
                    let why = "the collector refused a part".to_owned();
                    return Err(Loss { count: refused.min(count), why });
                }
                Sent::Never { why } => return Err(Loss { count, why }),
                Sent::Later { why, .. } if is_last => return Err(Loss { count, why }),
                Sent::Later { after, why } => (after, why),
            };
            // There may have been no room for others while this one was on its way.
            self.lost.say(&why);
            tokio::select! {
                () = tokio::time::sleep(after.unwrap_or_default().max(pause).min(LONGEST)) => {}
                () = self.finishing.cancelled() => {}
            }
            pause = (pause * 2).min(LONGEST);
            attempt += 1;
        }
    }
}

/// What is lost of a message.
#[derive(Debug)]
pub(super) struct Loss {
    pub(super) count: u64,
    pub(super) why: String,
}

/// Tells what comes out of the queue, until everything is told after [`Otel::finishing`].
pub(super) async fn tell_spans(otel: Arc<Otel>, mut queue: mpsc::Receiver<Span>) {
    let mut batch = Vec::with_capacity(BATCH);
    while gather(&otel, &mut queue, &mut batch).await {
        let count = batch.len() as u64;
        let message = message(&otel, std::mem::take(&mut batch));
        let sent = otel.deliver(Signal::Spans, message, count, ATTEMPTS).await;
        otel.settle(count, sent.as_ref().err().map_or(0, |loss| loss.count));
        if let Err(loss) = sent {
            otel.lost.say(&loss.why);
        }
    }
}

/// Gathers spans until there are many, or the first has waited long enough; tells whether there are any.
async fn gather(otel: &Otel, queue: &mut mpsc::Receiver<Span>, batch: &mut Vec<Span>) -> bool {
    let mut due = None;
    while batch.len() < BATCH {
        let until = due.unwrap_or_else(Instant::now);
        let room = BATCH - batch.len();
        tokio::select! {
            count = queue.recv_many(batch, room) => match count {
                0 => break,
                _ => due = due.or_else(|| Some(Instant::now() + otel.telemetry.gather)),
            },
            () = tokio::time::sleep_until(until), if due.is_some() => break,
            () = otel.ending.cancelled(), if due.is_some() => break,
            () = otel.finishing.cancelled(), if !queue.is_closed() => queue.close(),
        }
    }
    !batch.is_empty()
}

fn message(otel: &Otel, spans: Vec<Span>) -> Vec<u8> {
    let (resource, scope) = otel.origin();
    let scope_spans = vec![ScopeSpans { scope, spans, ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}
