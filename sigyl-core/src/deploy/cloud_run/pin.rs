//! The tag of an instance leads to the revision that was made for it, and to no later one; that it still does is looked at
//! again before anything depends on it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::call::Call;
use super::endpoints::Api;
use super::google::{Google, GoogleError};
use super::refusal::Class;
use super::service::{Service, Share, Wanted, short, variables};
use crate::deploy::image::Names;
use crate::deploy::{Serving, TargetError};
use crate::domain::{Digest, RevisionId};

const GET: &str = "run.projects.locations.services.revisions.get";

/// A revision as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Revision {
    annotations: BTreeMap<String, String>,
    service_account: String,
    containers: Vec<Container>,
    volumes: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Container {
    image: String,
    command: Vec<String>,
    args: Vec<String>,
    env: Vec<Value>,
}

/// What an instance that is on record was made of: nothing else of its name gets traffic, or is called.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// What its server is called at Google.
    pub names: &'a Names,
    /// The instance.
    pub revision: &'a RevisionId,
    /// The source of its image.
    pub source: Digest,
    /// The image, by its digest.
    pub image: &'a str,
    /// The account that it runs as.
    pub account: &'a str,
    /// Plain settings.
    pub env: &'a BTreeMap<String, String>,
}

impl Revision {
    /// Tells whether it was made for what is wanted: who edits a service elsewhere takes annotations and image along.
    fn is(&self, wanted: &Wanted) -> bool {
        let Wanted { names, revision, source, image, account, env, .. } = wanted;
        let made = Made { names, revision, source: *source, image, account, env };
        self.container_of(&made).is_some_and(|only| in_order(&only.env) == in_order(&variables(wanted)))
    }

    /// Tells whether it is an instance that is on record. Which versions its secrets had is not: they have to be secrets of
    /// this server.
    fn is_still(&self, made: &Made<'_>) -> bool {
        self.container_of(made).is_some_and(|only| {
            let has = |name: &String| only.env.iter().any(|one| one["name"] == **name);
            made.env.keys().all(has) && only.env.iter().all(|one| made.has_set(one))
        })
    }

    /// Tells whether it says that it is an instance of a server, and runs as its account does.
    fn says(&self, names: &Names, revision: &RevisionId, account: &str) -> bool {
        let says = |name: &str, what: &str| self.annotations.get(name).is_some_and(|said| said == what);
        says("sigyl-instance", revision.as_str())
            && says("sigyl-server", names.server().as_str())
            && self.service_account == account
    }

    /// Returns its only container, if all but the variables is as it was made.
    fn container_of(&self, made: &Made<'_>) -> Option<&Container> {
        let [only] = &self.containers[..] else { return None };
        let is_same = self.says(made.names, made.revision, made.account)
            && self.annotations.get("sigyl-source").is_some_and(|said| *said == made.source.to_string())
            && self.volumes.is_empty()
            && only.image == made.image
            && only.command.is_empty()
            && only.args.is_empty();
        is_same.then_some(only)
    }
}

impl Made<'_> {
    /// Tells whether a variable is a setting that is on record, or a secret of the server by the number of its version.
    fn has_set(&self, variable: &Value) -> bool {
        let Some(name) = variable["name"].as_str() else { return false };
        let reference = &variable["valueSource"]["secretKeyRef"];
        match (variable.get("valueSource"), variable.get("value")) {
            (None, value) => {
                let value = value.map_or(Some(""), Value::as_str);
                value.is_some() && self.env.get(name).map(String::as_str) == value
            }
            (Some(_), Some(value)) if *value != "" => false,
            (Some(_), _) => {
                let own = format!("{}{name}", self.names.secrets());
                let is_number =
                    |version: &str| !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
                reference["secret"] == *own && reference["version"].as_str().is_some_and(is_number)
            }
        }
    }
}

/// What variables are set to, in the order of their names. An empty value is left out by Google; all else has to be the same.
fn in_order(variables: &[Value]) -> Vec<Value> {
    let mut all = variables.to_vec();
    for members in all.iter_mut().filter_map(Value::as_object_mut) {
        members.retain(|name, value| name != "value" || value != "");
    }
    all.sort_by_cached_key(|one| one["name"].to_string());
    all
}

impl Google {
    /// Reads a revision of a service; nothing where there is none of that name.
    async fn revision(&self, service: &Service, name: &str) -> Result<Option<Revision>, GoogleError> {
        if name.is_empty() {
            return Ok(None);
        }
        let path = format!("v2/{}/revisions/{name}", service.name);
        match self.call(Call::get(GET, Api::Run, path)).await {
            Ok(revision) => Ok(Some(revision)),
            Err(error) if error.is(&Class::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Finds the revision of an instance by its tag, with its address; nothing if there is none. Where the tag leads to
    /// something else than what is on record, it is refused.
    pub(super) async fn still(
        &self,
        service: &Service,
        made: &Made<'_>,
    ) -> Result<Option<(String, String)>, TargetError> {
        let tag = Names::tag(made.revision);
        let Some((name, url)) = service.tagged(&tag) else { return Ok(None) };
        match self.revision(service, short(&name)).await? {
            Some(revision) if revision.is_still(made) => Ok(Some((short(&name).to_owned(), url))),
            _ => Err(TargetError::Start(format!(
                "the tag {tag} of the service {} leads to the revision {}, which is not what was released: somebody changed \
                 the service; deploy the server again",
                made.names.service(),
                short(&name)
            ))),
        }
    }

    /// Looks at an instance: what its tag leads to, of which image that is, and how much of the traffic it has.
    pub(super) async fn look_at(&self, made: &Made<'_>) -> Result<Serving, TargetError> {
        let none = |said: String| Serving { serves: false, image: None, said };
        let Some(service) = self.service(made.names).await? else {
            return Ok(none(format!("there is no service {}", made.names.service())));
        };
        let Some((name, _)) = service.tagged(&Names::tag(made.revision)) else {
            return Ok(none(format!("the service {} has no such instance", made.names.service())));
        };
        let name = short(&name);
        let Some(revision) = self.revision(&service, name).await? else {
            return Ok(none(format!("the revision {name} is gone")));
        };
        let image = match &revision.containers[..] {
            [only] => Some(only.image.clone()),
            _ => None,
        };
        let percent = service.percent_of(name);
        let said = match (revision.is_still(made), percent) {
            (false, _) => format!("the revision {name} is not what was released"),
            (true, 100) => format!("the revision {name} has all traffic"),
            (true, percent) => format!("the revision {name} has {percent} % of the traffic"),
        };
        Ok(Serving { serves: revision.is_still(made) && percent == 100, image, said })
    }

    /// Tells whether a revision may be removed with an instance: it says that it is that one, or is gone.
    pub(super) async fn is_own(
        &self,
        service: &Service,
        name: &str,
        names: &Names,
        revision: &RevisionId,
    ) -> Result<bool, GoogleError> {
        let account = self.email(&names.account());
        let found = self.revision(service, name).await?;
        Ok(found.is_none_or(|found| found.says(names, revision, &account)))
    }

    /// Makes the tag, which leads to whatever is the newest until then, lead to the revision that was just made. If the
    /// newest is another one by now, nothing is led there. Returns the service as it is then.
    pub(super) async fn pin(
        &self,
        wanted: &Wanted,
        service: &Service,
        tag: &str,
    ) -> Result<Service, TargetError> {
        let changed = || {
            let name = wanted.names.service();
            let why = format!("somebody else changed the service {name} while it was deployed; deploy again");
            TargetError::from(GoogleError::Answer { call: GET, why })
        };
        let newest = short(&service.latest_created_revision);
        if !self.revision(service, newest).await?.is_some_and(|revision| revision.is(wanted)) {
            return Err(changed());
        }
        let pinned = |service: &Service| {
            let mut shares = service.shares_without(tag);
            let percent = service.traffic.iter().find(|share| share.is_tagged(tag))?.percent;
            shares.push(Share::of(newest, percent.unwrap_or_default(), Some(tag.to_owned())));
            Some(shares)
        };
        self.redirect(&wanted.names, pinned).await?.ok_or_else(changed)?;
        self.service(&wanted.names).await?.ok_or_else(changed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_are_the_same_in_any_order_and_in_nothing_else() {
        let secret = |name: &str| json!({"name": "KEY", "valueSource": {"secretKeyRef": {"secret": name, "version": "1"}}});
        let plain = |value: &str| json!({"name": "MODE", "value": value});
        let ours = in_order(&[plain("x"), secret("s")]);
        assert_eq!(in_order(&[secret("s"), plain("x")]), ours);
        assert_eq!(in_order(&[json!({"name": "MODE"})]), in_order(&[plain("")]));
        for other in [
            vec![secret("projects/other/secrets/s"), plain("x")],
            vec![secret("s"), plain("y"), plain("x")],
            vec![secret("s")],
            vec![secret("s"), json!({"name": "MODE", "value": 1})],
            vec![secret("s"), json!({"name": "MODE", "valueSource": {"other": "x"}})],
        ] {
            assert_ne!(in_order(&other), ours, "{other:?}");
        }
        assert_ne!(
            in_order(&[json!({"name": "MODE", "valueSource": {"other": "x"}})]),
            in_order(&[plain("")])
        );
    }
}
