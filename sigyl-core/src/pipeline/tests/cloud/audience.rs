//! Who else may call a service: asked for, kept, taken away, and never by itself.

use serde_json::{Value, json};

use super::matrix::Pace;
use super::place::{Act, Cloud, audience, clock};
use crate::deploy::cloud_run::tests::fake::{Blow, refusal};
use crate::domain::{Audience, Deployment, Plan, Run, RunState};
use crate::pipeline::Order;

/// Who has the role on the service, but Sigyl.
fn let_in(cloud: &Cloud) -> Vec<String> {
    cloud.world(|world| {
        let of_service = |name: &String| name.starts_with("policy:") && name.contains("/services/");
        let policy = world.things.iter().find(|(name, _)| of_service(name)).map(|(_, policy)| policy.clone());
        let bindings = policy.map(|policy| policy["bindings"].clone()).unwrap_or_default();
        let members = bindings
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|one| one["members"].as_array().unwrap().clone());
        let members = members.map(|one| one.as_str().unwrap().to_owned());
        members.filter(|one| !one.starts_with("serviceAccount:")).collect()
    })
}

async fn change(cloud: &Cloud, audience: Option<Audience>) -> Run {
    let order = Order { name: Some(clock()), audience, ..Order::default() };
    cloud.house.take_with(Plan::Reconfigure, order, Default::default()).await
}

async fn serving(cloud: &Cloud) -> Deployment {
    cloud.house.platform.store.deployment(&clock()).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_audience_is_let_in_kept_and_taken_away_and_said_loudly() {
    let mut cloud = Cloud::new(Pace::Patient.patience());
    cloud.well(Act::Deploy).await;
    assert!(let_in(&cloud).is_empty() && serving(&cloud).await.audience.is_empty(), "private by itself");
    // Somebody else lets somebody in, whom Sigyl never takes away.
    cloud.world(|world| {
        let policy = world
            .things
            .iter_mut()
            .find(|(name, _)| name.starts_with("policy:") && name.contains("/services/"));
        let members = policy.unwrap().1["bindings"][0]["members"].as_array_mut().unwrap();
        members.push(json!("group:others@example.org"));
    });
    let run = change(&cloud, Some(audience(&["user:ada@example.org"]))).await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
    let warning = "public: anybody on the internet may call it, past Sigyl's endpoint and its guard";
    assert!(run.notices.iter().any(|notice| notice == warning), "{:?}", run.notices);
    let all = ["group:others@example.org", "allUsers", "user:ada@example.org"];
    assert_eq!(let_in(&cloud), all);
    cloud.write(2);
    for act in [Act::Redeploy, Act::Rollback] {
        let run = cloud.take(act).await;
        assert_eq!(run.state, RunState::Done, "{act:?} {:?}", run.failure);
        assert!(run.notices.iter().any(|notice| notice == warning), "{act:?} says it again");
        assert_eq!(let_in(&cloud), all, "{act:?} keeps it");
        assert!(serving(&cloud).await.audience.public);
    }
    let bob = Audience { public: false, ..audience(&["user:bob@example.org"]) };
    assert_eq!(change(&cloud, Some(bob)).await.state, RunState::Done);
    assert_eq!(let_in(&cloud), ["group:others@example.org", "user:bob@example.org"]);
    assert_eq!(change(&cloud, Some(Audience::default())).await.state, RunState::Done);
    assert_eq!(let_in(&cloud), ["group:others@example.org"]);
    cloud.begin();
    cloud.well(Act::Delete).await;
    assert_eq!(cloud.world(|world| world.own()), Vec::<String>::new());
}

/// Lets the policy of the service spell its members otherwise.
fn respell(cloud: &Cloud, from: &str, to: &str) {
    cloud.world(|world| {
        for (name, policy) in &mut world.things {
            if name.starts_with("policy:") && name.contains("/services/") {
                *policy = serde_json::from_str(&policy.to_string().replace(from, to)).unwrap();
            }
        }
    });
}

#[tokio::test]
async fn a_member_is_kept_and_taken_away_in_the_spelling_that_google_holds() {
    let cloud = Cloud::new(Pace::Impatient.patience());
    cloud.well(Act::Deploy).await;
    let ada = Audience { public: false, ..audience(&["user:ada@example.org"]) };
    let deleted = "deleted:user:Ada@Example.org?uid=123";
    for held in ["user:Ada@Example.org", deleted] {
        assert_eq!(change(&cloud, Some(ada.clone())).await.state, RunState::Done);
        respell(&cloud, "user:ada@example.org", held);
        // Google takes in nobody who was deleted.
        cloud.hook(|asked, _| {
            let is_it =
                asked.path.ends_with(":setIamPolicy") && asked.body.contains("\"user:ada@example.org");
            let (status, body) = refusal(400, "INVALID_ARGUMENT", "User does not exist.", &json!([]));
            is_it.then_some(Blow::Answer(status, body))
        });
        for again in [None, Some(ada.clone())] {
            let run = change(&cloud, again).await;
            assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
            assert!(run.notices.iter().all(|notice| !notice.contains("seen to")), "{:?}", run.notices);
        }
        cloud.unhook();
        assert_eq!(let_in(&cloud), [held]);
        assert_eq!(change(&cloud, Some(Audience::default())).await.state, RunState::Done);
        assert!(let_in(&cloud).is_empty(), "{held}");
    }
}

#[tokio::test]
async fn what_the_organisation_forbids_is_told_apart_and_leaves_what_served() {
    let cloud = Cloud::new(Pace::Impatient.patience());
    cloud.well(Act::Deploy).await;
    let before = (cloud.face(), serving(&cloud).await);
    cloud.hook(|asked, _| {
        let is_it = asked.path.ends_with(":setIamPolicy") && asked.body.contains("allUsers");
        let says = "One or more users named in the policy do not belong to a permitted customer.";
        let (status, body): (u16, Value) = refusal(400, "FAILED_PRECONDITION", says, &json!([]));
        is_it.then_some(Blow::Answer(status, body))
    });
    let run = change(&cloud, Some(audience(&[]))).await;
    assert_eq!(run.state, RunState::Failed);
    let message = format!("{:?}", run.failure);
    assert!(message.contains("constraints/iam.allowedPolicyMemberDomains"), "{message}");
    assert!(!message.contains("add-iam-policy-binding"), "no role mends it: {message}");
    cloud.unhook();
    assert_eq!(cloud.face().differs(&before.0), None);
    assert_eq!(serving(&cloud).await, before.1);
}
