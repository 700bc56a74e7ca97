//! Pure values that every room speaks: no IO, no async, no clock.
//!
//! Text from outside becomes a value here once, at the edge, by `parse`; after that a value is known to be well
//! formed. The only place that makes an [`Admission`] is `verdict`.

mod account;
mod action;
mod annotation;
mod api_key;
mod attestation;
mod audience;
mod audit;
mod caller;
mod canary;
mod canonical;
mod chain;
mod declaration;
mod delivery;
mod deployment;
mod digest;
mod directory;
mod document;
mod download;
mod drift;
mod drift_seen;
#[cfg(feature = "runtime")]
mod escape;
mod failure;
mod finding;
mod follow;
mod github_app;
mod id;
mod issue;
mod kind;
mod label;
mod listing;
mod mask;
mod measured;
mod name;
mod namespace;
mod network;
mod once;
mod overlay;
mod permissions;
mod pin;
mod quarantine;
mod rating;
mod report;
mod report_diff;
mod repository;
mod run;
mod scope;
mod secret;
mod server;
mod setting;
mod shows;
mod source;
mod specimen;
mod statement;
#[cfg(feature = "runtime")]
mod steering;
mod taxon;
mod text;
mod timestamp;
mod tool;
mod trace;
mod upload;
mod usage;
mod verdict;
mod version;
mod workspace;

pub use account::{Account, Identity, IdentityError, Login, LoginError, ProvenNamespace};
pub use action::{Action, Reach};
pub use annotation::Annotation;
pub use api_key::{ApiKey, Holder, KeyHash, KeyId, KeyIdError, KeyRefusal, KeyUse, Rights};
pub use attestation::{Attested, Envelope, EnvelopeSignature};
pub use audience::{Audience, Member, NotAMember, TooManyMembers};
pub use audit::{Actor, AuditEntry, AuditError, AuditFact, AuditHead, AuditOutcome};
pub use caller::{Caller, Denied};
pub use canary::{Canary, CanaryError};
pub use chain::{Chain, ChainLink, LinkName, LinkOutcome};
pub use declaration::{Declaration, Era};
pub use delivery::{Delivery, DeliveryId, DeliveryIdError};
pub use deployment::{
    Artifact, Confinement, Deployment, LOCAL, Launch, Resources, ResourcesError, Transport,
};
pub use digest::{Digest, DigestError};
pub use directory::{
    GitHubAsker, GitHubFiles, GitHubInstallation, GitHubInstallations, GitHubRef, GitHubRefs,
    GitHubRepositories, GitHubRepository, RepositoriesOf,
};
#[cfg(feature = "gateway")]
pub(crate) use document::read_strictly;
pub use document::{AddressError, DocumentError, DocumentName, DocumentVersion, RawDocument};
pub use download::Download;
pub use drift::{Drift, DriftEntry, Fate, FieldChange, Gravity, NewFinding};
pub use drift_seen::{DriftSeen, DriftedThing};
#[cfg(feature = "runtime")]
pub(crate) use escape::percent_encoded;
pub use failure::Failure;
pub use finding::{Category, Confidence, Finding, Location, RuleId, Severity};
pub use follow::{BranchName, BranchNameError, Follow, FollowPolicy, FollowPolicyError, Seen, Weight};
pub use github_app::{GitHubApp, GitHubAppError, GitHubAppKeys};
pub use id::{AccountId, IdError, ReportId, RevisionId, RunId, Seq};
pub use issue::{Check, Issue, IssueSeverity};
pub use kind::Kind;
pub use label::{Label, LabelError};
pub use listing::{Bookmark, Listing, ListingStatus, Origin, Proof, Standing, StandingError};
pub use mask::Mask;
pub use measured::{Came, Compared, Measured, Times};
pub use name::{NameError, ServerName};
pub use namespace::{Namespace, NamespaceError};
pub use network::{Network, NetworkError};
pub use once::{Once, OnceAnswer, OnceName, OnceNameError};
pub use overlay::{Blurb, Link, Overlay, OverlayError, Profile, ProfilePatch, Tag};
pub use permissions::{PermissionError, Permissions};
pub use pin::{Entity, Pin};
pub use quarantine::{Quarantine, Quarantined, Quarantines, Suspect, SuspectError};
pub use rating::{Rating, RatingTotal, Stars, StarsError};
pub use report::{
    AdvisoriesUsed, Analyzer, AnalyzerStatus, Mode, PolicyUsed, Report, RulesUsed, Score, SkipKind, Skipped,
    Stats, Suppressed, SuppressedBy,
};
pub use report_diff::{ReportDiff, by_severity};
pub use repository::{
    CommitId, CommitIdError, RepositoryName, RepositoryNameError, RepositoryOwner, RepositoryOwnerError,
};
pub use run::{Decision, Plan, Run, RunState, StepId, StepRecord, StepState};
pub use scope::{Scope, ScopeError};
pub use secret::{SecretName, SecretNameError, SecretValue};
pub use server::{Server, ToolPin, VersionRecord};
pub use setting::{SettingError, check_settings};
pub use shows::{Known, KnownError, Shows};
#[cfg(feature = "runtime")]
pub(crate) use source::part_credentials;
pub use source::{Locator, LocatorError, SourceKind, SourceRef};
pub use specimen::{specimen, specimen_lines};
pub use statement::{
    AcceptedRisk, AdmittedBy, ArtifactFact, BOM, BOM_NAME, BUILD_TYPE, BuildDefinition, BuildMetadata,
    Builder, INSTANCE, PROVENANCE, PinFact, Provenance, RecordedBy, ReleaseFacts, RunDetails, STATEMENT_TYPE,
    Statement, StatementError, Subject, bom_digest,
};
#[cfg(feature = "runtime")]
pub(crate) use steering::steers;
pub use taxon::{Taxon, TaxonError, Taxonomy};
pub use timestamp::{Timestamp, TimestampError};
pub use tool::{Tool, ToolError};
pub use trace::TraceParent;
pub use upload::{UploadId, UploadIdError};
pub use usage::{Answered, Instances, Spread, Usage, Window, WindowError};
#[cfg(feature = "runtime")]
pub(crate) use verdict::LiveJudgement;
pub use verdict::{
    Admission, Approval, Baseline, BaselineEntry, Basis, Clause, Condition, Glob, GlobError, Hold, Judgement,
    JudgementRecord, Objection, Policy, Refusal, StandingWaiver, Suppressions, Verdict, Waiver, WaiverError,
};
pub use version::{Version, VersionError};
pub use workspace::{MemberError, Role, RoleError, Workspace, WorkspaceName, WorkspaceNameError};
