//! What can be wrong with a setting.

use std::net::SocketAddr;
use std::path::PathBuf;

use sigyl_core::deploy::cloud_run::GoogleSettingsError;
use sigyl_core::deploy::knative::KnativeSettingsError;
use sigyl_core::scan::RuleSetError;
use sigyl_core::scan::policy::PolicyError;
use sigyl_core::vault::KeySpecError;

/// Why a program refuses to be told where to send traces, and what to do.
#[cfg(not(feature = "otel"))]
pub(super) const NO_OTEL: &str =
    "which this program was built without: build it with `--features otel`, or take that setting away";

/// A setting cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A file that was named cannot be read.
    #[error("could not read {path}, which is named as {what}")]
    Unreadable {
        /// What it is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is no configuration.
    #[error("{path}:{line}: {message}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A variable holds what it cannot hold.
    #[error("the environment variable {name} is wrong: {why}")]
    Variable {
        /// The variable.
        name: &'static str,
        /// What is wrong.
        why: String,
    },
    /// A secret is not where it should be.
    #[error("the variable `{name}`, which `{by}` names, is not set")]
    Secret {
        /// The variable.
        name: String,
        /// The key that names it.
        by: &'static str,
    },
    /// A secret is so short that it could be found by trying.
    #[error(
        "the secret in the variable `{name}` is shorter than {least} bytes: make a longer one, by chance"
    )]
    Weak {
        /// The variable.
        name: String,
        /// Fewest bytes.
        least: usize,
    },
    /// GitHub cannot be asked about repositories like this.
    #[error("[github] cannot be used: {why}")]
    GitHub {
        /// What is wrong.
        why: String,
    },
    /// Nobody can sign in by an issuer like this.
    #[error("the [[oidc]] `{name}` cannot be used: {why}")]
    Issuer {
        /// What it is called.
        name: String,
        /// What is wrong.
        why: &'static str,
    },
    /// Traces and metrics cannot be sent like this.
    #[error("[otel] cannot be used: {why}")]
    Otel {
        /// What is wrong.
        why: &'static str,
    },
    /// Traces and metrics are to be sent, and this program was built without what sends them.
    #[cfg(not(feature = "otel"))]
    #[error("{by} asks for OpenTelemetry, {NO_OTEL}")]
    NoOtel {
        /// Who asks for it.
        by: &'static str,
    },
    /// What should be headers is none. Never repeats a value.
    #[error(
        "the variable `{name}`, which `otel.headers_env` names, holds no `key=value,…`: in entry {at}, {why}"
    )]
    Headers {
        /// The variable.
        name: String,
        /// Which of them, from 1.
        at: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// Something that is no host is named as one.
    #[error("`{host}` in sources.allow is no host: write a name or an address, without scheme and port")]
    NoHost {
        /// It.
        host: String,
    },
    /// The project at Google cannot be used.
    #[error("the table [google] cannot be used")]
    Google(#[from] GoogleSettingsError),
    /// The cluster cannot be used.
    #[error("the table [knative] cannot be used")]
    Knative(#[from] KnativeSettingsError),
    /// Only half of what TLS needs was named.
    #[error("TLS needs a certificate and a key: name both, or none")]
    HalfTls,
    /// Keys would be sent in the clear.
    #[error(
        "{0} is reached from other machines, and keys would be sent to it in the clear: name a certificate and a key \
         for TLS, name the proxies that stand before it as trusted, or listen on 127.0.0.1"
    )]
    InTheClear(SocketAddr),
    /// The public address is none.
    #[error("`{text}` is no address for clients: {why}")]
    PublicUrl {
        /// What was set.
        text: String,
        /// What is wrong.
        why: &'static str,
    },
    /// There is no home, and the folder was not named.
    #[error("there is no home directory, so the {what} has no default: name it with {flag}")]
    NoHome {
        /// Which folder.
        what: &'static str,
        /// The flag that names it.
        flag: &'static str,
    },
    /// The folder that this process was started in is gone.
    #[error("could not find the current folder, which {path} is relative to")]
    NoCurrent {
        /// What is relative.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// It is not clear where the master key comes from.
    #[error(transparent)]
    MasterKey(#[from] KeySpecError),
    /// The policy cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The built-in rules do not compile: a defect.
    #[error(transparent)]
    Rules(#[from] RuleSetError),
}
