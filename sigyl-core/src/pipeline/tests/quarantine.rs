//! What is under quarantine is neither recorded nor started, by whichever way it comes.

use tokio::sync::oneshot;

use super::house::{House, toy};
use crate::domain::{Plan, Quarantine, Run, RunState, StepId, Suspect, Timestamp};
use crate::pipeline::Order;
use crate::store::Change;

impl House {
    pub(super) async fn quarantine(&self, what: Suspect) {
        let by = "ada".to_owned();
        let quarantine = Quarantine {
            what,
            reason: "it lies".to_owned(),
            by,
            account: None,
            workspace: None,
            since: Timestamp::EPOCH,
        };
        self.platform.store.apply(Change::Quarantine(Box::new(quarantine))).await.unwrap();
    }

    async fn lift(&self, what: Suspect) {
        self.platform.store.apply(Change::LiftQuarantine(what)).await.unwrap();
    }
}

fn is_blocked(run: &Run, by: StepId) {
    let failure = run.failure.as_ref().unwrap();
    assert_eq!((run.state, failure.code.as_str()), (RunState::Blocked, "E0308"), "{failure:?}");
    assert_eq!(run.steps.last().unwrap().step, by, "{:?}", run.steps);
}

#[tokio::test]
async fn a_name_or_a_source_under_quarantine_is_not_admitted() {
    let house = House::new();
    let first = house.deploy().await;
    assert_eq!(first.state, RunState::Done, "{:?}", first.failure);
    for what in [Suspect::Name(toy()), Suspect::Digest(first.source.unwrap())] {
        house.quarantine(what.clone()).await;
        is_blocked(&house.redeploy().await, StepId::Admit);
        house.lift(what).await;
    }
    house.write("2.0.0", "");
    house.code("print('mended')\n");
    house.quarantine(Suspect::Digest(first.source.unwrap())).await;
    assert_eq!(house.redeploy().await.state, RunState::Done);
    let back = Order { name: Some(toy()), ..Order::default() };
    is_blocked(&house.take(Plan::Rollback, back).await, StepId::Admit);
    assert_eq!(house.active().await.as_deref(), Some("2.0.0"));
}

#[tokio::test]
async fn a_tool_under_quarantine_is_refused_when_the_started_server_shows_it() {
    let house = House::new();
    assert_eq!(house.deploy().await.state, RunState::Done);
    let version = crate::domain::Version::parse("1.0.0").unwrap();
    let record = house.platform.store.version(&toy(), &version).await.unwrap().unwrap();
    house.quarantine(Suspect::Digest(record.tools[0].sha256)).await;
    house.write("2.0.0", "");
    house.code("print('other code, the same tool')\n");
    is_blocked(&house.redeploy().await, StepId::Probe);
    assert_eq!(house.running(), 1, "what served before alone: the handle ends it, not a run");
}

#[tokio::test]
async fn what_comes_under_quarantine_while_it_is_built_is_not_started() {
    let house = House::new();
    let (begun, has_begun) = oneshot::channel();
    let (go_on, goes_on) = oneshot::channel();
    *house.target.gate.lock().unwrap() = Some((begun, goes_on));
    let barred = async {
        has_begun.await.unwrap();
        house.quarantine(Suspect::Name(toy())).await;
        go_on.send(()).unwrap();
    };
    let (run, ()) = tokio::join!(house.deploy(), barred);
    is_blocked(&run, StepId::Release);
    assert_eq!(house.running(), 0);
}
