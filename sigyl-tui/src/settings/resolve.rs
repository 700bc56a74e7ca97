//! Puts the four places together.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use etcetera::BaseStrategy as _;
use serde::Deserialize;
use sigyl_core::Config;
use sigyl_core::deploy::cloud_run::{CloudRun, GoogleSettings};
use sigyl_core::scan::reviewer::ReviewerSettings;
use sigyl_core::vault::{KeySource, KeySpec, Which};

use super::file::File;
use super::server::KeyFrom;
use super::{Environment, GitHubSettings, Listen, Server, SettingsError};
use crate::problem::Problem;

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// For people.
    #[default]
    Plain,
    /// One JSON document.
    Json,
    /// One JSON object a line; of scans alone, as are the others below.
    #[serde(skip_deserializing)]
    Jsonl,
    /// SARIF 2.1.0.
    #[serde(skip_deserializing)]
    Sarif,
    /// JUnit XML.
    #[serde(skip_deserializing)]
    Junit,
    /// A comment on a pull request.
    #[serde(skip_deserializing)]
    Markdown,
    /// Annotations of GitHub Actions.
    #[serde(skip_deserializing)]
    Github,
}

impl Format {
    /// Tells whether every verb writes it.
    pub(crate) fn is_common(self) -> bool {
        matches!(self, Self::Plain | Self::Json)
    }
}

/// When text has colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Wherever it goes.
    Always,
    /// Nowhere.
    Never,
}

/// What the command line said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    /// `--data-dir`
    pub(crate) data_dir: Option<PathBuf>,
    /// `--cache-dir`
    pub(crate) cache_dir: Option<PathBuf>,
    /// `--master-key-file`
    pub(crate) master_key_file: Option<PathBuf>,
    /// `--config`
    pub(crate) config: Option<PathBuf>,
    /// `--listen`
    pub(crate) listen: Option<String>,
    /// `--offline`
    pub(crate) offline: bool,
    /// `--format`
    pub(crate) format: Option<Format>,
    /// `--policy`
    pub(crate) policy: Option<PathBuf>,
    /// `--waivers`
    pub(crate) waivers: Option<PathBuf>,
    /// `--advisories`
    pub(crate) advisories: Option<PathBuf>,
    /// `--server`
    pub(crate) server: Option<String>,
    /// `--key-file`
    pub(crate) key_file: Option<PathBuf>,
    /// `--plain-http`
    pub(crate) plain_http: bool,
    /// `--color`
    pub(crate) color: Option<Color>,
}

/// Every setting, resolved; folders are absolute, and are looked for only when a command needs them.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) data_dir: Option<PathBuf>,
    cache_dir: Option<PathBuf>,
    /// Where the master key of secrets comes from, when that is not a file in the data directory.
    pub(crate) master_key: Option<KeySource>,
    /// Where the key comes from that this one takes over from.
    pub(crate) previous_master_key: Option<KeySource>,
    /// Where the endpoint listens.
    pub(crate) listen: Listen,
    /// Whether everything but loopback is refused.
    pub(crate) offline: bool,
    /// How results are written.
    pub(crate) format: Format,
    /// The language model that may look at what is scanned.
    pub(crate) llm: Option<ReviewerSettings>,
    /// The GitHub that repositories are at, and who asks it for them.
    pub(crate) github: GitHubSettings,
    /// The project at Google that servers can run in.
    pub(crate) google: Option<GoogleSettings>,
    /// The cluster that servers can run in.
    pub(crate) knative: Option<sigyl_core::deploy::knative::KnativeSettings>,
    /// The configuration file in use.
    pub(crate) config: Option<PathBuf>,
    /// The policy that findings are judged by, instead of the default one.
    pub(crate) policy: Option<PathBuf>,
    /// Waivers that stand beside the policy.
    pub(crate) waivers: Option<PathBuf>,
    /// The server that commands go to, instead of the data directory.
    pub(crate) server: Option<Server>,
    /// Advisories that dependencies are looked up in.
    pub(crate) advisories: Option<PathBuf>,
    /// How the console looks, and its keys.
    pub(crate) console: super::ConsoleSettings,
    /// The environment that child tools get a part of.
    pub(crate) environment: Environment,
}

impl Settings {
    /// Reads the file, if there is one, and lets environment and flags win over it.
    pub(crate) fn resolve(flags: Flags, environment: Environment) -> Result<Self, SettingsError> {
        let config = match flags.config.or_else(|| environment.path("SIGYL_CONFIG")) {
            Some(named) => Some(named),
            None => default_config()?,
        };
        let file = config.as_deref().map(File::read).transpose()?.unwrap_or_default();
        let format = match environment.text("SIGYL_FORMAT")? {
            Some(text) => Some(
                Format::from_str(text, false).ok().filter(|format| format.is_common()).ok_or_else(|| {
                    SettingsError::Variable { name: "SIGYL_FORMAT", why: "write plain or json".to_owned() }
                })?,
            ),
            None => None,
        };
        let listen = match (flags.listen, environment.text("SIGYL_LISTEN")?, file.listen) {
            (Some(text), _, _) => Listen::parse(&text, "--listen")?,
            (None, Some(text), _) => Listen::parse(text, "SIGYL_LISTEN")?,
            (None, None, Some(text)) => Listen::parse(&text, "`listen` in the configuration")?,
            (None, None, None) => Listen::default(),
        };
        let offline = flags.offline || environment.switch("SIGYL_OFFLINE")?.or(file.offline).unwrap_or(false);
        let data_dir = flags.data_dir.or_else(|| environment.path("SIGYL_DATA_DIR")).or(file.data_dir);
        let cache_dir = flags.cache_dir.or_else(|| environment.path("SIGYL_CACHE_DIR")).or(file.cache_dir);
        let policy = flags.policy.or_else(|| environment.path("SIGYL_POLICY")).or(file.policy);
        let waivers = flags.waivers.or_else(|| environment.path("SIGYL_WAIVERS")).or(file.waivers);
        let advisories =
            flags.advisories.or_else(|| environment.path("SIGYL_ADVISORIES")).or(file.advisories);
        let server = match flags.server {
            Some(server) => Some(server),
            None => environment.text("SIGYL_SERVER")?.map(str::to_owned).or(file.server),
        };
        let server = match server.filter(|url| !url.is_empty()) {
            Some(url) => {
                let key = KeyFrom::find(flags.key_file, &environment, file.key_file)?;
                Some(Server { url, key, plain_http: flags.plain_http })
            }
            None => None,
        };
        let of_flag = flags.master_key_file.map(absolute).transpose()?.map(KeySpec::file);
        let master_key = environment.master_key(Which::Present, of_flag, file.master_key)?;
        let previous_master_key = environment.master_key(Which::Previous, None, file.previous_master_key)?;
        Ok(Self {
            console: file.console.unwrap_or_default().over(&environment)?,
            server,
            master_key,
            previous_master_key,
            advisories: advisories.map(absolute).transpose()?,
            policy: policy.map(absolute).transpose()?,
            waivers: waivers.map(absolute).transpose()?,
            data_dir: data_dir.map(absolute).transpose()?,
            cache_dir: cache_dir.map(absolute).transpose()?,
            listen,
            offline,
            format: flags.format.or(format).or(file.format).unwrap_or_default(),
            llm: file.llm,
            github: file.github.unwrap_or_default(),
            google: file.google,
            knative: file.knative,
            config,
            environment,
        })
    }

    /// Returns the folder of the records, or says how to name it.
    pub(crate) fn data_dir(&self) -> Result<PathBuf, SettingsError> {
        self.data_dir.clone().map_or_else(|| in_home("data directory", "--data-dir"), Ok)
    }

    /// Returns the folder of the builds, or says how to name it.
    pub(crate) fn cache_dir(&self) -> Result<PathBuf, SettingsError> {
        self.cache_dir.clone().map_or_else(|| in_home("cache directory", "--cache-dir"), Ok)
    }

    /// Returns what the handle is told.
    pub(crate) fn config(&self) -> Result<Config, Problem> {
        let launcher =
            std::env::current_exe().map_err(|error| Problem::from(SettingsError::NoProgram(error)))?;
        let mut config =
            Config::new(self.data_dir()?, self.cache_dir()?, self.environment.tool_env(), launcher);
        config.offline = self.offline;
        config.master_key.clone_from(&self.master_key);
        config.previous_master_key.clone_from(&self.previous_master_key);
        if self.policy.is_some() || self.waivers.is_some() || self.advisories.is_some() {
            // Rules that a policy was checked against are the ones that look.
            let rules = self.with_advisories(super::policy::rules()?)?;
            config.policy = self.policy(&rules)?.policy;
            config.rules = Some(Arc::new(rules));
        }
        self.ask_github(&mut config.github)?;
        config.github.app = self.app_opener();
        if self.google.is_some() {
            let there = CloudRun::new(self.google()?);
            config.targets.insert("cloud-run".to_owned(), Arc::new(there));
        }
        if let Some(table) = &self.knative {
            config.targets.insert("knative".to_owned(), Arc::new(self.open_knative(table)?));
        }
        if let Some(reviewer) = self.reviewer()? {
            config.review = Some(Arc::new(reviewer));
        }
        Ok(config)
    }

    /// Returns the folder for files that live as long as this process.
    pub(crate) fn temporary_dir(&self) -> PathBuf {
        self.environment.path("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp"))
    }
}

/// Makes a path independent of the folder that this process was started in.
pub(crate) fn absolute(path: PathBuf) -> Result<PathBuf, SettingsError> {
    std::path::absolute(&path).map_err(|source| SettingsError::NoCurrent { path, source })
}

fn default_config() -> Result<Option<PathBuf>, SettingsError> {
    // Without a home there is no default file, and nothing is wrong with that.
    let Some(base) = etcetera::choose_base_strategy().ok() else { return Ok(None) };
    let path = base.config_dir().join("sigyl").join("config.toml");
    match path.try_exists() {
        Ok(true) => Ok(Some(path)),
        Ok(false) => Ok(None),
        // A file beyond a folder that may not be entered could hold settings: leaving it out would be a guess.
        Err(source) => Err(SettingsError::Unreadable { path, source }),
    }
}

fn in_home(what: &'static str, flag: &'static str) -> Result<PathBuf, SettingsError> {
    let base = etcetera::choose_base_strategy().map_err(|_| SettingsError::NoHome { what, flag })?;
    let folder = if flag == "--data-dir" { base.data_dir() } else { base.cache_dir() };
    absolute(folder.join(Path::new("sigyl")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(dir: &Path, text: &str) -> PathBuf {
        let path = dir.join("config.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
        let dir = tempfile::tempdir().unwrap();
        let path = config(
            dir.path(),
            "data_dir = 'file'\ncache_dir = 'file'\nformat = 'json'\nlisten = '127.0.0.1:3'\noffline = true\n",
        );
        let environment = Environment::from([
            ("SIGYL_CACHE_DIR", "/variable"),
            ("SIGYL_LISTEN", "127.0.0.1:2"),
            ("SIGYL_OFFLINE", "0"),
        ]);
        let flags = Flags { config: Some(path), listen: Some("127.0.0.1:1".to_owned()), ..Flags::default() };
        let settings = Settings::resolve(flags, environment).unwrap();
        assert_eq!(settings.listen.address.port(), 1);
        assert_eq!(settings.cache_dir().unwrap(), Path::new("/variable"));
        assert!(!settings.offline);
        assert_eq!(settings.format, Format::Json);
        assert_eq!(settings.data_dir().unwrap(), dir.path().join("file"));
    }

    #[test]
    fn an_address_beyond_loopback_is_refused_wherever_it_was_set() {
        let flags = Flags { listen: Some("0.0.0.0:8640".to_owned()), ..Flags::default() };
        let error = Settings::resolve(flags, Environment::default()).unwrap_err();
        assert!(error.to_string().starts_with("--listen: `0.0.0.0:8640`"), "{error}");
        let error = Settings::resolve(Flags::default(), Environment::from([("SIGYL_LISTEN", "1.1.1.1:1")]))
            .unwrap_err();
        assert!(error.to_string().starts_with("SIGYL_LISTEN:"), "{error}");
    }

    #[test]
    fn a_file_that_was_named_has_to_exist() {
        let flags = Flags { config: Some("/nonexistent/sigyl.toml".into()), ..Flags::default() };
        assert!(Settings::resolve(flags, Environment::default()).is_err());
    }
}
