//! What the handle is told by the binary: it reads no environment of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::access::oidc::Issuer;
use crate::access::{SignInRules, Trust};
use crate::clock::{Clock, SystemClock};
use crate::deploy::Target;
use crate::dns::Dns;
use crate::domain::{Policy, SecretValue, Shows};
use crate::github::GitHub;
use crate::github::api::{Directory, Repositories};
use crate::github::app::OpensApp;
use crate::pipeline::Review;
use crate::scan::RuleSet;
use crate::source::{Archives, Limits, Reach, ToolEnv};
use crate::vault::KeySource;

/// How people and jobs get keys without being given one.
#[derive(Clone, Debug, Default)]
pub struct SignIn {
    /// GitHub, where people sign in by it.
    pub github: Option<Arc<dyn GitHub>>,
    /// Issuers of OpenID Connect that people sign in by.
    pub oidc: Vec<Issuer>,
    /// Whom an account is made for that signs in by GitHub, and the place of every new one.
    pub rules: SignInRules,
    /// Jobs that are trusted by the tokens of their system.
    pub trust: Vec<Trust>,
}

/// What is done with GitHub beside signing in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GitHubWork {
    /// Where its repositories are: `https://github.com`, or a server of one's own.
    pub web_url: String,
    /// Where its API is; an App that is kept is asked for nowhere else.
    pub api_url: String,
    /// What GitHub signs its webhooks with; without it none is taken.
    pub webhook_secret: Option<SecretValue>,
    /// What is asked about repositories; without it, only webhooks tell of pushes.
    pub api: Option<Arc<dyn Repositories>>,
    /// What gets private repositories too, for those who may operate this installation, and for servers that came from there.
    pub archives: Option<Arc<dyn Archives>>,
    /// What asks as the App that is kept in the vault, where neither of the two above is named; without it none is used.
    pub app: Option<Arc<dyn OpensApp>>,
    /// What lists what is at GitHub, for those who may operate this installation; without it nothing is listed.
    pub directory: Option<Arc<dyn Directory>>,
    /// Time between two looks at the branches that are followed.
    pub poll_every: Duration,
}

impl Default for GitHubWork {
    fn default() -> Self {
        Self {
            web_url: "https://github.com".to_owned(),
            api_url: "https://api.github.com".to_owned(),
            webhook_secret: None,
            api: None,
            archives: None,
            app: None,
            directory: None,
            poll_every: Duration::from_secs(300),
        }
    }
}

/// Configuration of a [`super::Sigyl`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Where builds and toolchain caches are kept: safe to delete.
    pub cache_dir: PathBuf,
    /// What the user's own npm, pip, git and cargo need.
    pub tool_env: ToolEnv,
    /// The program that starts servers: one whose `main` calls `sigyl_core::launcher::run_if_asked()` first.
    pub launcher: PathBuf,
    /// Whether everything but loopback is refused.
    pub offline: bool,
    /// What the findings of a report lead to.
    pub policy: Policy,
    /// Bounds on sources.
    pub limits: Limits,
    /// Which hosts repositories may be fetched from.
    pub reach: Reach,
    /// Where clients reach the endpoint, such as `https://mcp.example.com`, when that is not the address it listens on.
    pub public_url: Option<String>,
    /// What of the registry is shown to who does not administer it, without a view of their own.
    pub shows: Shows,
    /// Time between two scheduled probes of a server.
    pub probe_every: Duration,
    /// Where servers run, instead of this machine.
    pub target: Option<Arc<dyn Target>>,
    /// Where servers run that are deployed to one of these by name.
    pub targets: BTreeMap<String, Arc<dyn Target>>,
    /// Looks at what was scanned beside the rules: a `scan::reviewer::Reviewer`, with the feature `llm`.
    pub review: Option<Arc<dyn Review>>,
    /// The rules, instead of the built-in ones.
    pub rules: Option<Arc<RuleSet>>,
    /// How people and jobs get keys without being given one; nobody does without settings.
    pub sign_in: SignIn,
    /// What is done with GitHub beside signing in.
    pub github: GitHubWork,
    /// What looks up what domains have on record; without it no namespace is proven by DNS.
    pub dns: Option<Arc<dyn Dns>>,
    /// Where the master key of secrets comes from; the file `master.key` in the data directory when absent.
    pub master_key: Option<KeySource>,
    /// Where the key comes from that this one takes over from, once it was replaced.
    pub previous_master_key: Option<KeySource>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Config {
    /// Makes a configuration with the defaults for all that is not named.
    pub fn new(data_dir: PathBuf, cache_dir: PathBuf, tool_env: ToolEnv, launcher: PathBuf) -> Self {
        Self {
            data_dir,
            cache_dir,
            tool_env,
            launcher,
            offline: false,
            policy: Policy::default(),
            limits: Limits::default(),
            reach: Reach::Anywhere,
            public_url: None,
            shows: Shows::default(),
            probe_every: Duration::from_secs(300),
            target: None,
            targets: BTreeMap::new(),
            review: None,
            rules: None,
            sign_in: SignIn::default(),
            github: GitHubWork::default(),
            dns: None,
            master_key: None,
            previous_master_key: None,
            clock: Arc::new(SystemClock),
        }
    }
}
