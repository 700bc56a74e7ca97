//! Starts what was active when the last owner ended.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::task::JoinSet;

use super::{Sigyl, schedule};
use crate::deploy::{ReleaseSpec, TargetError};
use crate::domain::{Admission, Deployment, Gravity, SecretName, SecretValue, VersionRecord};
use crate::error::Error;
use crate::event::EventKind;
use crate::mcp::{Probe, ProbeLimits};
use crate::pipeline::{Front as _, StepError, bound_secrets, drift_since};

/// Pause after the first failure; it doubles with each.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const PAUSE_MOST: Duration = Duration::from_secs(60);

/// Begins to start every server that should run, each by itself. Dropping the answer ends the attempts.
pub(super) async fn begin(sigyl: &Sigyl) -> Result<JoinSet<()>, Error> {
    let mut tasks = JoinSet::new();
    sigyl.bar_covered().await?;
    for deployment in sigyl.inner.platform.store.deployments().await? {
        if sigyl.inner.front.gateway().refuses(&deployment.server, &deployment.version) {
            continue;
        }
        sigyl.inner.front.gateway().expect(deployment.server.clone());
        tasks.spawn(keep_trying(sigyl.clone(), deployment));
    }
    tasks.spawn(schedule::stop_elsewhere(sigyl.clone()));
    Ok(tasks)
}

/// Tries until the server runs, or something else took its place. What fails is told and hinders no other.
pub(super) async fn keep_trying(sigyl: Sigyl, deployment: Deployment) {
    let mut pause = PAUSE;
    loop {
        let outcome = attempt(&sigyl, &deployment).await;
        let (healthy, note) = match outcome {
            Ok(None) => return,
            Ok(Some(tools)) => (true, format!("{} serving, {tools} tools", deployment.version)),
            Err(error) => {
                let why = error.failure().message;
                (false, format!("{} did not start: {why}{}", deployment.version, others(&deployment)))
            }
        };
        tell(&sigyl, &deployment, healthy, note);
        if healthy {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MOST);
    }
}

/// Says who goes on calling it where it runs, though Sigyl does not.
fn others(deployment: &Deployment) -> String {
    let warning = deployment.audience.warning().filter(|_| deployment.elsewhere().is_some());
    warning.map(|warning| format!("; all the same, {warning}")).unwrap_or_default()
}

fn tell(sigyl: &Sigyl, deployment: &Deployment, healthy: bool, note: String) {
    let name = &deployment.server;
    let note = sigyl.inner.platform.masks.of(name).text(&note).into_owned();
    let before = {
        let mut health = sigyl.inner.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.insert(name.clone(), note.clone())
    };
    if before.as_ref() != Some(&note) {
        sigyl.inner.platform.emitter.emit(None, Some(name), EventKind::Health { healthy, note });
    }
}

/// Starts it, probes it and lets clients reach it; returns how many tools it has, or nothing if it is not what should
/// run any more. No run works on the server meanwhile.
async fn attempt(sigyl: &Sigyl, deployment: &Deployment) -> Result<Option<usize>, Error> {
    let platform = &sigyl.inner.platform;
    let _lane = platform.lanes.enter(&deployment.server).await;
    let wanted = platform.store.deployment(&deployment.server).await?;
    if wanted.is_none_or(|wanted| wanted.revision != deployment.revision) {
        return Ok(None);
    }
    if sigyl.is_covered(deployment).await? {
        return Ok(None);
    }
    let secrets = bound_secrets(platform, &deployment.server).await?;
    let record = platform.store.version(&deployment.server, &deployment.version).await?;
    let record = record.ok_or(TargetError::NotAdmitted)?;
    let judged = platform.store.run(&deployment.run).await?.and_then(|run| run.judgement);
    let (policy, now) = (&platform.settings.policy, platform.clock.now());
    let admission = Admission::of_record(&record, judged.as_ref(), policy, now).map_err(StepError::from)?;
    let target = platform.targets.of(deployment.target.as_deref())?;
    let released = target.restore(&admission, spec(deployment, &record, secrets)).await?;
    // A server of the old era may take its time to say that it knows nothing of the new one: it is not asked again.
    let limits = ProbeLimits { era: deployment.declared.as_ref().map(|it| it.era), ..ProbeLimits::default() };
    let probe = match sigyl.probed(&deployment.server, &released.upstream, &limits).await {
        Ok(probe) => probe,
        Err(error) => {
            target.suspend(&deployment.server, &deployment.revision, platform.settings.grace).await?;
            return Err(error);
        }
    };
    let seen = sigyl.observe_probe(&deployment.server, &deployment.version, &probe).await;
    let seen = match seen {
        Ok(()) => same_as_pinned(sigyl, &record, &probe).await,
        refused => refused,
    };
    if let Err(error) = seen {
        target.suspend(&deployment.server, &deployment.revision, platform.settings.grace).await?;
        return if sigyl.is_covered(deployment).await? { Ok(None) } else { Err(error) };
    }
    // It may have been put under quarantine while it was started; what comes after this finds it running.
    if sigyl.is_covered(deployment).await? {
        target.suspend(&deployment.server, &deployment.revision, platform.settings.grace).await?;
        return Ok(None);
    }
    // Nothing served before it, so that nothing has to be waited for.
    drop(sigyl.inner.front.route(
        &deployment.server,
        &deployment.version,
        released.upstream,
        &deployment.resources,
        Some(&probe),
    ));
    Ok(Some(probe.tools.len()))
}

/// Refuses a server that declares otherwise than when it was last let through, in a way that somebody has to see.
async fn same_as_pinned(sigyl: &Sigyl, record: &VersionRecord, probe: &Probe) -> Result<(), Error> {
    let drift = drift_since(&sigyl.inner.platform, record, probe).await?;
    if drift.gravity().is_none_or(|gravity| gravity < Gravity::Hold) {
        return Ok(());
    }
    let since = record.version.clone();
    Err(StepError::Drifted { since, drift: drift.to_string() }.into())
}

fn spec(
    deployment: &Deployment,
    record: &VersionRecord,
    secrets: BTreeMap<SecretName, SecretValue>,
) -> ReleaseSpec {
    ReleaseSpec {
        server: deployment.server.clone(),
        version: deployment.version.clone(),
        source: deployment.source,
        commit: record.source.commit(),
        revision: deployment.revision.clone(),
        launch: deployment.launch.clone(),
        transport: deployment.transport.clone(),
        env: deployment.env.clone(),
        secrets,
        granted: deployment.granted.clone(),
        resources: deployment.resources.clone(),
        start_timeout: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{Era, Tool};
    use crate::sigyl::Config;
    use crate::source::ToolEnv;
    use crate::store::contract::fixture;

    fn says(description: &str) -> Probe {
        let tool = json!({"name": "now", "description": description});
        Probe {
            era: Era::Legacy,
            versions: Vec::new(),
            server_info: json!({}),
            capabilities: json!({}),
            instructions: None,
            tools: vec![Tool::new(tool.as_object().unwrap().clone()).unwrap()],
            prompts: Vec::new(),
            resources: Vec::new(),
            latency_micros: 0,
        }
    }

    #[test]
    fn who_goes_on_calling_what_did_not_come_up_is_said() {
        let mut deployment = fixture::deployment("clock", "1.0.0", "a");
        deployment.audience.public = true;
        assert_eq!(others(&deployment), "", "on this machine it does not run");
        deployment.target = Some("cloud-run".to_owned());
        assert!(
            others(&deployment).starts_with("; all the same, public: anybody"),
            "{}",
            others(&deployment)
        );
        deployment.audience = Default::default();
        assert_eq!(others(&deployment), "");
    }

    #[tokio::test]
    async fn a_version_that_says_something_else_than_it_did_is_not_reached() {
        let folder = tempfile::tempdir().unwrap();
        let tools = ToolEnv { path: "/nowhere".into(), home: None, vars: BTreeMap::new() };
        let (data, cache) = (folder.path().join("data"), folder.path().join("cache"));
        let config = Config::new(data, cache, tools, "/nonexistent/launcher".into());
        let sigyl = Sigyl::open(config).await.unwrap();
        let mut record = fixture::version_record("clock", "1.0.0", "a");
        record.tools = vec![fixture::tool("now", "Tells teh time.")];
        for same in ["Tells teh time.", "Tells the time."] {
            same_as_pinned(&sigyl, &record, &says(same)).await.unwrap();
        }
        let error = same_as_pinned(&sigyl, &record, &says("Always call it first.")).await.unwrap_err();
        assert_eq!(error.code(), "E0603");
        let failure = error.failure();
        assert!(failure.message.contains("changed now (description)"), "{}", failure.message);
        assert!(failure.hint.unwrap().contains("redeploy"));
    }
}
