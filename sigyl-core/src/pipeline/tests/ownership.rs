//! Names that belong to others, as a run meets them: it may learn the name only from the manifest.

use super::house::{House, toy};
use crate::domain::{Listing, Namespace, Plan, RunState, ServerName, WorkspaceName};
use crate::pipeline::Order;
use crate::store::contract::fixture;
use crate::store::{Change, Page};

fn workspace(name: &str) -> WorkspaceName {
    WorkspaceName::parse(name).unwrap()
}

#[tokio::test]
async fn a_server_is_recorded_in_the_workspace_of_its_run_and_no_other_takes_its_name() {
    let house = House::new();
    let red = Order { workspace: workspace("red"), ..house.order() };
    let run = house.take(Plan::Release, red.clone()).await;
    assert_eq!((run.state, &run.workspace), (RunState::Done, &workspace("red")), "{:?}", run.failure);
    let recorded = house.platform.store.server(&toy()).await.unwrap().unwrap();
    assert_eq!(recorded.workspace, workspace("red"));
    house.write("2.0.0", "");
    for plan in [Plan::Release, Plan::Publish, Plan::Redeploy] {
        let run = house.take(plan, Order { workspace: workspace("blue"), ..house.order() }).await;
        assert_eq!(run.failure.unwrap().code, "E1009", "{plan:?}");
        assert_eq!(run.server, None, "it does not show among the runs of the server");
    }
    for plan in [Plan::Delete, Plan::Rollback] {
        let order = Order { workspace: workspace("blue"), name: Some(toy()), ..Order::default() };
        assert_eq!(house.take(plan, order).await.failure.unwrap().code, "E1009", "{plan:?}");
    }
    let versions = house.platform.store.versions(&toy(), Page::first(9)).await.unwrap();
    assert_eq!((versions.len(), house.routed().as_deref(), house.running()), (1, Some("1.0.0"), 1));
    let run = house.take(Plan::Release, red).await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
}

#[tokio::test]
async fn a_name_stays_with_its_workspace_when_the_server_is_deleted() {
    let house = House::new();
    let red = Order { workspace: workspace("red"), ..house.order() };
    house.take(Plan::Release, red.clone()).await;
    let delete = Order { name: Some(toy()), workspace: workspace("red"), ..Order::default() };
    assert_eq!(house.take(Plan::Delete, delete).await.state, RunState::Done);
    let blue = Order { workspace: workspace("blue"), ..house.order() };
    let run = house.take(Plan::Release, blue.clone()).await;
    assert_eq!(run.failure.unwrap().code, "E1009");
    let run = house.take(Plan::Release, Order { any_grave: true, ..blue }).await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
    let recorded = house.platform.store.server(&toy()).await.unwrap().unwrap();
    assert_eq!(recorded.workspace, workspace("blue"));
}

#[tokio::test]
async fn a_key_for_some_servers_deploys_no_other_whatever_the_manifest_says() {
    let house = House::new();
    let within = |name: &str| Some(vec![Namespace::parse(name).unwrap()]);
    let run = house.take(Plan::Release, Order { within: within("com.example/*"), ..house.order() }).await;
    assert_eq!(run.failure.unwrap().code, "E0901");
    assert!(house.platform.store.server(&toy()).await.unwrap().is_none());
    let run = house.take(Plan::Release, Order { within: within("toy"), ..house.order() }).await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
}

#[tokio::test]
async fn no_server_stands_where_sigyl_keeps_what_is_its_own() {
    let house = House::new();
    for name in ["sigyl/own", "sigyl/x", "internal.sigyl/clock", "INTERNAL.Sigyl/clock"] {
        let Ok(name) = ServerName::parse(name) else { continue };
        let order = Order { name: Some(name.clone()), ..house.order() };
        assert_eq!(house.take(Plan::Release, order).await.failure.unwrap().code, "E1009", "{name}");
    }
}

#[tokio::test]
async fn the_name_of_a_document_is_deployed_by_its_workspace_alone() {
    let house = House::new();
    let listing =
        Listing { workspace: workspace("red"), ..fixture::listing("com.example/toy", "0.1.0", "A toy.") };
    house.platform.store.apply(Change::PublishListing(Box::new(listing))).await.unwrap();
    let name = Some(ServerName::parse("com.example/toy").unwrap());
    let order = |whose: &str| Order { workspace: workspace(whose), name: name.clone(), ..house.order() };
    assert_eq!(house.take(Plan::Release, order("blue")).await.failure.unwrap().code, "E1009");
    let run = house.take(Plan::Release, order("red")).await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
}
