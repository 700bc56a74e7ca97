//! What the audit says of operations.

use super::house::{House, login, new_key, workspace};
use crate::domain::{Action, AuditEntry, AuditOutcome, Caller, Role};
use crate::store::Page;
use crate::wire::v1::{AuditFrom, Part};

async fn last(house: &House) -> AuditEntry {
    house.sigyl.audit(&Caller::local_owner(), AuditFrom::End, 1).await.unwrap().items.remove(0)
}

#[tokio::test]
async fn what_was_done_refused_or_failed_is_written_down_with_who_and_where() {
    let house = House::new().await;
    let clock = house.server("clock", "red").await;
    house.member("red", "mia", Role::Viewer).await;
    let key = house.key("mia", &["*"]).await;
    let mia = house.sigyl.authenticate(&key, Some([10, 0, 0, 9].into())).await.unwrap();
    house.sigyl.delete(&mia, clock.clone(), "clock").await.unwrap_err();
    let entry = last(&house).await.fact;
    assert_eq!(
        (entry.what.as_str(), entry.on.as_str(), entry.outcome),
        ("delete", "clock", AuditOutcome::Refused)
    );
    assert_eq!((entry.who.name.as_str(), entry.from), ("mia", Some([10, 0, 0, 9].into())));
    assert_eq!(
        (entry.who.key, entry.workspace),
        (mia.key().map(|it| it.key.id.clone()), Some(workspace("red")))
    );
    assert_eq!(entry.note.as_deref(), Some("mia may not delete servers"));
    let rita = house.caller("rita", &["*"]).await;
    house.sigyl.delete(&rita, clock.clone(), "clok").await.unwrap_err();
    assert_eq!(last(&house).await.fact.outcome, AuditOutcome::Failed);
    let run = house.sigyl.delete(&rita, clock, "clock").await.unwrap();
    let entry = last(&house).await.fact;
    assert_eq!((entry.outcome, entry.note), (AuditOutcome::Done, Some(format!("run {run}"))));
    house.sigyl.verify_audit(&Caller::local_owner(), None).await.unwrap();
    house.sigyl.shutdown().await;
}

#[tokio::test]
async fn an_operation_goes_on_and_is_written_down_when_nobody_waits_for_it() {
    let house = House::new().await;
    let before = house.store().audit_head().await.unwrap().number;
    let held = house.sigyl.inner.members.lock().await;
    let (owner, red, mia) = (Caller::local_owner(), workspace("red"), login("mia"));
    let mut asked = Box::pin(house.sigyl.set_member(&owner, &red, &mia, Role::Viewer));
    assert!(futures_util::poll!(&mut asked).is_pending());
    drop(asked);
    drop(held);
    // Who comes next waits for the same lock.
    house.sigyl.set_member(&owner, &red, &login("zoe"), Role::Viewer).await.unwrap();
    let entries = house.store().audit(Page { after: Some(before), limit: 9 }).await.unwrap();
    let done: Vec<_> = entries.iter().map(|entry| entry.fact.on.as_str()).collect();
    assert!(done.contains(&"mia as viewer") && done.contains(&"zoe as viewer"), "{done:?}");
    assert_eq!(house.account("mia").await.login, mia);
}

#[tokio::test]
async fn nobody_in_particular_cannot_fill_it() {
    let house = House::new().await;
    let clock = house.server("clock", "red").await;
    let before = house.store().audit_head().await.unwrap();
    let nobody = Caller::anonymous(Some([10, 0, 0, 9].into()));
    house.sigyl.delete(&nobody, clock, "clock").await.unwrap_err();
    house.sigyl.authenticate("sigyl_0123456789abcdef_x", None).await.unwrap_err();
    assert_eq!(house.store().audit_head().await.unwrap(), before);
}

#[tokio::test]
async fn a_good_key_from_a_wrong_place_is_written_down() {
    let house = House::new().await;
    let networks = vec!["10.0.0.0/8".parse().unwrap()];
    let new = crate::wire::v1::NewKey { account: Some(login("rita")), networks, ..new_key(&["*"]) };
    let made = house.sigyl.create_key(&Caller::local_owner(), new).await.unwrap();
    house.sigyl.authenticate(made.plain.reveal(), Some([192, 0, 2, 1].into())).await.unwrap_err();
    let entry = last(&house).await.fact;
    assert_eq!((entry.what.as_str(), entry.outcome), ("authenticate", AuditOutcome::Refused));
    assert_eq!((entry.on, entry.from), (made.key.id.to_string(), Some([192, 0, 2, 1].into())));
}

#[tokio::test]
async fn who_manages_a_workspace_sees_what_is_about_it_alone() {
    let house = House::new().await;
    let rita = house.caller("rita", &["*"]).await;
    for _ in 0..3 {
        house.member("blue", "mia", Role::Viewer).await;
        house.member("red", "mia", Role::Viewer).await;
    }
    let read = async |from, limit| house.sigyl.audit(&rita, from, limit).await.unwrap();
    let seen = read(AuditFrom::End, 99).await.items;
    assert!(seen.len() >= 4 && seen.iter().all(|entry| entry.fact.workspace == Some(workspace("red"))));
    assert!(seen.is_sorted_by_key(|entry| entry.number));
    assert_eq!(
        read(AuditFrom::After(seen[0].number), 99).await,
        Part { items: seen[1..].to_vec(), next: None }
    );
    // In parts, which may be shorter than they could be, in both directions.
    for first in [AuditFrom::After(0), AuditFrom::End] {
        let (mut all, mut from) = (Vec::new(), Some(first));
        while let Some(begin) = from {
            let part = read(begin, 2).await;
            assert!(part.items.len() <= 2);
            all.extend(part.items);
            from = part.next;
        }
        all.sort_by_key(|entry| entry.number);
        assert_eq!(all, seen, "{first:?}");
    }
    assert_eq!(house.sigyl.verify_audit(&rita, None).await.unwrap_err().code(), "E0901");
    let reader = house.caller("rita", &["read"]).await;
    assert_eq!(house.sigyl.audit(&reader, AuditFrom::End, 9).await.unwrap_err().code(), "E0901");
}

#[tokio::test]
async fn no_key_is_written_anywhere() {
    let house = House::new().await;
    let mut plain = vec![std::fs::read_to_string(house.data().join("admin.key")).unwrap()];
    for scopes in [&["*"][..], &["read"]] {
        plain.push(house.key("rita", scopes).await);
    }
    for key in &plain {
        house.sigyl.authenticate(key.trim_end(), None).await.unwrap();
    }
    house.sigyl.write_uses_down().await.unwrap();
    let backup = house.data().join("backup");
    house.sigyl.backup(&Caller::local_owner(), &backup).await.unwrap();
    let kept = std::fs::read(&backup).unwrap();
    for key in &plain {
        let (_, secret) = key.trim_end().rsplit_once('_').unwrap();
        assert!(!kept.windows(secret.len()).any(|part| part == secret.as_bytes()));
    }
}

#[tokio::test]
async fn a_refusal_is_told_once_a_minute_with_how_often_it_came() {
    let house = House::new().await;
    let plain = house.key("rita", &["read"]).await;
    let rita = house.sigyl.authenticate(&plain, None).await.unwrap();
    let before = house.store().audit_head().await.unwrap().number;
    let since =
        async || house.sigyl.audit(&Caller::local_owner(), AuditFrom::After(before), 99).await.unwrap().items;
    for _ in 0..5 {
        house.sigyl.admit(&rita, Action::Deploy).await.unwrap_err();
    }
    house.sigyl.admit(&rita, Action::Read).await.unwrap();
    house.sigyl.admit(&Caller::anonymous(None), Action::Deploy).await.unwrap_err();
    let told = since().await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].fact.what.as_str(), told[0].fact.workspace.clone(), told[0].fact.outcome),
        ("deploy", Some(workspace("red")), AuditOutcome::Refused)
    );
    house.sigyl.tell_refusals().await;
    assert_eq!(since().await[1].fact.note.as_deref(), Some("4 more times within a minute"));
    house.sigyl.revoke_key(&rita, &rita.key().unwrap().key.id).await.unwrap();
    for _ in 0..3 {
        house.sigyl.authenticate(&plain, None).await.unwrap_err();
    }
    let told = since().await;
    assert_eq!(told.len(), 4);
    assert_eq!(told[2].fact.workspace, Some(workspace("red")), "a revocation is in the workspace of its key");
    assert_eq!(
        (told[3].fact.what.as_str(), told[3].fact.note.as_deref()),
        ("authenticate", Some("it was revoked"))
    );
    house.sigyl.tell_refusals().await;
    assert_eq!(since().await[4].fact.note.as_deref(), Some("2 more times within a minute"));
}

#[tokio::test]
async fn what_is_asked_for_behind_the_end_is_not_looked_for() {
    let house = House::new().await;
    house.server("clock", "red").await;
    let owner = Caller::local_owner();
    let last = house.sigyl.audit(&owner, AuditFrom::End, 2).await.unwrap();
    // Windows up to there would be more than anybody waits for.
    let far = house.sigyl.audit(&owner, AuditFrom::Before(u64::MAX), 2).await.unwrap();
    assert_eq!(far, last);
    house.sigyl.shutdown().await;
}
