//! Values of secrets that no revision uses any more: they do not stay readable.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::endpoints::Api;
use super::google::{Google, GoogleError};
use super::names::Names;
use super::refusal::Class;
use super::service::{Service, short};
use crate::domain::Timestamp;

/// Pages of a list that are read at most.
const PAGES: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Revisions {
    #[serde(default)]
    revisions: Vec<Value>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versions {
    #[serde(default)]
    versions: Vec<Version>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    #[serde(default)]
    name: String,
    #[serde(default)]
    state: String,
    create_time: Option<Timestamp>,
}

/// What the revisions of a service read.
#[derive(Debug, Default, PartialEq, Eq)]
struct Used {
    /// When the newest of them was made. What is younger may be for the next one.
    since: Option<Timestamp>,
    /// Secrets with the numbers of their versions.
    versions: BTreeSet<(String, String)>,
    /// Secrets of which nobody knows which versions are read.
    whole: BTreeSet<String>,
}

impl Used {
    /// Notes what a revision reads, wherever it says so.
    fn note(&mut self, revision: &Value) {
        let made = revision["createTime"].as_str().and_then(|text| Timestamp::parse(text).ok());
        self.since = self.since.max(made);
        self.look(revision);
    }

    fn look(&mut self, value: &Value) {
        match value {
            Value::Array(all) => all.iter().for_each(|one| self.look(one)),
            Value::Object(members) => {
                if let Some(secret) = members.get("secret").and_then(Value::as_str) {
                    let number = members.get("version").and_then(Value::as_str);
                    let is_number = |version: &&str| {
                        !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit())
                    };
                    match number.filter(is_number) {
                        Some(number) => {
                            self.versions.extend([(short(secret).to_owned(), number.to_owned())]);
                        }
                        None => self.whole.extend([short(secret).to_owned()]),
                    }
                }
                members.values().for_each(|one| self.look(one));
            }
            _ => {}
        }
    }

    /// Tells whether a version of a secret is read by nobody, and will not be.
    fn is_stale(&self, secret: &str, version: &Version) -> bool {
        let number = short(&version.name).to_owned();
        let is_earlier = version.create_time.is_some_and(|made| self.since.is_some_and(|since| made < since));
        is_earlier
            && version.state == "ENABLED"
            && !self.whole.contains(secret)
            && !self.versions.contains(&(secret.to_owned(), number))
    }
}

impl Google {
    /// Destroys the values that secrets of a server had and that no revision of its service reads any more; tells how many
    /// there were.
    pub(super) async fn destroy_stale(&self, names: &Names, service: &Service) -> Result<usize, GoogleError> {
        let used = self.used_by(service).await?;
        let mut destroyed = 0;
        for secret in self.secrets_of(names).await? {
            for version in self.versions_of(&secret).await? {
                if used.is_stale(short(&secret), &version) && self.destroy(&version.name).await? {
                    destroyed += 1;
                }
            }
        }
        Ok(destroyed)
    }

    async fn used_by(&self, service: &Service) -> Result<Used, GoogleError> {
        const LIST: &str = "run.projects.locations.services.revisions.list";
        let (mut used, mut token) = (Used::default(), None::<String>);
        for _ in 0..PAGES {
            let call = Call::get(LIST, Api::Run, format!("v2/{}/revisions", service.name));
            let call = match token.take() {
                Some(token) => call.with("pageToken", token),
                None => call,
            };
            let page: Revisions = self.call(call).await?;
            page.revisions.iter().for_each(|revision| used.note(revision));
            match page.next_page_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(used),
            }
        }
        Err(GoogleError::Answer { call: LIST, why: format!("it has more than {PAGES} pages") })
    }

    async fn versions_of(&self, secret: &str) -> Result<Vec<Version>, GoogleError> {
        const LIST: &str = "secretmanager.projects.secrets.versions.list";
        let (mut found, mut token) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let call = Call::get(LIST, Api::SecretManager, format!("v1/{secret}/versions"));
            let call = call.with("filter", "state:ENABLED").with("pageSize", "250");
            let call = match token.take() {
                Some(token) => call.with("pageToken", token),
                None => call,
            };
            let page: Versions = self.call(call).await?;
            found.extend(page.versions);
            match page.next_page_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(found),
            }
        }
        Err(GoogleError::Answer { call: LIST, why: format!("it has more than {PAGES} pages") })
    }

    async fn destroy(&self, version: &str) -> Result<bool, GoogleError> {
        const DESTROY: &str = "secretmanager.projects.secrets.versions.destroy";
        let path = format!("v1/{version}:destroy");
        let call = Call::post(DESTROY, Api::SecretManager, path, json!({})).safe();
        match self.call::<Value>(call).await {
            Ok(_) => Ok(true),
            // Somebody else did so meanwhile.
            Err(error) if error.is(&Class::Precondition) || error.is(&Class::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: u32, at: &str, state: &str) -> Version {
        Version {
            name: format!("projects/7/secrets/s/versions/{number}"),
            state: state.to_owned(),
            create_time: Timestamp::parse(at).ok(),
        }
    }

    #[test]
    fn what_a_revision_reads_is_found_wherever_it_says_so() {
        let mut used = Used::default();
        used.note(&json!({"createTime": "2027-01-15T08:00:05.123456Z", "containers": [{"env": [
            {"name": "A", "valueSource": {"secretKeyRef": {"secret": "s", "version": "2"}}},
            {"name": "B", "valueSource": {"secretKeyRef": {"secret": "projects/p/secrets/t", "version": "latest"}}}]}]}));
        used.note(&json!({"createTime": "2027-01-15T08:00:01Z",
            "volumes": [{"name": "v", "secret": {"secret": "u", "items": [{"path": "x", "version": "1"}]}},
                {"name": "w", "secret": {"secret": "w", "version": ""}}]}));
        assert_eq!(used.versions, BTreeSet::from([("s".to_owned(), "2".to_owned())]));
        assert_eq!(used.whole, BTreeSet::from(["t".to_owned(), "u".to_owned(), "w".to_owned()]));
        let (before, after) = ("2027-01-15T08:00:04Z", "2027-01-15T08:00:06Z");
        assert!(used.is_stale("s", &version(1, before, "ENABLED")));
        assert!(!used.is_stale("s", &version(2, before, "ENABLED")), "it is read");
        assert!(!used.is_stale("s", &version(3, after, "ENABLED")), "it may be for the next revision");
        assert!(!used.is_stale("s", &version(1, before, "DESTROYED")), "it is gone already");
        assert!(!used.is_stale("s", &version(1, "?", "ENABLED")), "nobody knows since when it is there");
        assert!(!used.is_stale("t", &version(1, before, "ENABLED")), "nobody knows which is read");
        assert!(!Used::default().is_stale("s", &version(1, before, "ENABLED")), "there is no revision");
    }
}
