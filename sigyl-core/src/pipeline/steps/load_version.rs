//! Takes a recorded version instead of a source: its kept tree, its manifest, its report.

use async_trait::async_trait;

use super::super::context::{Context, Order};
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use super::fetch_source::open_kept;
use super::read_manifest::enter;
use super::settings::check;
use crate::domain::{Plan, ServerName, StepId, Version, VersionRecord, Waiver};
use crate::manifest::Manifest;
use crate::registry::{last_served, previous};

pub(crate) struct LoadVersion;

#[async_trait]
impl Step for LoadVersion {
    fn id(&self) -> StepId {
        StepId::ReadManifest
    }

    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError> {
        let record = record(cx).await?;
        let defect = |why: String| StepError::Defect { step: StepId::ReadManifest, why };
        let manifest: Manifest = serde_json::from_value(record.manifest.clone())
            .map_err(|error| defect(format!("the recorded manifest cannot be read back: {error}")))?;
        let report = cx.platform.store.report(record.report).await?;
        cx.results.report = Some(report.ok_or_else(|| defect(format!("report {} is gone", record.report)))?);
        cx.results.tree = Some(open_kept(cx, record.source.digest).await?);
        cx.order.waive = waivers_of(cx, &record).await?;
        cx.results.earlier = last_served(&*cx.platform.store, &record.server, &record.version).await?;
        cx.run.source = Some(record.source.digest);
        cx.run.report = Some(record.report);
        cx.run.version = Some(record.version.clone());
        if cx.run.plan == Plan::Reconfigure {
            check(cx, &manifest)?;
        }
        cx.results.manifest = Some(manifest);
        let note = format!("{} {}", record.server, record.version);
        cx.results.record = Some(record);
        Ok(Outcome::done(note))
    }
}

async fn record(cx: &mut Context) -> Result<VersionRecord, StepError> {
    let missing =
        || StepError::Defect { step: StepId::ReadManifest, why: "the order names no server".into() };
    let name = cx.order.name.clone().ok_or_else(missing)?;
    enter(cx, &name).await?;
    if cx.results.server.is_none() {
        return Err(StepError::NoServer(name));
    }
    let store = &cx.platform.store;
    // A run that goes on after a decision takes the version that was decided on.
    let version = match cx.order.version.as_ref().or(cx.run.version.as_ref()) {
        Some(version) => version.clone(),
        None => chosen(cx, &name).await?,
    };
    let record = store.version(&name, &version).await?;
    record.ok_or(StepError::NoVersion { server: name, version })
}

/// The version that is meant where none is named.
async fn chosen(cx: &Context, name: &ServerName) -> Result<Version, StepError> {
    if cx.run.plan == Plan::Reconfigure {
        let serves = cx.platform.store.deployment(name).await?.map(|deployment| deployment.version);
        return serves.ok_or_else(|| StepError::NothingServes(name.clone()));
    }
    let earlier = previous(&*cx.platform.store, name).await?;
    earlier.ok_or_else(|| StepError::NoEarlierVersion(name.clone()))
}

/// The waivers that the version was admitted with, and where it is started anew those that it serves with: what is not built
/// again may have been accepted since. Those that have run out no longer count.
async fn waivers_of(cx: &mut Context, record: &VersionRecord) -> Result<Vec<Waiver>, StepError> {
    let store = &cx.platform.store;
    let serves = match cx.run.plan {
        Plan::Reconfigure => store.deployment(&record.server).await?.map(|deployment| deployment.run),
        _ => None,
    };
    let Some(run) = store.run(serves.as_ref().unwrap_or(&record.run)).await? else { return Ok(Vec::new()) };
    let order: Order = serde_json::from_value(run.request)
        .map_err(|error| StepError::Defect { step: StepId::ReadManifest, why: error.to_string() })?;
    let now = cx.platform.clock.now();
    let (valid, over): (Vec<_>, Vec<_>) = order.waive.into_iter().partition(|waiver| waiver.expires >= now);
    for waiver in over {
        let line = format!("the waiver of {waiver} ran out at {} and does not count", waiver.expires);
        cx.notice(StepId::ReadManifest, line);
    }
    // Whoever starts it again is not who accepted that.
    let owned =
        |waiver: Waiver| Waiver { owner: waiver.owner.or_else(|| Some(run.caller.clone())), ..waiver };
    Ok(valid.into_iter().map(owned).collect())
}
