//! Reads what the server is and how it runs, and seals the secrets that came with the order.

use async_trait::async_trait;

use super::super::context::Context;
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use super::fetch_source::blocking;
use crate::deploy::Targets;
use crate::domain::{DocumentName, Server, ServerName, StepId};
use crate::manifest::{self, Manifest};
use crate::registry::is_reserved;
use crate::scan::TreeFiles;

pub(crate) struct ReadManifest;

#[async_trait]
impl Step for ReadManifest {
    fn id(&self) -> StepId {
        StepId::ReadManifest
    }

    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError> {
        let id = self.id();
        let tree =
            cx.results.tree.clone().ok_or_else(|| StepError::Defect { step: id, why: "no tree".into() })?;
        let read = blocking(id, move || manifest::read(&TreeFiles(&tree))).await??;
        for derived in &read.derived {
            cx.log(id, format!("{} comes from {}", derived.field, derived.from));
        }
        for notice in &read.notices {
            cx.notice(id, notice.to_string());
        }
        let mut manifest = read.manifest;
        if let Some(name) = &cx.order.name {
            manifest.name.clone_from(name);
        }
        let name = manifest.name.clone();
        enter(cx, &name).await?;
        require_secrets(cx, &manifest).await?;
        let note = format!("{name}, {}", read.files.join(" and "));
        cx.results.manifest = Some(manifest);
        Ok(Outcome::done(note))
    }
}

/// Makes `name` the server of this run: takes its lane, loads its record, seals the given secrets for it.
pub(super) async fn enter(cx: &mut Context, name: &ServerName) -> Result<(), StepError> {
    if cx.results.lane.is_none() {
        cx.results.lane = Some(cx.platform.lanes.enter(name).await);
    }
    let server = cx.platform.store.server(name).await?;
    require_ours(cx, name, server.as_ref()).await?;
    cx.run.server = Some(name.clone());
    cx.results.server = server;
    if cx.order.target.is_none() {
        // It stays where it is, or where it was to be: what was meant for another place is not started here.
        cx.order.target = match cx.platform.store.deployment(name).await? {
            Some(deployment) => deployment.target,
            None => cx.results.server.as_ref().and_then(|server| server.targets.first().cloned()),
        };
    }
    cx.target()?;
    // On record is which place it is: another one of its kind in the configuration of today is not taken for it, and what is
    // in one that is not configured now could neither be ended nor removed.
    let kind = cx.order.target.as_deref().map(Targets::kind_of);
    for place in cx.results.server.iter().flat_map(|server| &server.targets) {
        if kind == Some(Targets::kind_of(place)) {
            cx.platform.targets.of(Some(place))?;
        }
    }
    cx.order.target = cx.order.target.as_deref().map(|name| cx.platform.targets.whole(name));
    let now = cx.platform.clock.now();
    for (secret, value) in std::mem::take(&mut cx.secrets) {
        let sealed = cx.platform.vault.seal(name, &secret, &value, now)?;
        cx.order.sealed.retain(|old| old.name != secret);
        cx.order.sealed.push(sealed);
    }
    Ok(())
}

/// Refuses a name that the order is not about, or that belongs to another workspace: also one whose server is deleted,
/// since its clients may still trust it.
async fn require_ours(cx: &Context, name: &ServerName, server: Option<&Server>) -> Result<(), StepError> {
    let order = &cx.order;
    let namespace = name.as_str().rsplit_once('/').map(|(namespace, _)| namespace);
    if *name == ServerName::own() || namespace.is_some_and(is_reserved) {
        return Err(StepError::NotOurs(name.clone()));
    }
    if order.within.as_ref().is_some_and(|within| !within.iter().any(|names| names.matches(name))) {
        return Err(StepError::Beyond(name.clone()));
    }
    let is_ours = match server {
        Some(server) => server.workspace == cx.run.workspace,
        None => {
            let grave = cx.platform.store.tombstone(name).await?;
            order.any_grave || grave.is_none_or(|grave| grave.workspace == cx.run.workspace)
        }
    };
    let is_ours = is_ours && !is_listed_elsewhere(cx, name).await?;
    if is_ours { Ok(()) } else { Err(StepError::NotOurs(name.clone())) }
}

/// Tells whether a document of that name belongs to another workspace.
async fn is_listed_elsewhere(cx: &Context, name: &ServerName) -> Result<bool, StepError> {
    let Ok(name) = DocumentName::parse(name.as_str()) else { return Ok(false) };
    let listed = cx.platform.store.listings_of(&name).await?;
    Ok(listed.iter().any(|listing| listing.workspace != cx.run.workspace))
}

async fn require_secrets(cx: &Context, manifest: &Manifest) -> Result<(), StepError> {
    let kept = cx.platform.store.secrets(&manifest.name).await?;
    let missing: Vec<&str> = manifest
        .secrets
        .iter()
        .filter(|secret| secret.required)
        .filter(|secret| !kept.iter().chain(&cx.order.sealed).any(|given| given.name == secret.name))
        .map(|secret| secret.name.as_str())
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(StepError::SecretsMissing(missing.join(", "))) }
}
