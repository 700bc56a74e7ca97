//! A master key that is lost: what it sealed is given up, and nothing else.

use super::house::House;
use crate::domain::{Caller, SecretValue};
use crate::error::Error;
use crate::sigyl::{Config, Sigyl};
use crate::store::StoreError;
use crate::store::contract::fixture::{self, secret_name};
use crate::wire::v1::{AuditFrom, Forgotten};

/// Tries it on a folder that another handle lets go of.
async fn forget(config: &Config, confirm: &str) -> Result<Forgotten, Error> {
    loop {
        match Sigyl::forget_sealed(config, &Caller::local_owner(), confirm).await {
            // What wrote for the other has not ended yet.
            Err(Error::Store(StoreError::InUse { .. })) => tokio::task::yield_now().await,
            other => return other,
        }
    }
}

async fn set(sigyl: &Sigyl, server: &crate::domain::ServerName, text: &str) {
    let value = SecretValue::new(text);
    let owner = Caller::local_owner();
    sigyl.set_secret(&owner, server, &secret_name("TOKEN"), value, false).await.unwrap();
}

#[tokio::test]
async fn what_a_lost_master_key_sealed_is_set_anew_and_all_else_is_there() {
    let house = House::new().await;
    let (clock, other) = (fixture::name("clock"), fixture::name("other"));
    for server in ["clock", "other"] {
        house.store().apply(fixture::publish(server, "1.0.0", server)).await.unwrap();
    }
    let owner = Caller::local_owner();
    set(&house.sigyl, &clock, "planted-one").await;
    let shown = house.key("rita", &["*"]).await;
    let lost = house.sigyl.master_key(&owner).await.unwrap().key;
    let signs = async |sigyl: &Sigyl| {
        let platform = &sigyl.inner.platform;
        platform.signer.key(platform.clock.now()).await.unwrap().public().id()
    };
    let signed_by = signs(&house.sigyl).await;
    assert_eq!(house.sigyl.public_key(&owner).await.unwrap().key, signed_by);
    let (folder, config) = house.closed().await;
    assert!(matches!(forget(&config, &lost).await, Err(Error::NotLost)), "the key is there");
    std::fs::remove_file(config.data_dir.join("master.key")).unwrap();
    assert!(Sigyl::open(config.clone()).await.is_err(), "nothing starts without it");
    for wrong in ["", "yes", "0000000000000000"] {
        let refused = forget(&config, wrong).await.unwrap_err();
        assert_eq!(refused.code(), "E0807");
        assert!(
            refused.to_string().contains(&lost) && refused.to_string().contains("1 secrets"),
            "{refused}"
        );
    }
    let told = forget(&config, &lost).await.unwrap();
    assert_eq!((told.key.as_str(), told.secrets.len()), (lost.as_str(), 1));
    assert_eq!((&told.secrets[0].server, &told.secrets[0].name), (&clock, &secret_name("TOKEN")));
    assert!(told.keys >= 2, "rita's and the first one: {told:?}");
    let house = House::on(folder, config).await;
    assert_eq!(house.sigyl.public_key(&owner).await.unwrap_err().code(), "E1503", "a question makes none");
    assert_ne!(signs(&house.sigyl).await, signed_by, "another key signs from now on");
    let listed = house.sigyl.secrets(&owner, &clock).await.unwrap();
    assert!(listed.len() == 1 && listed[0].given_up, "{listed:?}");
    assert!(house.sigyl.secrets(&owner, &other).await.unwrap().is_empty());
    let none = house.sigyl.reveal_secret(&owner, &clock, &secret_name("TOKEN")).await.unwrap_err();
    assert!(none.failure().message.contains("set it again"), "{none:?}");
    assert!(house.sigyl.authenticate(&shown, None).await.is_err(), "keys rest on what was sealed");
    assert!(house.caller("rita", &["read"]).await.may(crate::domain::Action::Read), "and are made anew");
    assert_eq!(house.sigyl.list(&owner).await.unwrap().len(), 2);
    set(&house.sigyl, &clock, "planted-two").await;
    let value = house.sigyl.reveal_secret(&owner, &clock, &secret_name("TOKEN")).await.unwrap();
    assert_eq!(value.reveal(), "planted-two");
    assert!(!house.sigyl.secrets(&owner, &clock).await.unwrap()[0].given_up);
    house.sigyl.verify_audit(&owner, None).await.unwrap();
    let audit = house.sigyl.audit(&owner, AuditFrom::After(0), 99).await.unwrap().items;
    assert!(
        audit.iter().any(|entry| entry.fact.what == "forget_sealed" && entry.fact.on == lost),
        "{audit:?}"
    );
}
