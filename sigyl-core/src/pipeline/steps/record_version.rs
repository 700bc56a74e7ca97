//! Records the version: one fact, never taken back.

use async_trait::async_trait;

use super::super::context::Context;
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use crate::domain::{Admission, Locator, Plan, Server, StepId, VersionRecord};
use crate::manifest::Manifest;
use crate::registry::{Offer, choose_version, latest};
use crate::source::SourceTree;
use crate::store::Change;

pub(crate) struct RecordVersion;

#[async_trait]
impl Step for RecordVersion {
    fn id(&self) -> StepId {
        StepId::RecordVersion
    }

    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError> {
        let defect = |why: &str| StepError::Defect { step: StepId::RecordVersion, why: why.into() };
        let manifest = cx.results.manifest.clone().ok_or_else(|| defect("no manifest"))?;
        let admission = cx.results.admission.clone().ok_or_else(|| defect("no admission"))?;
        let now = cx.platform.clock.now();
        let offer = Offer {
            server: &manifest.name,
            version: manifest.version.as_ref(),
            source: admission.source(),
            moving: is_moving(cx),
            redeploy: cx.run.plan == Plan::Redeploy,
        };
        let choice = choose_version(&*cx.platform.store, offer, now).await?;
        if let Some(notice) = choice.notice {
            cx.notice(self.id(), notice);
        }
        let reused = choice.record.is_some();
        let record = match choice.record {
            Some(record) => record,
            None => new_record(cx, &manifest, &admission, choice.version).ok_or_else(|| defect("no tree"))?,
        };
        let server = server_after(cx, &manifest, &record, reused);
        cx.run.version = Some(record.version.clone());
        let change = Change::PublishVersion {
            server: Box::new(server.clone()),
            version: Box::new(record.clone()),
            admission: Box::new(admission),
        };
        if !reused {
            cx.platform.store.apply(change).await?;
        }
        cx.platform.shelf.follow(&record.server).await;
        let note =
            format!("{} {}{}", record.server, record.version, if reused { " (recorded before)" } else { "" });
        cx.results.server = Some(server);
        cx.results.record = Some(record);
        Ok(Outcome::done(note))
    }
}

fn new_record(
    cx: &Context,
    manifest: &Manifest,
    admission: &Admission,
    version: crate::domain::Version,
) -> Option<VersionRecord> {
    Some(VersionRecord {
        server: manifest.name.clone(),
        version,
        source: cx.results.tree.as_ref()?.reference().clone(),
        report: admission.report(),
        policy: admission.policy(),
        basis: admission.basis().clone(),
        recorded: cx.platform.clock.now(),
        run: cx.run.id.clone(),
        manifest: serde_json::to_value(manifest).ok()?,
        tools: Vec::new(),
        others: None,
        seen: Vec::new(),
    })
}

/// Tells whether what was ordered may mean other bytes tomorrow: also where Sigyl made the lock, since what is pinned
/// depends on the day.
fn is_moving(cx: &Context) -> bool {
    let made = |tree: &SourceTree| tree.locks().iter().any(|lock| lock.made);
    cx.order.source.as_ref().is_some_and(Locator::is_moving) || cx.results.tree.as_ref().is_some_and(made)
}

/// The server once `record` is its version; one that was recorded before ranks where it did.
fn server_after(cx: &Context, manifest: &Manifest, record: &VersionRecord, reused: bool) -> Server {
    let locator = cx.order.source.as_ref().map_or_else(|| record.source.locator.clone(), ToString::to_string);
    // A version that was recorded before writes no server: the step that first makes something there names the place.
    let place = cx.order.elsewhere().filter(|_| !reused).map(str::to_owned);
    match &cx.results.server {
        Some(server) => Server {
            title: manifest.title.clone(),
            description: manifest.description.clone(),
            latest: if reused { &server.latest } else { latest(&server.latest, &record.version) }.clone(),
            // It comes from elsewhere only once that serves: until then a move that was approved may still fail.
            locator: if cx.run.plan == Plan::Publish { locator } else { server.locator.clone() },
            targets: server.targets.iter().cloned().chain(place).collect(),
            ..server.clone()
        },
        None => Server {
            name: manifest.name.clone(),
            workspace: cx.run.workspace.clone(),
            title: manifest.title.clone(),
            description: manifest.description.clone(),
            created: cx.platform.clock.now(),
            latest: record.version.clone(),
            active: None,
            granted: crate::domain::Permissions::default(),
            env: cx.order.env.clone(),
            limits: cx.order.limits.clone(),
            allow_scripts: Default::default(),
            locator,
            targets: place.into_iter().collect(),
        },
    }
}
