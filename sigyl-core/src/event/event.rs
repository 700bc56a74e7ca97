//! The envelope and the kinds of events.

use serde::{Deserialize, Serialize};

use crate::domain::{
    RunId, RunState, Seq, ServerName, StepId, StepState, Suspect, Timestamp, Verdict, Version,
};

/// Something that happened, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the order of this store.
    pub seq: Seq,
    /// When it happened.
    pub at: Timestamp,
    /// The run it belongs to.
    pub run: Option<RunId>,
    /// The server it is about.
    pub server: Option<ServerName>,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum EventKind {
    /// A run changed its state.
    Run {
        /// Its state now.
        state: RunState,
        /// The failure, or what it waits for.
        note: Option<String>,
    },
    /// A step changed its state.
    Step {
        /// The step.
        step: StepId,
        /// Its state now.
        state: StepState,
        /// The failure, or the result in a few words.
        note: Option<String>,
    },
    /// A step got further.
    Progress {
        /// The step.
        step: StepId,
        /// How much is done.
        done: u64,
        /// How much there is, when known.
        total: Option<u64>,
        /// What is counted.
        unit: String,
    },
    /// A line from a tool that a step runs, or a notice of the step itself. Never a secret.
    Log {
        /// The step.
        step: StepId,
        /// The line.
        line: String,
    },
    /// A source was scanned.
    Scanned {
        /// The verdict of the report.
        verdict: Verdict,
        /// How many findings there are.
        findings: u64,
    },
    /// A version took over.
    Activated {
        /// The version.
        version: Version,
        /// Where it is reached.
        url: String,
    },
    /// A running server changed its health.
    Health {
        /// Whether it answers.
        healthy: bool,
        /// What was seen.
        note: String,
    },
    /// A server's process ended and is started again.
    Restarted {
        /// How often in a row.
        attempt: u32,
        /// How it ended.
        note: String,
    },
    /// A running server's tools differ from the recorded ones.
    ToolsChanged {
        /// Names that are new.
        added: Vec<String>,
        /// Names that are gone.
        removed: Vec<String>,
        /// Names whose definition differs.
        changed: Vec<String>,
    },
    /// Something that covers a server was put under quarantine.
    Quarantined {
        /// The name or digest.
        what: Suspect,
        /// Why.
        reason: String,
    },
    /// A quarantine that covered a server was lifted.
    QuarantineLifted {
        /// The name or digest.
        what: Suspect,
        /// Why.
        reason: String,
    },
    /// A server is presented otherwise.
    Edited,
    /// Somebody rated a server, or took a rating back.
    Rated {
        /// How many ratings there are.
        count: u64,
        /// Their average; nothing when there are none.
        average: Option<f64>,
    },
    /// A server was removed.
    Deleted,
    /// Something that a newer Sigyl recorded.
    #[serde(other)]
    Unknown,
}
