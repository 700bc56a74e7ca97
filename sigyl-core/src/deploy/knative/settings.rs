//! What the configuration says of a cluster: the table `knative`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::build::{Builder, Tool};
use super::call::Patience;
use super::cluster::{Cluster, ClusterConfig};
use super::target::Knative;
use super::token::{Bearer, TokenError};
use crate::domain::SecretValue;
use crate::source::{SourceError, ToolEnv, sweep};
use crate::web::{Web, WebError};

/// Bytes of a file of authorities at most.
const AUTHORITIES: u64 = 1 << 20;

/// The table `knative`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnativeSettings {
    /// The address of the API server.
    pub api_server: Option<String>,
    /// What the cluster is called on record; the host of the address when absent.
    pub cluster: Option<String>,
    /// The namespace that servers run in.
    pub namespace: Option<String>,
    /// The file of the authorities that the certificate of the API server comes from.
    pub ca_file: Option<PathBuf>,
    /// The file of the token that Sigyl calls with.
    pub token_file: Option<PathBuf>,
    /// The variable that holds it instead.
    pub token_env: Option<String>,
    /// The tool that builds images.
    pub builder: Option<Tool>,
    /// Where images are pushed.
    pub registry: Option<String>,
    /// The secret in the namespace by which images are pulled.
    pub pull_secret: Option<String>,
    /// Whether servers can be called from outside the cluster, by anybody.
    #[serde(default)]
    pub public: bool,
}

/// The table does not say what it has to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KnativeSettingsError {
    /// Something is missing.
    #[error("`knative.{0}` is missing")]
    Missing(&'static str),
    /// Something cannot be what it says.
    #[error("`knative.{key}` is `{value}`, which is no {what}")]
    Wrong {
        /// The key.
        key: &'static str,
        /// What it says.
        value: String,
        /// What it has to be.
        what: &'static str,
    },
    /// There is no token, or there are two.
    #[error("name either `knative.token_file` or `knative.token_env`")]
    OneToken,
    /// The variable is not set.
    #[error("the variable `{0}`, which `knative.token_env` names, is not set")]
    NoVariable(String),
    /// The token cannot be used.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The file of authorities cannot be read.
    #[error("`knative.ca_file`: {path} cannot be read")]
    Authorities {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// What builds left that were killed cannot be removed.
    #[error("{0}")]
    Work(SourceError),
    /// The API server cannot be spoken to.
    #[error("`knative.api_server`: {0}")]
    Web(#[from] WebError),
}

impl KnativeSettings {
    /// Makes the paths ones that are meant from a folder.
    pub fn from_folder(self, base: &Path) -> Self {
        let inner = |path: PathBuf| base.join(path);
        Self { ca_file: self.ca_file.map(inner), token_file: self.token_file.map(inner), ..self }
    }

    /// Opens the namespace. `variable` reads a variable of the environment; images are built below `work` by a tool that sees
    /// `tools`.
    pub fn open(
        &self,
        variable: impl FnOnce(&str) -> Option<SecretValue>,
        web: Web,
        tools: ToolEnv,
        work: PathBuf,
    ) -> Result<Knative, KnativeSettingsError> {
        let api_server = self.api_server.clone().ok_or(KnativeSettingsError::Missing("api_server"))?;
        let namespace = named("namespace", self.namespace.as_deref(), "name of a namespace", is_label)?;
        let registry = named("registry", self.registry.as_deref(), REPOSITORY, is_repository)?;
        let tool = self.builder.ok_or(KnativeSettingsError::Missing("builder"))?;
        let host = host(&api_server);
        let name = named("cluster", self.cluster.as_deref().or(Some(&host)), "name of a cluster", is_name)?;
        let pull_secret = self.pull_secret.as_deref();
        let pull_secret =
            pull_secret.map(|it| named("pull_secret", Some(it), "name of a secret", is_name)).transpose()?;
        let config = ClusterConfig {
            name,
            api_server,
            authorities: self.ca_file.as_deref().map(authorities).transpose()?,
            namespace,
            public: self.public,
            pull_secret,
            bearer: self.bearer(variable)?,
            patience: Patience::default(),
        };
        let cluster = Cluster::new(config, web)?;
        sweep(&work).map_err(KnativeSettingsError::Work)?;
        Ok(Knative::new(cluster, Builder { tool, registry, env: tools, work }))
    }

    fn bearer(
        &self,
        variable: impl FnOnce(&str) -> Option<SecretValue>,
    ) -> Result<Bearer, KnativeSettingsError> {
        match (&self.token_file, &self.token_env) {
            (Some(file), None) => Ok(Bearer::of_file(file.clone())),
            (None, Some(name)) => {
                let token = variable(name).ok_or_else(|| KnativeSettingsError::NoVariable(name.clone()))?;
                Ok(Bearer::fixed(&token, &format!("the variable `{name}`"))?)
            }
            _ => Err(KnativeSettingsError::OneToken),
        }
    }
}

const REPOSITORY: &str = "place for images: write HOST/FOLDER, without a scheme, a tag and a digest";

fn authorities(path: &Path) -> Result<Vec<u8>, KnativeSettingsError> {
    let failed = |source| KnativeSettingsError::Authorities { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(AUTHORITIES + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() as u64 > AUTHORITIES {
        true => Err(failed(std::io::Error::other("it is larger than 1 MiB"))),
        false => Ok(bytes),
    }
}

/// Takes what stands in paths and commands, and so has to be what it says.
fn named(
    key: &'static str,
    value: Option<&str>,
    what: &'static str,
    is_it: impl Fn(&str) -> bool,
) -> Result<String, KnativeSettingsError> {
    let value = value.ok_or(KnativeSettingsError::Missing(key))?;
    match is_it(value) {
        true => Ok(value.to_owned()),
        false => Err(KnativeSettingsError::Wrong { key, value: value.chars().take(100).collect(), what }),
    }
}

/// Returns the host of an address, with its port.
fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase()
}

fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_ended(text) && text.bytes().all(|byte| is_small(byte) || byte == b'-')
}

fn is_name(text: &str) -> bool {
    let is_of_name = |byte: u8| is_small(byte) || matches!(byte, b'-' | b'.' | b':');
    text.len() <= 253 && is_ended(text) && text.bytes().all(is_of_name)
}

/// Tells whether a text is the name of a registry, with a port and folders.
fn is_repository(text: &str) -> bool {
    let (host, folders) = text.split_once('/').map_or((text, None), |(host, rest)| (host, Some(rest)));
    let (host, port) = host.split_once(':').map_or((host, "1"), |(host, port)| (host, port));
    let is_folder = |part: &str| {
        is_ended(part) && part.bytes().all(|byte| is_small(byte) || matches!(byte, b'-' | b'.' | b'_'))
    };
    text.len() <= 180
        && is_folder(host)
        && port.parse::<u16>().is_ok()
        && folders.is_none_or(|folders| folders.split('/').all(is_folder))
}

fn is_small(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// Tells whether a text begins and ends with a letter or digit.
fn is_ended(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().copied().is_some_and(is_small) && bytes.last().copied().is_some_and(is_small)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::Target as _;

    const WHOLE: &str = "api_server = 'http://127.0.0.1:1'\nnamespace = 'mcp'\ntoken_env = 'TOKEN'\n\
                         builder = 'podman'\nregistry = 'registry.example:5000/mcp'\n";

    fn open(text: &str) -> Result<Knative, String> {
        let settings: KnativeSettings = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let token = |name: &str| (name == "TOKEN").then(|| SecretValue::new("hush"));
        let opened = settings.open(token, Web::default(), ToolEnv::default(), PathBuf::from("/nowhere"));
        opened.map_err(|error| error.to_string())
    }

    #[test]
    fn a_cluster_is_on_record_by_its_name_or_its_host() {
        assert_eq!(open(WHOLE).unwrap().place().unwrap(), "127.0.0.1:1/mcp");
        assert_eq!(open(&format!("{WHOLE}cluster = 'prod'")).unwrap().place().unwrap(), "prod/mcp");
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (from, to, said) in [
            ("namespace = 'mcp'\n", "", "`knative.namespace` is missing"),
            ("'mcp'\n", "'a/../b'\n", "`knative.namespace` is `a/../b`"),
            ("token_env = 'TOKEN'\n", "", "either `knative.token_file` or `knative.token_env`"),
            ("'TOKEN'", "'OTHER'", "the variable `OTHER`, which `knative.token_env` names, is not set"),
            ("http://127.0.0.1:1", "http://k8s.example", "is not asked in the clear"),
            ("registry.example:5000", "https://registry.example", "`knative.registry` is"),
            ("example:5000/mcp", "example:5000/mcp:latest", "`knative.registry` is"),
            ("registry.example:5000/mcp", "--tls-verify=false", "`knative.registry` is"),
            ("'podman'", "'kaniko'", "unknown variant `kaniko`"),
            ("builder =", "bilder =", "unknown field `bilder`"),
        ] {
            assert!(WHOLE.contains(from), "{from}");
            let error = open(&WHOLE.replace(from, to)).unwrap_err();
            assert!(error.contains(said) && !error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn authorities_that_are_none_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        std::fs::write(&path, "no certificate").unwrap();
        let text = WHOLE.replace("http://127.0.0.1:1", "https://k8s.example");
        let error = open(&format!("{text}ca_file = '{}'", path.display())).unwrap_err();
        assert!(error.contains("there is no certificate among the authorities"), "{error}");
        let missing = open(&format!("{text}ca_file = '/nowhere/ca.pem'")).unwrap_err();
        assert!(missing.contains("/nowhere/ca.pem cannot be read"), "{missing}");
    }
}
