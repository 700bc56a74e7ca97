//! What people say of servers: who may, where it is shown, and that it goes with the server.

use serde_json::json;

use super::house::House;
use crate::domain::{Blurb, Caller, Kind, ProfilePatch, Role, Stars};
use crate::registry::Query;

fn patch(value: serde_json::Value) -> ProfilePatch {
    serde_json::from_value(value).unwrap()
}

fn stars(count: u8) -> Stars {
    Stars::new(count).unwrap()
}

#[tokio::test]
async fn how_a_server_is_presented_is_shown_and_found_and_alters_no_version() {
    let house = House::new().await;
    let (clock, owner) = (house.server("clock", "red").await, Caller::local_owner());
    let sigyl = &house.sigyl;
    sigyl.inner.platform.shelf.follow(&clock).await;
    let before = sigyl.listing(&owner, "internal.sigyl/clock", "1.0.0", false).unwrap();
    let edit = json!({"title": "Sundial", "tags": ["astronomy"], "icon": "https://a.example/i.png"});
    let view = sigyl.edit(&owner, &clock, patch(edit)).await.unwrap();
    assert_eq!(view.overlay.unwrap().profile.title.unwrap().as_str(), "Sundial");
    let after = sigyl.listing(&owner, "internal.sigyl/clock", "1.0.0", false).unwrap();
    assert_eq!(after.server, before.server, "the document is as it was");
    let profile = after.meta.sigyl.profile.clone().unwrap();
    assert_eq!(profile.tags[0].as_str(), "astronomy");
    assert!(after.meta.official.updated_at >= before.meta.official.updated_at);
    for words in ["sundial", "astronomy"] {
        assert_eq!(sigyl.search(&owner, words, 9).unwrap().total, 1, "{words}");
        let query = Query { search: Some(words.to_owned()), ..Query::default() };
        assert_eq!(sigyl.listings(&owner, query).unwrap().metadata.count, 1, "{words}");
    }
    let gone = json!({"title": null, "tags": null, "icon": null});
    assert_eq!(sigyl.edit(&owner, &clock, patch(gone)).await.unwrap().overlay, None);
    assert_eq!(sigyl.search(&owner, "sundial", 9).unwrap().total, 0);
}

#[tokio::test]
async fn who_publishes_edits_and_who_sees_rates() {
    let house = House::new().await;
    let clock = house.server("clock", "red").await;
    house.member("red", "vic", Role::Viewer).await;
    let (rita, bert, vic) = (
        house.caller("rita", &["*"]).await,
        house.caller("bert", &["*"]).await,
        house.caller("vic", &["*"]).await,
    );
    let title = || patch(json!({"title": "Clock"}));
    assert_eq!(house.sigyl.edit(&vic, &clock, title()).await.unwrap_err().kind(), Kind::Denied);
    assert_eq!(house.sigyl.edit(&bert, &clock, title()).await.unwrap_err().code(), "E0402");
    assert_eq!(house.sigyl.edit(&rita, &clock, patch(json!({}))).await.unwrap_err().code(), "E0408");
    house.sigyl.edit(&rita, &clock, title()).await.unwrap();

    assert_eq!(house.sigyl.rate(&bert, &clock, stars(1), None).await.unwrap_err().code(), "E0402");
    let long = Blurb::parse(&"x".repeat(501)).unwrap();
    assert_eq!(house.sigyl.rate(&vic, &clock, stars(1), Some(long)).await.unwrap_err().code(), "E0408");
    assert_eq!(house.sigyl.take_rating(&vic, &clock).await.unwrap_err().code(), "E0409");
    for (caller, count) in [(&rita, 5), (&vic, 1), (&vic, 2)] {
        house.sigyl.rate(caller, &clock, stars(count), Blurb::parse("so it is").ok()).await.unwrap();
    }
    let ratings = house.sigyl.ratings(&vic, &clock).await.unwrap();
    let total = ratings.total.unwrap();
    assert_eq!((ratings.ratings.len(), total.count, total.average), (2, 2, 3.5));
    assert_eq!(house.sigyl.show(&vic, &clock).await.unwrap().rating, Some(total));
    let owner = Caller::local_owner();
    let shown = house.sigyl.listing(&owner, "internal.sigyl/clock", "latest", false).unwrap();
    assert_eq!(shown.meta.sigyl.rating, Some(total));
    house.sigyl.take_rating(&vic, &clock).await.unwrap();
    assert_eq!(house.sigyl.show(&vic, &clock).await.unwrap().rating.unwrap().average, 5.0);
}
