//! Pure values that every room speaks: no IO, no async, no clock.
//!
//! Text from outside becomes a value here once, at the edge, by `parse`; after that a value is known to be well
//! formed. The only place that makes an [`Admission`] is `verdict`.

mod caller;
mod canonical;
mod declaration;
mod deployment;
mod digest;
mod drift;
mod failure;
mod finding;
mod id;
mod kind;
mod name;
mod permissions;
mod pin;
mod report;
mod run;
mod secret;
mod server;
mod source;
mod taxon;
mod text;
mod timestamp;
mod tool;
mod verdict;
mod version;

pub use caller::{Action, Caller, Denied};
pub use declaration::{Declaration, Era};
pub use deployment::{Confinement, Deployment, Launch, Resources, Transport};
pub use digest::{Digest, DigestError};
pub use drift::{Drift, DriftEntry, Fate, FieldChange, Gravity, NewFinding};
pub use failure::Failure;
pub use finding::{Category, Confidence, Finding, Location, RuleId, Severity};
pub use id::{ReportId, RevisionId, RunId, Seq};
pub use kind::Kind;
pub use name::{NameError, ServerName};
pub use permissions::{PermissionError, Permissions};
pub use pin::{Entity, Pin};
pub use report::{
    AdvisoriesUsed, Analyzer, AnalyzerStatus, Mode, PolicyUsed, Report, RulesUsed, Score, SkipKind, Skipped,
    Stats, Suppressed, SuppressedBy,
};
pub use run::{Decision, Plan, Run, RunState, StepId, StepRecord, StepState};
pub use secret::{SecretName, SecretNameError, SecretValue};
pub use server::{Server, ToolPin, VersionRecord};
#[cfg(feature = "runtime")]
pub(crate) use source::part_credentials;
pub use source::{Locator, LocatorError, SourceKind, SourceRef};
pub use taxon::{Taxon, TaxonError, Taxonomy};
pub use timestamp::{Timestamp, TimestampError};
pub use tool::{Tool, ToolError};
#[cfg(feature = "runtime")]
pub(crate) use verdict::LiveJudgement;
pub use verdict::{
    Admission, Approval, Baseline, BaselineEntry, Basis, Clause, Condition, Glob, GlobError, Hold, Judgement,
    JudgementRecord, Objection, Policy, Refusal, StandingWaiver, Suppressions, Verdict, Waiver, WaiverError,
};
pub use version::{Version, VersionError};
