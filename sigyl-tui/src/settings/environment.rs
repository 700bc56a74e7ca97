//! The environment of this process, read once, and what of it child tools get.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::SettingsError;

/// Variables that npm, pip, git, cargo, go and what they start need, by their full name.
const TOOL_VARS: [&str; 60] = [
    // where programs and temporary files are, and who runs them
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LOGNAME",
    "TMPDIR",
    "USER",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    // version managers whose shims stand in for the tools
    "ASDF_DATA_DIR",
    "ASDF_DIR",
    "MISE_DATA_DIR",
    "NVM_DIR",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "VIRTUAL_ENV",
    "VOLTA_HOME",
    // proxies
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    // certificates
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    // credentials that the tools' own files refer to
    "NETRC",
    "NODE_AUTH_TOKEN",
    "SSH_AGENT_PID",
    "SSH_AUTH_SOCK",
    // git: not GIT_DIR and its like, which would point it at another repository
    "GIT_ASKPASS",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_HTTP_PROXY_AUTHMETHOD",
    "GIT_PROXY_COMMAND",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "GIT_SSL_CERT",
    "GIT_SSL_KEY",
    // cargo: not CARGO_TARGET_DIR and its like, which would move the build
    "CARGO_HOME",
    // go
    "GOCACHE",
    "GOFLAGS",
    "GOINSECURE",
    "GOMODCACHE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOPATH",
    "GOPRIVATE",
    "GOPROXY",
    "GOROOT",
    "GOSUMDB",
    "GOTOOLCHAIN",
    "GOVCS",
];

/// Beginnings of further variables that the tools read, in lower case.
const TOOL_PREFIXES: [&str; 8] = [
    "npm_config_",
    "npm_token",
    "pip_",
    "cargo_http_",
    "cargo_net_",
    "cargo_registries_",
    "cargo_registry_",
    "rustup_",
];

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

    /// Returns what child tools need, besides PATH and HOME.
    pub(crate) fn tool_vars(&self) -> BTreeMap<String, String> {
        let wanted = |name: &str| {
            let lower = name.to_ascii_lowercase();
            TOOL_VARS.contains(&name) || TOOL_PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
        };
        self.0
            .iter()
            .filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)))
            .filter(|(name, _)| wanted(name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
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
    fn tools_get_their_settings_and_nothing_else() {
        let environment = Environment::from([
            ("NPM_CONFIG_REGISTRY", "r"),
            ("npm_config_cache", "c"),
            ("PIP_INDEX_URL", "i"),
            ("HTTPS_PROXY", "p"),
            ("GOOGLE_APPLICATION_CREDENTIALS", "no"),
            ("AWS_SECRET_ACCESS_KEY", "no"),
            ("CARGO_TARGET_DIR", "no"),
            ("GIT_DIR", "no"),
        ]);
        let names: Vec<_> = environment.tool_vars().into_keys().collect();
        assert_eq!(names, ["HTTPS_PROXY", "NPM_CONFIG_REGISTRY", "PIP_INDEX_URL", "npm_config_cache"]);
    }

    #[test]
    fn the_list_of_variables_is_sound() {
        let mut seen = std::collections::BTreeSet::new();
        for name in TOOL_VARS {
            assert!(seen.insert(name), "{name} stands twice");
        }
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
    fn the_first_locale_that_is_set_decides() {
        assert!(Environment::from([("LANG", "en_GB.UTF-8")]).speaks_utf8());
        assert!(!Environment::from([("LANG", "en_GB.UTF-8"), ("LC_ALL", "C")]).speaks_utf8());
        assert!(!Environment::from([("LANG", "C.UTF-8"), ("TERM", "dumb")]).speaks_utf8());
        assert!(!Environment::default().speaks_utf8());
    }
}
