//! The envelope and the kinds of events.

use serde::{Deserialize, Serialize};

use crate::domain::{
    BranchName, Came, RunId, RunState, Seq, ServerName, StepId, StepState, Suspect, Timestamp, Verdict,
    Version, WorkspaceName,
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
    /// What calls came to since a version is tried beside the one that serves.
    Tried {
        /// The version that is tried.
        version: Version,
        /// Percent of new clients that reach it now.
        percent: u8,
        /// When more do, or all.
        until: Timestamp,
        /// Whether it waits to be promoted, and is taken back then.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        held: bool,
        /// Calls of the version that serves, since then.
        serving: Came,
        /// Calls of the one that is tried.
        tried: Came,
    },
    /// Somebody let a version go on that was tried, before its time.
    Promoted {
        /// The version.
        version: Version,
        /// Who.
        by: String,
        /// Percent of new clients that reached it then.
        percent: u8,
        /// Percent that it went on to; all of them, where it took over.
        to: Option<u8>,
        /// What its calls had come to.
        tried: Came,
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
    /// Something became of a branch that a server follows.
    Followed {
        /// The branch.
        branch: BranchName,
        /// What became of it.
        note: String,
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
    /// Somebody decided on a held run.
    Decided {
        /// Whether it may pass.
        approved: bool,
        /// Who decided.
        by: String,
        /// Why.
        reason: String,
    },
    /// A server belongs to another workspace.
    Moved {
        /// Which.
        workspace: WorkspaceName,
    },
    /// A server was removed.
    Deleted,
    /// Something that a newer Sigyl recorded.
    #[serde(other)]
    Unknown,
}

/// No kind of event has this name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of event; there are {all}", all = EventKind::NAMES.join(", "))]
pub struct UnknownKind(String);

impl EventKind {
    /// Checks that a kind has this name.
    pub fn check_name(name: &str) -> Result<(), UnknownKind> {
        if Self::NAMES.contains(&name) {
            return Ok(());
        }
        Err(UnknownKind(name.chars().filter(|c| !c.is_control()).take(40).collect()))
    }

    /// The names that kinds are written by.
    pub const NAMES: [&'static str; 19] = [
        "run",
        "step",
        "progress",
        "log",
        "scanned",
        "activated",
        "tried",
        "promoted",
        "health",
        "restarted",
        "tools_changed",
        "quarantined",
        "quarantine_lifted",
        "followed",
        "edited",
        "rated",
        "decided",
        "moved",
        "deleted",
    ];

    /// Returns the name that this kind is written by; one that a newer Sigyl recorded has none here.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Run { .. } => "run",
            Self::Step { .. } => "step",
            Self::Progress { .. } => "progress",
            Self::Log { .. } => "log",
            Self::Scanned { .. } => "scanned",
            Self::Activated { .. } => "activated",
            Self::Tried { .. } => "tried",
            Self::Promoted { .. } => "promoted",
            Self::Health { .. } => "health",
            Self::Restarted { .. } => "restarted",
            Self::ToolsChanged { .. } => "tools_changed",
            Self::Quarantined { .. } => "quarantined",
            Self::QuarantineLifted { .. } => "quarantine_lifted",
            Self::Followed { .. } => "followed",
            Self::Edited => "edited",
            Self::Rated { .. } => "rated",
            Self::Decided { .. } => "decided",
            Self::Moved { .. } => "moved",
            Self::Deleted => "deleted",
            Self::Unknown => "unknown",
        }
    }

    /// Tells whether it is one of many that a run tells while it works, and not a change of anything.
    pub fn is_detail(&self) -> bool {
        matches!(self, Self::Step { .. } | Self::Progress { .. } | Self::Log { .. } | Self::Tried { .. })
    }

    /// Returns every text that may repeat what a server said.
    pub(crate) fn texts(&mut self) -> Vec<&mut String> {
        match self {
            Self::Run { note, .. } | Self::Step { note, .. } => note.iter_mut().collect(),
            Self::Log { line: text, .. }
            | Self::Followed { note: text, .. }
            | Self::Health { note: text, .. }
            | Self::Restarted { note: text, .. } => {
                vec![text]
            }
            Self::ToolsChanged { added, removed, changed } => {
                added.iter_mut().chain(removed).chain(changed).collect()
            }
            Self::Quarantined { .. }
            | Self::QuarantineLifted { .. }
            | Self::Edited
            | Self::Rated { .. }
            | Self::Decided { .. }
            | Self::Moved { .. }
            | Self::Progress { .. }
            | Self::Scanned { .. }
            | Self::Activated { .. }
            | Self::Tried { .. }
            | Self::Promoted { .. }
            | Self::Deleted
            | Self::Unknown => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_named_as_it_is_written() {
        for kind in [
            EventKind::Deleted,
            EventKind::Edited,
            EventKind::Health { healthy: true, note: String::new() },
            EventKind::Rated { count: 0, average: None },
            EventKind::ToolsChanged { added: Vec::new(), removed: Vec::new(), changed: Vec::new() },
        ] {
            let written = serde_json::to_value(&kind).unwrap();
            assert_eq!(written["kind"], kind.name());
            assert!(EventKind::NAMES.contains(&kind.name()));
        }
    }
}
