//! Browsers that are signed in, through the handle.

use std::time::Duration;

use super::house::{House, login, workspace};
use crate::domain::{Action, Caller, Kind};

#[tokio::test]
async fn a_browser_may_look_and_nothing_else() {
    let house = House::new().await;
    let rita = house.caller("rita", &["*"]).await;
    let made = house.sigyl.open_session(&rita).await.unwrap();
    let browser = house.sigyl.authenticate(made.plain.reveal(), None).await.unwrap();
    assert_eq!(browser.name(), "rita");
    for action in Action::ALL {
        let looks = matches!(action, Action::Browse | Action::Read);
        assert_eq!(browser.may_in(action, &workspace("red")), looks, "{action}");
    }
    assert_eq!(house.sigyl.open_session(&browser).await.unwrap_err().kind(), Kind::Denied);
    house.sigyl.close_session(&browser).await.unwrap();
    assert_eq!(house.sigyl.authenticate(made.plain.reveal(), None).await.unwrap_err().kind(), Kind::Denied);
}

#[tokio::test]
async fn a_session_ends_with_its_key_and_by_itself() {
    let house = House::new().await;
    let rita = house.caller("rita", &["read"]).await;
    let open = async || {
        let made = house.sigyl.open_session(&rita).await.unwrap();
        made.plain.reveal().to_owned()
    };
    let (first, good) =
        (open().await, async |plain: &str| house.sigyl.authenticate(plain, None).await.is_ok());
    assert!(good(&first).await);
    house.clock.advance(Duration::from_secs(12 * 3_600));
    assert!(!good(&first).await);
    let second = open().await;
    let browser = house.sigyl.authenticate(&second, None).await.unwrap();
    house.sigyl.as_of_now(&browser).await.unwrap();
    house.sigyl.revoke_key(&rita, &rita.key().unwrap().key.id.clone()).await.unwrap();
    assert!(!good(&second).await);
    assert_eq!(house.sigyl.as_of_now(&browser).await.unwrap_err().code(), "E1001", "what it has open ends");
}

#[tokio::test]
async fn an_account_has_so_many_sessions_and_those_that_are_over_leave_nothing() {
    let house = House::new().await;
    let rita = house.caller("rita", &["read"]).await;
    let count = async || {
        let keys = house.sigyl.keys(&Caller::local_owner(), Some(&login("rita"))).await.unwrap();
        keys.iter().filter(|key| key.parent.is_some()).count()
    };
    let first = house.sigyl.open_session(&rita).await.unwrap();
    for _ in 0..20 {
        house.clock.advance(Duration::from_secs(1));
        house.sigyl.open_session(&rita).await.unwrap();
    }
    assert_eq!(count().await, 20);
    assert!(house.sigyl.authenticate(first.plain.reveal(), None).await.is_err());
    house.clock.advance(Duration::from_secs(13 * 3_600));
    house.sigyl.open_session(&rita).await.unwrap();
    assert_eq!(count().await, 1);
}

#[tokio::test]
async fn who_has_no_key_signs_no_browser_in() {
    let house = House::new().await;
    for caller in [Caller::anonymous(None), Caller::local_owner()] {
        assert_eq!(house.sigyl.open_session(&caller).await.unwrap_err().kind(), Kind::Denied);
        assert_eq!(house.sigyl.close_session(&caller).await.unwrap_err().kind(), Kind::Denied);
    }
}
