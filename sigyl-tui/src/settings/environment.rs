//! The environment of this process, read once.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use sigyl_core::deploy::cloud_run::{GoogleSettings, Place};
use sigyl_core::source::ToolEnv;
use sigyl_core::vault::{KeySource, KeySpec, Which};
use tracing_subscriber::EnvFilter;

use super::SettingsError;

/// The environment as one value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Reads that of this process.
    pub(crate) fn of_this_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// Returns a variable, if it is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// Returns what a browser needs to be found and shown; keys and tokens are not among it.
    pub(crate) fn of_a_browser(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        const NAMES: [&str; 6] = ["PATH", "HOME", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "LANG"];
        const FAMILIES: [&str; 2] = ["XDG_", "DBUS_"];
        let is_one = |name: &OsStr| {
            let name = name.to_str().unwrap_or_default();
            NAMES.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family))
        };
        self.0
            .iter()
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
            .filter(move |(name, _)| is_one(name))
    }

    /// Tells where the credentials for a project at Google are.
    pub(crate) fn google(&self, google: &GoogleSettings) -> Place {
        google.place(&self.0)
    }

    /// Returns a variable that has to be text.
    pub(crate) fn text(&self, name: &'static str) -> Result<Option<&str>, SettingsError> {
        self.get(name)
            .map(|value| {
                value
                    .to_str()
                    .ok_or(SettingsError::Variable { name, why: "it is not valid UTF-8".to_owned() })
            })
            .transpose()
    }

    /// Returns every variable that is text, and the names of the others.
    pub(crate) fn texts(&self) -> (Vec<(String, String)>, Vec<String>) {
        let (mut texts, mut others) = (Vec::new(), Vec::new());
        for (name, value) in &self.0 {
            match (name.to_str(), value.to_str()) {
                (Some(name), Some(value)) => texts.push((name.to_owned(), value.to_owned())),
                _ => others.push(name.to_string_lossy().into_owned()),
            }
        }
        (texts, others)
    }

    /// Returns a variable that is a switch.
    pub(crate) fn switch(&self, name: &'static str) -> Result<Option<bool>, SettingsError> {
        match self.text(name)? {
            None => Ok(None),
            Some("1" | "true" | "yes" | "on") => Ok(Some(true)),
            Some("0" | "false" | "no" | "off") => Ok(Some(false)),
            Some(_) => Err(SettingsError::Variable { name, why: "write 1 or 0".to_owned() }),
        }
    }

    /// Returns a variable that is a path.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }

    /// Returns where a master key comes from: what a flag says, else a variable, else the file.
    pub(crate) fn master_key(
        &self,
        which: Which,
        flag: Option<KeySpec>,
        file: Option<KeySpec>,
    ) -> Result<Option<KeySource>, SettingsError> {
        let said = match flag {
            Some(flag) => Some(flag),
            None => KeySpec::of_variables(which, &self.0)?.map(|(_, said)| said).or(file),
        };
        Ok(said.map(|said| said.source(&self.0)).transpose()?.flatten())
    }

    /// Returns what the library notes: warnings, or what SIGYL_LOG asks for.
    pub(crate) fn diagnostics(&self) -> Result<EnvFilter, SettingsError> {
        let wanted = self.text("SIGYL_LOG")?.unwrap_or("warn");
        let wrong = || SettingsError::Variable {
            name: "SIGYL_LOG",
            why: format!(
                "`{}` is no filter; write error, warn, info, debug, trace or off, or TARGET=LEVEL, with commas between",
                wanted.chars().take(80).collect::<String>()
            ),
        };
        // A word alone would be taken for the name of a target, and a mistyped level would then silence everything.
        let known = |part: &str| {
            part.is_empty()
                || part.contains('=')
                || part.parse::<tracing::level_filters::LevelFilter>().is_ok()
        };
        let parts: Vec<_> = wanted.split(',').map(str::trim).collect();
        if !parts.iter().copied().all(known) {
            return Err(wrong());
        }
        EnvFilter::try_new(parts.join(",")).map_err(|_| wrong())
    }

    /// Picks what npm, pip, git, cargo and go need; they get nothing else.
    pub(crate) fn tool_env(&self) -> ToolEnv {
        ToolEnv::pick(self.0.clone())
    }

    /// Tells whether the terminal's locale speaks UTF-8.
    pub(crate) fn speaks_utf8(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| self.get(name));
        let named = locale.and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
        let simple = self.get("TERM").is_some_and(|term| term == "linux" || term == "dumb");
        (named.contains("utf-8") || named.contains("utf8")) && !simple
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_no_key() {
        let all = [("PATH", "/bin"), ("XDG_RUNTIME_DIR", "/run"), ("SIGYL_KEY", "x"), ("GITHUB_TOKEN", "x")];
        let environment = Environment::from(all);
        let names: Vec<_> = environment.of_a_browser().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names, ["PATH", "XDG_RUNTIME_DIR"]);
    }

    #[test]
    fn a_switch_is_on_or_off() {
        let environment = Environment::from([("A", "1"), ("B", "off"), ("C", "maybe"), ("D", "")]);
        assert_eq!(environment.switch("A").unwrap(), Some(true));
        assert_eq!(environment.switch("B").unwrap(), Some(false));
        assert_eq!(environment.switch("D").unwrap(), None);
        assert!(environment.switch("C").is_err());
    }

    #[test]
    fn a_filter_is_made_of_levels_and_a_mistyped_one_is_named() {
        for text in ["", "debug", "WARN", "off", "info,sigyl_core=debug", "warn, sigyl_core::gateway=trace"] {
            assert!(Environment::from([("SIGYL_LOG", text)]).diagnostics().is_ok(), "{text}");
        }
        for text in ["inof", "sigyl_core", "sigyl_core=loud", "a=b=c", "info;debug"] {
            let error = Environment::from([("SIGYL_LOG", text)]).diagnostics().unwrap_err().to_string();
            assert!(error.contains("SIGYL_LOG") && error.contains(&format!("`{text}`")), "{error}");
            assert!(error.contains("TARGET=LEVEL"), "{error}");
        }
    }

    #[test]
    fn the_first_locale_that_is_set_decides() {
        assert!(Environment::from([("LANG", "en_GB.UTF-8")]).speaks_utf8());
        assert!(!Environment::from([("LANG", "en_GB.UTF-8"), ("LC_ALL", "C")]).speaks_utf8());
        assert!(!Environment::from([("LANG", "C.UTF-8"), ("TERM", "dumb")]).speaks_utf8());
        assert!(!Environment::default().speaks_utf8());
    }
}
