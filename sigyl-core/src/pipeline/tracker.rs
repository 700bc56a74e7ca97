//! Picks up what the last owner left open: completes what had taken over, unwinds the rest, ends stale holds.

use std::time::Duration;

use super::context::Platform;
use super::failure::StepError;
use super::run;
use crate::domain::{Approval, Decision, JudgementRecord, Plan, Refusal, Run, RunState};
use crate::store::StoreError;

/// How long it may take to take back what is left of one run: whoever starts Sigyl waits for it.
const AGAIN: Duration = Duration::from_secs(30);

/// Settles open runs.
#[derive(Clone, Debug)]
pub struct Tracker {
    platform: Platform,
}

impl Tracker {
    /// Makes a tracker over `platform`.
    pub fn new(platform: Platform) -> Self {
        Self { platform }
    }

    /// Settles every run that a process which is gone left at work, and takes back what could not be taken back when a run
    /// ended; returns how many there were.
    pub async fn recover(&self) -> Result<usize, StoreError> {
        let mut settled = 0;
        for open in self.platform.store.open_runs().await? {
            if open.state == RunState::Held {
                self.expire(&open).await?;
                continue;
            }
            settled += 1;
            if open.state.is_over() {
                self.take_back(open).await?;
                continue;
            }
            if open.plan == Plan::Delete {
                // A delete only goes forward: what is gone cannot come back, what is left goes now.
                let mut going = run::spawn(run::reopen(self.platform.clone(), open)?);
                going.wait().await;
                continue;
            }
            let completed = self.took_over(&open).await?;
            run::settle_abandoned(run::reopen(self.platform.clone(), open)?, completed).await;
        }
        Ok(settled)
    }

    /// Tries once more to take back what is left of a run. What cannot be taken back stays on record.
    async fn take_back(&self, left: Run) -> Result<(), StoreError> {
        let id = left.id.clone();
        let mut cx = run::reopen(self.platform.clone(), left)?;
        match tokio::time::timeout(AGAIN, run::take_back_again(&mut cx)).await {
            Ok(done) => done,
            Err(_) => {
                tracing::warn!(run.id = %id, "what is left of a run could not be taken back in time; the next start tries again");
                Ok(())
            }
        }
    }

    /// Goes on with a held run that was approved.
    pub async fn resume(&self, mut held: Run, approval: Approval) -> Result<run::Started, StoreError> {
        held.decision = Some(Decision::Approved(approval));
        held.state = RunState::Running;
        let mut cx = run::reopen(self.platform.clone(), held)?;
        run::save(&mut cx).await?;
        Ok(run::spawn(cx))
    }

    /// Ends a held run that was turned down.
    pub async fn reject(&self, mut held: Run, decision: Decision) -> Result<Run, StoreError> {
        held.decision = Some(decision);
        held.state = RunState::Rejected;
        let mut cx = run::reopen(self.platform.clone(), held)?;
        run::unwind(&mut cx).await;
        run::save(&mut cx).await?;
        run::tell(&cx).await;
        Ok(cx.run)
    }

    /// Makes the approval of a held run: it covers what holds it, and nothing else.
    pub fn approval(&self, judged: &JudgementRecord, who: &str, reason: &str) -> Approval {
        let at = self.platform.clock.now();
        Approval {
            who: who.to_owned(),
            reason: reason.to_owned(),
            at,
            expires: at.plus(self.platform.settings.hold_for),
            source: judged.source,
            report: judged.report,
            policy: judged.policy,
            covers: judged.holds.clone(),
        }
    }

    async fn took_over(&self, open: &Run) -> Result<bool, StoreError> {
        let Some(server) = &open.server else { return Ok(false) };
        let serving = self.platform.store.deployment(server).await?;
        Ok(serving.is_some_and(|deployment| deployment.run == open.id))
    }

    /// Ends every held run that has waited too long. Nobody may decide on one meanwhile.
    pub async fn expire_all(&self) -> Result<(), StoreError> {
        for open in self.platform.store.open_runs().await? {
            if open.state == RunState::Held {
                self.expire(&open).await?;
            }
        }
        Ok(())
    }

    /// Ends a held run that has waited too long; tells whether it had.
    pub async fn expire(&self, held: &Run) -> Result<bool, StoreError> {
        let until = held.updated.plus(self.platform.settings.hold_for);
        let expired = self.platform.clock.now() > until;
        if expired {
            let mut cx = run::reopen(self.platform.clone(), held.clone())?;
            run::void(&mut cx, &StepError::Refused(Refusal::Expired(until))).await;
        }
        Ok(expired)
    }
}
