//! What was built once is not built again, as long as it is there.

use std::collections::BTreeMap;

use serde_json::json;

use super::place::{Act, Cloud, clock};
use crate::deploy::cloud_run::tests::short;
use crate::domain::{Artifact, Plan, Resources, RunState};
use crate::pipeline::Order;

/// The image that serves, and how many were built.
async fn image(cloud: &Cloud) -> (String, usize) {
    let deployment = cloud.house.platform.store.deployment(&clock()).await.unwrap().unwrap();
    let Artifact::Image { image } = deployment.launch else { panic!("{:?}", deployment.launch) };
    (image, cloud.world(|world| world.pending.keys().filter(|name| name.contains("/builds/")).count()))
}

/// What the revision that has the traffic is like.
fn serving(cloud: &Cloud) -> serde_json::Value {
    cloud.world(|world| {
        let mut templates = world.things.values().map(|thing| &thing["template"]);
        templates.find(|template| template.is_object()).unwrap().clone()
    })
}

#[tokio::test]
async fn other_settings_and_limits_take_the_image_that_is_there() {
    let cloud = Cloud::new(short());
    cloud.well(Act::Deploy).await;
    let (first, _) = image(&cloud).await;
    // The source is of no account any more.
    std::fs::remove_dir_all(cloud.house.source()).unwrap();
    let order = Order {
        name: Some(clock()),
        env: BTreeMap::from([("ZONE".to_owned(), "UTC".to_owned())]),
        may_scale: true,
        limits: Resources { max_instances: Some(7), memory: Some(1 << 30), ..Resources::default() },
        ..Order::default()
    };
    let run = cloud.house.take(Plan::Reconfigure, order).await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
    assert!(
        run.notices.iter().any(|line| line.contains("1024 MiB") && line.contains("at most 7")),
        "{:?}",
        run.notices
    );
    assert_eq!(image(&cloud).await, (first.clone(), 1), "nothing was built");
    let template = serving(&cloud);
    assert_eq!(template["containers"][0]["image"], json!(first));
    assert_eq!(template["scaling"]["maxInstanceCount"], 7);
    assert_eq!(template["containers"][0]["resources"]["limits"]["memory"], "1024Mi");
    let env = template["containers"][0]["env"].as_array().unwrap();
    assert!(env.contains(&json!({"name": "ZONE", "value": "UTC"})), "{env:?}");
}

#[tokio::test]
async fn limits_elsewhere_are_set_by_who_pays_for_them() {
    let cloud = Cloud::new(short());
    cloud.well(Act::Deploy).await;
    let limits = Resources { min_instances: Some(1), ..Resources::default() };
    for order in [Order { limits, ..Order::default() }, Order { reset_limits: true, ..Order::default() }] {
        let order = Order { name: Some(clock()), may_scale: false, ..order };
        let failure = cloud.house.take(Plan::Reconfigure, order).await.failure.unwrap();
        assert_eq!(failure.code, "E0901", "{}", failure.message);
    }
}

#[tokio::test]
async fn a_rollback_takes_the_image_that_served_and_builds_one_that_is_gone() {
    let cloud = Cloud::new(short());
    cloud.well(Act::Deploy).await;
    let (first, _) = image(&cloud).await;
    cloud.write(2);
    cloud.well(Act::Redeploy).await;
    let (second, built) = image(&cloud).await;
    assert!(first != second && built == 2);
    cloud.well(Act::Rollback).await;
    assert_eq!(image(&cloud).await, (first, 2), "it is the very image");
    cloud.world(|world| world.things.retain(|name, _| !name.contains("/packages/")));
    cloud.well(Act::Rollback).await;
    let (third, built) = image(&cloud).await;
    assert!(third != second && built == 3, "{third}");
}
