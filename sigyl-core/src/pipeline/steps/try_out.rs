//! Lets some clients reach the new version, more while it does well, and looks what their calls come to.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, interval, timeout_at};

use super::super::context::Context;
use super::super::failure::StepError;
use super::super::promotion::Told;
use super::super::step::{Outcome, Step};
use super::admit::{require_free, require_lasting};
use crate::domain::{Came, Canary, Compared, Measured, StepId, StepState, Timestamp, Version};
use crate::event::EventKind;

/// How often is looked at what calls came to.
const LOOK: Duration = Duration::from_secs(1);
/// Looks between two times that what was seen is told.
const TELL: u64 = 5;
/// Calls that say something.
const CALLS_LEAST: u64 = 20;
/// Percent of failed calls that no version has by chance.
const MOSTLY: f64 = 50.0;
/// Standard deviations by which a version is worse that is taken back while it is tried: it is looked at often.
const SURE: f64 = 3.0;
/// The same when the time of a share is over: once.
const LIKELY: f64 = 1.64;

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
        let (mut begun, mut seen) = (None, Measured::default());
        let mut next = canary.steps.first().copied();
        while let Some(percent) = next {
            if !share(cx, percent)? {
                if begun.is_some() {
                    return Err(taken_back(&record.version, percent, GONE.to_owned()));
                }
                // What waits for somebody takes nothing over unseen.
                if canary.hold.is_some() {
                    let why = format!("it was to be promoted, and could not be tried: {ALONE}");
                    return Err(taken_back(&record.version, percent, why));
                }
                cx.notice(StepId::Canary, format!("{} was not tried: {ALONE}", record.version));
                return Ok(Outcome::skipped(ALONE));
            }
            let now = cx.platform.front.compared(&record.server);
            let now = now.ok_or_else(|| taken_back(&record.version, percent, GONE.to_owned()))?;
            let whole = begun.get_or_insert_with(|| Compared { tried: Measured::default(), ..now.clone() });
            let trial = Trial { canary: &canary, version: &record.version, percent, since: [whole, &now] };
            let (came, told) = trial.soak(cx).await?;
            seen = came.tried;
            next = match told {
                Some(told) => {
                    promoted(cx, &record.version, percent, &told, &seen);
                    told.to
                }
                None => canary.after(percent),
            };
        }
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
const ALONE: &str = "no client reaches a version that it could be compared with";

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

/// Tells who let a version go on that was tried, and what its calls had come to.
fn promoted(cx: &mut Context, version: &Version, percent: u8, told: &Told, seen: &Measured) {
    let (by, to) = (told.by.clone(), told.to);
    let kind = EventKind::Promoted { version: version.clone(), by, percent, to, tried: seen.came() };
    cx.platform.emitter.emit(Some(&cx.run.id), cx.run.server.as_ref(), kind);
    let goes_on = to.map_or_else(|| "took over".to_owned(), |to| format!("went on to {to} %"));
    let (by, calls, failed) = (&told.by, seen.calls, seen.failed);
    let line =
        format!("{version} {goes_on} because {by} promoted it, at {percent} % and after {calls} calls");
    cx.notice(StepId::Canary, format!("{line}, {failed} failed"));
}

/// One share of a trial.
struct Trial<'a> {
    canary: &'a Canary,
    version: &'a Version,
    percent: u8,
    /// What was counted when the trial began, and when this share did: it has to do well since both.
    since: [&'a Compared; 2],
}

impl Trial<'_> {
    /// Waits until its time is over or somebody promotes it, and tells what was counted then; what is surely worse than it may
    /// be ends it at once. Who promotes it ends its time, and no more: what was counted decides as it would have then.
    async fn soak(&self, cx: &mut Context) -> Result<(Compared, Option<Told>), StepError> {
        let (percent, holds) = (self.percent, self.canary.holds(self.percent));
        let soak = holds.unwrap_or(Duration::from_secs(self.canary.soak));
        let until = if holds.is_some() { "until it is promoted, and at most" } else { "for" };
        cx.log(StepId::Canary, format!("{percent} % of new clients {until} {}", words(soak)));
        let end = Instant::now() + soak;
        let until = cx.platform.clock.now().plus(soak);
        let soaking = cx.promotion.open(percent);
        let (mut looks, mut told) = (interval(LOOK), None);
        looks.tick().await;
        let mut count = 0_u64;
        loop {
            tokio::select! {
                biased;
                () = soaking.told() => break,
                look = timeout_at(end, looks.tick()) => if look.is_err() { break },
            }
            let seen = match self.look(cx, SURE).await {
                Ok(seen) => seen,
                // Somebody may have promoted it while it was looked at.
                Err(error) => return Err(although(cx, error, soaking.close().as_ref())),
            };
            if count.is_multiple_of(TELL) {
                self.tell(cx, &seen, until, &mut told);
            }
            count += 1;
        }
        let judged = self.judge(cx).await;
        // Whoever promotes it while it is looked at is heard too.
        let promoted = soaking.close();
        let judged = judged.and_then(|(seen, unknown)| match unknown.filter(|_| promoted.is_some()) {
            // It does not take over before its time on a guess.
            Some(why) => Err(taken_back(self.version, percent, why)),
            None => Ok(seen),
        });
        let seen = judged.map_err(|error| although(cx, error, promoted.as_ref()))?;
        if let Some(time) = holds.filter(|_| promoted.is_none()) {
            let why = format!("nobody promoted it within {}", words(time));
            return Err(taken_back(self.version, percent, why));
        }
        self.tell(cx, &seen, until, &mut told);
        let line = format!("{percent} %: {} calls so far, {} failed", seen.tried.calls, seen.tried.failed);
        cx.log(StepId::Canary, line);
        soaking.leave();
        Ok((seen, promoted))
    }

    /// Looks as at the end of its time; says too why it is not known whether it runs, where it is not.
    async fn judge(&self, cx: &mut Context) -> Result<(Compared, Option<String>), StepError> {
        let seen = self.look(cx, LIKELY).await?;
        require_lasting(cx)?;
        let unknown = self.require_running(cx).await?;
        Ok((seen, unknown))
    }

    /// Tells what calls came to since the trial began, if that is not what was told last.
    fn tell(&self, cx: &Context, seen: &Compared, until: Timestamp, told: &mut Option<(Came, Came)>) {
        let [whole, _] = self.since;
        let serving = seen.serving.since(&whole.serving).came();
        let tried = seen.tried.since(&whole.tried).came();
        if *told != Some((serving, tried)) {
            *told = Some((serving, tried));
            let (version, percent) = (self.version.clone(), self.percent);
            let held = self.canary.holds(percent).is_some();
            let kind = EventKind::Tried { version, percent, until, held, serving, tried };
            cx.platform.emitter.emit(Some(&cx.run.id), cx.run.server.as_ref(), kind);
        }
    }

    async fn look(&self, cx: &Context, z: f64) -> Result<Compared, StepError> {
        // It may have been quarantined since the probe by what it declares.
        let tools = cx.results.probe.as_ref().map_or(&[][..], |probe| &probe.tools);
        require_free(cx, tools).await?;
        let back = |why: String| taken_back(self.version, self.percent, why);
        let now = cx.run.server.as_ref().and_then(|server| cx.platform.front.compared(server));
        let now = now.ok_or_else(|| back(GONE.to_owned()))?;
        for since in self.since {
            let seen =
                Compared { serving: now.serving.since(&since.serving), tried: now.tried.since(&since.tried) };
            if let Some(why) = against(self.canary, &seen, z) {
                return Err(back(why));
            }
        }
        Ok(now)
    }

    /// Refuses what does not run any more; whether it does may be unknown for a while, and why is returned then.
    async fn require_running(&self, cx: &Context) -> Result<Option<String>, StepError> {
        let (Some(server), Some(released)) = (&cx.run.server, &cx.results.released) else { return Ok(None) };
        let why = match cx.target()?.status(server, &released.revision).await {
            Ok(Some(status)) if status.running => return Ok(None),
            Ok(Some(status)) => status.last_exit.unwrap_or_else(|| "it does not run any more".to_owned()),
            Ok(None) => "it is not there any more".to_owned(),
            Err(error) => {
                let unknown = format!("whether it runs could not be asked: {error}");
                cx.log(StepId::Canary, unknown.clone());
                return Ok(Some(unknown));
            }
        };
        Err(taken_back(self.version, self.percent, why))
    }
}

/// Says what is against the version that is tried, if something is, as surely as `z` standard deviations.
fn against(canary: &Canary, seen: &Compared, z: f64) -> Option<String> {
    let tried = &seen.tried;
    // Without calls to compare with, only what mostly fails is known to be broken.
    let (usual, allowed) = match seen.serving.calls {
        0..CALLS_LEAST => (None, MOSTLY),
        _ => {
            let (_, most) = seen.serving.failing_between(z);
            (seen.serving.failing(), most + f64::from(canary.max_failures))
        }
    };
    let (least, _) = tried.failing_between(z);
    if least > allowed {
        let (failed, calls, failing) = (tried.failed, tried.calls, tried.failing().unwrap_or_default());
        let usual = usual.map(|usual| format!(", and {usual:.1} % of those of the version that serves"));
        let usual = usual.unwrap_or_default();
        return Some(format!("{failed} of its {calls} calls failed: {failing:.1} %{usual}"));
    }
    let most = canary.max_latency.filter(|_| tried.calls >= CALLS_LEAST)?;
    let longer = tried.exceeded(95).filter(|micros| *micros > most.saturating_mul(1_000))?;
    Some(format!("5 of 100 of its calls took longer than {} ms, and {most} ms are allowed", longer / 1_000))
}

/// Says that somebody had promoted what is taken back all the same: in the error, or beside one that has its own words.
fn although(cx: &mut Context, error: StepError, promoted: Option<&Told>) -> StepError {
    let Some(Told { by, .. }) = promoted else { return error };
    match error {
        StepError::Canary { version, percent, why } => {
            StepError::Canary { version, percent, why: format!("{by} promoted it, but {why}") }
        }
        other => {
            cx.notice(StepId::Canary, format!("{by} promoted it, and it is taken back: {other}"));
            other
        }
    }
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
    fn what_surely_fails_more_often_than_what_serves_is_taken_back() {
        let canary = Canary::new(vec![10], Duration::from_secs(1));
        let of = |serving, tried| against(&canary, &Compared { serving, tried }, SURE);
        assert_eq!(of(Measured::default(), Measured::default()), None);
        assert_eq!(of(calls(500, 0, 1), calls(2, 1, 1)), None, "one can be anybody's");
        assert_eq!(of(calls(500, 0, 1), calls(60, 3, 1)), None, "as many as may");
        let why = of(calls(500, 5, 1), calls(50, 15, 1)).unwrap();
        assert!(why.contains("15 of its 50 calls failed: 30.0 %, and 1.0 %"), "{why}");
        assert_eq!(of(calls(200, 100, 1), calls(50, 30, 1)), None, "what serves fails nearly as often");
        assert!(of(calls(200, 100, 1), calls(50, 45, 1)).is_some());
    }

    #[test]
    fn without_calls_to_compare_with_only_what_mostly_fails_is_taken_back() {
        let canary = Canary::new(vec![10], Duration::from_secs(1));
        let of = |tried| against(&canary, &Compared { serving: calls(5, 0, 1), tried }, SURE);
        assert_eq!(of(calls(100, 30, 1)), None);
        assert_eq!(of(calls(9, 9, 1)), None);
        assert_eq!(of(calls(10, 10, 1)).unwrap(), "10 of its 10 calls failed: 100.0 %");
    }

    /// A version that is the same as the one that serves is not taken back by chance, however often it is looked at.
    #[test]
    fn what_fails_as_often_as_what_serves_is_let_be() {
        let canary = Canary::new(vec![10], Duration::from_secs(1));
        // A generator of numbers that is the same each time.
        let mut state = 7_u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let mut back = 0;
        for _ in 0..400 {
            let mut seen = Compared::default();
            let is_back = (0..200).any(|_| {
                (0..9).for_each(|_| seen.serving.add(1, u64::from(next() % 10 == 0), 1));
                seen.tried.add(1, u64::from(next() % 10 == 0), 1);
                against(&canary, &seen, SURE).is_some()
            });
            back += u32::from(is_back);
        }
        assert!(back <= 4, "{back} of 400");
    }

    #[test]
    fn what_is_slower_than_was_said_is_taken_back() {
        let canary = Canary { max_latency: Some(100), ..Canary::new(vec![10], Duration::from_secs(1)) };
        let of = |tried: Measured| against(&canary, &Compared { serving: Measured::default(), tried }, SURE);
        assert_eq!(of(calls(19, 0, 900_000)), None, "too few to tell");
        assert_eq!(of(calls(20, 0, 90_000)), None);
        assert_eq!(of(calls(20, 0, 101_000)), None, "it is not sure that they took longer");
        assert!(of(calls(20, 0, 900_000)).unwrap().contains("longer than 881 ms, and 100 ms"));
    }
}
