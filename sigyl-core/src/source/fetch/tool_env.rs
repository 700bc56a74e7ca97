//! The surroundings of the tools that fetch and build.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use tokio::process::Command;

/// Variables that the tools need, by their whole name in upper case.
const WANTED: [&str; 28] = [
    "ALL_PROXY",
    "CURL_CA_BUNDLE",
    "FTP_PROXY",
    "GIT_ASKPASS",
    "GIT_CONFIG_GLOBAL",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LC_ALL",
    "LOGNAME",
    "NODE_EXTRA_CA_CERTS",
    "NO_PROXY",
    "NVM_DIR",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "REQUESTS_CA_BUNDLE",
    "SSH_AUTH_SOCK",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "USER",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
];
/// Beginnings, in upper case, of the names of variables that configure npm, pip, Cargo, rustup and Go.
const FAMILIES: [&str; 8] = [
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
    "NPM_CONFIG_",
    "PIP_",
    "RUSTUP_",
];
/// More of them, whole.
const MORE: [&str; 10] = [
    "CARGO_HOME",
    "GOFLAGS",
    "GOINSECURE",
    "GOMODCACHE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOPATH",
    "GOPRIVATE",
    "GOPROXY",
    "GOSUMDB",
];

/// What npm, pip, git, Cargo and Go need to work as they do for the user: for fetching and building only, never given
/// to a server.
#[derive(Clone, Default)]
pub struct ToolEnv {
    /// Where programs are looked for.
    pub path: OsString,
    /// The home folder, with the tools' own settings.
    pub home: Option<PathBuf>,
    /// Other variables: mirrors, proxies, certificates. They may hold credentials.
    pub vars: BTreeMap<String, String>,
}

impl ToolEnv {
    /// Picks from the variables of a process what the tools need, and nothing else.
    pub fn pick(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut env = Self::default();
        for (name, value) in vars {
            match name.to_str() {
                Some("PATH") => env.path = value,
                Some("HOME") => {
                    env.home = Some(PathBuf::from(value)).filter(|home| !home.as_os_str().is_empty())
                }
                Some(name) if is_wanted(name) => {
                    // A value that is not UTF-8 is no setting of these tools.
                    env.vars.extend(value.into_string().ok().map(|value| (name.to_owned(), value)));
                }
                _ => {}
            }
        }
        env
    }

    /// Finds a program in the path. Relative folders in it are not looked into.
    pub fn find(&self, program: &str) -> Option<PathBuf> {
        std::env::split_paths(&self.path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(program))
            .find(|file| is_program(file))
    }

    /// Begins a command that sees these variables and no others.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", &self.path).envs(&self.vars);
        if let Some(home) = &self.home {
            command.env("HOME", home);
        }
        command
    }
}

fn is_wanted(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    WANTED.contains(&name.as_str())
        || MORE.contains(&name.as_str())
        || FAMILIES.iter().any(|family| name.starts_with(family))
}

fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file() && super::super::copy::is_executable(&metadata))
}

/// Names the variables, never their values.
impl fmt::Debug for ToolEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolEnv")
            .field("path", &self.path)
            .field("home", &self.home)
            .field("vars", &self.vars.keys().collect::<Vec<_>>())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_tools_need_is_picked() {
        let vars = [
            ("PATH", "/bin"),
            ("HOME", "/home/ada"),
            ("PIP_INDEX_URL", "x"),
            ("npm_config_registry", "y"),
            ("https_proxy", "z"),
            ("CARGO_HOME", "c"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("GIT_DIR", "/repo/.git"),
            ("CARGO_MANIFEST_DIR", "m"),
            ("LD_PRELOAD", "evil.so"),
            ("PYTHONPATH", "p"),
            ("NODE_OPTIONS", "n"),
            ("GIT_CONFIG_COUNT", "1"),
        ];
        let env = ToolEnv::pick(vars.map(|(name, value)| (name.into(), value.into())));
        assert_eq!((env.path.to_str(), env.home.as_deref()), (Some("/bin"), Some(Path::new("/home/ada"))));
        let names: Vec<_> = env.vars.keys().collect();
        assert_eq!(names, ["CARGO_HOME", "PIP_INDEX_URL", "https_proxy", "npm_config_registry"]);
    }

    #[test]
    fn values_are_not_shown() {
        let vars = [("PIP_INDEX_URL".into(), "https://ada:s3cret@host.example/".into())];
        assert!(!format!("{:?}", ToolEnv::pick(vars)).contains("s3cret"));
    }

    #[cfg(unix)]
    #[test]
    fn programs_are_found_in_absolute_folders_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let tool = dir.path().join("tool");
        std::fs::write(&tool, "").unwrap();
        let mut env = ToolEnv { path: dir.path().into(), ..ToolEnv::default() };
        assert_eq!(env.find("tool"), None, "not executable");
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(env.find("tool"), Some(tool));
        env.path = "relative:.".into();
        assert_eq!(env.find("tool"), None);
    }
}
