//! The configuration file: TOML, every key known.

use std::io::Read as _;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sigyl_core::deploy::cloud_run::GoogleSettings;
use sigyl_core::domain::{Known, Network};
use sigyl_core::vault::KeySpec;
use toml::Spanned;

use super::otel::Otel;
use super::{GitHub, LogFormat, Login, Oidc, SettingsError, Trusted};

/// Bytes of a file that an operator names.
const LIMIT: u64 = 32 << 20;

/// The keys of the file, as `docs/server.md` lists them.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    pub(super) data_dir: Option<PathBuf>,
    pub(super) cache_dir: Option<PathBuf>,
    pub(super) listen: Option<SocketAddr>,
    pub(super) public_url: Option<String>,
    pub(super) trusted_proxies: Option<Vec<Network>>,
    pub(super) offline: Option<bool>,
    pub(super) policy: Option<PathBuf>,
    pub(super) waivers: Option<PathBuf>,
    pub(super) master_key: Option<KeySpec>,
    pub(super) previous_master_key: Option<KeySpec>,
    pub(super) tls: Tls,
    pub(super) log: Log,
    pub(super) registry: Registry,
    pub(super) mcp: Mcp,
    pub(super) sources: Sources,
    pub(super) rates: Rates,
    pub(super) github: Option<GitHub>,
    pub(super) oidc: Vec<Oidc>,
    pub(super) login: Option<Login>,
    pub(super) trust: Vec<Spanned<Trusted>>,
    pub(super) otel: Option<Spanned<Otel>>,
    pub(super) google: Option<GoogleSettings>,
    pub(super) knative: Option<super::knative::Table>,
}

/// The table `[tls]`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Tls {
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
}

/// The table `[log]`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Log {
    pub(super) filter: Option<String>,
    pub(super) format: Option<LogFormat>,
}

/// The table `[registry]`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Registry {
    pub(super) anonymous_read: Option<bool>,
    pub(super) shows: Option<Known>,
}

/// The table `[mcp]`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Mcp {
    pub(super) keyless_loopback: Option<bool>,
}

/// The table `[sources]`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Sources {
    pub(super) allow: Option<Vec<String>>,
}

/// The table `[rates]`: requests a minute of one caller.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Rates {
    pub(super) read: Option<NonZeroU32>,
    pub(super) write: Option<NonZeroU32>,
    pub(super) deploy: Option<NonZeroU32>,
    pub(super) login: Option<NonZeroU32>,
}

impl File {
    /// Reads a file that must exist. Relative paths in it are meant from its own folder.
    pub(super) fn read(path: &Path) -> Result<Self, SettingsError> {
        let bytes = bytes_of(path, "the configuration")?;
        let text = String::from_utf8(bytes).map_err(|error| SettingsError::Unreadable {
            what: "the configuration",
            path: path.to_owned(),
            source: std::io::Error::other(error),
        })?;
        let mut file = Self::parse(&text, path)?;
        let base = path.parent().unwrap_or(Path::new(""));
        let Self { data_dir, cache_dir, policy, waivers, tls, .. } = &mut file;
        let paths = [data_dir, cache_dir, policy, waivers, &mut tls.certificate, &mut tls.key];
        for inner in paths.into_iter().flatten() {
            *inner = base.join(&*inner);
        }
        file.google = file.google.map(|google| google.from_folder(base));
        file.knative = file.knative.map(|knative| knative.from_folder(base));
        for key in [&mut file.master_key, &mut file.previous_master_key] {
            *key = key.take().map(|key| key.from_folder(base));
        }
        Ok(file)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, SettingsError> {
        let wrong = |at: usize, message: &str| SettingsError::Wrong {
            path: path.to_owned(),
            line: text.get(..at).unwrap_or(text).matches('\n').count() + 1,
            message: message.to_owned(),
        };
        let file: Self = toml::from_str(text)
            .map_err(|error| wrong(error.span().map_or(0, |span| span.start), error.message()))?;
        for rule in &file.trust {
            if let Some(why) = rule.get_ref().fault() {
                let issuer: String = rule.get_ref().issuer.chars().take(200).collect();
                let message = format!("the [[trust]] in tokens of {issuer} cannot be used: {why}");
                return Err(wrong(rule.span().start, &message));
            }
        }
        #[cfg(not(feature = "otel"))]
        if let Some(table) = &file.otel {
            let message = format!("[otel] asks for OpenTelemetry, {}", super::error::NO_OTEL);
            return Err(wrong(table.span().start, &message));
        }
        Ok(file)
    }
}

/// Reads a file that the operator named, within bounds.
pub(super) fn bytes_of(path: &Path, what: &'static str) -> Result<Vec<u8>, SettingsError> {
    let unreadable = |source| SettingsError::Unreadable { what, path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let read = file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if read as u64 > LIMIT {
        return Err(unreadable(std::io::Error::other("it is larger than 32 MiB")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error_with_its_line() {
        let parse = |text: &str| File::parse(text, Path::new("server.toml")).unwrap_err().to_string();
        assert!(parse("offline = true\n\ndata-dir = 'x'\n").starts_with("server.toml:3: unknown field"));
        assert!(parse("[registry]\nanonymous = true\n").starts_with("server.toml:2: unknown field"));
        assert!(parse("trusted_proxies = ['10.0.0.1/8']\n").contains("bits set beyond the prefix"));
    }

    #[test]
    fn a_rule_that_trusts_more_than_one_owner_is_refused_with_its_line() {
        const RULE: &str = "[[trust]]\nissuer = 'https://i.example'\naudience = 'a'\nworkspace = 'red'\n";
        let parse =
            |rest: &str| File::parse(&format!("offline = true\n{RULE}{rest}\n"), Path::new("server.toml"));
        assert!(parse("subject = 'repo:octo-org/*'\nscopes = ['read']").is_ok());
        assert!(parse("subject = 'repo:*'\nrepository = 'octo-org/a'\nscopes = ['read']").is_ok());
        for (rest, why) in [
            ("scopes = ['read']", "would trust everybody"),
            ("subject = '*'\nscopes = ['read']", "would trust everybody"),
            (
                "subject = 'repo:*'\nscopes = ['read']",
                "`repo:*` leaves open whose jobs these are: write the whole owner",
            ),
            ("subject = 's'\nscopes = []", "it has no `scopes`"),
        ] {
            let refused = parse(rest).unwrap_err().to_string();
            assert!(
                refused.starts_with("server.toml:2: the [[trust]] in tokens of https://i.example"),
                "{refused}"
            );
            assert!(refused.contains(why), "{refused}");
        }
        let clear = RULE.replace("https", "http");
        let refused = File::parse(&format!("{clear}subject = 's'\nscopes = ['read']\n"), Path::new("s.toml"));
        assert!(refused.unwrap_err().to_string().contains("has to be an https address"));
    }

    #[test]
    fn a_key_has_no_place_in_the_file() {
        let refused =
            File::parse("[master_key]\nkey = 'x'\n", Path::new("server.toml")).unwrap_err().to_string();
        assert!(refused.starts_with("server.toml:2: unknown field `key`"), "{refused}");
    }

    #[test]
    fn paths_are_meant_from_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("server.toml");
        std::fs::write(&path, "data_dir = 'data'\n[tls]\nkey = '/etc/key.pem'\n").unwrap();
        let file = File::read(&path).unwrap();
        assert_eq!(file.data_dir, Some(dir.path().join("data")));
        assert_eq!(file.tls.key, Some("/etc/key.pem".into()));
    }
}
