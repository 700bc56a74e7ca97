//! A store, its master key, and what becomes of both when the key is lost, wrong or replaced.

use std::path::{Path, PathBuf};

use super::*;
use crate::domain::{SecretName, SecretValue, ServerName, Timestamp};
use crate::store::sled::SledStore;
use crate::store::{Change, SealedSecret, Store as _};

const NOW: Timestamp = Timestamp::EPOCH;

struct House {
    store: SledStore,
    folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { store: SledStore::open(&folder.path().join("store")).unwrap(), folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str) -> KeySource {
        KeySource::File(self.at(name))
    }

    async fn unlock(&self, source: KeySource) -> Result<Vault, VaultError> {
        Vault::unlock(&Keys { source, previous: None }, &self.store, NOW).await
    }

    async fn after(&self, source: KeySource, previous: KeySource) -> Result<Vault, VaultError> {
        Vault::unlock(&Keys { source, previous: Some(previous) }, &self.store, NOW).await
    }
}

fn sealed_by(vault: &Vault) -> SealedSecret {
    let (owner, name) = (ServerName::parse("notes").unwrap(), SecretName::parse("TOKEN").unwrap());
    vault.seal(&owner, &name, &SecretValue::new("hunter2"), NOW).unwrap()
}

fn reads(vault: &Vault, secret: &SealedSecret) -> bool {
    vault.reveal(secret).is_ok_and(|value| value.reveal() == "hunter2")
}

fn given(byte: u8) -> KeySource {
    KeySource::Given { from: "a test".to_owned(), key: SecretValue::new(format!("{byte:02x}").repeat(32)) }
}

fn others(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_file());
    found.sort();
    found
}

#[tokio::test]
async fn a_wrong_or_missing_key_opens_nothing_and_changes_nothing() {
    let house = House::new();
    let secret = sealed_by(&house.unlock(house.file("key")).await.unwrap());
    let record = house.store.master_key().await.unwrap();
    let wrong = house.unlock(given(7)).await;
    assert!(matches!(wrong, Err(VaultError::WrongKey { .. })), "{wrong:?}");
    let missing = house.unlock(house.file("other")).await;
    assert!(matches!(missing, Err(VaultError::Missing { .. })), "{missing:?}");
    assert!(!house.at("other").exists());
    assert_eq!(house.store.master_key().await.unwrap(), record);
    assert!(reads(&house.unlock(house.file("key")).await.unwrap(), &secret));
}

#[tokio::test]
async fn a_store_of_before_keys_were_on_record_takes_the_key_that_sealed_it_and_no_other() {
    let house = House::new();
    let pepper = sealed_by(&Vault::open(&house.at("key")).unwrap());
    house.store.apply(Change::PutPepper(pepper.clone())).await.unwrap();
    assert!(matches!(house.unlock(given(7)).await, Err(VaultError::WrongKey { .. })));
    assert!(matches!(house.unlock(house.file("other")).await, Err(VaultError::Missing { .. })));
    assert_eq!(house.store.master_key().await.unwrap(), None);
    let vault = house.unlock(house.file("key")).await.unwrap();
    assert!(reads(&vault, &pepper));
    assert_eq!(house.store.master_key().await.unwrap().unwrap().key, vault.key_id());
}

#[tokio::test]
async fn a_key_takes_over_from_the_previous_one_whichever_is_at_hand_meanwhile() {
    let house = House::new();
    let secret = sealed_by(&house.unlock(given(1)).await.unwrap());
    assert!(matches!(house.after(given(2), given(3)).await, Err(VaultError::WrongKey { .. })));
    house.after(given(2), given(1)).await.unwrap();
    // Whatever is at hand at the next start, the new one seals and both open.
    for at_hand in [given(1), given(2)] {
        let vault = house.unlock(at_hand).await.unwrap();
        assert!(reads(&vault, &secret));
        let again = vault.reseal(&secret).unwrap().unwrap();
        assert_eq!(vault.reseal(&again).unwrap(), None);
        assert!(reads(&vault, &again));
    }
    let refused = house.unlock(given(1)).await.unwrap().finish(&house.store, NOW).await;
    assert!(
        matches!(refused, Err(VaultError::WrongKey { .. })),
        "what is configured is the old one: {refused:?}"
    );
    let vault = house.unlock(given(2)).await.unwrap();
    vault.finish(&house.store, NOW).await.unwrap();
    assert!(!reads(&vault, &secret), "the old key is gone");
    assert!(matches!(house.unlock(given(1)).await, Err(VaultError::WrongKey { .. })));
}

#[tokio::test]
async fn a_key_in_a_file_is_replaced_and_a_crash_at_any_moment_loses_nothing() {
    let house = House::new();
    let vault = house.unlock(house.file("key")).await.unwrap();
    let old = sealed_by(&vault);
    let handover = vault.hand_over(&house.store, NOW).await.unwrap();
    assert_eq!(vault.key_id(), handover.to);
    assert!(matches!(vault.hand_over(&house.store, NOW).await, Err(VaultError::Busy { .. })));
    let new = sealed_by(&vault);
    assert!(reads(&vault, &old) && reads(&vault, &new));
    // Killed before the file was replaced: it holds the old key.
    let vault = house.unlock(house.file("key")).await.unwrap();
    assert!(vault.key_id() == handover.to && reads(&vault, &old) && reads(&vault, &new));
    let record = house.store.master_key().await.unwrap().unwrap();
    let kept = vault.finish(&house.store, NOW).await.unwrap().unwrap();
    assert_eq!(others(house.folder.path()), [house.at("key"), kept.clone()]);
    // Killed before that was put on record: it holds the new one.
    house.store.apply(Change::PutMasterKey(Box::new(record))).await.unwrap();
    let vault = house.unlock(house.file("key")).await.unwrap();
    assert!(reads(&vault, &old) && reads(&vault, &new));
    vault.finish(&house.store, NOW).await.unwrap();
    let vault = house.unlock(house.file("key")).await.unwrap();
    assert!(reads(&vault, &new) && !reads(&vault, &old));
    assert!(reads(&Vault::open(&kept).unwrap(), &old), "the old key is kept for old backups");
}

#[tokio::test]
async fn a_passphrase_opens_what_it_sealed_and_another_does_not() {
    let house = House::new();
    let of = |passphrase: &str| KeySource::Passphrase {
        from: "a test".to_owned(),
        passphrase: SecretValue::new(passphrase),
    };
    let secret = sealed_by(&house.unlock(of("correct horse battery")).await.unwrap());
    assert!(matches!(house.unlock(of("correct horse butter")).await, Err(VaultError::WrongKey { .. })));
    assert!(reads(&house.unlock(of("correct horse battery")).await.unwrap(), &secret));
    // A key that is moved out of a file and into a passphrase.
    let house = House::new();
    let secret = sealed_by(&house.unlock(house.file("key")).await.unwrap());
    let file = house.at("passphrase");
    std::fs::write(&file, "correct horse battery\n").unwrap();
    let open = house.after(KeySource::PassphraseFile(file.clone()), house.file("key")).await;
    assert!(matches!(open, Err(VaultError::NotPrivate { .. })), "{open:?}");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, mode).unwrap();
    let vault = house.after(KeySource::PassphraseFile(file), house.file("key")).await.unwrap();
    let again = vault.reseal(&secret).unwrap().unwrap();
    vault.finish(&house.store, NOW).await.unwrap();
    assert!(reads(&house.unlock(of("correct horse battery")).await.unwrap(), &again));
}

#[tokio::test]
async fn a_key_that_is_given_is_not_replaced_while_it_is_in_use() {
    let house = House::new();
    let vault = house.unlock(given(1)).await.unwrap();
    let refused = vault.hand_over(&house.store, NOW).await;
    assert!(matches!(refused, Err(VaultError::NoNewKey(_))), "{refused:?}");
    let script = vec!["-c".to_owned(), "printf %s \"$(cat \"$1\")\"".to_owned(), "sh".to_owned()];
    let printed = house.at("printed");
    let args = script.into_iter().chain([printed.display().to_string()]).collect();
    let env = [("PATH".into(), "/usr/bin:/bin".into())].into();
    let source = KeySource::Command(KeyCommand::new("/bin/sh".into(), args, env));
    std::fs::write(&printed, "02".repeat(32)).unwrap();
    let vault = house.after(source.clone(), given(1)).await.unwrap();
    vault.finish(&house.store, NOW).await.unwrap();
    let secret = sealed_by(&vault);
    let refused = vault.hand_over(&house.store, NOW).await;
    assert!(matches!(refused, Err(VaultError::NoNewKey(_))), "it prints the same: {refused:?}");
    std::fs::write(&printed, "03".repeat(32)).unwrap();
    vault.hand_over(&house.store, NOW).await.unwrap();
    let again = vault.reseal(&secret).unwrap().unwrap();
    vault.finish(&house.store, NOW).await.unwrap();
    assert!(reads(&house.unlock(source).await.unwrap(), &again));
}
