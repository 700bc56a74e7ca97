//! Keys through the handle.

use std::time::Duration;

use super::house::{House, login, new_key, workspace};
use crate::clock::Clock as _;
use crate::domain::{Action, Caller, KeyId, Kind, Role};
use crate::wire::v1::{NewAccount, NewKey};

#[tokio::test]
async fn a_request_that_was_still_coming_when_its_caller_lost_a_right_is_refused() {
    let house = House::new().await;
    let owner = Caller::local_owner();
    let clock = crate::domain::Suspect::Name(house.server("clock", "red").await);
    for what in ["key", "role", "account"] {
        house.member("red", "mia", Role::Admin).await;
        let mia = house.caller("mia", &["*"]).await;
        match what {
            "key" => house.sigyl.revoke_key(&owner, &mia.key().unwrap().key.id).await.unwrap(),
            "role" => house.member("red", "mia", Role::Viewer).await,
            _ => drop(house.sigyl.disable_account(&owner, &login("mia"), true).await.unwrap()),
        }
        let error = house.sigyl.quarantine(&mia, clock.clone(), "no").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied, "{what}: {error}");
        assert_eq!(house.sigyl.quarantines(&owner).await.unwrap(), [], "{what}");
    }
    let rita = house.caller("rita", &["*"]).await;
    house.member("blue", "rita", Role::Viewer).await;
    house.sigyl.quarantine(&rita, clock, "who gained a right goes on").await.unwrap();
}

#[tokio::test]
async fn a_key_stands_for_its_account_until_it_is_revoked() {
    let house = House::new().await;
    let plain = house.key("rita", &["*"]).await;
    let rita = house.sigyl.authenticate(&plain, Some([10, 0, 0, 1].into())).await.unwrap();
    let who = house.sigyl.whoami(&rita).await.unwrap();
    assert_eq!(who.account.unwrap().login, login("rita"));
    assert_eq!(who.roles, [(workspace("red"), Role::Owner)].into());
    let id = rita.key().unwrap().key.id.clone();
    house.sigyl.revoke_key(&rita, &id).await.unwrap();
    let error = house.sigyl.authenticate(&plain, None).await.unwrap_err();
    assert_eq!(
        (error.code(), error.to_string()),
        ("E1001", format!("key {id} cannot be used: it was revoked"))
    );
}

#[tokio::test]
async fn what_a_key_may_follows_its_account_at_once() {
    let house = House::new().await;
    house.member("red", "mia", Role::Admin).await;
    let plain = house.key("mia", &["*"]).await;
    let may = async |action| {
        house.sigyl.authenticate(&plain, None).await.unwrap().may_in(action, &workspace("red"))
    };
    assert!(may(Action::Delete).await);
    house.member("red", "mia", Role::Viewer).await;
    assert!(!may(Action::Delete).await && may(Action::Read).await);
    house.sigyl.remove_member(&Caller::local_owner(), &workspace("red"), &login("mia")).await.unwrap();
    assert!(!may(Action::Read).await);
    for (disabled, good) in [(true, false), (false, true)] {
        house.sigyl.disable_account(&Caller::local_owner(), &login("mia"), disabled).await.unwrap();
        assert_eq!(house.sigyl.authenticate(&plain, None).await.is_ok(), good);
    }
}

#[tokio::test]
async fn a_key_makes_no_key_that_is_more_than_itself() {
    let house = House::new().await;
    let now = house.clock.now();
    let (soon, later) = (now.plus(Duration::from_secs(60)), now.plus(Duration::from_secs(3_600)));
    let owner = Caller::local_owner();
    let bounded = NewKey {
        account: Some(login("rita")),
        expires: Some(soon),
        networks: vec!["10.0.0.0/8".parse().unwrap()],
        workspace: Some(workspace("red")),
        ..new_key(&["keys", "deploy:com.example/*", "read"])
    };
    let plain = house.sigyl.create_key(&owner, bounded).await.unwrap().plain;
    let rita = house.sigyl.authenticate(plain.reveal(), Some([10, 0, 0, 1].into())).await.unwrap();
    let heir = house.sigyl.create_key(&rita, new_key(&["read"])).await.unwrap().key;
    assert_eq!((heir.expires, heir.workspace, heir.networks.len()), (Some(soon), Some(workspace("red")), 1));
    assert_eq!(house.sigyl.create_key(&rita, new_key(&[])).await.unwrap().key.scopes.len(), 3);
    for beyond in [
        new_key(&["*"]),
        new_key(&["deploy"]),
        new_key(&["manage"]),
        NewKey { expires: Some(later), ..new_key(&["read"]) },
        NewKey { networks: vec!["0.0.0.0/0".parse().unwrap()], ..new_key(&["read"]) },
        NewKey { workspace: Some(workspace("blue")), ..new_key(&["read"]) },
        NewKey { account: Some(login("bert")), ..new_key(&["read"]) },
    ] {
        let shown = format!("{beyond:?}");
        let error = house.sigyl.create_key(&rita, beyond).await.unwrap_err();
        assert_eq!(error.code(), "E0901", "{shown}: {error}");
    }
    let reader = house.caller("rita", &["read"]).await;
    let error = house.sigyl.create_key(&reader, new_key(&["read"])).await.unwrap_err();
    assert_eq!(error.to_string(), "rita may not make keys");
}

#[tokio::test]
async fn keys_are_seen_and_revoked_by_their_account_and_who_manages_them() {
    let house = House::new().await;
    house.member("red", "mia", Role::Member).await;
    let mia = house.caller("mia", &["*"]).await;
    let for_red = NewKey { workspace: Some(workspace("red")), ..new_key(&["read"]) };
    let red = house.sigyl.create_key(&mia, for_red).await.unwrap().key.id;
    let wide = mia.key().unwrap().key.id.clone();
    let (rita, bert) = (house.caller("rita", &["*"]).await, house.caller("bert", &["*"]).await);
    let seen = async |caller: &Caller| {
        let keys = house.sigyl.keys(caller, Some(&login("mia"))).await.unwrap();
        keys.into_iter().map(|key| key.id).collect::<Vec<KeyId>>()
    };
    assert_eq!(seen(&mia).await.len(), 2);
    assert_eq!(seen(&rita).await, std::slice::from_ref(&red), "who manages red sees the key for red alone");
    assert!(seen(&bert).await.is_empty());
    for (caller, id) in [(&bert, &red), (&rita, &wide)] {
        assert_eq!(house.sigyl.revoke_key(caller, id).await.unwrap_err().code(), "E1004");
    }
    house.sigyl.revoke_key(&rita, &red).await.unwrap();
    let narrow = house.caller("mia", &["read"]).await;
    let own = narrow.key().unwrap().key.id.clone();
    assert_eq!(house.sigyl.revoke_key(&narrow, &wide).await.unwrap_err().code(), "E0901");
    house.sigyl.revoke_key(&narrow, &own).await.unwrap();
}

#[tokio::test]
async fn good_uses_are_counted_and_written_down() {
    let house = House::new().await;
    let plain = house.key("rita", &["read"]).await;
    for _ in 0..3 {
        house.sigyl.authenticate(&plain, None).await.unwrap();
    }
    let last = if plain.ends_with('A') { 'B' } else { 'A' };
    let wrong = format!("{}{last}", &plain[..plain.len() - 1]);
    house.sigyl.authenticate(&wrong, None).await.unwrap_err();
    house.sigyl.write_uses_down().await.unwrap();
    let rita = house.account("rita").await;
    let keys = house.store().keys_of(&rita.id).await.unwrap();
    assert_eq!((keys[0].uses, keys[0].last_used), (3, Some(house.clock.now())));
}

#[tokio::test]
async fn nobody_takes_a_key_from_somebody_who_holds_more_but_an_administrator() {
    let house = House::new().await;
    house.member("red", "mia", Role::Admin).await;
    house.member("red", "adam", Role::Admin).await;
    house.member("red", "owner", Role::Viewer).await;
    let for_red = async |person: &str| {
        let new =
            NewKey { account: Some(login(person)), workspace: Some(workspace("red")), ..new_key(&["read"]) };
        house.sigyl.create_key(&Caller::local_owner(), new).await.unwrap().key.id
    };
    let mia = house.caller("mia", &["*"]).await;
    for above in ["rita", "owner"] {
        let error = house.sigyl.revoke_key(&mia, &for_red(above).await).await.unwrap_err();
        assert!(error.to_string().ends_with(&format!("revoke a key of {above}, who holds more")), "{error}");
    }
    house.sigyl.revoke_key(&mia, &for_red("adam").await).await.unwrap();
    let rita = house.caller("rita", &["*"]).await;
    house.sigyl.revoke_key(&rita, &for_red("mia").await).await.unwrap();
    let administrator = house.caller("owner", &["*"]).await;
    house.sigyl.revoke_key(&administrator, &for_red("rita").await).await.unwrap();
}

#[tokio::test]
async fn the_last_administrator_keeps_an_account_and_a_key_to_come_in_by() {
    let house = House::new().await;
    let first = std::fs::read_to_string(house.data().join("admin.key")).unwrap();
    let owner = house.sigyl.authenticate(first.trim_end(), None).await.unwrap();
    let id = owner.key().unwrap().key.id.clone();
    let narrow = house.caller("owner", &["read", "keys"]).await;
    for caller in [&owner, &narrow] {
        assert_eq!(house.sigyl.revoke_key(caller, &id).await.unwrap_err().code(), "E1006");
    }
    house.sigyl.revoke_key(&narrow, &narrow.key().unwrap().key.id).await.unwrap();
    let disabled = house.sigyl.disable_account(&owner, &login("owner"), true).await.unwrap_err();
    assert_eq!(disabled.to_string(), "this is the last administrator: make another account one first");
    let local = house.sigyl.disable_account(&Caller::local_owner(), &login("owner"), true).await;
    assert_eq!(local.unwrap_err().code(), "E1006");
    let new = NewAccount { login: login("second"), name: None, administrator: true };
    house.sigyl.create_account(&owner, new).await.unwrap();
    house.sigyl.disable_account(&owner, &login("second"), true).await.unwrap();
    assert!(
        house.sigyl.disable_account(&owner, &login("owner"), true).await.is_err(),
        "the other one is disabled"
    );
    house.sigyl.disable_account(&owner, &login("second"), false).await.unwrap();
    assert!(house.sigyl.revoke_key(&owner, &id).await.is_err(), "the other one has no key");
    house.key("second", &["*"]).await;
    house.sigyl.revoke_key(&owner, &id).await.unwrap();
    house.sigyl.disable_account(&Caller::local_owner(), &login("owner"), true).await.unwrap();
}
