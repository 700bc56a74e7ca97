//! The settings in words, each with its origin.

use std::fmt;

use sigyl_core::vault::KeySource;

use super::{LogFormat, Set, Settings};

/// The column of origins.
const WIDTH: usize = 60;

impl fmt::Display for Settings {
    /// Writes every setting as a line of TOML, with its origin behind it. Keys and certificates are named by their files;
    /// a master key or passphrase that a variable holds, and what a command is told, is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.config {
            Some(file) => writeln!(f, "# configuration file: {}", file.display())?,
            None => writeln!(f, "# no configuration file")?,
        }
        let path = |path: &std::path::PathBuf| Some(quoted(&path.to_string_lossy()));
        let named = |found: &Option<std::path::PathBuf>| found.as_ref().and_then(path);
        line(f, "data_dir", &self.data_dir, path)?;
        line(f, "cache_dir", &self.cache_dir, path)?;
        key(f, "master_key", &self.master_key)?;
        key(f, "previous_master_key", &self.previous_master_key)?;
        line(f, "listen", &self.listen, |address| Some(quoted(&address.to_string())))?;
        line(f, "public_url", &self.public_url, |url| url.as_deref().map(quoted))?;
        line(f, "trusted_proxies", &self.trusted_proxies, |networks| {
            let all: Vec<_> = networks.iter().map(|network| quoted(&network.to_string())).collect();
            Some(format!("[{}]", all.join(", ")))
        })?;
        line(f, "offline", &self.offline, |on| Some(on.to_string()))?;
        line(f, "policy", &self.policy, named)?;
        line(f, "waivers", &self.waivers, named)?;
        line(f, "tls.certificate", &self.tls, |files| files.as_ref().and_then(|tls| path(&tls.certificate)))?;
        line(f, "tls.key", &self.tls, |files| files.as_ref().and_then(|tls| path(&tls.key)))?;
        line(f, "log.filter", &self.log_filter, |filter| Some(quoted(filter)))?;
        line(f, "log.format", &self.log_format, |format| {
            Some(quoted(match format {
                LogFormat::Plain => "plain",
                LogFormat::Json => "json",
            }))
        })?;
        line(f, "registry.anonymous_read", &self.anonymous_read, |on| Some(on.to_string()))?;
        line(f, "registry.shows", &self.shows, |known| Some(quoted(known.word())))?;
        line(f, "mcp.keyless_loopback", &self.keyless_loopback, |on| Some(on.to_string()))?;
        line(f, "sources.allow", &self.allowed_sources, |hosts| {
            let all: Vec<_> = hosts.iter().map(|host| quoted(host)).collect();
            Some(format!("[{}]", all.join(", ")))
        })?;
        for (key, set) in [
            ("rates.read", &self.read_rate),
            ("rates.write", &self.write_rate),
            ("rates.deploy", &self.deploy_rate),
            ("rates.login", &self.login_rate),
        ] {
            line(f, key, set, |a_minute| a_minute.map(|count| count.to_string()))?;
        }
        line(f, "otel.endpoint", &self.otel.endpoint, |endpoint| endpoint.as_deref().map(quoted))?;
        line(f, "otel.headers_env", &self.otel.headers_env, |name| name.as_deref().map(quoted))?;
        line(f, "otel.service_name", &self.otel.service_name, |name| name.as_deref().map(quoted))?;
        line(f, "otel.sample_ratio", &self.otel.sample_ratio, |ratio| ratio.map(|it| format!("{it:?}")))?;
        line(f, "google", &self.google, |table| table.as_ref().and_then(|(table, _)| inline(table)))?;
        line(f, "knative", &self.knative, |it| it.as_ref().and_then(|it| inline(&it.table)))?;
        line(f, "github", &self.sign_in.github, |table| table.as_ref().and_then(inline))?;
        line(f, "oidc", &self.sign_in.oidc, |all| Some(all).filter(|it| !it.is_empty()).and_then(inline))?;
        line(f, "login", &self.sign_in.login, |table| table.as_ref().and_then(inline))?;
        line(f, "trust", &self.sign_in.trust, |rules| {
            Some(rules).filter(|it| !it.is_empty()).and_then(inline)
        })
    }
}

/// A table in one line.
fn inline(table: &impl serde::Serialize) -> Option<String> {
    toml::Value::try_from(table).ok().map(|value| value.to_string())
}

/// The line of a master key: what must not be shown is told in a comment.
fn key(f: &mut fmt::Formatter<'_>, name: &str, set: &Set<Option<KeySource>>) -> fmt::Result {
    let path = |path: &std::path::Path| quoted(&path.to_string_lossy());
    let text = match &set.value {
        None => format!("# {name} ="),
        Some(KeySource::File(file)) => format!("{name}.file = {}", path(file)),
        Some(KeySource::PassphraseFile(file)) => format!("{name}.passphrase_file = {}", path(file)),
        Some(KeySource::Command(command)) => {
            format!("# {name}.command = [{}, …] (not shown)", path(&command.program))
        }
        Some(_) => format!("# {name} = (not shown)"),
    };
    writeln!(f, "{text:<WIDTH$} # {}", set.origin)
}

/// One line; what is not set is a comment.
fn line<T>(
    f: &mut fmt::Formatter<'_>,
    key: &str,
    set: &Set<T>,
    shown: impl FnOnce(&T) -> Option<String>,
) -> fmt::Result {
    let text = shown(&set.value).map_or_else(|| format!("# {key} ="), |value| format!("{key} = {value}"));
    writeln!(f, "{text:<WIDTH$} # {}", set.origin)
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::Arguments;
    use super::*;

    #[test]
    fn where_a_key_comes_from_is_printed_and_no_key() {
        let printed = |name: &str, value: &str| {
            let flags = Arguments {
                data_dir: Some("/d".into()),
                cache_dir: Some("/c".into()),
                ..Arguments::default()
            };
            Settings::resolve(flags, &BTreeMap::from([(name.into(), value.into())])).unwrap().to_string()
        };
        for name in ["SIGYL_MASTER_KEY", "SIGYL_MASTER_PASSPHRASE", "SIGYL_PREVIOUS_MASTER_KEY"] {
            let text = printed(name, "hunter2hunter2");
            let said = text.lines().find(|line| line.ends_with(&format!("# {name}"))).unwrap();
            assert!(said.contains("(not shown)") && !text.contains("hunter2"), "{text}");
        }
        let file = printed("SIGYL_MASTER_KEY_FILE", "/etc/sigyl/key");
        assert!(file.contains("master_key.file = \"/etc/sigyl/key\""), "{file}");
    }

    #[test]
    fn what_is_printed_is_a_file_that_says_the_same() {
        let flags = Arguments {
            data_dir: Some("/d \"x\"".into()),
            cache_dir: Some("/c".into()),
            trusted_proxies: vec![sigyl_core::domain::Network::parse("10.0.0.0/8").unwrap()],
            ..Arguments::default()
        };
        let printed = Settings::resolve(flags, &BTreeMap::new()).unwrap().to_string();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("server.toml");
        std::fs::write(&file, &printed).unwrap();
        let again = Arguments { config: Some(file), ..Arguments::default() };
        let again = Settings::resolve(again, &BTreeMap::new()).unwrap().to_string();
        let said = |text: &str| -> Vec<String> {
            let before = |line: &str| line.split("  ").next().unwrap_or_default().trim().to_owned();
            text.lines().skip(1).map(before).collect()
        };
        assert_eq!(said(&printed), said(&again), "{printed}\n{again}");
        assert!(
            printed.contains("listen = \"127.0.0.1:7447\"") && printed.contains("# default"),
            "{printed}"
        );
    }
}
