//! Where traces and metrics are sent.

use std::collections::BTreeMap;
use std::ffi::OsString;

use hyper::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use serde::Deserialize;
use sigyl_core::domain::SecretValue;

#[cfg(not(feature = "otel"))]
use super::Arguments;
use super::resolve::{optional, parsed, text};
use super::sign_in::{is_safe, secret};
use super::{Set, SettingsError};
use crate::request::percent;

/// Headers that are sent along at most.
const HEADERS: usize = 32;

/// Characters of the name that the server goes by.
const NAME_MOST: usize = 255;

/// What is between the two ends alone, or said by the sender itself.
const OURS: [HeaderName; 9] = [
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    HOST,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The table `[otel]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Otel {
    endpoint: Option<String>,
    headers_env: Option<String>,
    service_name: Option<String>,
    sample_ratio: Option<f64>,
}

/// Where traces and metrics are sent, as it was set.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OtelSettings {
    /// The collector; they are sent nowhere when absent.
    pub endpoint: Set<Option<String>>,
    /// The variable that holds headers for it.
    pub headers_env: Set<Option<String>>,
    /// What that holds, by name; the values are shown nowhere.
    pub headers: Vec<(String, SecretValue)>,
    /// What the server calls itself.
    pub service_name: Set<Option<String>>,
    /// The part of requests that are traced.
    pub sample_ratio: Set<Option<f64>>,
}

type Variables = BTreeMap<OsString, OsString>;

impl OtelSettings {
    /// Takes what flag, variables and file say, and reads the headers that a variable holds.
    pub(super) fn resolve(
        flag: Option<String>,
        file: Option<Otel>,
        variables: &Variables,
    ) -> Result<Self, SettingsError> {
        let file = file.unwrap_or_default();
        let variable = |name| text(variables, name).map(optional);
        let ratio = optional(parsed(variables, "SIGYL_OTEL_SAMPLE_RATIO")?);
        let flag = flag.map(Some);
        let endpoint = variable("SIGYL_OTEL_ENDPOINT")?;
        let headers_env =
            Set::first(None, variable("SIGYL_OTEL_HEADERS_ENV")?, file.headers_env.map(Some), || None);
        let name = variable("SIGYL_OTEL_SERVICE_NAME")?;
        let headers = match &headers_env.value {
            Some(name) => headers(name, secret(name, "otel.headers_env", variables)?.reveal())?,
            None => Vec::new(),
        };
        let settings = Self {
            endpoint: Set::first(flag, endpoint, file.endpoint.map(Some), || None),
            headers_env,
            headers,
            service_name: Set::first(None, name, file.service_name.map(Some), || None),
            sample_ratio: Set::first(None, ratio, file.sample_ratio.map(Some), || None),
        };
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), SettingsError> {
        let wrong = |why| Err(SettingsError::Otel { why });
        let is_set = self.headers_env.value.is_some()
            || self.service_name.value.is_some()
            || self.sample_ratio.value.is_some();
        let Some(endpoint) = &self.endpoint.value else {
            return if is_set { wrong("it names no `endpoint`, so nothing would be sent") } else { Ok(()) };
        };
        if !is_safe(endpoint) {
            return wrong("its `endpoint` has to be an https address, or an http one of this machine");
        }
        let after = endpoint.split_once("://").map_or("", |(_, rest)| rest);
        let authority = after.split('/').next().unwrap_or_default();
        let is_plain =
            endpoint.len() <= 2048 && !endpoint.contains(|c: char| c.is_whitespace() || c.is_control());
        if authority.contains('@') || endpoint.contains(['?', '#']) || !is_plain {
            return wrong(
                "its `endpoint` holds more than scheme, host, port and path; keys belong into `headers_env`",
            );
        }
        let is_name = |name: &String| {
            !name.is_empty() && name.chars().count() <= NAME_MOST && !name.contains(char::is_control)
        };
        if !self.service_name.value.as_ref().is_none_or(is_name) {
            return wrong("its `service_name` has to be 1 to 255 characters in one line");
        }
        if !self.sample_ratio.value.is_none_or(|ratio| (0.0..=1.0).contains(&ratio)) {
            return wrong("its `sample_ratio` has to be a number from 0 to 1");
        }
        Ok(())
    }

    /// Returns the collector, if one was named.
    #[cfg(feature = "otel")]
    pub(crate) fn telemetry(self, offline: bool) -> Option<crate::Telemetry> {
        let mut telemetry = crate::Telemetry::to(self.endpoint.value?);
        telemetry.headers = self.headers;
        telemetry.service_name = self.service_name.value.unwrap_or(telemetry.service_name);
        telemetry.sample_ratio = self.sample_ratio.value.unwrap_or(telemetry.sample_ratio);
        telemetry.offline = offline;
        Some(telemetry)
    }

    /// Refuses settings that this program cannot follow, naming where they are.
    #[cfg(not(feature = "otel"))]
    pub(super) fn refuse(flags: &Arguments, variables: &Variables) -> Result<(), SettingsError> {
        const NAMES: [&str; 4] = [
            "SIGYL_OTEL_ENDPOINT",
            "SIGYL_OTEL_HEADERS_ENV",
            "SIGYL_OTEL_SERVICE_NAME",
            "SIGYL_OTEL_SAMPLE_RATIO",
        ];
        if flags.otel_endpoint.is_some() {
            return Err(SettingsError::NoOtel { by: "the flag --otel-endpoint" });
        }
        let is_set =
            |name: &&str| variables.get(std::ffi::OsStr::new(name)).is_some_and(|value| !value.is_empty());
        match NAMES.into_iter().find(is_set) {
            Some(by) => Err(SettingsError::NoOtel { by }),
            None => Ok(()),
        }
    }
}

/// Reads `key=value,…`, values percent-encoded as OpenTelemetry has them. No error repeats a value.
fn headers(variable: &str, said: &str) -> Result<Vec<(String, SecretValue)>, SettingsError> {
    let wrong = |at: usize, why| SettingsError::Headers { name: variable.to_owned(), at: at + 1, why };
    let mut headers = Vec::new();
    for (at, one) in said.split(',').enumerate().filter(|(_, one)| !one.trim().is_empty()) {
        if headers.len() == HEADERS {
            return Err(wrong(at, "there are 32 before it, and no more are sent"));
        }
        let (name, value) = one.split_once('=').ok_or_else(|| wrong(at, "it has no `=`"))?;
        let name: HeaderName = name.trim().parse().map_err(|_| wrong(at, "no header has such a name"))?;
        if OURS.contains(&name) {
            return Err(wrong(at, "the sender says that header itself"));
        }
        let value = percent::decode(value.trim(), false)
            .map_err(|_| wrong(at, "its value is not percent-encoded"))?;
        if HeaderValue::from_str(&value).is_err() {
            return Err(wrong(at, "no header has such a value"));
        }
        headers.push((name.as_str().to_owned(), SecretValue::new(value)));
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::super::{Arguments, Settings};
    use super::*;

    fn resolve(file: &str, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("server.toml");
        std::fs::write(&path, format!("data_dir = '/d'\ncache_dir = '/c'\n{file}")).unwrap();
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        Settings::resolve(Arguments { config: Some(path), ..Arguments::default() }, &variables)
    }

    #[cfg(not(feature = "otel"))]
    #[test]
    fn a_program_that_cannot_send_says_so_wherever_it_is_told_to() {
        let refused = resolve("\n[otel]\nendpoint = 'https://otel.example'\n", &[]).unwrap_err().to_string();
        assert!(refused.contains("server.toml:4: [otel] asks for OpenTelemetry"), "{refused}");
        assert!(refused.contains("--features otel"), "{refused}");
        let refused =
            resolve("", &[("SIGYL_OTEL_ENDPOINT", "https://otel.example")]).unwrap_err().to_string();
        assert!(refused.contains("SIGYL_OTEL_ENDPOINT asks"), "{refused}");
        let flags =
            Arguments { otel_endpoint: Some("https://otel.example".to_owned()), ..Arguments::default() };
        let refused = Settings::resolve(flags, &BTreeMap::new()).unwrap_err().to_string();
        assert!(refused.contains("--otel-endpoint"), "{refused}");
    }

    #[cfg(feature = "otel")]
    const WHOLE: &str =
        "[otel]\nendpoint = 'https://otel.example/a'\nheaders_env = 'OTEL_KEYS'\nsample_ratio = 0.5\n";

    #[cfg(feature = "otel")]
    #[test]
    fn a_collector_has_what_was_set_and_its_headers_from_their_variable() {
        let keys = [("OTEL_KEYS", "authorization=Bearer%20hunter2, x-team = a=b,")];
        let settings = resolve(WHOLE, &keys).unwrap();
        let printed = format!("{settings}{settings:?}");
        assert!(
            !printed.contains("hunter2") && printed.contains("otel.headers_env = \"OTEL_KEYS\""),
            "{printed}"
        );
        assert!(printed.contains("otel.sample_ratio = 0.5"), "{printed}");
        let telemetry = settings.otel.telemetry(true).unwrap();
        assert_eq!((telemetry.service_name.as_str(), telemetry.sample_ratio), ("sigyl-server", 0.5));
        let told = telemetry.headers.iter().map(|(name, value)| (name.as_str(), value.reveal()));
        assert_eq!(told.collect::<Vec<_>>(), [("authorization", "Bearer hunter2"), ("x-team", "a=b")]);
        assert!(telemetry.offline && !format!("{telemetry:?}").contains("hunter2"));
        let won = resolve(WHOLE, &[keys[0], ("SIGYL_OTEL_ENDPOINT", "http://127.0.0.1:4318")]).unwrap();
        assert_eq!(won.otel.endpoint.origin, super::super::Origin::Variable("SIGYL_OTEL_ENDPOINT"));
    }

    #[cfg(feature = "otel")]
    #[test]
    fn what_cannot_be_sent_to_is_refused_without_a_word_of_its_keys() {
        for wrong in [
            "service_name = 'x'",
            "endpoint = 'http://otel.example'",
            "endpoint = 'otel.example:4318'",
            "endpoint = 'https://hunter2@otel.example'",
            "endpoint = 'https://otel.example?key=hunter2'",
            "endpoint = 'https://otel.example'\nsample_ratio = 1.5",
            "endpoint = 'https://otel.example'\nsample_ratio = nan",
            "endpoint = 'https://otel.example'\nservice_name = ''",
            "endpoint = 'https://otel.example'\nheaders = 'a=b'",
        ] {
            let refused = resolve(&format!("[otel]\n{wrong}\n"), &[]).unwrap_err().to_string();
            assert!(refused.contains("otel]") || refused.contains("server.toml:"), "{refused}");
            assert!(!refused.contains("hunter2"), "{refused}");
        }
        for keys in
            ["", "hunter2", "a b=hunter2", "host=hunter2", "a=hunter2%", "x=1,a=hunter2%0a", "a=hunter2%7f"]
        {
            let refused = resolve(WHOLE, &[("OTEL_KEYS", keys)]).unwrap_err().to_string();
            assert!(refused.contains("`OTEL_KEYS`") && !refused.contains("hunter2"), "{refused}");
        }
    }
}
