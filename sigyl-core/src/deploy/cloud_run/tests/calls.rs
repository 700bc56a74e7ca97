//! One call: its token, how often it is made, and what is said of a refusal.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::{Api, Class, GoogleError, Place};
use super::House;
use super::fake::{Fault, refusal};

const PATH: &str = "v3/projects/demo";

fn read() -> Call {
    Call::get("cloudresourcemanager.projects.get", Api::ResourceManager, PATH)
}

fn make() -> Call {
    Call::post("cloudresourcemanager.projects.create", Api::ResourceManager, PATH, json!({}))
}

fn fault(status: u16, times: usize) -> Fault {
    let (status, body) = refusal(status, "UNAVAILABLE", "not now", &json!([]));
    Fault { path: PATH, status, body, times }
}

fn house() -> House {
    let house = House::new();
    house.fake.change(|state| {
        state.things.insert(format!("/cloudresourcemanager/{PATH}"), json!({"state": "ACTIVE"}));
    });
    house
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_again_before_it_ends() {
    let house = house();
    for _ in 0..3 {
        house.google.call::<Value>(read()).await.unwrap();
    }
    assert_eq!((house.fake.count("/token"), house.fake.count(PATH)), (1, 3));
    house.clock.advance(std::time::Duration::from_secs(3_400));
    house.google.call::<Value>(read()).await.unwrap();
    assert_eq!(house.fake.count("/token"), 2);
}

#[tokio::test]
async fn a_token_that_was_withdrawn_is_replaced_once() {
    let house = house();
    house.google.call::<Value>(read()).await.unwrap();
    let (status, body) = refusal(401, "UNAUTHENTICATED", "stale", &json!([]));
    house.fake.change(|state| state.faults.push(Fault { path: PATH, status, body: body.clone(), times: 1 }));
    house.google.call::<Value>(read()).await.unwrap();
    assert_eq!(house.fake.count("/token"), 2);
    house.fake.change(|state| state.faults.push(Fault { path: PATH, status, body, times: 9 }));
    let error = house.google.call::<Value>(read()).await.unwrap_err();
    assert_eq!(error.refusal().unwrap().class, Class::Unauthenticated);
    assert_eq!(house.fake.count("/token"), 3, "it is not asked for without end");
    let (status, body) = refusal(401, "UNAUTHENTICATED", "stale", &json!([]));
    house.fake.change(|state| {
        state.faults = vec![Fault { path: PATH, status, body, times: 1 }, fault(503, 3)];
    });
    house.google.call::<Value>(read()).await.unwrap();
    assert_eq!(house.fake.count("/token"), 4, "the tries after it have the same one");
}

#[tokio::test]
async fn a_pause_that_google_asks_for_is_made_or_the_refusal_comes_at_once() {
    let house = house();
    let asking = |delay: &str, times| {
        let details = json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}]);
        let (status, body) = refusal(429, "RESOURCE_EXHAUSTED", "slow down", &details);
        Fault { path: PATH, status, body, times }
    };
    house.fake.change(|state| state.faults = vec![asking("0.05s", 1)]);
    let since = std::time::Instant::now();
    house.google.call::<Value>(read()).await.unwrap();
    assert!(since.elapsed() >= std::time::Duration::from_millis(50), "longer than the longest pause unasked");
    house.fake.change(|state| state.faults = vec![asking("121s", 9)]);
    let error = house.google.call::<Value>(read()).await.unwrap_err();
    assert!(error.to_string().contains("it asks to be left alone for 121 s"), "{error}");
    assert_eq!(house.fake.count(PATH), 3, "it is asked once");
}

#[tokio::test]
async fn what_fails_in_passing_is_asked_again_where_that_is_safe() {
    let house = house();
    house.fake.change(|state| state.faults = vec![fault(503, 2)]);
    house.google.call::<Value>(read()).await.unwrap();
    assert_eq!(house.fake.count(PATH), 3);
    // 429 and 503 say that nothing was done, 500 does not.
    house.fake.change(|state| state.faults = vec![fault(429, 1), fault(500, 9)]);
    let error = house.google.call::<Value>(make()).await.unwrap_err();
    assert_eq!(house.fake.count(PATH), 5);
    assert_eq!(error.refusal().unwrap().status, 500);
    house.fake.change(|state| state.faults = vec![fault(500, 99)]);
    house.google.call::<Value>(read()).await.unwrap_err();
    assert_eq!(house.fake.count(PATH), 11, "six times and no more");
}

#[tokio::test]
async fn a_refusal_says_what_mends_it_and_holds_no_secret() {
    let house = house();
    house.fake.change(|state| state.off = vec!["cloudresourcemanager"]);
    let error = house.google.call::<Value>(read()).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(
        text.contains(
            "to mend it: gcloud services enable cloudresourcemanager.googleapis.com --project demo"
        ),
        "{text}"
    );
    assert!(!text.contains("ya29") && !text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn who_hands_out_tokens_may_refuse() {
    let house = house();
    let body = json!({"error": "invalid_grant", "error_description": "Token has been expired or revoked."});
    house.fake.change(|state| state.faults.push(Fault { path: "/token", status: 400, body, times: 1 }));
    let error = house.google.call::<Value>(read()).await.unwrap_err();
    assert!(matches!(&error, GoogleError::Credentials(_)), "{error:?}");
    let text = format!("{error} {error:?}");
    assert!(
        text.contains("expired or revoked") && text.contains("gcloud auth application-default login"),
        "{text}"
    );
    assert!(!text.contains("s3cret"), "{text}");
    assert_eq!(house.fake.count(PATH), 0);
}

#[tokio::test]
async fn a_machine_of_google_gives_its_own_tokens() {
    let house = House::with(|fake, _| Place::Machine(fake.url.trim_start_matches("http://").to_owned()));
    house.fake.change(|state| {
        state.things.insert(format!("/cloudresourcemanager/{PATH}"), json!({}));
    });
    house.google.call::<Value>(read()).await.unwrap();
    let asked = house.fake.asked();
    assert_eq!(asked[0].path, "/computeMetadata/v1/instance/service-accounts/default/token");
    assert_eq!(asked[0].headers["metadata-flavor"], "Google");
    assert!((asked[1].method.as_str(), asked[1].body.as_str()) == ("GET", ""));
}
