//! What steps work with: the platform below them, the order of the operator, and the results so far.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::emitter::Emitter;
use super::lanes::Lanes;
use super::masks::Masks;
use super::promotion::Promotion;
use super::rules::Rules;
use crate::attest::Signer;
use crate::clock::Clock;
use crate::deploy::{Built, LOCAL, Released, Target, TargetError, Targets};
use crate::domain::{
    Admission, Audience, Canary, Compared, Deployment, DriftSeen, Hold, Judgement, Locator, Namespace,
    Permissions, Policy, Report, Resources, Run, SecretName, SecretValue, Server, ServerName, StepId, Tool,
    ToolPin, Version, VersionRecord, Waiver, WorkspaceName,
};
use crate::event::EventKind;
use crate::manifest::Manifest;
use crate::mcp::{Probe, Upstream};
use crate::registry::Shelf;
use crate::scan::RuleSet;
use crate::source::{Fetcher, Progress, SourceTree};
use crate::store::{SealedSecret, Store};
use crate::vault::Vault;

/// Becomes ready when nobody uses any more what a server's earlier instance serves.
pub type Quiet = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where clients reach servers. Without one, activation only records what should serve.
pub trait Front: Send + Sync + std::fmt::Debug {
    /// Lets new sessions of `name` reach `upstream`; present ones may end in their own time, and the answer tells when
    /// they have.
    fn route(
        &self,
        name: &ServerName,
        version: &Version,
        upstream: Upstream,
        resources: &Resources,
        probe: Option<&Probe>,
    ) -> Quiet;
    /// Lets `percent` of the clients that begin reach `upstream`, and the others what they reach now. Tells whether it
    /// does: it does not where the version is barred, or nothing serves.
    fn try_out(
        &self,
        name: &ServerName,
        version: &Version,
        upstream: Upstream,
        resources: &Resources,
        probe: Option<&Probe>,
        percent: u8,
    ) -> bool;
    /// Tells what calls came to by what serves and by what is tried; nothing where nothing is tried (any more).
    fn compared(&self, name: &ServerName) -> Option<Compared>;
    /// Lets all clients that begin reach what is tried, as [`Front::route`] does; nothing where nothing is.
    fn promote(&self, name: &ServerName) -> Option<Quiet>;
    /// Lets nobody reach what is tried any more.
    fn withdraw(&self, name: &ServerName);
    /// Lets nobody reach `name` any more.
    fn unroute(&self, name: &ServerName);
    /// Returns the address of `name`, once the endpoint listens.
    fn url(&self, name: &ServerName) -> Option<String>;
}

/// What was scanned, and is to be reviewed.
#[derive(Clone, Debug)]
pub struct Reviewed {
    /// What the scan came to.
    pub report: Report,
    /// The rules it ran.
    pub rules: Arc<RuleSet>,
    /// The files, if there are any.
    pub tree: Option<SourceTree>,
    /// The checked manifest, if there is one.
    pub manifest: Option<Manifest>,
    /// Tools that a running server declares.
    pub tools: Vec<Tool>,
    /// Prompts that it declares.
    pub prompts: Vec<serde_json::Value>,
    /// Resources that it declares.
    pub resources: Vec<serde_json::Value>,
    /// The instructions that a running server gives to models.
    pub instructions: Option<String>,
}

/// Looks at what was scanned with other eyes than rules: a language model.
#[async_trait]
pub trait Review: Send + Sync + std::fmt::Debug {
    /// Tells whether a run is reviewed that was or was not asked to be.
    fn is_due(&self, asked: bool) -> bool;
    /// Returns the report with what was found: it may be worse than it was, and never better. It never fails; what
    /// could not be reviewed is a gap in the report.
    async fn review(&self, what: Reviewed, policy: &Policy, progress: &dyn Progress) -> Report;
}

/// Limits and choices that are the same for every run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where kept trees live.
    pub trees: PathBuf,
    /// What the findings of a report lead to.
    pub policy: Policy,
    /// How long a held run waits for a decision.
    pub hold_for: std::time::Duration,
    /// How long an instance may take to end by itself.
    pub grace: std::time::Duration,
}

/// Everything below the pipeline. One for each owner, shared by its runs.
#[derive(Clone, Debug)]
pub struct Platform {
    /// Keeps facts.
    pub store: Arc<dyn Store>,
    /// Run servers.
    pub targets: Targets,
    /// Leads clients to servers.
    pub front: Arc<dyn Front>,
    /// Shows what is released as documents.
    pub shelf: Arc<Shelf>,
    /// Gets sources.
    pub fetcher: Arc<Fetcher>,
    /// Seals secrets.
    pub vault: Arc<Vault>,
    /// Signs what is said of releases.
    pub signer: Signer,
    /// The rules of scans.
    pub rules: Rules,
    /// Looks at what was scanned, when that is asked for.
    pub review: Option<Arc<dyn Review>>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Takes events.
    pub emitter: Emitter,
    /// Hides what servers were given in what they say.
    pub masks: Masks,
    /// Keeps runs of one server apart.
    pub lanes: Lanes,
    /// Limits and choices.
    pub settings: Arc<Settings>,
}

/// What the operator asked for, as it is kept with the run. Secrets are sealed as soon as the server has a name; their
/// values never get here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The workspace that the server belongs to, or will; the record of the run keeps it.
    #[serde(skip)]
    pub workspace: WorkspaceName,
    /// The servers that this may be done to, as the name may be known only later; every one when absent.
    #[serde(default)]
    pub within: Option<Vec<Namespace>>,
    /// Whether a name may be taken that a deleted server of another workspace had.
    #[serde(default)]
    pub any_grave: bool,
    /// Where the code is; nothing when the run takes a recorded version.
    pub source: Option<Locator>,
    /// Whether GitHub is asked for the source in the name of this installation, which sees more than everybody.
    #[serde(default)]
    pub in_our_name: bool,
    /// The server, when the operator named it.
    pub name: Option<ServerName>,
    /// Where it is to run. Without a name it stays where it is, and a new one runs on this machine.
    #[serde(default)]
    pub target: Option<String>,
    /// The recorded version to take, for a rollback.
    pub version: Option<Version>,
    /// Plain settings.
    pub env: BTreeMap<String, String>,
    /// Plain settings that the operator set earlier, and that are no more.
    #[serde(default)]
    pub unset: Vec<String>,
    /// Limits that the operator sets over those of the manifest.
    #[serde(default, skip_serializing_if = "Resources::is_empty")]
    pub limits: Resources,
    /// Whether limits that were set earlier go first.
    #[serde(default)]
    pub reset_limits: bool,
    /// Whether whoever asks may set limits of what runs elsewhere.
    #[serde(default)]
    pub may_scale: bool,
    /// Grants, as `kind=value`.
    pub grant: Vec<String>,
    /// Grants that are taken back, as `kind=value`.
    #[serde(default)]
    pub revoke: Vec<String>,
    /// Accepted findings.
    pub waive: Vec<Waiver>,
    /// Packages whose install scripts are allowed.
    pub allow_scripts: Vec<String>,
    /// Whether dependency code is scanned.
    pub deep: bool,
    /// Whether a language model looks at it too.
    #[serde(default)]
    pub review: bool,
    /// How clients are led to it; all at once when absent.
    #[serde(default)]
    pub canary: Option<Canary>,
    /// Who else may call it where it runs, past the endpoint; those who may now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// Who else might when that was asked for: where others may by now, it is not followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Audience>,
    /// Secrets given with the order, sealed.
    pub sealed: Vec<SealedSecret>,
    /// What those secrets were before this run bound its own: `None` where there was nothing.
    pub before: Vec<(SecretName, Option<SealedSecret>)>,
}

impl Order {
    /// Returns where it is to run, unless that is this machine, whether or not somebody said so. The order itself goes on
    /// saying so: a run that is taken up again does not stay where the server was.
    pub(crate) fn elsewhere(&self) -> Option<&str> {
        self.target.as_deref().filter(|place| *place != LOCAL)
    }
}

/// What was found in what a started server says of itself, and by what it was judged.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) report: Report,
    /// Waivers that matched nothing in the source.
    pub(crate) waivers: Vec<Waiver>,
    /// What somebody had to have approved, or was excused.
    pub(crate) holds: Vec<Hold>,
}

/// The results of the steps so far. Each is filled by one step.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) tree: Option<SourceTree>,
    pub(crate) manifest: Option<Manifest>,
    pub(crate) report: Option<Report>,
    pub(crate) judgement: Option<Judgement>,
    /// Waivers that matched nothing in the source: what the started server says may show what they are for.
    pub(crate) left_over: Vec<Waiver>,
    pub(crate) admission: Option<Admission>,
    pub(crate) server: Option<Server>,
    pub(crate) record: Option<VersionRecord>,
    /// How the version of a rollback last served.
    pub(crate) earlier: Option<Deployment>,
    pub(crate) built: Option<Built>,
    pub(crate) released: Option<Released>,
    pub(crate) probe: Option<Probe>,
    /// What was found in what the started server says, and by what it was judged.
    pub(crate) heard: Option<Heard>,
    /// What it declares otherwise than what served.
    pub(crate) drifted: Option<DriftSeen>,
    pub(crate) pins: Vec<ToolPin>,
    /// Prompts, resources and instructions, pinned.
    pub(crate) others: Vec<crate::domain::Pin>,
    pub(crate) granted: Permissions,
    pub(crate) allow_scripts: BTreeSet<String>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) resources: Resources,
    pub(crate) removed: Vec<String>,
    pub(crate) notices: Vec<String>,
    /// Held from the moment the server is known to the end of the run.
    pub(crate) lane: Option<tokio::sync::OwnedMutexGuard<()>>,
}

/// One run at work.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) platform: Platform,
    pub(crate) run: Run,
    pub(crate) order: Order,
    /// Values of secrets given with the order, until they are sealed.
    pub(crate) secrets: BTreeMap<SecretName, SecretValue>,
    pub(crate) results: Results,
    /// Where its trial is told to go on.
    pub(crate) promotion: Promotion,
}

impl Context {
    /// Returns the place that this run is about.
    pub(crate) fn target(&self) -> Result<&Arc<dyn Target>, TargetError> {
        self.platform.targets.of(self.order.target.as_deref())
    }

    /// Tells one line of `step`.
    pub(crate) fn log(&self, step: StepId, line: impl Into<String>) {
        let kind = EventKind::Log { step, line: line.into() };
        self.platform.emitter.emit(Some(&self.run.id), self.run.server.as_ref(), kind);
    }

    /// Notes something that the operator should read at the end, and tells it now.
    pub(crate) fn notice(&mut self, step: StepId, line: impl Into<String>) {
        let line = line.into();
        self.log(step, line.clone());
        // A run that goes on after a decision meets again what it had noted before.
        if !self.results.notices.contains(&line) {
            self.results.notices.push(line);
        }
    }

    /// Returns where the tools that `step` runs tell what they do.
    pub(crate) fn progress(&self, step: StepId) -> StepProgress {
        StepProgress {
            emitter: self.platform.emitter.clone(),
            run: self.run.id.clone(),
            server: self.run.server.clone(),
            step,
            told: AtomicUsize::new(0),
        }
    }

    /// Returns the policy as it is for the server of this run.
    pub(crate) fn policy(&self) -> Policy {
        let policy = &self.platform.settings.policy;
        self.run.server.as_ref().map_or_else(|| policy.clone(), |server| policy.for_server(server))
    }

    /// Tells whether a language model looks at what is scanned. Without one that is asked for, the step says so.
    pub(crate) fn is_reviewed(&self) -> bool {
        let asked = self.order.review;
        self.platform.review.as_ref().map_or(asked, |review| review.is_due(asked))
    }

    /// Returns the tools of the source's own declaration.
    pub(crate) fn declared_tools(&self) -> &[Tool] {
        self.results.manifest.as_ref().map_or(&[], |manifest| &manifest.tools)
    }
}

/// Lines of tools, as events of a step.
#[derive(Debug)]
pub(crate) struct StepProgress {
    emitter: Emitter,
    run: crate::domain::RunId,
    server: Option<ServerName>,
    step: StepId,
    told: AtomicUsize,
}

/// Lines of its tools that one step tells at most: each is kept for good, and a build can print without end.
const LINES: usize = 2000;

impl Progress for StepProgress {
    fn log(&self, line: &str) {
        let line = match self.told.fetch_add(1, Ordering::Relaxed) {
            told if told < LINES => line,
            LINES => "… it prints more, which is not shown",
            _ => return,
        };
        let kind = EventKind::Log { step: self.step, line: line.to_owned() };
        self.emitter.emit(Some(&self.run), self.server.as_ref(), kind);
    }
}
