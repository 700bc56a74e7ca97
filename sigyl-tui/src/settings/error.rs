//! What can be wrong with a setting.

use std::path::PathBuf;

use sigyl_core::vault::KeySpecError;

use crate::problem::{Problem, chain};

/// A setting cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// The file that was named cannot be read.
    #[error("could not read the configuration {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is no configuration.
    #[error("{path}:{line}:{column}: {message}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong.
        message: String,
        /// The key that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A variable holds what it cannot hold.
    #[error("the environment variable {name} is wrong: {why}")]
    Variable {
        /// The variable.
        name: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The reviewer cannot be used as it is configured.
    #[error("{why}")]
    Llm {
        /// What is wrong.
        why: String,
    },
    /// GitHub cannot be asked as it is configured.
    #[error("[github] cannot be used: {why}")]
    GitHub {
        /// What is wrong.
        why: String,
    },
    /// Google cannot be used as it is configured.
    #[error("{why}")]
    Google {
        /// What is wrong.
        why: String,
    },
    /// The cluster cannot be used as it is configured.
    #[error("{why}")]
    Knative {
        /// What is wrong.
        why: String,
    },
    /// It is not clear where the master key comes from.
    #[error(transparent)]
    MasterKey(#[from] KeySpecError),
    /// The endpoint would be reachable from outside.
    #[error("{place}: `{text}` cannot be listened on: {why}")]
    Listen {
        /// Where it was set.
        place: String,
        /// What was set.
        text: String,
        /// What is wrong.
        why: &'static str,
    },
    /// The file that should hold a key cannot be used.
    #[error("could not read a key from {path}")]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// There is no home, and the folder was not named.
    #[error("there is no home directory, so the {what} has no default")]
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
    /// This program does not know where it is, and servers are started through it.
    #[error("could not find this program on the disk")]
    NoProgram(#[source] std::io::Error),
}

impl SettingsError {
    fn code(&self) -> &'static str {
        match self {
            Self::Knative { .. } => "E0002",
            Self::Unreadable { .. }
            | Self::Wrong { .. }
            | Self::Llm { .. }
            | Self::GitHub { .. }
            | Self::Google { .. }
            | Self::MasterKey(_) => "E0002",
            Self::Variable { .. } => "E0003",
            Self::Listen { .. } => "E0004",
            Self::KeyFile { .. } => "E0047",
            Self::NoHome { .. } | Self::NoCurrent { .. } | Self::NoProgram(_) => "E0005",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Unreadable { .. } => "name a readable TOML file with --config".to_owned(),
            Self::Wrong { nearest: Some(key), .. } => format!("did you mean `{key}`?"),
            Self::Wrong { .. } => "docs/config.md lists every key".to_owned(),
            Self::MasterKey(_) => "docs/config.md says where a master key can come from".to_owned(),
            Self::GitHub { .. } => "docs/github.md says how GitHub is configured".to_owned(),
            Self::Knative { .. } => "docs/knative.md says how a cluster is configured".to_owned(),
            Self::Google { .. } => "docs/cloud-run.md says how Google is configured".to_owned(),
            Self::Llm { .. } => "docs/reviewer.md says how a reviewer is configured".to_owned(),
            Self::Variable { name, .. } => format!("correct or unset {name}"),
            Self::KeyFile { .. } => {
                "put the key alone into a file of mode 0600, or into the variable SIGYL_KEY".to_owned()
            }
            Self::Listen { .. } => {
                "write ADDR:PORT with a loopback address, such as 127.0.0.1:8640".to_owned()
            }
            Self::NoHome { flag, .. } => format!("set HOME, or name the folder with {flag}"),
            Self::NoProgram(_) => "start it again from where it is installed".to_owned(),
            Self::NoCurrent { .. } => "change to a folder that exists, or give an absolute path".to_owned(),
        }
    }
}

impl From<SettingsError> for Problem {
    fn from(error: SettingsError) -> Self {
        Self::wrong_use(error.code(), chain(&error), error.hint())
    }
}
