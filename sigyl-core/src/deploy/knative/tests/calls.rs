//! Who calls, what is tried again, and what is said of a refusal.

use serde_json::json;

use super::fake::{Blow, refusal};
use super::release::{Project, name};
use crate::deploy::{Target as _, TargetError};
use crate::domain::Kind;

fn blow(status: u16, reason: &str, details: serde_json::Value) -> Option<Blow> {
    let (status, body) = refusal(status, reason, "not now", details);
    Some(Blow::Answer(status, body))
}

async fn failure(project: &Project) -> TargetError {
    project.target.purge(&name()).await.unwrap_err()
}

#[tokio::test]
async fn a_token_that_was_renewed_is_read_when_the_old_one_is_refused() {
    let project = Project::new();
    project.target.purge(&name()).await.unwrap();
    project.house.fake.world(|world| world.token = "tok-2".to_owned());
    let error = failure(&project).await.to_string();
    assert!(error.contains("get services.serving.knative.dev was refused (401"), "{error}");
    assert!(
        error.contains("kubectl create token sigyl --namespace mcp") && !error.contains("tok-"),
        "{error}"
    );
    std::fs::write(project.house.path("token"), "tok-2").unwrap();
    project.target.purge(&name()).await.unwrap();
}

#[tokio::test]
async fn what_fails_in_passing_is_tried_again_and_what_asks_for_long_is_not() {
    let project = Project::new();
    let mut left = 3;
    project.house.fake.hook(move |_, _| {
        left -= 1;
        match left {
            2 => blow(429, "TooManyRequests", json!({})),
            1 => Some(Blow::Broken),
            0 => blow(500, "InternalError", json!({})),
            _ => None,
        }
    });
    project.target.purge(&name()).await.unwrap();
    let before = project.house.fake.asked().len();
    project.house.fake.hook(|_, _| blow(429, "TooManyRequests", json!({"retryAfterSeconds": 900})));
    let error = failure(&project).await;
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.to_string().contains("it asks to be left alone for 900 s"), "{error}");
    assert_eq!(project.house.fake.asked().len(), before + 1);
}

#[tokio::test]
async fn a_cluster_without_knative_or_namespace_says_which() {
    let project = Project::new();
    project.house.fake.world(|world| world.is_bare = true);
    let error = failure(&project).await.to_string();
    assert!(error.contains("to mend it: install Knative Serving"), "{error}");
    assert!(!error.contains("hush"), "{error}");
}

#[tokio::test]
async fn nothing_but_metadata_of_secrets_is_ever_asked_for() {
    let project = Project::new();
    project.release("one").await.unwrap();
    project.target.purge(&name()).await.unwrap();
    assert_eq!(project.house.fake.count("GET", "/secrets/"), 0);
    let lists = project.house.fake.asked();
    let lists = lists.iter().filter(|one| one.method == "GET" && one.path.contains("/secrets?"));
    assert!(lists.clone().count() > 0);
    assert!(lists.clone().all(|one| one.headers["accept"].contains("PartialObjectMetadataList")));
}
