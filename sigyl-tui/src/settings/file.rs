//! The configuration file: TOML, every key known.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sigyl_core::deploy::cloud_run::GoogleSettings;
use sigyl_core::scan::reviewer::ReviewerSettings;
use sigyl_core::vault::KeySpec;

use super::GitHubSettings;
use super::SettingsError;

/// Bytes that a configuration may have at most.
const LIMIT: u64 = 1 << 20;

/// The keys of the file, as `docs/config.md` lists them.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    /// Where records are kept.
    pub(super) data_dir: Option<PathBuf>,
    /// Where builds are kept.
    pub(super) cache_dir: Option<PathBuf>,
    /// Where the master key of secrets comes from.
    pub(super) master_key: Option<KeySpec>,
    /// Where the key comes from that this one takes over from.
    pub(super) previous_master_key: Option<KeySpec>,
    /// Where the endpoint listens.
    pub(super) listen: Option<String>,
    /// Whether everything but loopback is refused.
    pub(super) offline: Option<bool>,
    /// How results are written.
    pub(super) format: Option<super::Format>,
    /// The policy that findings are judged by.
    pub(super) policy: Option<PathBuf>,
    /// Waivers that stand beside the policy.
    pub(super) waivers: Option<PathBuf>,
    /// The server that commands go to.
    pub(super) server: Option<String>,
    /// The file that holds the key for it.
    pub(super) key_file: Option<PathBuf>,
    /// Advisories that dependencies are looked up in.
    pub(super) advisories: Option<PathBuf>,
    /// The language model that may look at what is scanned.
    pub(super) llm: Option<ReviewerSettings>,
    /// The GitHub that repositories are at, and who asks it for them.
    pub(super) github: Option<GitHubSettings>,
    /// The project at Google that servers can run in.
    pub(super) google: Option<GoogleSettings>,
    /// The cluster that servers can run in.
    pub(super) knative: Option<super::knative::Table>,
    /// How the console looks, and its keys.
    pub(super) console: Option<super::ConsoleSettings>,
}

/// Every key of [`File`].
const KEYS: &[&str] = &[
    "data_dir",
    "cache_dir",
    "master_key",
    "previous_master_key",
    "listen",
    "offline",
    "format",
    "policy",
    "waivers",
    "server",
    "key_file",
    "advisories",
    "llm",
    "github",
    "google",
    "knative",
    "console",
];

impl File {
    /// Reads a file that must exist.
    pub(super) fn read(path: &Path) -> Result<Self, SettingsError> {
        let unreadable = |source| SettingsError::Unreadable { path: path.to_owned(), source };
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let mut text = String::new();
        let read = file.take(LIMIT + 1).read_to_string(&mut text).map_err(unreadable)?;
        if read as u64 > LIMIT {
            return Err(unreadable(std::io::Error::other("it is larger than 1 MiB")));
        }
        let mut file = Self::parse(&text, path)?;
        // Relative folders are meant from the file, not from wherever the command was started.
        let base = path.parent().unwrap_or(Path::new(""));
        let Self { data_dir, cache_dir, policy, waivers, advisories, key_file, .. } = &mut file;
        let paths = [data_dir, cache_dir, policy, waivers, advisories, key_file];
        for folder in paths.into_iter().flatten() {
            *folder = base.join(&*folder);
        }
        file.google = file.google.map(|google| google.from_folder(base));
        file.knative = file.knative.map(|knative| knative.from_folder(base));
        file.console = file.console.map(|console| console.based_in(base));
        for key in [&mut file.master_key, &mut file.previous_master_key] {
            *key = key.take().map(|key| key.from_folder(base));
        }
        Ok(file)
    }

    pub(super) fn parse(text: &str, path: &Path) -> Result<Self, SettingsError> {
        let wrong = |at: usize, message: &str| {
            let (line, column) = position(text, at);
            let (path, message, nearest) = (path.to_owned(), message.to_owned(), nearest(message));
            SettingsError::Wrong { path, line, column, message, nearest }
        };
        let file: Self = toml::from_str(text)
            .map_err(|error| wrong(error.span().map_or(0, |span| span.start), error.message()))?;
        Ok(file)
    }
}

fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// Finds the key that was probably meant by the unknown one that `message` names.
fn nearest(message: &str) -> Option<&'static str> {
    let unknown = message.strip_prefix("unknown field `")?.split('`').next()?;
    let unknown = unknown.replace('-', "_");
    KEYS.iter()
        .map(|&key| (strsim::jaro_winkler(&unknown, key), key))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        File::parse(text, Path::new("config.toml")).unwrap_err().to_string()
    }

    #[test]
    fn every_listed_key_is_known() {
        let text = "data_dir = 'd'\ncache_dir = 'c'\nlisten = '127.0.0.1:1'\noffline = true\nformat = 'json'\npolicy = 'p'\nwaivers = 'w'\nserver = 's'\nkey_file = 'k'\nadvisories = 'a'\nmaster_key = {file = 'k'}\nprevious_master_key = {file = 'k'}\nllm = {base_url = 'u', model = 'm'}\ngithub = {token_env = 'T'}\ngoogle = {project = 'p'}\nconsole = {theme = '16', theme_file = 't', keymap = 'k', time = 'local'}\nknative = {namespace = 'n'}\n";
        assert_eq!(text.lines().count(), KEYS.len());
        let file = File::parse(text, Path::new("x")).unwrap();
        assert_eq!(file.data_dir, Some(PathBuf::from("d")));
        assert_eq!(file.format, Some(super::super::Format::Json));
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line_and_the_nearest_key() {
        let text = "offline = true\n\ndata-dir = 'x'\n";
        assert!(error(text).starts_with("config.toml:3:1: unknown field `data-dir`"), "{}", error(text));
        assert_eq!(nearest("unknown field `data-dir`, expected …"), Some("data_dir"));
        assert_eq!(nearest("unknown field `colour`, expected …"), None);
    }

    #[test]
    fn a_wrong_value_names_its_place() {
        assert!(
            error("offline = 'yes'\n").starts_with("config.toml:1:11: "),
            "{}",
            error("offline = 'yes'\n")
        );
        assert!(error("a = = b").starts_with("config.toml:1:"));
    }
}
