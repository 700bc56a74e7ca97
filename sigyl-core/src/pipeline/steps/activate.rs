//! Lets the new version serve, then ends the old one.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::FutureExt as _;

use super::super::context::{Context, Quiet};
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use super::admit::require_free;
use super::audience::Doors;
use super::settings::Kept;
use super::state::state;
use crate::deploy::TargetError;
use crate::domain::{
    Audience, Deployment, LOCAL, Quarantines, Server, ServerName, StepId, StepState, VersionRecord,
};
use crate::event::EventKind;
use crate::mcp::Probe;
use crate::store::{Change, Page, Store, StoreError};

/// Activations that are looked through for the one before.
const EARLIER: usize = 20;

pub(crate) struct Activate;

#[async_trait]
impl Step for Activate {
    fn id(&self) -> StepId {
        StepId::Activate
    }

    /// Once the version is on record as the one that serves, the run has succeeded.
    fn may_stop(&self) -> bool {
        false
    }

    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError> {
        let deployment = deployment(cx).await?;
        let server = server_after(cx, &deployment)?;
        let old = cx.platform.store.deployment(&deployment.server).await?;
        // What cannot be said of it afterwards does not serve.
        let attested = state(cx, &deployment).await?;
        let change = Change::Activate {
            server: Box::new(server.clone()),
            deployment: Box::new(deployment.clone()),
            tools: cx.results.pins.clone(),
            others: cx.results.others.clone(),
            attested: Some(Box::new(attested)),
        };
        let doors = Doors::of(cx, &deployment.server).await?;
        cx.target()?.shift(&deployment).await?;
        let_in(cx, &deployment.server, &doors).await?;
        cx.platform.store.apply(change).await?;
        cx.platform.shelf.follow(&deployment.server).await;
        let quiet = route(cx, &deployment);
        if let Some(old) = old.filter(|old| old.revision != deployment.revision) {
            retire_old(cx, &old, quiet).await;
        }
        let url = cx.platform.front.url(&deployment.server);
        let kind = EventKind::Activated {
            version: deployment.version.clone(),
            url: url.clone().unwrap_or_default(),
        };
        cx.platform.emitter.emit(Some(&cx.run.id), Some(&deployment.server), kind);
        cx.results.server = Some(server);
        Ok(Outcome::done(url.unwrap_or_else(|| "recorded; nothing listens".to_owned())))
    }

    /// What serves is on record only once it does: before, somebody may be let in who was not.
    fn can_undo(&self, _state: StepState) -> bool {
        true
    }

    async fn undo(&self, cx: &mut Context) -> Result<(), StepError> {
        close_again(cx).await
    }
}

/// Lets those in who are asked for or stay, and no more who might before. An order that names nobody does not fail on them.
async fn let_in(cx: &mut Context, name: &ServerName, doors: &Doors) -> Result<(), StepError> {
    doors.tell_late(cx, StepId::Activate);
    if doors.wanted.is_empty() && doors.taken.is_empty() && cx.order.audience.is_none() {
        return Ok(());
    }
    // What was put under quarantine since the probe is opened to nobody.
    let tools = cx.results.probe.as_ref().map_or(&[][..], |probe| &probe.tools);
    require_free(cx, tools).await?;
    match cx.target()?.open_to(name, &doors.wanted, &doors.taken).await {
        Ok(()) => cx.log(StepId::Activate, format!("past the endpoint, {} may call it", doors.wanted)),
        Err(error) if cx.order.audience.is_none() && doors.wanted == doors.before => cx.notice(
            StepId::Activate,
            format!(
                "who else may call it ({}) could not be seen to, and is as it was: {error}",
                doors.wanted
            ),
        ),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Lets those in who might before, and no more whom a run let in that did not take over. Nobody comes to what is under
/// quarantine, whoever might before.
async fn close_again(cx: &Context) -> Result<(), StepError> {
    let Some(name) = &cx.run.server else { return Ok(()) };
    let doors = Doors::of(cx, name).await?;
    let asked = cx.order.audience.as_ref().unwrap_or(&doors.wanted);
    let all = asked.union(&doors.wanted).union(&doors.taken);
    let before = if is_covered(cx, name).await? { &Audience::default() } else { &doors.before };
    if all != *before || asked != before {
        cx.target()?.open_to(name, before, &all).await?;
    }
    Ok(())
}

/// Tells whether what is on record as what serves is under quarantine.
async fn is_covered(cx: &Context, name: &ServerName) -> Result<bool, StoreError> {
    let store = &cx.platform.store;
    let Some(now) = store.deployment(name).await? else { return Ok(false) };
    let all: Quarantines = store.quarantines().await?.into_iter().collect();
    let record = store.version(name, &now.version).await?;
    let digests = record.iter().flat_map(VersionRecord::digests).chain([now.source]);
    Ok(all.of(name, digests).is_some())
}

async fn deployment(cx: &Context) -> Result<Deployment, StepError> {
    let results = &cx.results;
    let (Some(manifest), Some(record), Some(built), Some(released)) =
        (&results.manifest, &results.record, &results.built, &results.released)
    else {
        let why = "no manifest, record, build or release".into();
        return Err(StepError::Defect { step: StepId::Activate, why });
    };
    let secrets = cx.platform.store.secrets(&record.server).await?;
    Ok(Deployment {
        server: record.server.clone(),
        version: record.version.clone(),
        source: record.source.digest,
        run: cx.run.id.clone(),
        revision: released.revision.clone(),
        transport: manifest.start.transport.clone(),
        launch: built.launch.clone(),
        target: cx.order.elsewhere().map(str::to_owned),
        env: results.env.clone(),
        secrets: secrets.into_iter().map(|sealed| sealed.name).collect(),
        granted: results.granted.clone(),
        resources: results.resources.clone(),
        confinement: released.confinement.clone(),
        audience: Doors::of(cx, &record.server).await?.wanted,
        activated: cx.platform.clock.now(),
        declared: results.probe.as_ref().map(Probe::declaration),
    })
}

fn server_after(cx: &Context, deployment: &Deployment) -> Result<Server, StepError> {
    let missing = || StepError::Defect { step: StepId::Activate, why: "the server is not known".into() };
    let mut server = cx.results.server.clone().ok_or_else(missing)?;
    server.active = Some(deployment.version.clone());
    if !cx.run.plan.takes_recorded() {
        // What a version that is rolled back to does without stays granted to those that are not.
        server.granted = deployment.granted.clone();
    }
    server.allow_scripts = cx.results.allow_scripts.clone();
    let kept = Kept::of(&cx.order, Some(&server));
    (server.env, server.limits) = (kept.env, kept.limits);
    if let Some(source) = &cx.order.source {
        server.locator = source.to_string();
    }
    Ok(server)
}

fn route(cx: &Context, deployment: &Deployment) -> Option<Quiet> {
    if let Some(quiet) = cx.order.canary.as_ref().and_then(|_| cx.platform.front.promote(&deployment.server))
    {
        return Some(quiet);
    }
    let upstream = cx.results.released.as_ref()?.upstream.clone();
    let probe = cx.results.probe.as_ref();
    Some(cx.platform.front.route(
        &deployment.server,
        &deployment.version,
        upstream,
        &deployment.resources,
        probe,
    ))
}

/// The new version serves already: an old one that does not end is told, and does not undo that.
async fn retire_old(cx: &mut Context, old: &Deployment, mut quiet: Option<Quiet>) {
    close_old(cx, old).await;
    if quiet.as_mut().is_some_and(|quiet| quiet.now_or_never().is_none()) {
        cx.log(StepId::Activate, format!("{} ends when its clients have", old.version));
        retire_later(cx, old.clone(), quiet);
        return;
    }
    match retire(cx, old).await {
        Ok(()) => cx.log(StepId::Activate, format!("{} retired", old.version)),
        Err(error) => cx.notice(StepId::Activate, format!("{} did not end: {error}", old.version)),
    }
}

/// Where the server ran before nobody is let in any more, whether or not it ends there.
async fn close_old(cx: &mut Context, old: &Deployment) {
    if old.audience.is_empty() || old.elsewhere() == cx.order.elsewhere() {
        return;
    }
    let place = old.elsewhere().unwrap_or(LOCAL);
    let closed = match cx.platform.targets.of(old.target.as_deref()) {
        Ok(target) => target.open_to(&old.server, &Audience::default(), &old.audience).await,
        Err(error) => Err(error),
    };
    if let Err(error) = closed {
        tracing::error!(server.name = %old.server, place, %error, "who else may call a server was not taken away where it ran");
        let who = &old.audience;
        let line = format!(
            "at `{place}`, where it ran before, {who} may still call it: that could not be taken away: {error}"
        );
        cx.notice(StepId::Activate, line);
    }
}

/// Ends the version before the one that took over just before Sigyl ended: at another place it goes on by itself.
pub(crate) async fn end_earlier(cx: &mut Context) -> Result<(), StoreError> {
    let Some(name) = cx.run.server.clone() else { return Ok(()) };
    let store = &cx.platform.store;
    let Some(now) = store.deployment(&name).await? else { return Ok(()) };
    let earlier = store.activations(&name, Page::first(EARLIER)).await?;
    let mut earlier = earlier.into_iter().map(|(_, deployment)| deployment);
    let old = earlier.find(|old| old.revision != now.revision && old.elsewhere().is_some());
    if let Some(old) = old {
        retire_old(cx, &old, None).await;
    }
    Ok(())
}

async fn retire(cx: &Context, old: &Deployment) -> Result<(), TargetError> {
    let target = cx.platform.targets.of(old.target.as_deref())?;
    target.retire(&old.server, &old.revision, cx.platform.settings.grace).await
}

/// Ends the old version once its clients have left it. Neither the run nor the end of Sigyl waits for it: it ends with
/// this process at the latest, and a later one does not start it again.
fn retire_later(cx: &Context, old: Deployment, quiet: Option<Quiet>) {
    // The store is not kept open by a client that does not leave.
    let store = Arc::downgrade(&cx.platform.store);
    let (lanes, targets) = (cx.platform.lanes.clone(), cx.platform.targets.clone());
    let grace = cx.platform.settings.grace;
    tokio::spawn(async move {
        if let Some(quiet) = quiet {
            quiet.await;
        }
        let (name, version) = (&old.server, &old.version);
        // What a run makes under this name meanwhile is not taken for what is left of the old version.
        let _lane = lanes.enter(name).await;
        let Some(store) = store.upgrade() else { return };
        let retired = async {
            if !is_over(&*store, &old).await? {
                return Ok(false);
            }
            targets.of(old.target.as_deref())?.retire(name, &old.revision, grace).await?;
            Ok::<_, StepError>(true)
        };
        match retired.await {
            Ok(true) => tracing::info!(server.name = %name, %version, "an earlier version ended"),
            Ok(false) => {}
            Err(error) => {
                tracing::error!(server.name = %name, %version, %error, "an earlier version did not end");
            }
        }
    });
}

/// Tells whether an instance is still to be ended: a delete has ended it with its server, and one that serves goes on.
async fn is_over(store: &dyn Store, old: &Deployment) -> Result<bool, StoreError> {
    if store.server(&old.server).await?.is_none() {
        return Ok(false);
    }
    let now = store.deployment(&old.server).await?;
    Ok(now.is_none_or(|now| now.revision != old.revision))
}
