//! What can go wrong in a step, and how it reads at the edge: code, class, remedy.

use std::error::Error as _;

use crate::attest::AttestError;
use crate::deploy::TargetError;
use crate::domain::{
    CanaryError, Failure, Kind, NameError, PermissionError, Quarantined, Refusal, ResourcesError, ServerName,
    SettingError, StepId, TooManyMembers, Version, WaiverError,
};
use crate::manifest::ManifestError;
use crate::mcp::McpError;
use crate::registry::PublishError;
use crate::scan::RuleSetError;
use crate::source::{SCRATCH, SourceError};
use crate::store::StoreError;
use crate::vault::VaultError;

/// A step did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// The source could not be taken.
    #[error("could not get the source")]
    Source(#[from] SourceError),
    /// The source is there, and its dependencies cannot be pinned.
    #[error("the source was read, and its dependencies could not be pinned")]
    Unpinned(#[source] SourceError),
    /// The manifest is wrong.
    #[error("the manifest cannot be used")]
    Manifest(#[from] ManifestError),
    /// The rules cannot be compiled.
    #[error("the rules cannot be compiled")]
    Rules(#[from] RuleSetError),
    /// A waiver does not apply.
    #[error("a waiver does not apply")]
    Waiver(#[from] WaiverError),
    /// A grant does not read.
    #[error("a grant does not read")]
    Grant(#[from] PermissionError),
    /// There is nothing to take back.
    #[error("`{right}` cannot be revoked: it is not granted, and what is granted is {granted}")]
    NotGranted {
        /// What was to be revoked.
        right: String,
        /// What is granted.
        granted: String,
    },
    /// There is nothing to unset.
    #[error("`{name}` cannot be unset: {}", unset(*.by_manifest))]
    NotSet {
        /// What was to be unset.
        name: String,
        /// Whether the version's own manifest sets it.
        by_manifest: bool,
    },
    /// A setting cannot be.
    #[error("a setting cannot be")]
    Setting(#[from] SettingError),
    /// Limits of what runs elsewhere are set by who may not.
    #[error("limits at `{place}` are set by who may operate this installation, which pays for them")]
    Scale {
        /// The place.
        place: String,
    },
    /// Limits cannot be.
    #[error("the limits cannot be")]
    Limits(#[from] ResourcesError),
    /// Too many are let in.
    #[error("the audience cannot be")]
    Audience(#[from] TooManyMembers),
    /// A trial cannot be.
    #[error("the canary cannot be")]
    Trial(#[from] CanaryError),
    /// A name does not read.
    #[error("the name does not read")]
    Name(#[from] NameError),
    /// The verdict stops it.
    #[error("the verdict stops it")]
    Refused(#[from] Refusal),
    /// What it is about is under quarantine.
    #[error(transparent)]
    Quarantined(#[from] Quarantined),
    /// The version cannot be recorded.
    #[error("the version cannot be recorded")]
    Publish(#[from] PublishError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The vault failed.
    #[error("a secret could not be kept")]
    Vault(#[from] VaultError),
    /// What is said of the release cannot be signed.
    #[error("what is said of the release cannot be signed")]
    Attest(#[from] AttestError),
    /// The target failed.
    #[error("the server could not be built or started")]
    Target(#[from] TargetError),
    /// The server does not speak MCP as it should.
    #[error("the started server did not pass its probe")]
    Probe(#[from] McpError),
    /// The live tools are refused.
    #[error("the tools of the started server are refused: {0}")]
    LiveTools(String),
    /// A recorded version, started again, declares otherwise than when it last served.
    #[error("{since} was started again and declares otherwise than when it last served: {drift}")]
    Drifted {
        /// The version.
        since: Version,
        /// What differs.
        drift: String,
    },
    /// A version that was tried does worse than the one that serves.
    #[error("{version} was tried with {percent} percent of new clients and taken back: {why}")]
    Canary {
        /// The version.
        version: Version,
        /// The share that it had.
        percent: u8,
        /// What it did.
        why: String,
    },
    /// A secret that the manifest requires is missing.
    #[error("the server requires secrets that were not given: {0}")]
    SecretsMissing(String),
    /// Nothing recorded to go back to.
    #[error("version {version} of {server} is not on record")]
    NoVersion {
        /// The server.
        server: ServerName,
        /// The version.
        version: Version,
    },
    /// There is nothing to go back to.
    #[error("no other version of {0} ever served")]
    NoEarlierVersion(ServerName),
    /// There is nothing to start anew.
    #[error("no version of {0} serves")]
    NothingServes(ServerName),
    /// The server is not on record.
    #[error("there is no server {0}")]
    NoServer(ServerName),
    /// The name belongs to another workspace.
    #[error("the name {0} belongs to another workspace")]
    NotOurs(ServerName),
    /// The key that began the run is not for this server.
    #[error("who began the run may not do this to {0}")]
    Beyond(ServerName),
    /// The operator stopped it.
    #[error("the run was cancelled")]
    Cancelled,
    /// Sigyl ended while the run was at work.
    #[error("sigyl ended while the run was at work")]
    Interrupted,
    /// A step came before the one it needs, or a thread of it died: a defect.
    #[error("{step} could not work: {why}")]
    Defect {
        /// The step.
        step: StepId,
        /// What was missing.
        why: String,
    },
}

impl StepError {
    /// Tells what stopped the pinning of dependencies: what hinders any work is no fault of theirs.
    pub fn unpinned(error: SourceError) -> Self {
        match error {
            SourceError::Io { .. } | SourceError::Changed { .. } => Self::Source(error),
            error => Self::Unpinned(error),
        }
    }

    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Source(error) | Self::Unpinned(error) => error.kind(),
            Self::Manifest(_)
            | Self::Waiver(_)
            | Self::Grant(_)
            | Self::NotGranted { .. }
            | Self::NotSet { .. }
            | Self::Limits(_)
            | Self::Setting(_)
            | Self::Audience(_)
            | Self::Trial(_)
            | Self::Name(_)
            | Self::SecretsMissing(_) => Kind::Invalid,
            Self::Refused(_) | Self::LiveTools(_) | Self::Drifted { .. } | Self::Quarantined(_) => {
                Kind::Blocked
            }
            Self::Canary { .. } => Kind::Upstream,
            Self::NotOurs(_) => Kind::Conflict,
            Self::Beyond(_) | Self::Scale { .. } => Kind::Denied,
            Self::Rules(error) => error.kind(),
            Self::Publish(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Vault(error) => error.kind(),
            Self::Attest(error) => error.kind(),
            Self::Target(error) => error.kind(),
            Self::Probe(error) => error.kind(),
            Self::NothingServes(_) => Kind::Conflict,
            Self::NoVersion { .. } | Self::NoServer(_) | Self::NoEarlierVersion(_) => Kind::NotFound,
            Self::Cancelled | Self::Interrupted => Kind::Unavailable,
            Self::Defect { .. } => Kind::Internal,
        }
    }

    /// Returns the stable code of this failure; `crate::error::CODES` explains each.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Source(error) | Self::Unpinned(error) => source_code(error),
            Self::Manifest(_) => "E0201",
            Self::Refused(Refusal::Blocked(_) | Refusal::Incomplete(_)) => "E0301",
            Self::Refused(Refusal::Held(_)) => "E0302",
            Self::Refused(_) => "E0303",
            Self::Quarantined(_) => QUARANTINED,
            Self::Waiver(_) => "E0304",
            Self::Grant(_) | Self::NotGranted { .. } => "E0305",
            Self::NotSet { .. } | Self::Limits(_) | Self::Setting(_) | Self::Audience(_) => "E0311",
            Self::Publish(PublishError::VersionTaken { .. })
            | Self::Store(StoreError::VersionTaken { .. }) => "E0401",
            Self::NoServer(_) => "E0402",
            Self::NoVersion { .. } | Self::NoEarlierVersion(_) => "E0403",
            Self::Name(_) => "E0404",
            Self::NothingServes(_) => "E0406",
            Self::Target(error) => target_code(error),
            Self::Probe(_) => "E0601",
            Self::LiveTools(_) => "E0602",
            Self::Drifted { .. } => "E0603",
            Self::Canary { .. } => "E0604",
            Self::Trial(_) => "E0605",
            Self::Publish(PublishError::Store(error)) | Self::Store(error) => store_code(error),
            Self::Attest(error) => error.code(),
            Self::Vault(VaultError::GivenUp { .. }) => "E0802",
            Self::Vault(_) => "E0801",
            Self::SecretsMissing(_) => "E0802",
            Self::NotOurs(_) => "E1009",
            Self::Beyond(_) | Self::Scale { .. } => "E0901",
            Self::Cancelled => "E0902",
            Self::Interrupted => "E0903",
            Self::Rules(_) | Self::Defect { .. } => "E0999",
        }
    }

    fn hint(&self) -> &str {
        match self {
            Self::Source(error) => source_hint(error),
            Self::Unpinned(error) => unpinned_hint(error),
            Self::Target(error) => target_hint(error),
            Self::Store(error) | Self::Publish(PublishError::Store(error)) => store_hint(error),
            Self::Attest(AttestError::Store(error)) => store_hint(error),
            Self::Attest(AttestError::Statement(_)) => "please report it with the message",
            Self::Attest(AttestError::Vault(_)) | Self::Vault(_) => {
                "put the right master.key back; nothing was lost"
            }
            Self::Attest(AttestError::NoRandom(_)) => {
                "the system has to give random numbers: look why getrandom(2) is refused to this process"
            }
            Self::Attest(AttestError::TooLarge(_)) => {
                "the locks of the source list too much to be signed: take out what is not needed"
            }
            Self::Attest(_) => "restore a backup of the data directory, and start it again",
            Self::Rules(_) | Self::Defect { .. } => "please report it with the message",
            Self::Waiver(_) => {
                "name one finding as RULE@FILE:LINE or RULE@TOOL:FIELD, with --reason TEXT and --expires DATE"
            }
            Self::Grant(_) => "write read=PATH, write=PATH, network=HOST:PORT or exec=PROGRAM",
            Self::Audience(_) => "name a group instead of each of its members",
            Self::Trial(_) => "name shares that grow, such as 10,50, and how long each lasts",
            Self::Name(_) => "use a-z, 0-9, `.`, `_`, `-`, or namespace/name",
            Self::NotSet { by_manifest: false, .. } => "`sigyl show NAME` lists what is set",
            Self::NotSet { .. } => {
                "give it another value with --env, or take it out of the manifest and redeploy"
            }
            Self::Setting(_) => "write NAME=VALUE with a name of A-Z, a-z, 0-9 and `_`",
            Self::Scale { .. } => {
                "leave the limits as they are, or use a key that may operate the installation"
            }
            Self::Limits(ResourcesError::Bounds { .. }) => "stay within the bounds that are named",
            Self::Limits(_) => {
                "set both with `sigyl configure NAME`, or go back to those of the manifest with its --reset-limits"
            }
            Self::NotGranted { .. } => "write it as `sigyl show NAME` shows it",
            Self::Manifest(_) => "`sigyl init` writes a commented manifest from what it finds",
            Self::Refused(Refusal::Held(_)) => "`sigyl approve RUN --reason TEXT` lets it pass",
            Self::Refused(Refusal::Blocked(_)) | Self::LiveTools(_) => {
                "mend the findings, or waive each with --waive RULE@PATH --reason TEXT --expires DATE"
            }
            Self::Drifted { .. } => {
                "`sigyl redeploy NAME` shows each difference and lets you decide; until then it is not reached"
            }
            Self::Refused(Refusal::Incomplete(_)) => {
                "make it possible to look at all of it, or let the policy hold where it blocks"
            }
            Self::Quarantined(_) => LIFT,
            Self::Refused(Refusal::Observed(_) | Refusal::Enforced(_)) => {
                "mend or waive what stands against it, and `sigyl redeploy NAME` has it judged anew"
            }
            Self::Refused(_) => "start the run again, to be judged anew",
            Self::Publish(PublishError::VersionTaken { remedy, .. }) => remedy,
            Self::SecretsMissing(_) => {
                "give each with --secret NAME (asked for), NAME=@FILE or NAME=env:VARIABLE"
            }
            Self::Canary { .. } => {
                "`sigyl calls NAME` lists its calls; mend them, or allow more of them to fail"
            }
            Self::Probe(_) => LOGS,
            Self::NotOurs(_) => "take another name, or ask an admin of that workspace to move the server",
            Self::Beyond(_) => "use a key with a scope for this server; `sigyl whoami` shows yours",
            Self::NoServer(_) => "`sigyl list` shows the servers on record",
            Self::NothingServes(_) => "`sigyl redeploy NAME` lets it serve",
            Self::NoVersion { .. } | Self::NoEarlierVersion(_) => {
                "`sigyl versions NAME` shows the versions on record"
            }
            Self::Cancelled | Self::Interrupted => "everything it had begun was taken back; start it again",
        }
    }
}

/// Tells a failure as it is kept with a run and shown: the message holds the causes too.
pub fn failure(error: &StepError) -> Failure {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let text = next.to_string();
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        cause = next.source();
    }
    Failure {
        code: error.code().to_owned(),
        kind: error.kind(),
        message,
        hint: Some(error.hint().to_owned()),
    }
}

const QUARANTINED: &str = "E0308";
const LIFT: &str = "`sigyl quarantine lift WHAT --reason TEXT` ends it, for who may approve";
const MISSING_TOOL: &str = "`sigyl doctor` lists the tools that it looks for";
const LOGS: &str = "`sigyl logs NAME` shows what the server wrote";
const SCAN_AGAIN: &str = "start again, so that what is there now is scanned";

/// Says why something cannot be unset.
fn unset(by_manifest: bool) -> &'static str {
    match by_manifest {
        true => "the manifest of its version sets it",
        false => "nobody set it",
    }
}

fn source_hint(error: &SourceError) -> &str {
    match error {
        SourceError::NotFound(_) => {
            "check the spelling; packages are written npm:NAME or pypi:NAME, repositories github:OWNER/REPO or git:URL#REF"
        }
        SourceError::NotAFolder(_) => "name a folder, or an archive ending in .tar.gz, .tgz, .zip or .whl",
        SourceError::Empty(_) | SourceError::NothingRead { .. } => "point at the folder of the server itself",
        SourceError::TooLarge { .. } => {
            "point at the folder of the server itself, or leave out what it does not need"
        }
        SourceError::BadArchive { .. } => "unpack it by hand and look; do not deploy it",
        SourceError::BadDependencies { remedy, .. } => remedy,
        SourceError::Changed { .. } => SCAN_AGAIN,
        SourceError::MissingTool { .. } => MISSING_TOOL,
        SourceError::Tool { command, .. } if command.starts_with("git ") => {
            "`git ls-remote URL` tells whether your git reaches it, and which branches and tags there are"
        }
        SourceError::Tool { command, .. } if command.contains(SCRATCH) => {
            "run the command that is shown by hand, with a folder of your own for FOLDER"
        }
        SourceError::Tool { .. } => "run the command that is shown by hand",
        SourceError::Archive { kind: Kind::NotFound, .. } => {
            "check the name, and the branch, tag or commit; a token or an App has to be let into a private repository"
        }
        SourceError::Archive { kind: Kind::Denied, .. } => {
            "give the token or the App `Contents: read` for this repository; `[github]` names them"
        }
        SourceError::Archive { kind: Kind::Unavailable, .. } => {
            "try again later; the cause says from when on"
        }
        SourceError::Archive { .. } => {
            "read the cause; a repository that was renamed goes by its name of today"
        }
        SourceError::BadPath { .. } => "name a file by its path inside the source, with `/`",
        SourceError::Offline(_) => "run again without --offline",
        SourceError::BeyondReach { .. } => "who runs the server may name the host in `[sources] allow`",
        SourceError::Io { .. } => "check the permissions of what is named, and that its disk has space",
    }
}

/// What to run where the source is: what Sigyl ran stood in a folder that is no more.
fn unpinned_hint(error: &SourceError) -> &str {
    match error {
        SourceError::Tool { command, .. } if command.starts_with("npm") => {
            "`npm install --package-lock-only` where package.json is shows the same; once it works, add the lock that it writes"
        }
        SourceError::Tool { command, .. } if command.starts_with("cargo") => {
            "`cargo generate-lockfile` where Cargo.toml is shows the same; once it works, add the lock that it writes"
        }
        SourceError::Tool { .. } => {
            "name every package with its version and hash in requirements.txt (`pip-compile --generate-hashes` writes it)"
        }
        error => source_hint(error),
    }
}

fn target_hint(error: &TargetError) -> &'static str {
    match error {
        TargetError::NotAdmitted => SCAN_AGAIN,
        TargetError::Build { .. } => "run the command that is shown by hand in a copy of the source",
        TargetError::Start(_) => LOGS,
        TargetError::Timeout { .. } => "raise health.timeout in sigyl.yaml if the server really needs longer",
        TargetError::Unsupported(_) => "change what is named, or take another runtime or target",
        TargetError::Grant(_) => "grant the place that you mean, or take the grant back with `--revoke`",
        TargetError::MissingTool { .. } => MISSING_TOOL,
        TargetError::Remote(_) => {
            "read what was refused and what mends it; the page of the target in docs/ says what it needs"
        }
        TargetError::Io { .. } => "read the cause; `sigyl doctor` checks what the target needs",
    }
}

fn store_hint(error: &StoreError) -> &'static str {
    match store_code(error) {
        "E0701" => "wait for it, or end it with `sigyl stop`",
        "E0702" => "use that Sigyl",
        "E0704" => "`sigyl restore` a backup into a new data directory",
        "E0401" => "take another version",
        "E0402" => "`sigyl list` shows the servers on record",
        QUARANTINED => LIFT,
        "E0703" => "free space or mend the permissions; nothing acknowledged was lost",
        _ => "please report it with the message",
    }
}

fn source_code(error: &SourceError) -> &'static str {
    match error {
        SourceError::NotFound(_) => "E0101",
        SourceError::Empty(_) | SourceError::NothingRead { .. } | SourceError::TooLarge { .. } => "E0102",
        SourceError::BadArchive { .. } => "E0103",
        SourceError::Changed { .. } => "E0104",
        SourceError::MissingTool { .. } => "E0105",
        SourceError::Offline(_) => "E0107",
        SourceError::Io { .. } => "E0108",
        SourceError::BeyondReach { .. } => "E0109",
        SourceError::Archive { kind: Kind::NotFound, .. } => "E0101",
        SourceError::Archive { .. } => "E0110",
        _ => "E0106",
    }
}

fn target_code(error: &TargetError) -> &'static str {
    match error {
        TargetError::NotAdmitted => "E0104",
        TargetError::Build { .. } => "E0501",
        TargetError::Start(_) => "E0502",
        TargetError::Timeout { .. } => "E0503",
        TargetError::Unsupported(_) => "E0504",
        TargetError::Grant(_) => "E0305",
        TargetError::MissingTool { .. } => "E0105",
        TargetError::Io { .. } => "E0505",
        TargetError::Remote(_) => "E0506",
    }
}

pub(crate) fn store_code(error: &StoreError) -> &'static str {
    match error {
        StoreError::InUse { .. } => "E0701",
        StoreError::TooNew { .. } | StoreError::RecordTooNew { .. } => "E0702",
        StoreError::Corrupt { .. } => "E0704",
        StoreError::VersionTaken { .. } => "E0401",
        StoreError::Missing { .. } => "E0402",
        StoreError::NotAdmitted { .. } => "E0999",
        StoreError::Quarantined(_) => QUARANTINED,
        StoreError::NoBackup { .. } | StoreError::BadBackup { .. } => "E0708",
        StoreError::NotEmpty { .. } => "E0709",
        StoreError::TooDeep { .. } => "E0710",
        StoreError::Taken { .. } => "E1005",
        StoreError::Full { .. } => "E1014",
        StoreError::AuditFork { .. } => "E1007",
        StoreError::Io { .. } | StoreError::Stopped { .. } | StoreError::Engine(_) => "E0703",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_says_what_to_do() {
        let text = String::new;
        let io = || std::io::Error::other("x");
        let sources = [
            ("E0101", SourceError::NotFound(text())),
            ("E0106", SourceError::NotAFolder(text())),
            ("E0102", SourceError::Empty(text())),
            ("E0102", SourceError::TooLarge { what: text(), limit: text() }),
            ("E0103", SourceError::BadArchive { archive: text(), why: text() }),
            (
                "E0106",
                SourceError::BadDependencies { file: text(), why: text(), remedy: "mend it".to_owned() },
            ),
            ("E0104", SourceError::Changed { path: text() }),
            ("E0105", SourceError::MissingTool { tool: text(), remedy: text() }),
            ("E0106", SourceError::Tool { command: "npm pack".to_owned(), tail: text() }),
            ("E0107", SourceError::Offline(text())),
            ("E0108", SourceError::Io { action: "read", path: "x".into(), source: io() }),
            ("E0109", SourceError::BeyondReach { host: text(), why: text() }),
        ];
        let orders = [
            ("E0304", StepError::from(WaiverError::NoReason(text()))),
            ("E0404", StepError::from(ServerName::parse("").unwrap_err())),
        ];
        let targets = [
            ("E0104", TargetError::NotAdmitted),
            ("E0502", TargetError::Start(text())),
            ("E0504", TargetError::Unsupported(text())),
        ]
        .map(|(code, error)| (code, StepError::from(error)));
        let all = sources
            .into_iter()
            .map(|(code, error)| (code, StepError::from(error)))
            .chain(orders)
            .chain(targets);
        for (code, error) in all {
            let told = failure(&error);
            assert_eq!(told.code, code, "{error:?}");
            assert!(told.hint.is_some_and(|hint| !hint.is_empty()), "{code} {error:?}");
        }
    }

    #[test]
    fn what_could_not_be_pinned_was_got() {
        let tool = |command: &str| SourceError::Tool { command: command.to_owned(), tail: "E".to_owned() };
        for (command, remedy) in [
            ("npm install --package-lock-only", "npm install --package-lock-only"),
            ("python3 -m pip install --requirement FOLDER/given.txt", "pip-compile"),
            ("cargo generate-lockfile --quiet", "cargo generate-lockfile"),
        ] {
            let told = failure(&StepError::unpinned(tool(command)));
            assert!(!told.message.contains("could not get the source"), "{}", told.message);
            assert!(told.message.contains("could not be pinned"), "{}", told.message);
            let hint = told.hint.unwrap();
            assert!(hint.contains(remedy) && !hint.contains(SCRATCH), "{hint}");
        }
        let full =
            SourceError::Io { action: "write", path: "x".into(), source: std::io::Error::other("full") };
        assert!(failure(&StepError::unpinned(full)).message.contains("could not get the source"));
    }

    #[test]
    fn a_command_in_a_folder_that_is_no_more_is_run_in_another() {
        let told = failure(
            &SourceError::Tool {
                command: "npm pack --pack-destination FOLDER".to_owned(),
                tail: String::new(),
            }
            .into(),
        );
        assert!(told.hint.unwrap().contains("for FOLDER"));
    }

    #[test]
    fn a_failure_of_git_names_what_the_user_can_run() {
        let told =
            failure(&SourceError::Tool { command: "git fetch".to_owned(), tail: String::new() }.into());
        assert!(told.hint.unwrap().contains("git ls-remote"));
    }
}
