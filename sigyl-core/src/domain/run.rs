//! Runs: one execution of a plan, step by step.

use serde::{Deserialize, Serialize};

use super::{
    AccountId, Approval, Caller, Digest, DriftSeen, Failure, JudgementRecord, ReportId, RunId, ServerName,
    Timestamp, Version, WorkspaceName,
};

/// Which steps a run takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Plan {
    /// Fetch, read, scan.
    Scan,
    /// Scan, admit, record.
    Publish,
    /// Publish, build, release, probe, activate.
    Release,
    /// A release of a server that exists, keeping its settings.
    Redeploy,
    /// Build, release, probe and activate a version recorded earlier.
    Rollback,
    /// The same with the version that serves, started anew with other settings or limits.
    Reconfigure,
    /// Stop and remove a server.
    Delete,
}

impl Plan {
    /// Tells whether it takes a recorded version, and no source.
    pub fn takes_recorded(self) -> bool {
        matches!(self, Self::Rollback | Self::Reconfigure)
    }
}

/// A step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepId {
    /// Get the code.
    FetchSource,
    /// Read how it runs and what it is.
    ReadManifest,
    /// Look at it.
    ScanSource,
    /// Let a language model look at it.
    Review,
    /// Decide.
    Admit,
    /// Record the version.
    RecordVersion,
    /// Make it runnable.
    BuildImage,
    /// Give it its secrets.
    BindSecrets,
    /// Start it without traffic.
    Release,
    /// Speak to it.
    Probe,
    /// Let it serve some, and look how that goes.
    Canary,
    /// Let it serve.
    Activate,
    /// Stop what runs.
    Retire,
    /// Remove records and files.
    Remove,
}

impl std::fmt::Display for StepId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::FetchSource => "fetch_source",
            Self::ReadManifest => "read_manifest",
            Self::ScanSource => "scan_source",
            Self::Review => "review",
            Self::Admit => "admit",
            Self::RecordVersion => "record_version",
            Self::BuildImage => "build_image",
            Self::BindSecrets => "bind_secrets",
            Self::Release => "release",
            Self::Probe => "probe",
            Self::Canary => "canary",
            Self::Activate => "activate",
            Self::Retire => "retire",
            Self::Remove => "remove",
        })
    }
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepState {
    /// It began.
    Started,
    /// It succeeded.
    Done,
    /// It had nothing to do.
    Skipped,
    /// It failed.
    Failed,
    /// It waits for a person's decision; the run begins anew once there is one.
    Held,
    /// What it did was taken back.
    Undone,
    /// What it did could not be taken back.
    UndoFailed,
}

/// One step of a run, as far as it got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The step.
    pub step: StepId,
    /// How far it is.
    pub state: StepState,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// What a reader should know: a failure, a reason for skipping.
    pub note: Option<String>,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunState {
    /// It works.
    Running,
    /// It waits for an approval.
    Held,
    /// It ended well.
    Done,
    /// A verdict stopped it.
    Blocked,
    /// It failed and was unwound.
    Failed,
    /// A person turned it down.
    Rejected,
    /// Nobody decided in time, or what it rested on changed.
    Void,
}

impl RunState {
    /// Tells whether nothing more will happen.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Running | Self::Held)
    }
}

impl std::fmt::Display for RunState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Running => "running",
            Self::Held => "held",
            Self::Done => "done",
            Self::Blocked => "blocked",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Void => "void",
        })
    }
}

impl Run {
    /// Tells whether nothing more will happen, and nothing of it is left to be taken back.
    pub fn is_settled(&self) -> bool {
        self.state.is_over() && self.steps.iter().all(|record| record.state != StepState::UndoFailed)
    }
}

/// What a person made of a held run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decision {
    /// Let it pass.
    Approved(Approval),
    /// Turn it down.
    Rejected {
        /// Who decided.
        who: String,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
}

/// One execution of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its identity.
    pub id: RunId,
    /// Which steps it takes.
    pub plan: Plan,
    /// Who asked for it.
    pub caller: String,
    /// The account of whoever asked for it, when they have one.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// The workspace that it is for.
    #[serde(default)]
    pub workspace: WorkspaceName,
    /// What was asked, as JSON, without the value of any secret.
    pub request: serde_json::Value,
    /// The server, once it is known.
    pub server: Option<ServerName>,
    /// The version, once it is known.
    pub version: Option<Version>,
    /// How it stands.
    pub state: RunState,
    /// Its steps so far, in order.
    pub steps: Vec<StepRecord>,
    /// The digest of the source, once it was fetched.
    pub source: Option<Digest>,
    /// The report, once it was scanned.
    pub report: Option<ReportId>,
    /// What was found in what the started server says of itself, once it was asked.
    #[serde(default)]
    pub live: Option<ReportId>,
    /// How it was judged, once it was.
    pub judgement: Option<JudgementRecord>,
    /// What its server declared otherwise than what served, while it is held for that. Lists of runs leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Box<DriftSeen>>,
    /// What a person decided.
    pub decision: Option<Decision>,
    /// The failure that ended it.
    pub failure: Option<Failure>,
    /// What the operator should read.
    #[serde(default)]
    pub notices: Vec<String>,
    /// What a delete removed.
    #[serde(default)]
    pub removed: Vec<String>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

impl Run {
    /// Tells whether a caller is who asked for this: by their account, whichever key they show and whatever it is called
    /// now. By name alone where either has no account.
    pub fn is_of(&self, caller: &Caller) -> bool {
        match (&self.account, caller.account()) {
            (Some(asked), Some(asks)) => asked == asks,
            // Runs of before accounts were written down have a name alone.
            (None, _) => self.caller == caller.name(),
            (Some(_), None) => false,
        }
    }
}
