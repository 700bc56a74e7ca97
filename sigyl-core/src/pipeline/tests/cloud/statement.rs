//! What is signed of a release at Google, against what is there.

use serde_json::{Value, json};

use super::matrix::Pace;
use super::place::{Act, Cloud, clock};
use crate::attest::{Opened, offline};
use crate::deploy::Serving;
use crate::domain::{ArtifactFact, Deployment, LinkName, LinkOutcome};

async fn deployment(cloud: &Cloud) -> Deployment {
    cloud.house.platform.store.deployment(&clock()).await.unwrap().unwrap()
}

async fn serving(cloud: &Cloud) -> Serving {
    let deployment = deployment(cloud).await;
    let target = cloud.house.platform.targets.of(deployment.target.as_deref()).unwrap().clone();
    target.serving(&deployment).await.unwrap()
}

/// Changes every thing of the project whose name has this in it.
fn change(cloud: &Cloud, named: &str, change: impl Fn(&mut Value)) {
    cloud.world(|world| {
        world.things.iter_mut().filter(|(name, _)| name.contains(named)).for_each(|(_, thing)| change(thing));
    });
}

#[tokio::test]
async fn the_image_that_was_built_is_signed_by_its_digest_and_is_what_serves() {
    let cloud = Cloud::new(Pace::Patient.patience());
    for act in [Act::Deploy, Act::Redeploy, Act::Rollback] {
        if act == Act::Redeploy {
            cloud.write(2);
        }
        cloud.well(act).await;
        let (platform, deployment) = (&cloud.house.platform, deployment(&cloud).await);
        let attested = platform.store.attested(&clock(), &deployment.revision).await.unwrap().unwrap();
        let key = *platform.signer.key(deployment.activated).await.unwrap().public();
        let opened = Opened::new(&attested.statement, &key).unwrap();
        let facts = opened.facts();
        let ArtifactFact::Image { name, digest } = &facts.artifact else { panic!("{facts:?}") };
        assert!(name.ends_with(&format!("@{digest}")), "{name}");
        assert_eq!(
            (&facts.revision, facts.target.as_str()),
            (&deployment.revision, "cloud-run:demo/europe-west1")
        );
        let chain = offline(&attested.statement, Some(&attested.sbom), &key).unwrap();
        assert!(chain.holds(), "{act:?}: {chain:?}");
        let image = chain.links.iter().find(|link| link.link == LinkName::Image).unwrap();
        assert_eq!((image.outcome, &image.said), (LinkOutcome::Holds, name));
        let now = serving(&cloud).await;
        assert_eq!((now.serves, now.image.as_ref()), (true, Some(name)), "{act:?}: {}", now.said);
        let payload = serde_json::to_string(&attested).unwrap();
        assert!(!payload.contains("hush-hush"), "no secret is signed");
    }
}

#[tokio::test]
async fn what_somebody_changed_at_google_does_not_serve_as_it_was_signed() {
    let cloud = Cloud::new(Pace::Patient.patience());
    cloud.well(Act::Deploy).await;
    let before = serving(&cloud).await.image;
    change(&cloud, "/revisions/", |revision| {
        revision["containers"][0]["image"] = json!("elsewhere.example/clock@sha256:00");
    });
    let other = serving(&cloud).await;
    assert!(!other.serves && other.image != before, "{other:?}");
    assert_eq!(other.image.as_deref(), Some("elsewhere.example/clock@sha256:00"));
    cloud.clear();
    let gone = serving(&cloud).await;
    assert!(!gone.serves && gone.said.contains("there is no service"), "{gone:?}");
}
