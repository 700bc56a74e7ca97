//! Spans of what the library tells when it ends: runs with their steps, and calls of tools.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use sigyl_core::Ended;
use sigyl_core::domain::{Caller, Digest, Run, RunState, StepRecord, StepState, TraceParent};
use sigyl_core::store::{CallOutcome, CallRecord};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Otel;
use super::request::nanos;
use super::span::{SpanKind, Spot, span, text};
use crate::app::App;

/// Tells of runs and calls until there is `enough`, and of those that ended before.
pub(super) async fn tell_ends(app: Arc<App>, otel: Arc<Otel>, enough: CancellationToken) {
    let owner = Caller::local_owner();
    let mut ends = match app.core.ends(&owner) {
        Ok(ends) => ends,
        Err(error) => {
            tracing::error!(
                cause = &error as &dyn std::error::Error,
                "runs and calls are not told to the collector"
            );
            return;
        }
    };
    loop {
        let ended = tokio::select! {
            biased;
            ended = ends.next() => ended,
            () = enough.cancelled() => return,
        };
        match ended {
            None => return,
            Some(Ended::Call(call)) => otel.call_ended(&call),
            Some(Ended::Run(id)) => match app.core.run(&owner, &id).await {
                Ok(run) => otel.run_ended(&run),
                // Its server may have gone, and its records with it.
                Err(error) => tracing::debug!(run.id = %id, %error, "a run is not told to the collector"),
            },
            Some(Ended::Missed(count)) => otel.missed(count),
            Some(_) => {}
        }
    }
}

impl Otel {
    /// Tells of a run and of its steps. Its trace has the id of the run.
    fn run_ended(&self, run: &Run) {
        let whole = run.id.as_str();
        let trace = Uuid::parse_str(whole).map_or_else(|_| of_text::<16>(whole), Uuid::into_bytes);
        let place =
            |part: &str| TraceParent { trace, span: of_text(&format!("{whole} {part}")), sampled: true };
        let own = place("");
        let (start, end) = (nanos(run.created), nanos(run.updated));
        let mut attributes = vec![
            text("sigyl.run.id", whole),
            text("sigyl.run.plan", word(&run.plan)),
            text("sigyl.run.state", run.state.to_string()),
        ];
        attributes.extend(run.server.as_ref().map(|name| text("sigyl.server.name", name.as_str())));
        attributes
            .extend(run.version.as_ref().map(|version| text("sigyl.server.version", version.to_string())));
        let failed = (run.state == RunState::Failed).then(|| {
            run.failure.as_ref().map_or_else(|| "failed".to_owned(), |failure| failure.code.clone())
        });
        let spot = Spot { own, parent: None, start, end };
        self.tell(span(spot, SpanKind::Internal, format!("run {}", word(&run.plan)), attributes, failed));
        for (at, step) in run.steps.iter().enumerate() {
            let own = place(&format!("{at} {}", step.step));
            let start = nanos(step.started);
            let end = step.ended.map_or(end, nanos);
            let spot = Spot { own, parent: Some(place("").span), start, end };
            self.tell(of_step(spot, step));
        }
    }

    /// Tells of a call, below the request that it came by.
    fn call_ended(&self, call: &CallRecord) {
        let id = Uuid::now_v7();
        let own_span = of_low(id);
        let (own, parent) = match call.trace {
            Some(parent) => (TraceParent { span: own_span, ..parent }, Some(parent.span)),
            None => {
                let [.., a, b, c, d] = id.into_bytes();
                let sampled = self.samples(u32::from_be_bytes([a, b, c, d]));
                (TraceParent { trace: id.into_bytes(), span: own_span, sampled }, None)
            }
        };
        if !own.sampled {
            return;
        }
        let attributes = vec![
            text("mcp.method.name", "tools/call"),
            text("gen_ai.operation.name", "execute_tool"),
            text("gen_ai.tool.name", &*call.tool),
            text("sigyl.server.name", call.server.as_str()),
            text("sigyl.server.version", call.version.to_string()),
        ];
        let error = match call.outcome {
            CallOutcome::Ok => None,
            CallOutcome::ToolError => Some("tool_error"),
            CallOutcome::ProtocolError => Some("protocol_error"),
            CallOutcome::Failed => Some("failed"),
            _ => Some("_OTHER"),
        };
        let start = nanos(call.at);
        let took = Duration::from_micros(call.micros).as_nanos();
        let end = start.saturating_add(u64::try_from(took).unwrap_or(u64::MAX));
        let spot = Spot { own, parent, start, end };
        let name = format!("tools/call {}", call.tool);
        self.tell(span(spot, SpanKind::Server, name, attributes, error.map(str::to_owned)));
    }

    /// Counts what ended faster than it could be told.
    fn missed(&self, count: u64) {
        self.lost.add_spans(count);
        self.lost.say("more ended at once than could be told");
    }
}

fn of_step(spot: Spot, step: &StepRecord) -> opentelemetry_proto::tonic::trace::v1::Span {
    let state = word(&step.state);
    let failed = matches!(step.state, StepState::Failed | StepState::UndoFailed).then(|| state.clone());
    let attributes = vec![text("sigyl.step.state", state)];
    span(spot, SpanKind::Internal, step.step.to_string(), attributes, failed)
}

/// The word that a value is written by.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// An id that is always the same for a text.
fn of_text<const N: usize>(text: &str) -> [u8; N] {
    let digest = Digest::of(text.as_bytes());
    std::array::from_fn(|at| digest.as_bytes()[at])
}

/// The half of an id in which there is chance.
fn of_low(id: Uuid) -> [u8; 8] {
    let bytes = id.into_bytes();
    std::array::from_fn(|at| bytes[at + 8])
}
