//! Leaves a record of each call: which tool, when, how long, how it ended; never arguments or results.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc::{Sender, error::TrySendError};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::domain::{Timestamp, TraceParent};
use crate::store::{CallOutcome, CallRecord};

use super::route::Served;

/// Tools have names of up to 128 characters; what is longer is cut in the record, and control characters are replaced.
const NAME_MOST: usize = 128;

/// The way to whoever keeps the records. Never waits: what it cannot take is counted as lost.
#[derive(Debug)]
pub(super) struct Journal {
    clock: Arc<dyn Clock>,
    records: Sender<CallRecord>,
    lost: AtomicU64,
}

/// Who calls, as whoever stands before the endpoint knows them.
#[derive(Clone, Debug)]
pub struct By {
    /// What they are called.
    pub name: Arc<str>,
    /// The request that their calls came by, where that is traced.
    pub trace: Option<TraceParent>,
}

impl From<&str> for By {
    fn from(name: &str) -> Self {
        Self { name: name.into(), trace: None }
    }
}

/// A call under way. Dropped before its end is known, it is recorded as failed.
#[derive(Debug)]
pub(super) struct Call {
    journal: Arc<Journal>,
    served: Arc<Served>,
    by: Option<By>,
    tool: String,
    at: Timestamp,
    start: Instant,
    outcome: CallOutcome,
}

impl Journal {
    pub(super) fn new(clock: Arc<dyn Clock>, records: Sender<CallRecord>) -> Self {
        Self { clock, records, lost: AtomicU64::new(0) }
    }

    fn keep(&self, record: CallRecord) {
        match self.records.try_send(record) {
            Ok(()) => {
                let lost = self.lost.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    tracing::warn!(
                        lost,
                        "records of calls were lost, because they came faster than they could be kept"
                    );
                }
            }
            Err(TrySendError::Full(_)) => {
                if self.lost.fetch_add(1, Ordering::Relaxed) == 0 {
                    tracing::warn!(
                        "records of calls are being lost, because they come faster than they can be kept"
                    );
                }
            }
            // Nobody keeps records any more: the owner is ending.
            Err(TrySendError::Closed(_)) => {}
        }
    }
}

impl Call {
    /// Starts the record of `method` if it is a call of a tool; `by` is who calls it, when that is known.
    pub(super) fn start(
        journal: &Arc<Journal>,
        served: &Arc<Served>,
        by: Option<By>,
        method: &str,
        params: Option<&RawValue>,
    ) -> Option<Self> {
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        if method != "tools/call" {
            return None;
        }
        // A call without a name is refused by the server; its record shows an empty one.
        let named = params.and_then(|params| serde_json::from_str::<Named>(params.get()).ok());
        let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
        let tool =
            named.map(|named| named.name.chars().take(NAME_MOST).map(plain).collect()).unwrap_or_default();
        Some(Self {
            journal: Arc::clone(journal),
            served: Arc::clone(served),
            by,
            tool,
            at: journal.clock.now(),
            start: Instant::now(),
            outcome: CallOutcome::Failed,
        })
    }

    /// Ends the record with what the server answered.
    pub(super) fn end(mut self, outcome: Result<&RawValue, &RawValue>) {
        #[derive(Deserialize)]
        struct Flag {
            #[serde(default, rename = "isError")]
            is_error: bool,
        }
        self.outcome = match outcome {
            Err(_) => CallOutcome::ProtocolError,
            Ok(result) => match serde_json::from_str::<Flag>(result.get()) {
                Ok(Flag { is_error: true }) => CallOutcome::ToolError,
                _ => CallOutcome::Ok,
            },
        };
    }

    /// Ends the record of an answer that was too large to be looked into.
    pub(super) fn end_unread(mut self) {
        self.outcome = CallOutcome::Ok;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let took = self.start.elapsed();
        self.served.count(self.outcome, took);
        self.journal.keep(CallRecord {
            server: self.served.name.clone(),
            version: self.served.route.version.clone(),
            tool: std::mem::take(&mut self.tool),
            caller: self.by.as_ref().map(|by| by.name.as_ref().to_owned()),
            at: self.at,
            micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            outcome: self.outcome,
            trace: self.by.as_ref().and_then(|by| by.trace),
        });
    }
}
