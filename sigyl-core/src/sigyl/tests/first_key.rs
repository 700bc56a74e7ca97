//! The way into a new installation.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use super::house::House;
use crate::domain::{Action, Caller, WorkspaceName};

#[tokio::test]
async fn a_new_installation_writes_one_key_that_may_everything() {
    let house = House::empty().await;
    let owner = Caller::local_owner();
    let file = house.sigyl.ensure_admin_key(&owner).await.unwrap().unwrap();
    assert_eq!(file.file_name().unwrap(), "admin.key");
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    let key = text.strip_suffix('\n').unwrap();
    assert!(!key.contains(char::is_whitespace));
    let caller = house.sigyl.authenticate(key, None).await.unwrap();
    for action in Action::ALL {
        assert!(caller.may_in(action, &WorkspaceName::default()), "{action}");
    }
    assert_eq!(house.sigyl.ensure_admin_key(&owner).await.unwrap(), None, "there is one already");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(house.sigyl.standing_admin_key().await.unwrap(), Some(file));
    let id = caller.key().unwrap().key.id.clone();
    house.sigyl.revoke_key(&Caller::local_owner(), &id).await.unwrap();
    assert_eq!(house.sigyl.standing_admin_key().await.unwrap(), None);
    assert_eq!(house.sigyl.ensure_admin_key(&owner).await.unwrap(), None, "revoked is not lost");
}

#[tokio::test]
async fn a_crash_before_the_key_was_on_record_locks_nobody_out() {
    let house = House::empty().await;
    let elsewhere = house.data().join("elsewhere");
    fs::write(&elsewhere, "untouched").unwrap();
    // What an earlier start left, and what somebody put there.
    std::os::unix::fs::symlink(&elsewhere, house.data().join("admin.key")).unwrap();
    std::os::unix::fs::symlink(&elsewhere, house.data().join("admin.key.partial")).unwrap();
    house.sigyl.first_account().await.unwrap();
    let file = house.sigyl.ensure_admin_key(&Caller::local_owner()).await.unwrap().unwrap();
    assert!(fs::symlink_metadata(&file).unwrap().is_file());
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "untouched");
    let key = fs::read_to_string(&file).unwrap();
    assert!(house.sigyl.authenticate(key.trim_end(), None).await.is_ok());
    assert_eq!(house.sigyl.accounts(&Caller::local_owner()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn only_who_administers_makes_the_first_key() {
    let house = House::empty().await;
    let reader = Caller::limited("ci", [Action::Read]);
    assert_eq!(house.sigyl.ensure_admin_key(&reader).await.unwrap_err().code(), "E0901");
    assert!(!house.data().join("admin.key").exists());
}
