//! Whether a revision is what was released: it is looked at again before anything depends on it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::call::{Call, REVISIONS};
use super::cluster::{Cluster, KubeError};
use super::names::{INSTANCE, SOURCE, revision};
use super::secret::Bound;
use super::service::{Thing, Wanted, variables};
use crate::deploy::TargetError;
use crate::deploy::image::Names;
use crate::domain::{Digest, RevisionId, SecretName};

/// What an instance that is on record was made of: nothing else of its name gets traffic, or is called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made<'a> {
    pub(super) names: &'a Names,
    pub(super) instance: &'a RevisionId,
    /// The source of its image.
    pub(super) source: Digest,
    /// The image, by its digest.
    pub(super) image: &'a str,
    /// Plain settings.
    pub(super) env: &'a BTreeMap<String, String>,
}

impl Made<'_> {
    /// Returns the name of its revision.
    pub(super) fn revision(&self) -> String {
        revision(self.names, self.instance)
    }

    /// Tells whether a revision is it: a name of a revision never means another one until that is removed.
    fn is(&self, found: &Thing) -> bool {
        let spec = &found.0["spec"];
        let Some([only]) = spec["containers"].as_array().map(Vec::as_slice) else { return false };
        let is_none = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        let has_nothing_more = ["volumes", "initContainers"].iter().all(|name| is_none(&spec[*name]))
            && ["command", "args", "envFrom", "volumeMounts"].iter().all(|name| is_none(&only[*name]));
        let env = only["env"].as_array().map(Vec::as_slice).unwrap_or_default();
        let has = |name: &String| env.iter().any(|one| one["name"] == **name);
        found.is_for(self.names)
            && found.annotation(INSTANCE) == self.instance.as_str()
            && found.annotation(SOURCE) == self.source.to_string()
            && spec["serviceAccountName"] == self.names.account()
            && only["image"] == self.image
            && has_nothing_more
            && self.env.keys().all(has)
            && env.iter().all(|one| self.has_set(one))
    }

    /// Tells whether a variable is a setting that is on record, or the secret of this instance for it.
    fn has_set(&self, variable: &Value) -> bool {
        let Some(name) = variable["name"].as_str() else { return false };
        match variable.get("valueFrom") {
            None => {
                // An empty value is left out by the cluster.
                let value = variable.get("value").map_or(Some(""), Value::as_str);
                value.is_some() && self.env.get(name).map(String::as_str) == value
            }
            Some(_) => SecretName::parse(name)
                .is_ok_and(|name| *variable == Bound::of(self.names, self.instance, &name).as_variable()),
        }
    }
}

/// What variables are set to, in the order of their names. An empty value is left out by the cluster.
fn in_order(variables: &[Value]) -> Vec<Value> {
    let mut all = variables.to_vec();
    for members in all.iter_mut().filter_map(Value::as_object_mut) {
        members.retain(|name, value| name != "value" || value != "");
    }
    all.sort_by_cached_key(|one| one["name"].to_string());
    all
}

impl Cluster {
    /// Reads a revision; nothing where there is none of that name.
    pub(super) async fn revision(&self, name: &str) -> Result<Option<Thing>, KubeError> {
        let call = Call::get(&REVISIONS, self.namespace(), name);
        let called = call.name();
        let found = self.found::<Value>(call).await?.map(Thing::read).transpose();
        found.map_err(|why| KubeError::Answer { call: called, why })
    }

    /// Finds the revision of an instance, with its address; nothing if there is none. Where it is something else than what is
    /// on record, it is refused.
    pub(super) async fn still(
        &self,
        service: &Thing,
        made: &Made<'_>,
    ) -> Result<Option<String>, TargetError> {
        let name = made.revision();
        let Some(found) = self.revision(&name).await? else { return Ok(None) };
        if !made.is(&found) {
            return Err(changed(&name));
        }
        Ok(service.address(&Names::tag(made.instance), &name))
    }

    /// Refuses a revision that is not what was wanted: who edits a service elsewhere takes names and annotations along.
    pub(super) async fn require(&self, wanted: &Wanted) -> Result<(), TargetError> {
        let made = Made {
            names: &wanted.names,
            instance: &wanted.instance,
            source: wanted.source,
            image: &wanted.image,
            env: &wanted.env,
        };
        let name = made.revision();
        let found = self.revision(&name).await?.filter(|found| made.is(found));
        let env = found.as_ref().and_then(|found| found.0["spec"]["containers"][0]["env"].as_array());
        let env = env.map(Vec::as_slice).unwrap_or_default();
        match found.is_some() && in_order(env) == in_order(&variables(wanted)) {
            true => Ok(()),
            false => Err(changed(&name)),
        }
    }
}

fn changed(name: &str) -> TargetError {
    TargetError::Start(format!(
        "the revision {name} is not what was released: somebody changed the service; deploy the server again"
    ))
}
