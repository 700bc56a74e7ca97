//! One's own account: exported, and deleted once it is said where servers go.

use super::house::{House, login, new_key, workspace};
use crate::domain::{Caller, DriftSeen, Label, Role, Run, RunState, Version};
use crate::store::Change;
use crate::store::contract::fixture;

#[tokio::test]
async fn an_account_exports_what_is_on_record_of_it_and_of_nobody_else() {
    let house = House::new().await;
    let rita = house.caller("rita", &["*"]).await;
    house.sigyl.create_key(&rita, new_key(&["read"])).await.unwrap();
    house.sigyl.rename_me(&rita, Some(Label::parse("Rita R.").unwrap())).await.unwrap();
    let rita = house.sigyl.as_of_now(&rita).await.unwrap();
    let since = Version::parse("1.0.0").unwrap();
    let seen = Some(Box::new(DriftSeen { since, things: Vec::new(), left_out: 1 }));
    let run = Run { account: rita.account().cloned(), seen, ..fixture::run("run-rita", RunState::Held) };
    house.sigyl.inner.platform.store.apply(Change::PutRun(Box::new(run))).await.unwrap();
    let export = house.sigyl.export_me(&rita).await.unwrap();
    assert_eq!(export.runs.iter().map(|run| run.seen.clone()).collect::<Vec<_>>(), [None], "as in lists");
    assert_eq!(export.account.name.as_ref().map(Label::as_str), Some("Rita R."));
    assert_eq!((export.keys.len(), export.roles.len(), export.left_out.len()), (2, 1, 0));
    let what: Vec<_> = export.audit.iter().map(|entry| entry.fact.what.as_str()).collect();
    assert_eq!(what, ["create_key", "rename_account"]);
    assert!(house.sigyl.export_me(&Caller::local_owner()).await.is_err());
    let reader = house.caller("rita", &["read"]).await;
    assert_eq!(house.sigyl.export_me(&reader).await.unwrap_err().code(), "E0901");
}

#[tokio::test]
async fn a_key_for_less_than_its_account_neither_exports_nor_deletes_it() {
    let house = House::new().await;
    let narrow = house.caller("rita", &["keys"]).await;
    assert_eq!(house.sigyl.export_me(&narrow).await.unwrap_err().code(), "E0901");
    let deleted = house.sigyl.delete_account(&narrow, &login("rita"), "rita").await;
    assert!(deleted.unwrap_err().to_string().contains("with a key that is for less"));
    assert!(house.store().account_of(&login("rita")).await.unwrap().is_some());
}

#[tokio::test]
async fn an_account_is_deleted_once_its_servers_have_another_owner() {
    let house = House::new().await;
    house.server("clock", "red").await;
    house.sigyl.remove_member(&Caller::local_owner(), &workspace("red"), &login("owner")).await.unwrap();
    let plain = house.key("rita", &["*"]).await;
    let rita = house.sigyl.authenticate(&plain, None).await.unwrap();
    let delete = async |caller: &Caller, confirm: &str| {
        house.sigyl.delete_account(caller, &login("rita"), confirm).await
    };
    assert_eq!(delete(&rita, "rito").await.unwrap_err().code(), "E0407");
    let bert = house.caller("bert", &["*"]).await;
    assert_eq!(delete(&bert, "rita").await.unwrap_err().code(), "E0901");
    let held = delete(&rita, "rita").await.unwrap_err();
    assert_eq!(
        (held.code(), held.to_string().as_str()),
        ("E1023", "rita is the only owner of what these belong to: clock (workspace red)")
    );
    house.member("red", "mia", Role::Owner).await;
    delete(&rita, "rita").await.unwrap();
    assert_eq!(house.sigyl.authenticate(&plain, None).await.unwrap_err().code(), "E1001");
    assert_eq!(house.store().account_of(&login("rita")).await.unwrap(), None);
    let members = house.sigyl.members(&Caller::local_owner(), &workspace("red")).await.unwrap();
    assert_eq!(members.iter().map(|member| member.login.as_str()).collect::<Vec<_>>(), ["mia"]);
}

#[tokio::test]
async fn documents_alone_keep_a_workspace_from_being_nobodys() {
    const CLOCK: &str = include_str!("../../../tests/data/registry/clock.json");
    let house = House::new().await;
    house.sigyl.remove_member(&Caller::local_owner(), &workspace("red"), &login("owner")).await.unwrap();
    // Its name belongs to the workspace since a server of it was there.
    for change in [
        fixture::publish("com.example/clock", "1.0.0", "a"),
        Change::MoveServer { name: fixture::name("com.example/clock"), to: workspace("red") },
        fixture::delete("com.example/clock", "run-9"),
    ] {
        house.store().apply(change).await.unwrap();
    }
    let rita = house.caller("rita", &["*"]).await;
    house.sigyl.publish_listing(&rita, CLOCK.into()).await.unwrap();
    let held = house.sigyl.delete_account(&Caller::local_owner(), &login("rita"), "rita").await.unwrap_err();
    assert_eq!(
        held.to_string(),
        "rita is the only owner of what these belong to: com.example/clock (workspace red)"
    );
    house.member("red", "mia", Role::Owner).await;
    house.sigyl.delete_account(&Caller::local_owner(), &login("rita"), "rita").await.unwrap();
    assert_eq!(house.store().account_of(&login("rita")).await.unwrap(), None);
}

#[tokio::test]
async fn the_last_administrator_is_neither_deleted_nor_demoted() {
    let house = House::new().await;
    let owner = house.caller("owner", &["*"]).await;
    assert_eq!(
        house.sigyl.delete_account(&owner, &login("owner"), "owner").await.unwrap_err().code(),
        "E1006"
    );
    let demoted = house.sigyl.set_administrator(&owner, &login("owner"), false).await;
    assert_eq!(demoted.unwrap_err().code(), "E1006");
    house.sigyl.set_administrator(&owner, &login("rita"), true).await.unwrap();
    house.sigyl.set_administrator(&owner, &login("owner"), false).await.unwrap();
    let rita = house.caller("rita", &["*"]).await;
    assert_eq!(
        house.sigyl.set_administrator(&rita, &login("rita"), false).await.unwrap_err().code(),
        "E1006"
    );
}
