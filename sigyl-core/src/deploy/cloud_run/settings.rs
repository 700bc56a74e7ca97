//! What the configuration says of Google: the table `google`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::call::Patience;
use super::credentials::{Credentials, CredentialsError, Place};
use super::endpoints::{Api, Endpoints, UnknownApi};
use super::google::{Google, GoogleConfig};
use crate::clock::Clock;
use crate::web::Web;

/// The table `google`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoogleSettings {
    /// The id of the project.
    pub project: Option<String>,
    /// The region, such as `europe-west1`.
    pub region: Option<String>,
    /// The file of credentials, instead of where the tools of Google look.
    pub credentials: Option<PathBuf>,
    /// What stands for the host of every API.
    pub api_root: Option<String>,
    /// The whole address of one API.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoints: BTreeMap<String, String>,
}

/// The table does not say what it has to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GoogleSettingsError {
    /// Something is missing.
    #[error("`google.{0}` is missing")]
    Missing(&'static str),
    /// A name cannot be one.
    #[error("`google.{key}` is `{value}`, which is no {what}")]
    Wrong {
        /// The key.
        key: &'static str,
        /// What it says.
        value: String,
        /// What it has to be.
        what: &'static str,
    },
    /// An API has another name.
    #[error("`google.endpoints`: {0}")]
    Api(#[from] UnknownApi),
    /// The credentials cannot be used.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
}

impl GoogleSettings {
    /// Makes the path of the credentials one that is meant from a folder.
    pub fn from_folder(self, base: &Path) -> Self {
        Self { credentials: self.credentials.map(|file| base.join(file)), ..self }
    }

    /// Tells where the credentials are: in the file that is named, or else where the tools of Google look.
    pub fn place(&self, variables: &BTreeMap<OsString, OsString>) -> Place {
        match &self.credentials {
            Some(named) => Place::File(named.clone()),
            None => Place::of_variables(variables),
        }
    }

    /// Opens the project for who is found at a place.
    pub fn open(&self, place: Place, web: Web, clock: Arc<dyn Clock>) -> Result<Google, GoogleSettingsError> {
        let project = named("project", self.project.as_deref(), "id of a project", is_project)?;
        let region = named("region", self.region.as_deref(), "region", is_region)?;
        let own = self.endpoints.iter().map(|(name, url)| Ok((name.parse::<Api>()?, url.clone())));
        let own = own.collect::<Result<_, UnknownApi>>()?;
        let endpoints = Endpoints { api_root: self.api_root.clone(), own };
        let credentials = Credentials::open(place, web, clock)?;
        let config = GoogleConfig { project, region, endpoints, patience: Patience::default() };
        Ok(Google::new(config, credentials, web))
    }
}

/// Takes what stands in paths and commands, and so has to be what it says.
fn named(
    key: &'static str,
    value: Option<&str>,
    what: &'static str,
    is_it: impl Fn(&str) -> bool,
) -> Result<String, GoogleSettingsError> {
    let value = value.ok_or(GoogleSettingsError::Missing(key))?;
    match is_it(value) {
        true => Ok(value.to_owned()),
        false => Err(GoogleSettingsError::Wrong { key, value: value.to_owned(), what }),
    }
}

fn is_project(id: &str) -> bool {
    (6..=30).contains(&id.len()) && is_label(id) && !id.ends_with('-')
}

fn is_region(name: &str) -> bool {
    (6..=40).contains(&name.len())
        && is_label(name)
        && name.contains('-')
        && name.ends_with(|last: char| last.is_ascii_digit())
}

fn is_label(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn open(text: &str) -> Result<Google, String> {
        let settings: GoogleSettings = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let place = Place::Machine("127.0.0.1:1".to_owned());
        settings.open(place, Web::default(), Arc::new(SystemClock)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_project_and_a_region_are_enough() {
        let google = open("project = 'demo-1'\nregion = 'europe-west1'").unwrap();
        assert_eq!((google.project(), google.region()), ("demo-1", "europe-west1"));
    }

    #[test]
    fn what_cannot_be_a_name_is_named() {
        for (text, said) in [
            ("region = 'europe-west1'", "`google.project` is missing"),
            ("project = 'demo-1'", "`google.region` is missing"),
            (
                "project = 'a/../b'\nregion = 'europe-west1'",
                "`google.project` is `a/../b`, which is no id of a project",
            ),
            ("project = 'demo-1'\nregion = 'x'", "`google.region` is `x`, which is no region"),
            (
                "project = 'demo-1'\nregion = 'europe-west1'\nendpoints = {pubsub = 'http://127.0.0.1:1'}",
                "`pubsub` is no API",
            ),
            ("projekt = 'x'", "unknown field `projekt`"),
        ] {
            let error = open(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
