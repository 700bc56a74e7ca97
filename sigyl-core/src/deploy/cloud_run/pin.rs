//! The tag of an instance leads to the revision that was made for it, and to no later one.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::call::Call;
use super::endpoints::Api;
use super::google::{Google, GoogleError};
use super::service::{Service, Share, Wanted, short, variables};
use crate::deploy::TargetError;

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

impl Revision {
    /// Tells whether it was made for what is wanted: who edits a service elsewhere takes annotations and image along.
    fn is(&self, wanted: &Wanted) -> bool {
        let says = |name: &str, what: &str| self.annotations.get(name).is_some_and(|said| said == what);
        let [only] = &self.containers[..] else { return false };
        says("sigyl-instance", wanted.revision.as_str())
            && says("sigyl-source", &wanted.source.to_string())
            && self.service_account == wanted.account
            && self.volumes.is_empty()
            && only.image == wanted.image
            && only.command.is_empty()
            && only.args.is_empty()
            && in_order(&only.env) == in_order(&variables(wanted))
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
        let path = format!("v2/{}/revisions/{newest}", service.name);
        let revision: Revision = self.call(Call::get(GET, Api::Run, path)).await?;
        if !revision.is(wanted) {
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
