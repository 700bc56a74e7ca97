//! The tag of an instance leads to the revision that was made for it, and to no later one.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::call::Call;
use super::endpoints::Api;
use super::google::Google;
use super::service::{Service, Share, Wanted, short};
use crate::deploy::TargetError;

const GET: &str = "run.projects.locations.services.revisions.get";

/// A revision as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Revision {
    annotations: BTreeMap<String, String>,
    containers: Vec<Container>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Container {
    image: String,
}

impl Revision {
    /// Tells whether it was made for what is wanted, of the image that was built.
    fn is(&self, wanted: &Wanted) -> bool {
        let says = |name: &str, what: &str| self.annotations.get(name).is_some_and(|said| said == what);
        says("sigyl-instance", wanted.revision.as_str())
            && says("sigyl-source", &wanted.source.to_string())
            && matches!(&self.containers[..], [only] if only.image == wanted.image)
    }
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
            TargetError::Start(format!(
                "somebody else changed the service {name} while it was deployed; deploy again"
            ))
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
