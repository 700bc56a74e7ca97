//! Cancels runs that are at work.

use std::sync::PoisonError;

use super::Sigyl;
use super::audit::Act;
use crate::domain::{Action, Caller, Plan, RunId, RunState};
use crate::error::Error;

impl Sigyl {
    /// Cancels a run that is at work here: what it did is taken back, which [`Sigyl::watch`] follows to its end. One that takes
    /// over in the same moment ends well all the same, and a removal only goes forward.
    pub async fn cancel(&self, caller: &Caller, run: &RunId) -> Result<RunId, Error> {
        let act = Act::on_run("cancel", run);
        let (sigyl, who, run) = (self.clone(), caller.clone(), run.clone());
        self.audited(caller, act, async move { sigyl.cancel_at_work(&who, run).await }).await
    }

    async fn cancel_at_work(&self, caller: &Caller, run: RunId) -> Result<RunId, Error> {
        let record = self.known_run(caller, Action::Deploy, &run).await?;
        let refused = |why: &'static str| Error::NotAtWork { run: run.clone(), why };
        match record.state {
            RunState::Running if record.plan == Plan::Delete => {
                return Err(refused("is a removal, which only goes forward"));
            }
            RunState::Running => {}
            RunState::Held => return Err(refused("waits for a decision: it is rejected, not cancelled")),
            _ => return Err(refused("is over")),
        }
        let started = self.inner.runs.lock().unwrap_or_else(PoisonError::into_inner).get(&run).cloned();
        // It is on record as at work, but nobody here works on it: another process does, or it ends just now.
        started.ok_or_else(|| refused("is not at work in this process"))?.cancel();
        Ok(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Locator, Seq, ServerName};
    use crate::sigyl::Config;
    use crate::wire::v1::Deploy;

    #[tokio::test]
    async fn a_run_at_work_is_cancelled_once_and_by_whoever_may_deploy() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let config = Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
        let sigyl = Sigyl::open(config).await.unwrap();
        std::fs::create_dir(at("toy")).unwrap();
        let manifest =
            "name: toy\nversion: 1.0.0\nruntime: node\nentryPoint: a.js\nstartCommand: {type: stdio}\n";
        std::fs::write(at("toy").join("sigyl.yaml"), manifest).unwrap();
        std::fs::write(at("toy").join("a.js"), "process.stdin.resume();\n").unwrap();
        // The run waits for its server, which somebody else is at, until it is cancelled.
        let busy = sigyl.inner.platform.lanes.enter(&ServerName::parse("toy").unwrap()).await;
        let owner = Caller::local_owner();
        let deploy = || Deploy::of(Locator::Path(at("toy")));
        let run = sigyl.deploy(&owner, deploy()).await.unwrap();
        let nobody = Caller::anonymous(None);
        assert_eq!(sigyl.cancel(&nobody, &run).await.unwrap_err().code(), "E0901");
        sigyl.cancel(&owner, &run).await.unwrap();
        let (frames, _told) = tokio::sync::mpsc::channel(1024);
        let end = sigyl.watch(&owner, &run, Seq(0), &frames).await.unwrap();
        let code = end.run.failure.map(|failure| failure.code);
        assert_eq!((end.run.state, code.as_deref()), (RunState::Failed, Some("E0902")));
        let again = sigyl.cancel(&owner, &run).await.unwrap_err();
        assert_eq!((again.code(), again.to_string()), ("E0310", format!("run {run} is over")));
        let audit = sigyl.audit(&owner, crate::wire::v1::AuditFrom::End, 10).await;
        drop(busy);
        let outcomes = audit.unwrap().items.into_iter().filter(|entry| entry.fact.what == "cancel");
        assert_eq!(outcomes.count(), 2, "done, and refused; who is nobody is not written down");
        sigyl.shutdown().await;
    }
}
