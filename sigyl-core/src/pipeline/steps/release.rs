//! Starts the new version beside whatever serves; it gets no traffic.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::super::context::{Context, Platform};
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use super::admit::require_free;
use super::settings::{InForce, Kept};
use crate::deploy::ReleaseSpec;
use crate::domain::{Mask, RevisionId, RunId, SecretName, SecretValue, ServerName, StepId, StepState};
use crate::store::StoreError;

pub(crate) struct Release;

#[async_trait]
impl Step for Release {
    fn id(&self) -> StepId {
        StepId::Release
    }

    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError> {
        // A build can take long.
        require_free(cx, cx.declared_tools()).await?;
        let results = &cx.results;
        let (Some(manifest), Some(admission), Some(record), Some(built)) =
            (&results.manifest, &results.admission, &results.record, &results.built)
        else {
            return Err(StepError::Defect {
                step: self.id(),
                why: "no manifest, admission, record or build".into(),
            });
        };
        let InForce { env, resources, given_way } =
            Kept::of(&cx.order, results.server.as_ref()).over(manifest);
        let secrets = bound_secrets(&cx.platform, &record.server).await?;
        let spec = ReleaseSpec {
            server: record.server.clone(),
            version: record.version.clone(),
            source: record.source.digest,
            commit: record.source.commit(),
            revision: revision_of(&cx.run.id)?,
            launch: built.launch.clone(),
            transport: manifest.start.transport.clone(),
            env: env.clone(),
            secrets,
            granted: results.granted.clone(),
            resources: resources.clone(),
            start_timeout: manifest.health.timeout.map(std::time::Duration::from_secs),
        };
        let released = cx.target()?.release(admission, spec).await?;
        for line in released.confinement.unenforced.clone() {
            cx.notice(self.id(), format!("not enforced here: {line}"));
        }
        if let Some(at) = &released.at {
            cx.log(self.id(), format!("it is at {at}"));
        }
        if let Some(why) = given_way {
            let line = format!("the limits of its manifest are in force: with those that were set, {why}");
            cx.notice(self.id(), line);
        }
        if let Some(cost) = &released.cost {
            cx.notice(self.id(), format!("what it costs goes by: {cost}"));
        }
        cx.results.env = env;
        cx.results.resources = resources;
        cx.results.released = Some(released);
        Ok(Outcome::done("started beside what serves"))
    }

    fn can_undo(&self, _state: StepState) -> bool {
        true
    }

    async fn undo(&self, cx: &mut Context) -> Result<(), StepError> {
        cx.results.released = None;
        let revision = revision_of(&cx.run.id)?;
        let Some(server) = cx.run.server.clone() else { return Ok(()) };
        let target = cx.target()?;
        target.retire(&server, &revision, cx.platform.settings.grace).await?;
        // A release that failed before there was an instance may have made other things.
        Ok(target.abandon(&server, &revision).await?)
    }
}

/// The instance that a run starts bears the run's own id, so that it is found again after a crash.
pub(super) fn revision_of(run: &RunId) -> Result<RevisionId, StepError> {
    RevisionId::parse(run.as_str())
        .map_err(|error| StepError::Defect { step: StepId::Release, why: error.to_string() })
}

/// Opens every secret that is bound to a server, for an instance that is about to be started: from now on they are hidden
/// in what is kept of what it says.
pub(crate) async fn bound_secrets(
    platform: &Platform,
    name: &ServerName,
) -> Result<BTreeMap<SecretName, SecretValue>, StepError> {
    let sealed = platform.store.secrets(name).await.map_err(|error: StoreError| StepError::Store(error))?;
    let secrets = sealed
        .iter()
        .map(|sealed| Ok((sealed.name.clone(), platform.vault.reveal(sealed)?)))
        .collect::<Result<BTreeMap<_, _>, StepError>>()?;
    platform.masks.add(name, Mask::of(&secrets));
    Ok(secrets)
}
