//! Puts the places together.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use etcetera::BaseStrategy as _;
use serde::Deserialize;
use sigyl_core::deploy::cloud_run::{GoogleSettings, Place};
use sigyl_core::domain::{Known, Network};
use sigyl_core::vault::{KeySource, KeySpec, Which};

use super::file::File;
use super::listen::{check_listen, check_public_url};
use super::{Arguments, OtelSettings, Set, SettingsError, SignInSettings};

/// The port that is listened on when none is named.
const PORT: u16 = 7447;

/// What is written to the log when nothing else is asked for.
const FILTER: &str = "info";

/// Form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum LogFormat {
    /// For people.
    #[default]
    Plain,
    /// One JSON object a line.
    Json,
}

/// The files that TLS needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Every setting, resolved; folders are absolute.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The configuration file in use.
    pub config: Option<PathBuf>,
    /// Where records are kept.
    pub data_dir: Set<PathBuf>,
    /// Where builds are kept.
    pub cache_dir: Set<PathBuf>,
    /// Where the master key comes from; a file in the data directory when absent.
    pub master_key: Set<Option<KeySource>>,
    /// Where the key comes from that this one takes over from.
    pub previous_master_key: Set<Option<KeySource>>,
    /// Where the server listens.
    pub listen: Set<SocketAddr>,
    /// How clients reach it; as it listens when absent.
    pub public_url: Set<Option<String>>,
    /// Files for TLS; in the clear when absent.
    pub tls: Set<Option<TlsFiles>>,
    /// Proxies that stand before it.
    pub trusted_proxies: Set<Vec<Network>>,
    /// Whether everything but loopback is refused.
    pub offline: Set<bool>,
    /// The policy that findings are judged by, instead of the default one.
    pub policy: Set<Option<PathBuf>>,
    /// Waivers that stand beside the policy.
    pub waivers: Set<Option<PathBuf>>,
    /// What is written to the log.
    pub log_filter: Set<String>,
    /// How it is written.
    pub log_format: Set<LogFormat>,
    /// Whether who shows no key may read the registry from other machines too.
    pub anonymous_read: Set<bool>,
    /// What has to be known of a version before it is shown to who does not administer the registry.
    pub shows: Set<Known>,
    /// Whether programs of this machine reach MCP endpoints without a key.
    pub keyless_loopback: Set<bool>,
    /// Hosts that repositories may be fetched from although their addresses are not public.
    pub allowed_sources: Set<Vec<String>>,
    /// How people and jobs get keys without being given one.
    pub sign_in: SignInSettings,
    /// Where traces and metrics are sent.
    pub otel: OtelSettings,
    /// The project at Google in which servers may run, with where its credentials are.
    pub google: Set<Option<(GoogleSettings, Place)>>,
    /// The cluster in which servers may run, with its token where a variable holds that.
    pub knative: Set<Option<super::ClusterSettings>>,
    /// How often a caller may look something up in a minute.
    pub read_rate: Set<Option<NonZeroU32>>,
    /// How often it may change records.
    pub write_rate: Set<Option<NonZeroU32>>,
    /// How often it may begin a run.
    pub deploy_rate: Set<Option<NonZeroU32>>,
    /// How often an address may show a key that is not good.
    pub login_rate: Set<Option<NonZeroU32>>,
}

/// The environment, as one value.
pub(super) type Variables = BTreeMap<OsString, OsString>;

impl Settings {
    /// Reads the file, if one is named, and lets variables and flags win over it.
    pub fn resolve(flags: Arguments, variables: &Variables) -> Result<Self, SettingsError> {
        #[cfg(not(feature = "otel"))]
        OtelSettings::refuse(&flags, variables)?;
        let config = flags.config.or_else(|| path(variables, "SIGYL_CONFIG").1);
        let file = config.as_deref().map(File::read).transpose()?.unwrap_or_default();
        let of_flags = half(flags.tls_certificate, flags.tls_key)?;
        let of_variables =
            half(path(variables, "SIGYL_TLS_CERTIFICATE").1, path(variables, "SIGYL_TLS_KEY").1)?;
        let of_file = half(file.tls.certificate, file.tls.key)?;
        let url =
            |text: Option<String>| text.as_deref().map(check_public_url).transpose().map(|url| url.map(Some));
        let (url_name, url_text) = text(variables, "SIGYL_PUBLIC_URL")?;
        let proxies = Some(flags.trusted_proxies).filter(|named| !named.is_empty());
        let settings = Self {
            data_dir: folder(flags.data_dir, path(variables, "SIGYL_DATA_DIR"), file.data_dir, DATA)?,
            cache_dir: folder(flags.cache_dir, path(variables, "SIGYL_CACHE_DIR"), file.cache_dir, CACHE)?,
            master_key: key(Which::Present, flags.master_key_file, file.master_key, variables)?,
            previous_master_key: key(Which::Previous, None, file.previous_master_key, variables)?,
            listen: Set::first(flags.listen, parsed(variables, "SIGYL_LISTEN")?, file.listen, || {
                (Ipv4Addr::LOCALHOST, PORT).into()
            }),
            public_url: Set::first(
                url(flags.public_url)?,
                (url_name, url(url_text)?),
                url(file.public_url)?,
                || None,
            ),
            tls: Set::first(of_flags, ("SIGYL_TLS_KEY", of_variables), of_file, || None),
            trusted_proxies: Set::first(proxies, networks(variables)?, file.trusted_proxies, Vec::new),
            offline: Set::first(
                flags.offline.then_some(true),
                switch(variables, "SIGYL_OFFLINE")?,
                file.offline,
                || false,
            ),
            policy: named(variables, "SIGYL_POLICY", file.policy),
            waivers: named(variables, "SIGYL_WAIVERS", file.waivers),
            log_filter: Set::first(None, text(variables, "SIGYL_LOG")?, file.log.filter, || {
                FILTER.to_owned()
            }),
            log_format: Set::first(
                flags.log_format,
                log_format(variables)?,
                file.log.format,
                LogFormat::default,
            ),
            anonymous_read: off(variables, "SIGYL_REGISTRY_ANONYMOUS_READ", file.registry.anonymous_read)?,
            shows: Set::first(
                None,
                parsed(variables, "SIGYL_REGISTRY_SHOWS")?,
                file.registry.shows,
                Known::default,
            ),
            keyless_loopback: off(variables, "SIGYL_MCP_KEYLESS_LOOPBACK", file.mcp.keyless_loopback)?,
            allowed_sources: hosts(variables, file.sources.allow)?,
            sign_in: SignInSettings::resolve(file.github, file.oidc, file.login, file.trust, variables)?,
            otel: OtelSettings::resolve(
                flags.otel_endpoint,
                file.otel.map(toml::Spanned::into_inner),
                variables,
            )?,
            google: google(file.google, variables)?,
            knative: super::knative::resolve(file.knative, variables)?,
            read_rate: rate(variables, "SIGYL_RATES_READ", file.rates.read)?,
            write_rate: rate(variables, "SIGYL_RATES_WRITE", file.rates.write)?,
            deploy_rate: rate(variables, "SIGYL_RATES_DEPLOY", file.rates.deploy)?,
            login_rate: rate(variables, "SIGYL_RATES_LOGIN", file.rates.login)?,
            config,
        };
        check_listen(settings.listen.value, settings.tls.value.is_some(), &settings.trusted_proxies.value)?;
        Ok(settings)
    }
}

/// Where a master key comes from.
fn key(
    which: Which,
    flag: Option<PathBuf>,
    file: Option<KeySpec>,
    variables: &Variables,
) -> Result<Set<Option<KeySource>>, SettingsError> {
    let flag = flag.map(|path| absolute(&path)).transpose()?.map(KeySpec::file);
    let (name, said) = match KeySpec::of_variables(which, variables)? {
        Some((name, said)) => (name, Some(said)),
        None => ("SIGYL_MASTER_KEY_FILE", None),
    };
    let set = Set::first(flag.map(Some), (name, said.map(Some)), file.map(Some), || None);
    let value = set.value.map(|spec| spec.source(variables)).transpose()?.flatten();
    Ok(Set { value, origin: set.origin })
}

/// What a variable says.
pub(super) type Said<T> = (&'static str, Option<T>);

pub(super) fn raw<'a>(variables: &'a Variables, name: &str) -> Option<&'a OsStr> {
    variables.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
}

fn path(variables: &Variables, name: &'static str) -> Said<PathBuf> {
    (name, raw(variables, name).map(PathBuf::from))
}

/// A file that nothing stands for where none is named.
fn named(variables: &Variables, name: &'static str, file: Option<PathBuf>) -> Set<Option<PathBuf>> {
    Set::first(None, optional(path(variables, name)), file.map(Some), || None)
}

pub(super) fn optional<T>((name, value): Said<T>) -> Said<Option<T>> {
    (name, value.map(Some))
}

pub(super) fn text(variables: &Variables, name: &'static str) -> Result<Said<String>, SettingsError> {
    let Some(value) = raw(variables, name) else { return Ok((name, None)) };
    let text = value.to_str().ok_or_else(|| wrong(name, "it is not UTF-8"))?;
    Ok((name, Some(text.to_owned())))
}

pub(super) fn parsed<T: std::str::FromStr>(
    variables: &Variables,
    name: &'static str,
) -> Result<Said<T>, SettingsError>
where
    T::Err: std::fmt::Display,
{
    let (name, text) = text(variables, name)?;
    Ok((name, text.map(|text| text.parse().map_err(|error: T::Err| wrong(name, error))).transpose()?))
}

fn switch(variables: &Variables, name: &'static str) -> Result<Said<bool>, SettingsError> {
    let (name, text) = text(variables, name)?;
    let value = match text.as_deref() {
        None => None,
        Some("1" | "true" | "yes" | "on") => Some(true),
        Some("0" | "false" | "no" | "off") => Some(false),
        Some(_) => return Err(wrong(name, "write 1 or 0")),
    };
    Ok((name, value))
}

fn networks(variables: &Variables) -> Result<Said<Vec<Network>>, SettingsError> {
    let (name, text) = text(variables, "SIGYL_TRUSTED_PROXIES")?;
    let Some(text) = text else { return Ok((name, None)) };
    let networks = text.split(',').map(|one| Network::parse(one.trim()).map_err(|error| wrong(name, error)));
    Ok((name, Some(networks.collect::<Result<_, _>>()?)))
}

/// A switch without a flag that is off unless somebody says otherwise.
fn off(variables: &Variables, name: &'static str, file: Option<bool>) -> Result<Set<bool>, SettingsError> {
    Ok(Set::first(None, switch(variables, name)?, file, || false))
}

fn hosts(variables: &Variables, file: Option<Vec<String>>) -> Result<Set<Vec<String>>, SettingsError> {
    let (name, text) = text(variables, "SIGYL_SOURCES_ALLOW")?;
    let named = text.map(|text| text.split(',').map(|one| one.trim().to_owned()).collect());
    let variable = (name, named.map(checked_hosts).transpose()?);
    Ok(Set::first(None, variable, file.map(checked_hosts).transpose()?, Vec::new))
}

/// Takes names of hosts or addresses, and nothing that holds more.
fn checked_hosts(hosts: Vec<String>) -> Result<Vec<String>, SettingsError> {
    let is_host = |host: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        host.parse::<Ipv6Addr>().is_ok() || (!host.is_empty() && host.bytes().all(plain))
    };
    match hosts.iter().find(|host| !is_host(host)) {
        Some(odd) => Err(SettingsError::NoHost { host: odd.clone() }),
        None => Ok(hosts),
    }
}

fn log_format(variables: &Variables) -> Result<Said<LogFormat>, SettingsError> {
    let (name, text) = text(variables, "SIGYL_LOG_FORMAT")?;
    let read =
        |text: String| LogFormat::from_str(&text, false).map_err(|_| wrong(name, "write plain or json"));
    Ok((name, text.map(read).transpose()?))
}

fn rate(
    variables: &Variables,
    name: &'static str,
    file: Option<NonZeroU32>,
) -> Result<Set<Option<NonZeroU32>>, SettingsError> {
    Ok(Set::first(None, optional(parsed(variables, name)?), file.map(Some), || None))
}

/// The project at Google: without a table there is none, and the environment says nothing.
fn google(
    file: Option<GoogleSettings>,
    variables: &Variables,
) -> Result<Set<Option<(GoogleSettings, Place)>>, SettingsError> {
    let file = file.map(|table| -> Result<_, SettingsError> {
        let place = match table.place(variables) {
            Place::File(file) => Place::File(absolute(&file)?),
            machine => machine,
        };
        Ok((table, place))
    });
    Ok(Set::first(None, ("", None), file.transpose()?.map(Some), || None))
}

fn wrong(name: &'static str, why: impl std::fmt::Display) -> SettingsError {
    SettingsError::Variable { name, why: why.to_string() }
}

fn half(
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
) -> Result<Option<Option<TlsFiles>>, SettingsError> {
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some(Some(TlsFiles { certificate, key }))),
        (None, None) => Ok(None),
        _ => Err(SettingsError::HalfTls),
    }
}

/// A folder that has its default below the home.
struct Home {
    what: &'static str,
    flag: &'static str,
    of: fn(&etcetera::base_strategy::Xdg) -> PathBuf,
}

const DATA: Home = Home { what: "data directory", flag: "--data-dir", of: |base| base.data_dir() };
const CACHE: Home = Home { what: "cache directory", flag: "--cache-dir", of: |base| base.cache_dir() };

fn folder(
    flag: Option<PathBuf>,
    variable: Said<PathBuf>,
    file: Option<PathBuf>,
    home: Home,
) -> Result<Set<PathBuf>, SettingsError> {
    let set = Set::first(flag.map(Some), optional(variable), file.map(Some), || None);
    let value = match set.value {
        Some(named) => named,
        None => {
            let nowhere = |_| SettingsError::NoHome { what: home.what, flag: home.flag };
            let base = etcetera::base_strategy::Xdg::new().map_err(nowhere)?;
            (home.of)(&base).join("sigyl")
        }
    };
    Ok(Set { value: absolute(&value)?, origin: set.origin })
}

pub(super) fn absolute(path: &Path) -> Result<PathBuf, SettingsError> {
    std::path::absolute(path).map_err(|source| SettingsError::NoCurrent { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::super::Origin;
    use super::*;

    fn variables<const N: usize>(pairs: [(&str, &str); N]) -> Variables {
        pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    #[test]
    fn hosts_of_sources_are_hosts() {
        let allowed = |text: &str| {
            let named = variables([
                ("SIGYL_SOURCES_ALLOW", text),
                ("SIGYL_DATA_DIR", "/d"),
                ("SIGYL_CACHE_DIR", "/c"),
            ]);
            Settings::resolve(Arguments::default(), &named).map(|settings| settings.allowed_sources.value)
        };
        assert_eq!(allowed("git.internal, 10.0.0.7,::1").unwrap(), ["git.internal", "10.0.0.7", "::1"]);
        for odd in ["https://git.internal", "git.internal:80", "a,,b", "*"] {
            assert!(matches!(allowed(odd), Err(SettingsError::NoHost { .. })), "{odd}");
        }
    }

    #[test]
    fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("server.toml");
        let text = "data_dir = 'file'\ncache_dir = 'file'\nlisten = '127.0.0.1:3'\n[log]\nformat = 'json'\n";
        std::fs::write(&file, text).unwrap();
        let environment = variables([("SIGYL_CACHE_DIR", "/variable"), ("SIGYL_LISTEN", "127.0.0.1:2")]);
        let flags = Arguments {
            config: Some(file),
            listen: Some(([127, 0, 0, 1], 1).into()),
            ..Arguments::default()
        };
        let settings = Settings::resolve(flags, &environment).unwrap();
        assert_eq!((settings.listen.value.port(), settings.listen.origin), (1, Origin::Flag));
        assert_eq!(settings.cache_dir.value, Path::new("/variable"));
        assert_eq!(settings.cache_dir.origin, Origin::Variable("SIGYL_CACHE_DIR"));
        assert_eq!(
            (settings.data_dir.value, settings.data_dir.origin),
            (dir.path().join("file"), Origin::File)
        );
        assert_eq!((settings.log_format.value, settings.log_format.origin), (LogFormat::Json, Origin::File));
        assert_eq!((settings.offline.value, settings.offline.origin), (false, Origin::Default));
    }

    #[test]
    fn what_would_send_keys_in_the_clear_is_refused_wherever_it_was_set() {
        let flags = |listen: &str| Arguments {
            data_dir: Some("/d".into()),
            cache_dir: Some("/c".into()),
            listen: Some(listen.parse().unwrap()),
            ..Arguments::default()
        };
        let refused = Settings::resolve(flags("0.0.0.0:1"), &Variables::new()).unwrap_err();
        assert!(matches!(refused, SettingsError::InTheClear(_)), "{refused}");
        let proxied = variables([("SIGYL_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7")]);
        assert_eq!(Settings::resolve(flags("0.0.0.0:1"), &proxied).unwrap().trusted_proxies.value.len(), 2);
        let half = variables([("SIGYL_TLS_KEY", "/key.pem")]);
        let refused = Settings::resolve(flags("127.0.0.1:1"), &half).unwrap_err();
        assert!(matches!(refused, SettingsError::HalfTls), "{refused}");
    }

    #[test]
    fn a_project_at_google_is_called_with_what_its_table_or_the_environment_names() {
        let dir = tempfile::tempdir().unwrap();
        let resolved = |text: &str, all: &Variables| {
            let file = dir.path().join("server.toml");
            std::fs::write(&file, format!("data_dir = 'd'\ncache_dir = 'c'\n{text}")).unwrap();
            let flags = Arguments { config: Some(file), ..Arguments::default() };
            Settings::resolve(flags, all).map(|settings| settings.google)
        };
        let none = variables([("GOOGLE_APPLICATION_CREDENTIALS", "/k.json")]);
        assert_eq!(resolved("", &none).unwrap().value, None, "credentials alone ask for nothing");
        let set = resolved("[google]\nproject = 'p'\nregion = 'r'", &none).unwrap();
        assert_eq!((set.value.unwrap().1, set.origin), (Place::File("/k.json".into()), Origin::File));
        let own = resolved("[google]\ncredentials = 'own.json'", &none).unwrap().value.unwrap().1;
        assert_eq!(own, Place::File(dir.path().join("own.json")), "meant from where the file is");
        assert!(resolved("[google]\nkey = 'x'", &none).is_err());
    }

    #[test]
    fn a_wrong_variable_is_named() {
        for (name, value) in [
            ("SIGYL_LISTEN", "here"),
            ("SIGYL_OFFLINE", "maybe"),
            ("SIGYL_LOG_FORMAT", "xml"),
            ("SIGYL_TRUSTED_PROXIES", "10.0.0.0/8,everybody"),
        ] {
            let refused = Settings::resolve(Arguments::default(), &variables([(name, value)])).unwrap_err();
            assert!(refused.to_string().contains(name), "{refused}");
        }
    }
}
