//! Lets some clients reach the new version, more while it does well, and looks what their calls come to.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, interval, timeout_at};

use super::super::context::Context;
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use crate::domain::{Canary, Compared, Measured, StepId, StepState, Version};

/// How often is looked at what calls came to.
const LOOK: Duration = Duration::from_secs(1);
/// Failed calls by which a version is judged at least: one or two can be anybody's.
const FAILED_LEAST: u64 = 3;
/// Calls whose times say something.
const CALLS_LEAST: u64 = 20;

pub(crate) struct TryOut;

#[async_trait]
impl Step for TryOut {
    fn id(&self) -> StepId {
        StepId::Canary
    }

    fn is_wanted(&self, cx: &Context) -> bool {
        cx.order.canary.is_some()
    }

    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError> {
        let missing = || StepError::Defect { step: StepId::Canary, why: "nothing was released".into() };
        let (Some(canary), Some(record)) = (cx.order.canary.clone(), cx.results.record.clone()) else {
            return Err(missing());
        };
        if cx.platform.store.deployment(&record.server).await?.is_none() {
            return Ok(Outcome::skipped("nothing serves yet"));
        }
        let mut begun = None;
        for percent in &canary.steps {
            if !share(cx, *percent)? {
                match begun {
                    None => {
                        return Ok(Outcome::skipped("clients reach nothing that it could be compared with"));
                    }
                    Some(_) => return Err(taken_back(&record.version, *percent, GONE.to_owned())),
                }
            }
            let trial = Trial { canary: &canary, version: &record.version, percent: *percent };
            let serving = cx.platform.front.compared(&record.server).unwrap_or_default().serving;
            trial.soak(cx, begun.get_or_insert(serving)).await?;
        }
        let seen = cx.platform.front.compared(&record.server).unwrap_or_default().tried;
        if seen.calls < CALLS_LEAST {
            let few =
                format!("{} was tried by {} calls: too few to tell how it does", record.version, seen.calls);
            cx.notice(StepId::Canary, few);
        }
        Ok(Outcome::done(format!("{} calls, {} failed", seen.calls, seen.failed)))
    }

    fn can_undo(&self, state: StepState) -> bool {
        state != StepState::Skipped
    }

    async fn undo(&self, cx: &mut Context) -> Result<(), StepError> {
        if let Some(server) = &cx.run.server {
            cx.platform.front.withdraw(server);
        }
        Ok(())
    }
}

const GONE: &str = "it was quarantined, or the server was taken away meanwhile";

fn taken_back(version: &Version, percent: u8, why: String) -> StepError {
    StepError::Canary { version: version.clone(), percent, why }
}

/// Leads this share of new clients to what was released.
fn share(cx: &Context, percent: u8) -> Result<bool, StepError> {
    let results = &cx.results;
    let (Some(manifest), Some(record), Some(released)) =
        (&results.manifest, &results.record, &results.released)
    else {
        return Err(StepError::Defect { step: StepId::Canary, why: "nothing was released".into() });
    };
    let (upstream, probe) = (released.upstream.clone(), results.probe.as_ref());
    let (name, version, resources) = (&record.server, &record.version, &manifest.resources);
    Ok(cx.platform.front.try_out(name, version, upstream, resources, probe, percent))
}

/// One share of a trial.
struct Trial<'a> {
    canary: &'a Canary,
    version: &'a Version,
    percent: u8,
}

impl Trial<'_> {
    /// Waits until its time is over; what is worse than it may be ends it at once.
    async fn soak(&self, cx: &Context, begun: &Measured) -> Result<(), StepError> {
        let (percent, soak) = (self.percent, Duration::from_secs(self.canary.soak));
        cx.log(StepId::Canary, format!("{percent} % of new clients for {}", words(soak)));
        let end = Instant::now() + soak;
        let mut looks = interval(LOOK);
        looks.tick().await;
        while timeout_at(end, looks.tick()).await.is_ok() {
            self.look(cx, begun)?;
        }
        let seen = self.look(cx, begun)?;
        self.require_running(cx).await?;
        let line = format!("{percent} %: {} calls so far, {} failed", seen.tried.calls, seen.tried.failed);
        cx.log(StepId::Canary, line);
        Ok(())
    }

    fn look(&self, cx: &Context, begun: &Measured) -> Result<Compared, StepError> {
        let back = |why: String| taken_back(self.version, self.percent, why);
        let server = cx.run.server.as_ref();
        let now = server.and_then(|server| cx.platform.front.compared(server));
        let now = now.ok_or_else(|| back(GONE.to_owned()))?;
        let since = Compared { serving: now.serving.since(begun), ..now };
        match against(self.canary, &since) {
            Some(why) => Err(back(why)),
            None => Ok(since),
        }
    }

    async fn require_running(&self, cx: &Context) -> Result<(), StepError> {
        let (Some(server), Some(released)) = (&cx.run.server, &cx.results.released) else { return Ok(()) };
        let status = cx.target()?.status(server, &released.revision).await?;
        let why = match status {
            Some(status) if status.running => return Ok(()),
            Some(status) => status.last_exit.unwrap_or_else(|| "it does not run any more".to_owned()),
            None => "it is not there any more".to_owned(),
        };
        Err(taken_back(self.version, self.percent, why))
    }
}

/// Says what is against the version that is tried, if something is.
fn against(canary: &Canary, seen: &Compared) -> Option<String> {
    let (tried, allowed) = (&seen.tried, f64::from(canary.max_failures));
    let usual = seen.serving.failing().unwrap_or(0.0);
    let failing = tried.failing().filter(|failing| *failing > usual + allowed);
    if let Some(failing) = failing.filter(|_| tried.failed >= FAILED_LEAST) {
        let (failed, calls) = (tried.failed, tried.calls);
        return Some(format!(
            "{failed} of its {calls} calls failed: {failing:.1} %, and {usual:.1} % of those of the version that serves"
        ));
    }
    let most = canary.max_latency.filter(|_| tried.calls >= CALLS_LEAST)?;
    let longer = tried.exceeded(95).filter(|micros| *micros > most.saturating_mul(1_000))?;
    Some(format!("5 of 100 of its calls took longer than {} ms, and {most} ms are allowed", longer / 1_000))
}

/// Writes a time as people do.
fn words(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds.is_multiple_of(3_600) => format!("{} h", seconds / 3_600),
        seconds if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(calls: u64, failed: u64, micros: u64) -> Measured {
        let mut measured = Measured::default();
        measured.add(calls, failed, micros);
        measured
    }

    #[test]
    fn what_fails_more_often_than_what_serves_is_taken_back() {
        let canary = Canary::new(vec![10], Duration::from_secs(1));
        let of = |serving: Measured, tried: Measured| against(&canary, &Compared { serving, tried });
        assert_eq!(of(Measured::default(), Measured::default()), None);
        assert_eq!(of(calls(100, 0, 1), calls(2, 2, 1)), None, "two can be anybody's");
        assert_eq!(of(calls(100, 0, 1), calls(60, 3, 1)), None, "exactly as many as may");
        let why = of(calls(100, 0, 1), calls(59, 3, 1)).unwrap();
        assert!(why.contains("3 of its 59 calls failed: 5.1 %, and 0.0 %"), "{why}");
        assert_eq!(of(calls(100, 50, 1), calls(20, 11, 1)), None, "what serves fails as often");
        assert!(of(calls(100, 50, 1), calls(20, 12, 1)).is_some());
    }

    #[test]
    fn what_is_slower_than_was_said_is_taken_back() {
        let canary = Canary { max_latency: Some(100), ..Canary::new(vec![10], Duration::from_secs(1)) };
        let of = |tried: Measured| against(&canary, &Compared { serving: Measured::default(), tried });
        assert_eq!(of(calls(19, 0, 900_000)), None, "too few to tell");
        assert_eq!(of(calls(20, 0, 90_000)), None);
        assert_eq!(of(calls(20, 0, 120_000)), None, "it is not sure that they took longer");
        assert!(of(calls(20, 0, 900_000)).unwrap().contains("longer than 739 ms, and 100 ms"));
    }
}
