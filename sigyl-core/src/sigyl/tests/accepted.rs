//! Findings that somebody accepted: what is told of them, and for how long.

use super::quarantine::{ended, open, source, target, toy};
use crate::domain::{AuditEntry, Caller, Locator, RunState, Timestamp, Verdict, Waiver};
use crate::sigyl::Sigyl;
use crate::wire::v1::{AuditFrom, Deploy, Reconfigure, Redeploy, RunEnd, Settings};

/// Has one warning.
const CODE: &str = "app.run(debug=True)\n";

fn order(waive: Vec<Waiver>) -> Redeploy {
    Redeploy {
        audience: None,
        name: toy(),
        source: None,
        env: Default::default(),
        secrets: Default::default(),
        grant: Vec::new(),
        revoke: Vec::new(),
        waive,
        allow_scripts: Vec::new(),
        deep: false,
        review: false,
        canary: None,
    }
}

async fn redeploy(sigyl: &Sigyl, waive: Vec<Waiver>) -> RunEnd {
    let run = sigyl.redeploy(&Caller::local_owner(), order(waive)).await.unwrap();
    ended(sigyl, &run).await
}

async fn audit(sigyl: &Sigyl) -> Vec<AuditEntry> {
    sigyl.audit(&Caller::local_owner(), AuditFrom::End, 9).await.unwrap().items
}

/// How many findings are accepted, and how many there are, of what serves.
async fn shown(sigyl: &Sigyl) -> (u64, u64) {
    let view = sigyl.show(&Caller::local_owner(), &toy()).await.unwrap();
    (view.accepted, view.found.unwrap().warning)
}

#[tokio::test]
async fn what_is_accepted_is_told_with_who_and_until_when_and_lasts_over_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let (target, owner) = (target(), Caller::local_owner());
    let sigyl = open(folder.path(), &target).await;
    let from: Locator = source(folder.path(), "1.0.0", CODE);
    let run = sigyl.deploy(&owner, Deploy::of(from)).await.unwrap();
    let end = ended(&sigyl, &run).await;
    assert_eq!((end.run.state, end.accepted.len()), (RunState::Done, 0), "{:?}", end.run.failure);
    assert_eq!(shown(&sigyl).await, (0, 1));
    let expires =
        Timestamp::from_millis(crate::clock::Clock::now(&crate::clock::SystemClock).millis() + 1_000_000);
    let rule = end.report.unwrap().findings[0].rule.clone();
    let waiver = Waiver { rule, path: None, fingerprint: None, reason: "known".into(), owner: None, expires };
    let end = redeploy(&sigyl, vec![waiver]).await;
    let [one] = &end.accepted[..] else { panic!("{:?}", end.accepted) };
    let told = (one.reason.as_str(), one.owner.as_deref(), one.expires, one.applied);
    assert_eq!(told, ("known", Some(owner.name()), Some(expires), true));
    assert_eq!((end.report.unwrap().verdict, shown(&sigyl).await), (Verdict::Warn, (1, 1)));
    let entry = audit(&sigyl).await.into_iter().find(|it| it.fact.what == "accept_finding").unwrap().fact;
    assert_eq!(
        (entry.on, entry.note),
        (format!("toy {}", one.rule), Some(format!("until {expires}: known")))
    );
    let change = Reconfigure { name: toy(), settings: Settings::default() };
    let again = sigyl.reconfigure(&owner, change).await.unwrap();
    assert_eq!(ended(&sigyl, &again).await.accepted, end.accepted, "it was not accepted for one start alone");
    assert_eq!(shown(&sigyl).await, (1, 1));
    redeploy(&sigyl, Vec::new()).await;
    assert_eq!(shown(&sigyl).await, (0, 1), "an order accepts what it names");
    sigyl.shutdown().await;
}

#[tokio::test]
async fn a_rollback_is_written_down_with_both_versions() {
    let folder = tempfile::tempdir().unwrap();
    let (target, owner) = (target(), Caller::local_owner());
    let sigyl = open(folder.path(), &target).await;
    for version in ["1.0.0", "1.1.0"] {
        let run = sigyl.deploy(&owner, Deploy::of(source(folder.path(), version, CODE))).await.unwrap();
        assert_eq!(ended(&sigyl, &run).await.run.state, RunState::Done);
    }
    let run = sigyl.rollback(&owner, toy(), None).await.unwrap();
    ended(&sigyl, &run).await;
    let last = audit(&sigyl).await.pop().unwrap().fact;
    assert_eq!(
        (last.what.as_str(), last.note),
        ("rollback", Some(format!("run {run}, from 1.1.0 to 1.0.0")))
    );
    sigyl.shutdown().await;
}

#[tokio::test]
async fn an_order_that_cannot_be_read_back_is_told_and_accepts_nothing_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let (target, owner) = (target(), Caller::local_owner());
    let sigyl = open(folder.path(), &target).await;
    let run = sigyl.deploy(&owner, Deploy::of(source(folder.path(), "1.0.0", CODE))).await.unwrap();
    let mut spoiled = ended(&sigyl, &run).await.run;
    spoiled.request["waive"] = 7.into();
    sigyl.inner.platform.store.apply(crate::store::Change::PutRun(Box::new(spoiled))).await.unwrap();
    let error = sigyl.show(&owner, &toy()).await.unwrap_err();
    assert!(error.failure().message.contains(run.as_str()), "{:?}", error.failure());
    sigyl.shutdown().await;
}
