//! From a tree to a revision that serves, and back.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

use super::{House, short};
use crate::deploy::image::tests::source::Source;
use crate::deploy::knative::Knative;
use crate::deploy::{ReleaseSpec, Released, Target as _, TargetError};
use crate::domain::{
    Admission, Deployment, Judgement, Permissions, Policy, Report, Resources, RevisionId, SecretName,
    SecretValue, ServerName, Timestamp, Version,
};
use crate::source::Progress;
use crate::store::contract::fixture;

#[derive(Debug, Default)]
pub(super) struct Told(pub(super) Mutex<Vec<String>>);

impl Progress for Told {
    fn log(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

/// A cluster with a target in it.
pub(super) struct Project {
    pub(super) house: House,
    pub(super) target: Knative,
    pub(super) source: Source,
    pub(super) told: Told,
    made: Mutex<BTreeMap<String, Deployment>>,
}

pub(super) fn name() -> ServerName {
    ServerName::parse("clock").unwrap()
}

fn id(revision: &str) -> RevisionId {
    RevisionId::parse(revision).unwrap()
}

pub(super) fn admission(source: &Source) -> Admission {
    let report = Report { source: source.tree.reference().clone(), ..fixture::report("clock") };
    let none = Permissions::default();
    let judged = Judgement::new(&report, &Policy::default(), &[], &none, Timestamp::EPOCH).unwrap();
    Admission::from_verdict(&judged).unwrap()
}

impl Project {
    pub(super) fn new() -> Self {
        Self::of(Source::clock(), false)
    }

    fn of(source: Source, public: bool) -> Self {
        let house = House::new();
        let target = house.target_with(short(), public);
        Self { house, target, source, told: Told::default(), made: Mutex::default() }
    }

    pub(super) async fn release(&self, revision: &str) -> Result<Released, TargetError> {
        let admission = admission(&self.source);
        let built = self.target.build(&admission, self.source.spec(), &self.told).await?;
        let env = BTreeMap::from([("MODE".to_owned(), "x".to_owned()), ("NONE".to_owned(), String::new())]);
        let made = Deployment {
            revision: id(revision),
            launch: built.launch,
            env,
            ..fixture::deployment("clock", "1.0.0", "clock")
        };
        let made = Deployment { source: self.source.tree.digest(), ..made };
        self.made.lock().unwrap().insert(revision.to_owned(), made.clone());
        let secrets = BTreeMap::from([(SecretName::parse("KEY").unwrap(), SecretValue::new("hush-hush"))]);
        let resources = self.source.manifest.resources.clone();
        let spec = ReleaseSpec { secrets, resources, ..self.spec(made) };
        self.target.release(&admission, spec).await
    }

    fn spec(&self, made: Deployment) -> ReleaseSpec {
        ReleaseSpec {
            server: name(),
            version: Version::parse("1.0.0").unwrap(),
            source: made.source,
            commit: None,
            revision: made.revision,
            launch: made.launch,
            transport: self.source.manifest.start.transport.clone(),
            env: made.env,
            secrets: BTreeMap::new(),
            granted: Permissions::default(),
            resources: Resources::default(),
            start_timeout: None,
        }
    }

    fn made(&self, revision: &str) -> Deployment {
        self.made.lock().unwrap()[revision].clone()
    }

    async fn shift(&self, revision: &str) -> Result<(), TargetError> {
        self.target.shift(&self.made(revision)).await
    }

    async fn restore(&self, revision: &str) -> Result<Released, TargetError> {
        self.target.restore(&admission(&self.source), self.spec(self.made(revision))).await
    }

    async fn retire(&self, revision: &str) -> Result<(), TargetError> {
        self.target.retire(&name(), &id(revision), Duration::ZERO).await
    }

    async fn serve(&self, revision: &str) {
        self.release(revision).await.unwrap();
        self.shift(revision).await.unwrap();
    }

    fn own(&self) -> Vec<String> {
        self.house.fake.world(|world| world.own())
    }

    fn traffic(&self) -> Vec<u64> {
        self.house.fake.world(|world| {
            let shares = world.only("services")["spec"]["traffic"].as_array().unwrap();
            shares.iter().map(|share| share["percent"].as_u64().unwrap()).collect()
        })
    }

    /// Changes something, as somebody with rights in the namespace can.
    fn change(&self, kind: &str, change: impl FnOnce(&mut Value)) {
        self.house.fake.world(|world| {
            change(world.things.iter_mut().rfind(|(key, _)| key.starts_with(kind)).unwrap().1);
        });
    }

    fn refused(&self) -> Vec<String> {
        self.house.fake.world(|world| world.refused.clone())
    }
}

#[tokio::test]
async fn a_first_release_makes_what_one_server_needs_and_no_more() {
    let project = Project::new();
    let released = project.release("one").await.unwrap();
    let source = project.source.tree.digest();
    let all = project.house.fake.world(|world| {
        let (service, secret) = (world.only("services").clone(), world.only("secrets").clone());
        (service, secret, world.only("serviceaccounts").clone())
    });
    let (service, secret, account) = all;
    let labels = &service["metadata"]["labels"];
    assert_eq!(labels["networking.knative.dev/visibility"], "cluster-local");
    assert_eq!(labels["sigyl-source"], source.hex()[..40]);
    assert_eq!(service["metadata"]["annotations"]["sigyl-source"], source.to_string());
    let template = &service["spec"]["template"];
    assert_eq!(template["metadata"]["annotations"]["autoscaling.knative.dev/min-scale"], "0");
    assert_eq!(template["metadata"]["annotations"]["autoscaling.knative.dev/max-scale"], "1");
    assert_eq!(template["spec"]["serviceAccountName"], account["metadata"]["name"]);
    let container = &template["spec"]["containers"][0];
    let image = format!("registry.example/mcp/{}@{source}", service["metadata"]["name"].as_str().unwrap());
    assert_eq!(container["image"], image);
    assert_eq!(
        container["securityContext"],
        json!({"runAsNonRoot": true, "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"}})
    );
    let key = json!({"name": "KEY", "valueFrom": {"secretKeyRef": {"name": secret["metadata"]["name"], "key": "value"}}});
    assert_eq!(container["env"][2], key);
    assert_eq!(secret["data"]["value"], "aHVzaC1odXNo");
    assert!(!format!("{service}{account}").contains("hush"), "a secret is in the clear");
    assert_eq!(project.traffic(), [100]);
    assert!(released.upstream.url().unwrap().ends_with("/mcp"), "{:?}", released.upstream);
    assert_eq!(project.refused(), Vec::<String>::new());
    let status = project.target.status(&name(), &id("one")).await.unwrap().unwrap();
    assert!(status.running && status.last_exit.is_none());
    assert!(project.target.status(&name(), &id("two")).await.unwrap().is_none());
}

#[tokio::test]
async fn resources_are_what_the_manifest_says_and_public_is_said_aloud() {
    let yaml = "name: clock\nruntime: node\nentryPoint: clock.js\nstartCommand: {type: http}\n\
                resources: {cpu: 0.5, memory: 512Mi, concurrency: 7, timeout: 60, minInstances: 1, maxInstances: 3}\n";
    let project = Project::of(Source::new(yaml, &[("clock.js", "// tells the time")]), true);
    let released = project.release("one").await.unwrap();
    let service = project.house.fake.world(|world| world.only("services").clone());
    assert!(service["metadata"]["labels"].get("networking.knative.dev/visibility").is_none());
    let template = &service["spec"]["template"];
    assert_eq!(template["metadata"]["annotations"]["autoscaling.knative.dev/min-scale"], "1");
    assert_eq!(template["metadata"]["annotations"]["autoscaling.knative.dev/max-scale"], "3");
    assert_eq!(template["spec"]["containerConcurrency"], 7);
    assert_eq!(template["spec"]["timeoutSeconds"], 60);
    let limits = json!({"cpu": "500m", "memory": "536870912"});
    assert_eq!(template["spec"]["containers"][0]["resources"]["limits"], limits);
    assert!(released.confinement.unenforced.iter().any(|line| line.contains("everybody may")));
}

#[tokio::test]
async fn a_second_revision_gets_traffic_when_it_is_shifted_and_gives_it_back() {
    let project = Project::new();
    project.serve("one").await;
    project.release("two").await.unwrap();
    assert_eq!(project.traffic(), [100, 0]);
    project.shift("two").await.unwrap();
    assert_eq!(project.traffic(), [0, 100]);
    project.retire("two").await.unwrap();
    assert_eq!(project.traffic(), [100]);
    let (revisions, secrets) =
        project.house.fake.world(|world| (world.only("revisions").clone(), world.only("secrets").clone()));
    assert_eq!(revisions["metadata"]["annotations"]["sigyl-instance"], "one");
    assert_eq!(secrets["metadata"]["annotations"]["sigyl-instance"], "one");
    // The cluster makes what a service names as its newest: it names the one that serves.
    let service = project.house.fake.world(|world| world.only("services").clone());
    assert_eq!(service["spec"]["template"]["metadata"]["name"], revisions["metadata"]["name"]);
    project.restore("one").await.unwrap();
    project.serve("three").await;
    project.retire("one").await.unwrap();
    assert_eq!(project.traffic(), [100]);
    project.retire("three").await.unwrap();
    assert_eq!(project.own(), Vec::<String>::new());
    assert_eq!(project.refused(), Vec::<String>::new());
}

#[tokio::test]
async fn a_revision_that_does_not_start_is_told_why_and_taken_back() {
    let project = Project::new();
    project.serve("one").await;
    let before = project.own();
    project.house.fake.world(|world| world.fails = true);
    let error = project.release("two").await.unwrap_err().to_string();
    assert!(error.contains("ExitCode1: Container failed with: it does not start"), "{error}");
    project.house.fake.world(|world| world.fails = false);
    project.retire("two").await.unwrap();
    project.target.abandon(&name(), &id("two")).await.unwrap();
    assert_eq!(project.own(), before);
    project.house.fake.world(|world| world.never = true);
    let error = project.release("three").await.unwrap_err().to_string();
    assert!(error.contains("it was not ready after 0 s: Deploying"), "{error}");
    project.target.abandon(&name(), &id("three")).await.unwrap();
    assert_eq!(project.own(), before);
}

#[tokio::test]
async fn a_first_release_that_fails_leaves_nothing() {
    let project = Project::new();
    project.house.fake.world(|world| world.fails = true);
    project.release("one").await.unwrap_err();
    project.retire("one").await.unwrap();
    project.target.abandon(&name(), &id("one")).await.unwrap();
    assert_eq!(project.own(), Vec::<String>::new());
    // What was made before the service was, without one.
    project.house.fake.hook(|asked, _| {
        let is_it = asked.method == "POST" && asked.path.ends_with("/services");
        is_it
            .then(|| super::fake::refusal(403, "Forbidden", "no", json!({})))
            .map(|(status, body)| super::fake::Blow::Answer(status, body))
    });
    project.release("two").await.unwrap_err();
    assert_eq!(project.own().len(), 2);
    project.house.fake.unhook();
    project.target.abandon(&name(), &id("two")).await.unwrap();
    assert_eq!(project.own(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_not_what_was_released_gets_no_traffic_and_is_not_called() {
    let changes: [fn(&mut Value); 6] = [
        |it| it["spec"]["containers"][0]["image"] = format!("x@sha256:{}", "0".repeat(64)).into(),
        |it| it["spec"]["containers"][0]["command"] = json!(["sh"]),
        |it| it["spec"]["containers"][0]["env"][0]["value"] = "y".into(),
        |it| it["spec"]["containers"][0]["env"][2]["valueFrom"]["secretKeyRef"]["name"] = "other".into(),
        |it| it["spec"]["serviceAccountName"] = "default".into(),
        |it| it["metadata"]["annotations"]["sigyl-source"] = "sha256:00".into(),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let project = Project::new();
        project.release("one").await.unwrap();
        // What is in the service goes with it, so that the cluster finds no difference.
        project.change("revisions/", change);
        project.change("services/", |service| {
            let mut revision =
                json!({"spec": service["spec"]["template"]["spec"], "metadata": {"annotations": {}}});
            change(&mut revision);
            service["spec"]["template"]["spec"] = revision["spec"].clone();
        });
        let error = project.shift("one").await.unwrap_err().to_string();
        assert!(error.contains("is not what was released"), "{at}: {error}");
        assert!(project.restore("one").await.is_err(), "{at}");
    }
}

#[tokio::test]
async fn a_service_of_somebody_else_is_left_as_it_is() {
    let project = Project::new();
    project.serve("one").await;
    project.change("services/", |service| {
        service["metadata"]["labels"].as_object_mut().unwrap().remove("sigyl-server");
    });
    let before = project.house.fake.world(|world| world.only("services").clone());
    for error in [
        project.release("two").await.map(|_| ()).unwrap_err(),
        project.target.purge(&name()).await.map(|_| ()).unwrap_err(),
    ] {
        assert!(error.to_string().contains("was not made for this server by Sigyl"), "{error}");
    }
    project.retire("one").await.unwrap();
    assert!(project.shift("one").await.is_err());
    let after = project.house.fake.world(|world| world.only("services").clone());
    assert_eq!(after["spec"], before["spec"]);
}

#[tokio::test]
async fn an_edit_meanwhile_is_not_undone_and_is_tried_again_a_few_times() {
    let project = Project::new();
    project.serve("one").await;
    let mut left = 2;
    project.house.fake.hook(move |asked, world| {
        if asked.method == "PUT" && left > 0 {
            left -= 1;
            let service = world.things.iter_mut().find(|(key, _)| key.starts_with("services/")).unwrap().1;
            service["metadata"]["annotations"]["somebody"] = "was here".into();
            service["metadata"]["resourceVersion"] = format!("of-somebody-{left}").into();
        }
        None
    });
    project.serve("two").await;
    let service = project.house.fake.world(|world| world.only("services").clone());
    assert_eq!(service["metadata"]["annotations"]["somebody"], "was here");
    assert_eq!(project.traffic(), [0, 100]);
    project.house.fake.unhook();
    project.house.fake.world(|world| world.is_shared = true);
    let error = project.release("three").await.unwrap_err();
    let TargetError::Remote(error) = &error else { panic!("{error}") };
    assert!(error.is_lost() && error.to_string().contains("the object has been modified"), "{error}");
}

#[tokio::test]
async fn a_revision_that_could_not_be_removed_goes_with_the_next_one() {
    let project = Project::new();
    project.serve("one").await;
    project.serve("two").await;
    project.house.fake.hook(|asked, _| {
        let is_it = asked.method == "DELETE" && asked.path.contains("/revisions/");
        is_it.then(|| {
            let (status, body) = super::fake::refusal(403, "Forbidden", "no", json!({}));
            super::fake::Blow::Answer(status, body)
        })
    });
    project.retire("one").await.unwrap_err();
    project.house.fake.unhook();
    project.serve("three").await;
    project.retire("two").await.unwrap();
    project.house.fake.world(|world| {
        assert_eq!(world.only("revisions")["metadata"]["annotations"]["sigyl-instance"], "three");
        assert_eq!(world.only("secrets")["metadata"]["annotations"]["sigyl-instance"], "three");
    });
}

#[tokio::test]
async fn a_purge_removes_everything_and_goes_on_where_it_stopped() {
    let project = Project::new();
    project.serve("one").await;
    project.serve("two").await;
    project.house.fake.world(|world| world.has_pages = true);
    project.house.fake.hook(|asked, _| {
        let is_it = asked.method == "DELETE" && asked.path.contains("/serviceaccounts/");
        is_it.then(|| {
            let (status, body) = super::fake::refusal(403, "Forbidden", "no", json!({}));
            super::fake::Blow::Answer(status, body)
        })
    });
    let error = project.target.purge(&name()).await.unwrap_err().to_string();
    assert!(error.contains("let who calls delete serviceaccounts in the namespace mcp"), "{error}");
    project.house.fake.unhook();
    assert_eq!(project.own().len(), 1);
    let removed = project.target.purge(&name()).await.unwrap();
    assert!(removed[0].starts_with("the service account sigyl-"), "{removed:?}");
    assert_eq!(project.own(), Vec::<String>::new());
    assert_eq!(project.target.purge(&name()).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn lines_of_all_pods_are_told_in_order() {
    let project = Project::new();
    project.serve("one").await;
    let labels = project.house.fake.world(|world| world.only("services")["metadata"]["labels"].clone());
    project.house.fake.world(|world| {
        for pod in ["a", "b"] {
            let pod_labels = json!({"metadata": {"name": pod, "labels": labels.clone()}});
            world.things.insert(format!("pods/{pod}"), pod_labels);
        }
        world.things.insert("pods/other".to_owned(), json!({"metadata": {"name": "other", "labels": {}}}));
    });
    let lines = project.target.logs(&name(), 10).await.unwrap().lines;
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["a is up", "b is up"]);
    assert_eq!(project.target.logs(&name(), 1).await.unwrap().lines.len(), 1);
}

#[tokio::test]
async fn names_that_the_cluster_gives_a_value_itself_are_refused_before_anything_is_made() {
    let project = Project::new();
    let admission = admission(&project.source);
    let built = project.target.build(&admission, project.source.spec(), &project.told).await.unwrap();
    let made = Deployment { launch: built.launch, ..fixture::deployment("clock", "1.0.0", "clock") };
    let env = BTreeMap::from([("K_SERVICE".to_owned(), "x".to_owned())]);
    let made = Deployment { source: project.source.tree.digest(), env, ..made };
    let error = project.target.release(&admission, project.spec(made)).await.unwrap_err().to_string();
    assert!(error.contains("Knative gives `K_SERVICE` a value itself"), "{error}");
    assert_eq!(project.house.fake.asked().len(), 0);
}
