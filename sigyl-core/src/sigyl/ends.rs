//! What ends, as it ends: for whoever measures.

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::Sigyl;
use crate::domain::{Action, Caller, RunId};
use crate::error::Error;
use crate::event::{EventKind, Heard, Subscription};
use crate::store::CallRecord;

/// Something that ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Ended {
    /// A run: nothing more will happen in it.
    Run(RunId),
    /// A call of a tool.
    Call(Box<CallRecord>),
    /// Whoever listens was too slow for so many events or calls.
    Missed(u64),
}

/// Tells what ends from now on.
#[derive(Debug)]
pub struct Ends {
    events: Subscription,
    calls: broadcast::Receiver<CallRecord>,
}

impl Sigyl {
    /// Tells who may operate Sigyl of each run and call that ends, of every workspace, from now on. Nobody waits for who
    /// listens; what a slow one misses is told as a number.
    pub fn ends(&self, caller: &Caller) -> Result<Ends, Error> {
        caller.require(Action::Operate)?;
        let events = self.inner.platform.emitter.bus().subscribe();
        Ok(Ends { events, calls: self.inner.front.calls.subscribe() })
    }
}

impl Ends {
    /// Waits for the next; nothing when there will be none. Whoever waits no longer misses nothing by that.
    pub async fn next(&mut self) -> Option<Ended> {
        loop {
            tokio::select! {
                heard = self.events.next() => match heard {
                    Heard::Event(event) => match (event.kind, event.run) {
                        (EventKind::Run { state, .. }, Some(run)) if state.is_over() => return Some(Ended::Run(run)),
                        _ => {}
                    },
                    Heard::Missed(count) => return Some(Ended::Missed(count)),
                    Heard::Closed => return None,
                },
                call = self.calls.recv() => return match call {
                    Ok(call) => Some(Ended::Call(Box::new(call))),
                    Err(RecvError::Lagged(count)) => Some(Ended::Missed(count)),
                    Err(RecvError::Closed) => None,
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RunState;
    use crate::sigyl::Config;
    use crate::source::ToolEnv;
    use crate::store::contract::fixture;

    #[tokio::test]
    async fn a_run_and_a_call_are_told_when_they_end_and_to_who_operates_alone() {
        let folder = tempfile::tempdir().unwrap();
        let tools = ToolEnv { path: "/nowhere".into(), home: None, vars: Default::default() };
        let (data, cache) = (folder.path().join("data"), folder.path().join("cache"));
        let sigyl = Sigyl::open(Config::new(data, cache, tools, "/nowhere".into())).await.unwrap();
        assert_eq!(sigyl.ends(&Caller::anonymous(None)).unwrap_err().kind(), crate::domain::Kind::Denied);
        let mut ends = sigyl.ends(&Caller::local_owner()).unwrap();
        let run = fixture::run_id("r");
        for state in [RunState::Running, RunState::Held, RunState::Failed] {
            sigyl.inner.platform.emitter.emit(Some(&run), None, EventKind::Run { state, note: None });
        }
        assert_eq!(ends.next().await, Some(Ended::Run(run)));
        let call = fixture::call("clock", "now");
        sigyl.inner.front.count(&call);
        assert_eq!(ends.next().await, Some(Ended::Call(Box::new(call))));
    }
}
