//! Servers that run at another place than this machine, as they are shown.

use super::house::House;
use crate::domain::{Caller, Deployment};
use crate::store::Change;
use crate::store::contract::fixture;

#[tokio::test]
async fn a_server_at_a_place_that_cannot_be_asked_is_shown_with_why() {
    let house = House::new().await;
    let name = house.server("clock", "red").await;
    let place = Some("there:mine/east".to_owned());
    let Change::Activate { server, deployment, tools, others } =
        fixture::activate("clock", "1.0.0", "clock", Vec::new())
    else {
        unreachable!("it activates")
    };
    let deployment = Box::new(Deployment { target: place.clone(), ..*deployment });
    house.store().apply(Change::Activate { server, deployment, tools, others }).await.unwrap();
    let owner = Caller::local_owner();
    for shown in
        [house.sigyl.show(&owner, &name).await.unwrap(), house.sigyl.list(&owner).await.unwrap().remove(0)]
    {
        assert_eq!(shown.deployment.unwrap().target, place);
        let status = shown.status.unwrap();
        let why = status.unknown.unwrap();
        assert!(why.contains("there is no target `there`"), "{why}");
        assert!(!status.running);
    }
}
