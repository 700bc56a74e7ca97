//! Claims about accounts, workspaces and keys.

use crate::domain::{Account, KeyId, KeyUse, Role, Run, RunState, Workspace};
use crate::store::{Change, Page, SealedSecret, Store, StoreError};

use super::fixture::{
    account, account_id, api_key, at, identity, kept_app, key_id, key_record, login, name, publish, run,
    run_id, sealed_pepper, secret, secret_name, workspace,
};
use super::suite::{found, ok};

/// Tries each claim on a fresh store.
pub(super) async fn claims<S: Store>(open: &impl AsyncFn() -> S) {
    a_login_belongs_to_one_account(&open().await).await;
    accounts_come_by_login(&open().await).await;
    an_identity_belongs_to_one_account(&open().await).await;
    an_account_that_is_deleted_is_found_nowhere(&open().await).await;
    members_are_replaced_whole(&open().await).await;
    workspaces_come_by_name(&open().await).await;
    a_server_moves_to_a_workspace_on_record(&open().await).await;
    runs_move_with_their_server(&open().await).await;
    claims_about_keys(open).await;
}

async fn claims_about_keys<S: Store>(open: &impl AsyncFn() -> S) {
    only_accounts_on_record_are_members_and_hold_keys(&open().await).await;
    a_key_is_made_once_and_revoked_for_good(&open().await).await;
    a_key_that_is_forgotten_is_found_nowhere(&open().await).await;
    uses_of_keys_add_up_and_revoke_nothing_back(&open().await).await;
    claims_about_what_is_sealed(open).await;
}

async fn claims_about_what_is_sealed<S: Store>(open: &impl AsyncFn() -> S) {
    the_pepper_is_kept_as_it_was_sealed(&open().await).await;
    one_github_app_is_kept_until_it_is_let_go_of(&open().await).await;
    the_last_record_of_the_master_key_counts(&open().await).await;
    only_what_is_as_it_was_is_sealed_anew(&open().await).await;
    what_a_lost_key_sealed_is_given_up_as_one(&open().await).await;
}

async fn a_login_belongs_to_one_account(store: &impl Store) {
    ok(store.apply(Change::PutAccount(Box::new(account("a1", "ada")))).await);
    let taken = store.apply(Change::PutAccount(Box::new(account("a2", "ada")))).await;
    assert!(matches!(taken, Err(StoreError::Taken { .. })), "{taken:?}");
    assert_eq!(ok(store.account(&account_id("a2")).await), None);
    ok(store.apply(Change::PutAccount(Box::new(account("a1", "lovelace")))).await);
    assert_eq!(ok(store.account_of(&login("ada")).await), None);
    assert_eq!(found(store.account_of(&login("lovelace")).await), account("a1", "lovelace"));
    ok(store.apply(Change::PutAccount(Box::new(account("a2", "ada")))).await);
    assert_eq!(found(store.account_of(&login("ada")).await).id, account_id("a2"));
}

async fn accounts_come_by_login(store: &impl Store) {
    for (id, login) in [("a1", "eve"), ("a2", "ada"), ("a3", "bob")] {
        ok(store.apply(Change::PutAccount(Box::new(account(id, login)))).await);
    }
    let logins = async |page| {
        let accounts = ok(store.accounts(page).await);
        accounts.into_iter().map(|account| account.login.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(logins(Page::first(9)).await, ["ada", "bob", "eve"]);
    assert_eq!(logins(Page { after: Some(login("ada")), limit: 1 }).await, ["bob"]);
}

async fn an_identity_belongs_to_one_account(store: &impl Store) {
    let (one, two) = (identity("1"), identity("2"));
    let ada = Account { identities: vec![one.clone()], ..account("a1", "ada") };
    ok(store.apply(Change::PutAccount(Box::new(ada.clone()))).await);
    assert_eq!(found(store.account_by(&one).await), ada);
    let bob = Account { identities: vec![two.clone(), one.clone()], ..account("a2", "bob") };
    let taken = store.apply(Change::PutAccount(Box::new(bob.clone()))).await;
    assert!(matches!(taken, Err(StoreError::Taken { .. })), "{taken:?}");
    assert_eq!(ok(store.account_by(&two).await), None);
    ok(store.apply(Change::PutAccount(Box::new(account("a1", "ada")))).await);
    assert_eq!(ok(store.account_by(&one).await), None);
    ok(store.apply(Change::PutAccount(Box::new(bob.clone()))).await);
    assert_eq!(found(store.account_by(&one).await), bob);
}

async fn an_account_that_is_deleted_is_found_nowhere(store: &impl Store) {
    let ada = Account { identities: vec![identity("1")], ..account("a1", "ada") };
    for one in [&ada, &account("a2", "bob")] {
        ok(store.apply(Change::PutAccount(Box::new(one.clone()))).await);
    }
    let members = [("a1", Role::Member), ("a2", Role::Owner)];
    ok(store.apply(Change::PutWorkspace(Box::new(workspace("red", &members)))).await);
    let key = api_key("key0000000000000", "a1");
    ok(store.apply(Change::PutKey(Box::new(key.clone()))).await);
    let gone = Change::DeleteAccount {
        account: Box::new(ada.clone()),
        keys: vec![key.id.clone()],
        workspaces: vec![workspace("red", &members[1..])],
    };
    ok(store.apply(gone).await);
    let found_by = [
        ok(store.account(&ada.id).await),
        ok(store.account_of(&ada.login).await),
        ok(store.account_by(&identity("1")).await),
        ok(store.holder(&key.id).await).map(|holder| holder.account),
    ];
    assert_eq!(found_by, [None, None, None, None]);
    assert_eq!(ok(store.keys_of(&ada.id).await), []);
    let red = workspace("red", &members[1..]);
    assert_eq!(found(store.workspace(&red.name).await), red);
    let again = Account { identities: vec![identity("1")], ..account("a3", "ada") };
    ok(store.apply(Change::PutAccount(Box::new(again.clone()))).await);
    assert_eq!(found(store.account_by(&identity("1")).await), again);
}

async fn members_are_replaced_whole(store: &impl Store) {
    for (id, login) in [("a1", "ada"), ("a2", "bob")] {
        ok(store.apply(Change::PutAccount(Box::new(account(id, login)))).await);
        let key = api_key(&format!("key00000000000{id}"), id);
        ok(store.apply(Change::PutKey(Box::new(key))).await);
    }
    let put = async |name, members: &[(&str, Role)]| {
        ok(store.apply(Change::PutWorkspace(Box::new(workspace(name, members)))).await);
    };
    let roles = async |id: &str| {
        let holder = found(store.holder(&key_id(&format!("key00000000000{id}"))).await);
        holder.roles.into_iter().map(|(name, role)| (name.to_string(), role)).collect::<Vec<_>>()
    };
    put("red", &[("a1", Role::Owner), ("a2", Role::Viewer)]).await;
    put("blue", &[("a1", Role::Member)]).await;
    assert_eq!(roles("a1").await, [("blue".to_owned(), Role::Member), ("red".to_owned(), Role::Owner)]);
    put("red", &[("a2", Role::Admin)]).await;
    assert_eq!(roles("a1").await, [("blue".to_owned(), Role::Member)]);
    assert_eq!(roles("a2").await, [("red".to_owned(), Role::Admin)]);
    let red = workspace("red", &[("a2", Role::Admin)]);
    assert_eq!(found(store.workspace(&red.name).await), red);
}

async fn workspaces_come_by_name(store: &impl Store) {
    ok(store.apply(Change::PutAccount(Box::new(account("a1", "ada")))).await);
    for name in ["red", "blue"] {
        let workspace = workspace(name, &[("a1", Role::Owner)]);
        ok(store.apply(Change::PutWorkspace(Box::new(workspace))).await);
    }
    let listed = ok(store.workspaces(Page::first(9)).await);
    assert_eq!(listed.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["blue", "red"]);
    assert_eq!(
        ok(store.workspaces(Page { after: Some(listed[0].name.clone()), limit: 9 }).await),
        listed[1..]
    );
}

async fn only_accounts_on_record_are_members_and_hold_keys(store: &impl Store) {
    let stranger = workspace("red", &[("a9", Role::Owner)]);
    let refused = store.apply(Change::PutWorkspace(Box::new(stranger))).await;
    assert!(matches!(refused, Err(StoreError::Missing { .. })), "{refused:?}");
    let refused = store.apply(Change::PutKey(Box::new(api_key("key0000000000000", "a9")))).await;
    assert!(matches!(refused, Err(StoreError::Missing { .. })), "{refused:?}");
    assert_eq!(ok(store.workspaces(Page::first(9)).await), []);
    assert_eq!(ok(store.holder(&key_id("key0000000000000")).await), None);
    assert_eq!(ok(store.keys_of(&account_id("a9")).await), []);
}

async fn a_key_is_made_once_and_revoked_for_good(store: &impl Store) {
    ok(store.apply(Change::PutAccount(Box::new(account("a1", "ada")))).await);
    let key = api_key("key0000000000000", "a1");
    ok(store.apply(Change::PutKey(Box::new(key.clone()))).await);
    let again = store.apply(Change::PutKey(Box::new(key.clone()))).await;
    assert!(matches!(again, Err(StoreError::Taken { .. })), "{again:?}");
    let other = api_key("key1111111111111", "a1");
    ok(store.apply(Change::PutKey(Box::new(other.clone()))).await);
    assert_eq!(ok(store.keys_of(&account_id("a1")).await), [key.clone(), other]);
    for seconds in [7, 9] {
        ok(store.apply(Change::RevokeKey { id: key.id.clone(), at: at(seconds) }).await);
        assert_eq!(found(store.holder(&key.id).await).key.revoked, Some(at(7)));
    }
    let unknown = store.apply(Change::RevokeKey { id: key_id("key9999999999999"), at: at(7) }).await;
    assert!(matches!(unknown, Err(StoreError::Missing { .. })), "{unknown:?}");
}

async fn a_key_that_is_forgotten_is_found_nowhere(store: &impl Store) {
    ok(store.apply(Change::PutAccount(Box::new(account("a1", "ada")))).await);
    let (key, other) = (api_key("key0000000000000", "a1"), api_key("key1111111111111", "a1"));
    for key in [&key, &other] {
        ok(store.apply(Change::PutKey(Box::new(key.clone()))).await);
    }
    for _ in 0..2 {
        ok(store.apply(Change::ForgetKey(key.id.clone())).await);
        assert_eq!(ok(store.holder(&key.id).await), None);
        assert_eq!(ok(store.keys_of(&account_id("a1")).await), std::slice::from_ref(&other));
    }
}

async fn uses_of_keys_add_up_and_revoke_nothing_back(store: &impl Store) {
    ok(store.apply(Change::PutAccount(Box::new(account("a1", "ada")))).await);
    let key = api_key("key0000000000000", "a1");
    ok(store.apply(Change::PutKey(Box::new(key.clone()))).await);
    let used = |uses, seconds| KeyUse { id: key.id.clone(), uses, last: at(seconds) };
    ok(store.apply(Change::RevokeKey { id: key.id.clone(), at: at(8) }).await);
    ok(store.apply(Change::KeyUses(vec![used(3, 9), used(1, 6)])).await);
    let stranger = KeyUse { id: key_id("key9999999999999"), uses: 1, last: at(1) };
    ok(store.apply(Change::KeyUses(vec![stranger, used(1, 7)])).await);
    let kept = found(store.holder(&key.id).await).key;
    assert_eq!((kept.uses, kept.last_used, kept.revoked), (5, Some(at(9)), Some(at(8))));
}

/// A store with server `clock`, and account `a1`.
async fn with_clock(store: &impl Store) -> (Workspace, Change) {
    ok(store.apply(Change::PutAccount(Box::new(account("a1", "ada")))).await);
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    let red = workspace("red", &[("a1", Role::Owner)]);
    let to_red = Change::MoveServer { name: name("clock"), to: red.name.clone() };
    (red, to_red)
}

async fn a_server_moves_to_a_workspace_on_record(store: &impl Store) {
    let (red, to_red) = with_clock(store).await;
    let nowhere = store.apply(to_red.clone()).await;
    assert!(matches!(nowhere, Err(StoreError::Missing { .. })), "{nowhere:?}");
    ok(store.apply(Change::PutWorkspace(Box::new(red.clone()))).await);
    ok(store.apply(to_red).await);
    assert_eq!(found(store.server(&name("clock")).await).workspace, red.name);
    ok(store.apply(super::fixture::delete("clock", "run-9")).await);
    assert_eq!(found(store.tombstone(&name("clock")).await).workspace, red.name);
}

async fn runs_move_with_their_server(store: &impl Store) {
    let (red, to_red) = with_clock(store).await;
    ok(store.apply(Change::PutWorkspace(Box::new(red.clone()))).await);
    for (id, server) in [("r1", "clock"), ("r2", "clock-two")] {
        let run = Run { server: Some(name(server)), ..run(id, RunState::Held) };
        ok(store.apply(Change::PutRun(Box::new(run))).await);
    }
    ok(store.apply(to_red).await);
    assert_eq!(found(store.run(&run_id("r1")).await).workspace, red.name);
    assert_ne!(found(store.run(&run_id("r2")).await).workspace, red.name);
}

async fn the_pepper_is_kept_as_it_was_sealed(store: &impl Store) {
    assert_eq!(ok(store.pepper().await), None);
    for byte in [1, 2] {
        ok(store.apply(Change::PutPepper(sealed_pepper(byte))).await);
        assert_eq!(found(store.pepper().await), sealed_pepper(byte));
    }
    assert_eq!(ok(store.signing_key().await), None);
    for byte in [3, 4] {
        ok(store.apply(Change::PutSigningKey(sealed_pepper(byte))).await);
        assert_eq!(found(store.signing_key().await), sealed_pepper(byte));
    }
    assert_eq!(found(store.pepper().await), sealed_pepper(2), "they are two");
}

async fn one_github_app_is_kept_until_it_is_let_go_of(store: &impl Store) {
    assert_eq!(ok(store.github_app().await), None);
    assert!(store.apply(Change::ForgetGitHubApp).await.is_err(), "there is none");
    for byte in [1, 2] {
        ok(store.apply(Change::PutGitHubApp(Box::new(kept_app(byte)))).await);
        assert_eq!(found(store.github_app().await), kept_app(byte));
    }
    ok(store.apply(Change::ForgetGitHubApp).await);
    assert_eq!(ok(store.github_app().await), None);
}

async fn the_last_record_of_the_master_key_counts(store: &impl Store) {
    assert_eq!(ok(store.master_key().await), None);
    for key in ["one", "two"] {
        ok(store.apply(Change::PutMasterKey(Box::new(key_record(key)))).await);
        assert_eq!(found(store.master_key().await), key_record(key));
    }
}

async fn what_a_lost_key_sealed_is_given_up_as_one(store: &impl Store) {
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    ok(store.apply(Change::PutSecret(secret("clock", "KEY"))).await);
    for sealed in [
        Change::PutPepper(sealed_pepper(1)),
        Change::PutSigningKey(sealed_pepper(2)),
        Change::PutGitHubApp(Box::new(kept_app(3))),
        Change::PutMasterKey(Box::new(key_record("one"))),
    ] {
        ok(store.apply(sealed).await);
    }
    let given_up = SealedSecret { sealed: Vec::new(), ..secret("clock", "KEY") };
    let forget = |keys: Vec<KeyId>| Change::ForgetSealed { secrets: vec![given_up.clone()], keys, at: at(9) };
    assert!(store.apply(forget(vec![key_id("0000000000000000")])).await.is_err(), "there is no such key");
    assert_eq!(found(store.master_key().await), key_record("one"), "all of it or nothing");
    ok(store.apply(forget(Vec::new())).await);
    assert_eq!(ok(store.secrets(&name("clock")).await), [given_up]);
    nothing_of_the_installation_is_sealed(store).await;
}

async fn nothing_of_the_installation_is_sealed(store: &impl Store) {
    assert_eq!((ok(store.pepper().await), ok(store.master_key().await)), (None, None));
    assert_eq!(ok(store.signing_key().await), None);
    assert_eq!(ok(store.github_app().await), None);
}

async fn only_what_is_as_it_was_is_sealed_anew(store: &impl Store) {
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    let kept = SealedSecret { version: 3, ..secret("clock", "KEY") };
    ok(store.apply(Change::PutSecret(kept.clone())).await);
    let reseal = |was: &[u8]| {
        let now = SealedSecret { sealed: vec![4], ..secret("clock", "KEY") };
        Change::Reseal { was: was.to_vec(), now }
    };
    ok(store.apply(reseal(&[9])).await);
    assert_eq!(ok(store.secrets(&name("clock")).await), std::slice::from_ref(&kept));
    ok(store.apply(reseal(&kept.sealed)).await);
    assert_eq!(ok(store.secrets(&name("clock")).await), [SealedSecret { sealed: vec![4], ..kept }]);
    ok(store.apply(Change::DeleteSecret { owner: name("clock"), name: secret_name("KEY") }).await);
    ok(store.apply(reseal(&[4])).await);
    assert_eq!(ok(store.secrets(&name("clock")).await), []);
}
