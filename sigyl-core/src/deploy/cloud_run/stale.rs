//! What no instance uses any more: revisions that nobody is led to, and values of secrets that no revision reads.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::endpoints::Api;
use super::google::{Google, GoogleError};
use super::refusal::Class;
use super::service::{Service, short};
use crate::deploy::image::Names;
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

    /// Tells whether a version of a secret was there before the newest revision, so that it is for no later one.
    fn is_earlier(&self, version: &Version) -> bool {
        version.create_time.is_some_and(|made| self.since.is_some_and(|since| made < since))
    }

    /// Tells whether a version of a secret is read by nobody.
    fn is_unread(&self, secret: &str, version: &Version) -> bool {
        let number = short(&version.name).to_owned();
        version.state == "ENABLED"
            && !self.whole.contains(secret)
            && !self.versions.contains(&(secret.to_owned(), number))
    }
}

impl Google {
    /// Removes the revisions of a server that nobody is led to, and destroys the values that its secrets had and that no
    /// revision reads any more; tells how many values there were. What is younger than the newest revision may be for the
    /// next one, unless nobody else works on the server. The newest revision stays: Google removes no such one.
    pub(super) async fn tidy(
        &self,
        names: &Names,
        service: &Service,
        is_alone: bool,
    ) -> Result<usize, GoogleError> {
        let (mut used, mut destroyed) = (Used::default(), 0);
        for revision in self.revisions_of(service).await? {
            let name = short(revision["name"].as_str().unwrap_or_default()).to_owned();
            if self.is_of(&revision, names) && !name.is_empty() && !service.has_use_for(&name) {
                self.remove_revision(names, &name).await?;
            } else {
                used.note(&revision);
            }
        }
        for secret in self.secrets_of(names).await? {
            for version in self.versions_of(&secret).await? {
                let is_unread = used.since.is_some() && used.is_unread(short(&secret), &version);
                if is_unread && (is_alone || used.is_earlier(&version)) && self.destroy(&version.name).await?
                {
                    destroyed += 1;
                }
            }
        }
        Ok(destroyed)
    }

    /// Tells whether a revision says that it is an instance of a server, and runs as its account does.
    fn is_of(&self, revision: &Value, names: &Names) -> bool {
        let says = |name: &str| revision["annotations"][name].as_str();
        says("sigyl-server") == Some(names.server().as_str())
            && says("sigyl-instance").is_some()
            && revision["serviceAccount"] == *self.email(&names.account())
    }

    async fn revisions_of(&self, service: &Service) -> Result<Vec<Value>, GoogleError> {
        const LIST: &str = "run.projects.locations.services.revisions.list";
        let (mut all, mut token) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let call = Call::get(LIST, Api::Run, format!("v2/{}/revisions", service.name));
            let call = match token.take() {
                Some(token) => call.with("pageToken", token),
                None => call,
            };
            let page: Revisions = self.call(call).await?;
            all.extend(page.revisions);
            match page.next_page_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(all),
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
        let is_stale = |used: &Used, secret: &str, version: &Version| {
            used.is_unread(secret, version) && used.is_earlier(version)
        };
        assert!(is_stale(&used, "s", &version(1, before, "ENABLED")));
        assert!(!is_stale(&used, "s", &version(2, before, "ENABLED")), "it is read");
        assert!(!is_stale(&used, "s", &version(3, after, "ENABLED")), "it may be for the next revision");
        assert!(!is_stale(&used, "s", &version(1, before, "DESTROYED")), "it is gone already");
        assert!(!is_stale(&used, "s", &version(1, "?", "ENABLED")), "nobody knows since when it is there");
        assert!(!is_stale(&used, "t", &version(1, before, "ENABLED")), "nobody knows which is read");
        assert!(!is_stale(&Used::default(), "s", &version(1, before, "ENABLED")), "there is no revision");
    }
}
