//! What an owner does by itself: probe what runs, and tell of restarts.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;

use super::Sigyl;
use crate::domain::{Drift, ServerName};
use crate::error::Error;
use crate::event::EventKind;
use crate::mcp::ProbeLimits;
use crate::pipeline::{drift_since, tools_changed};

/// Probes every running server on a jittered schedule until the task is dropped.
pub(super) async fn probe_forever(sigyl: Sigyl) {
    let every = sigyl.inner.probe_every;
    loop {
        tokio::time::sleep(jittered(every)).await;
        expire_holds(&sigyl).await;
        stop_elsewhere(sigyl.clone()).await;
        match sigyl.inner.platform.store.deployments().await {
            Ok(deployments) => {
                for deployment in deployments {
                    // One that has not started yet has told why.
                    if sigyl.inner.front.upstream(&deployment.server).is_some() {
                        probe_one(&sigyl, &deployment.server).await;
                    }
                }
            }
            Err(error) => tracing::error!(%error, "could not list what should run"),
        }
    }
}

/// Ends what nobody decided in time, while nobody decides.
async fn expire_holds(sigyl: &Sigyl) {
    let _deciding = sigyl.inner.deciding.lock().await;
    if let Err(error) = sigyl.inner.tracker.expire_all().await {
        tracing::error!(%error, "could not end what nobody decided");
    }
}

/// Tries again to stop what is under quarantine at places that could not be reached.
pub(super) async fn stop_elsewhere(sigyl: Sigyl) {
    if let Err(error) = sigyl.stop_elsewhere().await {
        tracing::error!(%error, "what is under quarantine at other places could not be stopped");
    }
}

/// Spreads what is done again and again over nine to eleven tenths of the period, so that many owners do not beat in time.
pub(super) fn jittered(every: Duration) -> Duration {
    let mut random = [0_u8; 1];
    match getrandom::fill(&mut random) {
        Ok(()) => every.mul_f64(0.9 + 0.2 * f64::from(random[0]) / 255.0),
        Err(_) => every,
    }
}

async fn probe_one(sigyl: &Sigyl, name: &ServerName) {
    let (healthy, note) = match look(sigyl, name).await {
        Ok(note) => (true, note),
        Err(error) => (false, error.failure().message),
    };
    let before = {
        let mut health = sigyl.inner.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.insert(name.clone(), note.clone())
    };
    if before.as_ref() != Some(&note) {
        sigyl.inner.platform.emitter.emit(None, Some(name), EventKind::Health { healthy, note });
    }
}

async fn look(sigyl: &Sigyl, name: &ServerName) -> Result<String, Error> {
    let upstream = sigyl.upstream(name)?;
    let store = &sigyl.inner.platform.store;
    let deployment = store.deployment(name).await?.ok_or_else(|| Error::NotRunning(name.clone()))?;
    let limits = ProbeLimits { era: deployment.declared.as_ref().map(|it| it.era), ..ProbeLimits::default() };
    let probe = sigyl.probed(name, &upstream, &limits).await?;
    sigyl.observe_probe(name, &deployment.version, &probe).await?;
    let record = store.version(name, &deployment.version).await?;
    let drift = match &record {
        Some(record) => drift_since(&sigyl.inner.platform, record, &probe).await?,
        None => Drift::default(),
    };
    let marked = (!drift.is_empty()).then(|| (deployment.revision, drift.to_string()));
    {
        let mut marks = sigyl.inner.drift.lock().unwrap_or_else(PoisonError::into_inner);
        match marked {
            Some(marked) => drop(marks.insert(name.clone(), marked)),
            None => drop(marks.remove(name)),
        }
    }
    if drift.is_empty() {
        return Ok(format!("answers, {} tools as recorded", probe.tools.len()));
    }
    let note = format!("answers, but its tools changed since they were recorded: {drift}");
    let told = {
        let health = sigyl.inner.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.get(name) == Some(&note)
    };
    if !told {
        sigyl.inner.platform.emitter.emit(None, Some(name), tools_changed(&drift));
    }
    Ok(note)
}

/// Turns what the target notices into events.
pub(super) async fn tell_notices(sigyl: Sigyl) {
    let mut notices = sigyl.inner.platform.targets.own().notices();
    loop {
        match notices.recv().await {
            Ok(notice) => {
                let kind = EventKind::Restarted { attempt: notice.attempt, note: notice.note };
                sigyl.inner.platform.emitter.emit(None, Some(&notice.server), kind);
            }
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "some notices of the target were missed")
            }
            Err(RecvError::Closed) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::{Caller, Pin, Resources, Tool, ToolPin};
    use crate::mcp::fake::{self, Fake};
    use crate::pipeline::Front as _;
    use crate::sigyl::Config;
    use crate::source::ToolEnv;
    use crate::store::Change;
    use crate::store::contract::fixture;

    #[tokio::test]
    async fn tools_that_differ_from_the_recorded_ones_mark_their_server() {
        let folder = tempfile::tempdir().unwrap();
        let tools = ToolEnv { path: "/nowhere".into(), home: None, vars: BTreeMap::new() };
        let (data, cache) = (folder.path().join("data"), folder.path().join("cache"));
        let config = Config::new(data, cache, tools, "/nonexistent/launcher".into());
        let sigyl = Sigyl::open(config).await.unwrap();
        let (name, store) = (fixture::name("clock"), &sigyl.inner.platform.store);
        store.apply(fixture::publish("clock", "1.0.0", "a")).await.unwrap();
        let upstream = Fake::new(fake::legacy).upstream();
        drop(sigyl.inner.front.route(
            &name,
            &fixture::version("1.0.0"),
            upstream,
            &Resources::default(),
            None,
        ));

        let echo = serde_json::json!({"name": "echo", "inputSchema": {"type": "object"}});
        let echo = Tool::new(echo.as_object().unwrap().clone()).unwrap();
        let echo = ToolPin { sha256: echo.digest().unwrap(), md5: echo.mcp_scan_md5(), tool: echo };
        for (pins, drift) in
            [(vec![fixture::tool("other", "x")], Some("added echo; removed other")), (vec![echo], None)]
        {
            let mut change = fixture::activate("clock", "1.0.0", "a", pins);
            if let Change::Activate { others, .. } = &mut change {
                *others = Pin::of_others(&[], &[], Some("be kind")).unwrap();
            }
            store.apply(change).await.unwrap();
            probe_one(&sigyl, &name).await;
            let views = sigyl.list(&Caller::local_owner()).await.unwrap();
            assert_eq!(views[0].drift.as_deref(), drift, "{:?}", views[0].health);
        }
    }
}
