//! What the operator sets of a server beside its version: plain settings, and limits.

use std::collections::BTreeMap;

use super::super::context::{Context, Order};
use super::super::failure::StepError;
use crate::domain::{Resources, ResourcesError, Server};
use crate::manifest::Manifest;

/// The operator's settings once a run is over.
pub(super) struct Kept {
    /// Plain settings.
    pub(super) env: BTreeMap<String, String>,
    /// Limits.
    pub(super) limits: Resources,
}

impl Kept {
    /// Applies an order to what is on record.
    pub(super) fn of(order: &Order, server: Option<&Server>) -> Self {
        let mut env = server.map(|server| server.env.clone()).unwrap_or_default();
        env.retain(|name, _| !order.unset.contains(name));
        env.extend(order.env.clone());
        let before = server.filter(|_| !order.reset_limits).map(|server| server.limits.clone());
        Self { env, limits: order.limits.over(&before.unwrap_or_default()) }
    }

    /// Returns what the server is started with: what the operator says, over what its manifest does. Limits that do not go
    /// with those of the manifest give way to them, and that is told.
    pub(super) fn over(self, manifest: &Manifest) -> InForce {
        let mut env = manifest.env.clone();
        env.extend(self.env);
        let resources = self.limits.over(&manifest.resources);
        match resources.check() {
            Ok(()) => InForce { env, resources, given_way: None },
            Err(why) => InForce { env, resources: manifest.resources.clone(), given_way: Some(why) },
        }
    }
}

/// What a server is started with.
pub(super) struct InForce {
    /// Plain settings.
    pub(super) env: BTreeMap<String, String>,
    /// Limits.
    pub(super) resources: Resources,
    /// Why limits that were set do not count.
    pub(super) given_way: Option<ResourcesError>,
}

/// Refuses what cannot be: to unset what nobody set, limits that exclude each other with those of the manifest, and limits
/// elsewhere by who does not pay for them.
pub(super) fn check(cx: &Context, manifest: &Manifest) -> Result<(), StepError> {
    let server = cx.results.server.as_ref();
    let set = |name: &str| server.is_some_and(|server| server.env.contains_key(name));
    if let Some(name) = cx.order.unset.iter().find(|name| !set(name)) {
        return Err(StepError::NotSet {
            name: name.chars().take(200).collect(),
            by_manifest: manifest.env.contains_key(name),
        });
    }
    let scales = cx.order.reset_limits || !cx.order.limits.is_empty();
    if let Some(place) = cx.order.elsewhere().filter(|_| scales && !cx.order.may_scale) {
        return Err(StepError::Scale { place: place.to_owned() });
    }
    match Kept::of(&cx.order, server).over(manifest).given_way {
        Some(why) => Err(why.into()),
        None => Ok(()),
    }
}
