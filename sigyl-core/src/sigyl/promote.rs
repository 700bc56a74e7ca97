//! Lets a version that is tried go on before its time.

use std::sync::PoisonError;

use super::Sigyl;
use super::audit::Act;
use crate::domain::{Action, Caller, Run, RunId, RunState, StepState};
use crate::error::Error;
use crate::pipeline::NotPromoted;

impl Sigyl {
    /// Lets a version that a run tries with some of the new clients go on now: to a larger share of them, or to all of them,
    /// without the time that is left. What its calls came to is judged once more as at the end of a share, and what would be
    /// taken back then is taken back; [`Sigyl::cancel`] takes it back until it takes over. [`Sigyl::watch`] tells which it was.
    pub async fn promote(&self, caller: &Caller, run: &RunId, to: Option<u8>) -> Result<RunId, Error> {
        let act = Act::on_run("promote", run);
        let (sigyl, who, run) = (self.clone(), caller.clone(), run.clone());
        self.audited(caller, act, async move { sigyl.promote_tried(&who, run, to).await }).await
    }

    async fn promote_tried(&self, caller: &Caller, run: RunId, to: Option<u8>) -> Result<RunId, Error> {
        let record = self.known_run(caller, Action::Deploy, &run).await?;
        self.require_opening(caller, &record).await?;
        match self.tell_tried(&record, caller, to) {
            Ok(_) => Ok(run),
            Err(why) => Err(Error::NotPromoted { run, why }),
        }
    }

    fn tell_tried(&self, record: &Run, caller: &Caller, to: Option<u8>) -> Result<u8, NotPromoted> {
        if let Some(asked) = to.filter(|to| !(1..100).contains(to)) {
            return Err(NotPromoted::NoShare(asked));
        }
        if record.state != RunState::Running {
            return Err(NotPromoted::Not(record.state));
        }
        let started = self.inner.runs.lock().unwrap_or_else(PoisonError::into_inner).get(&record.id).cloned();
        let at = record.steps.iter().rfind(|step| step.state == StepState::Started).map(|step| step.step);
        match started.ok_or(NotPromoted::Elsewhere)?.promote(caller.name(), to) {
            Err(NotPromoted::NotTried { .. }) => Err(NotPromoted::NotTried { at }),
            result => result,
        }
    }
}
