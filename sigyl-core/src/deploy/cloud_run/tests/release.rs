//! From a tree to a service that is called, to the next version of it, and back to nothing.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;

use super::House;
use super::fake::{Fault, refusal};
use super::source::Source;
use super::world::World;
use crate::deploy::cloud_run::CloudRun;
use crate::deploy::{ReleaseSpec, Target as _, TargetError};
use crate::domain::{
    Admission, Judgement, Permissions, Policy, Report, Resources, RevisionId, SecretName, SecretValue,
    ServerName, Timestamp, Transport, Version,
};
use crate::mcp::Upstream;
use crate::source::Progress;
use crate::store::contract::fixture;

#[derive(Debug, Default)]
struct Told(Mutex<Vec<String>>);

impl Progress for Told {
    fn log(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

/// A project with a target in it.
struct Project {
    house: House,
    target: CloudRun,
    source: Source,
    told: Told,
}

impl Project {
    fn new() -> Self {
        let house = House::new();
        let world = World::at(&house.fake.url);
        house.fake.change(|state| state.world = Some(world));
        let target = CloudRun::new(house.google.clone());
        Self { house, target, source: Source::clock(), told: Told::default() }
    }

    fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        let mut out = None;
        self.house.fake.change(|state| out = state.world.as_mut().map(look));
        out.unwrap()
    }

    async fn release(&self, revision: &str) -> Result<Upstream, TargetError> {
        let admission = admission(&self.source);
        let built = self.target.build(&admission, self.source.spec(), &self.told).await?;
        let spec = ReleaseSpec {
            server: name(),
            version: Version::parse("1.0.0").unwrap(),
            source: self.source.tree.digest(),
            revision: RevisionId::parse(revision).unwrap(),
            launch: built.launch,
            transport: Transport::Http { path: "/mcp".to_owned(), port: None },
            env: BTreeMap::from([("MODE".to_owned(), "x".to_owned())]),
            secrets: BTreeMap::from([(SecretName::parse("KEY").unwrap(), SecretValue::new("hush-hush"))]),
            granted: Permissions::default(),
            resources: Resources::default(),
            start_timeout: None,
        };
        Ok(self.target.release(&admission, spec).await?.upstream)
    }

    async fn shift(&self, revision: &str) -> Result<(), TargetError> {
        self.target.shift(&name(), &RevisionId::parse(revision).unwrap()).await
    }

    async fn retire(&self, revision: &str) -> Result<(), TargetError> {
        self.target.retire(&name(), &RevisionId::parse(revision).unwrap(), Duration::ZERO).await
    }

    /// Who gets how much, by tag.
    fn traffic(&self) -> Vec<u64> {
        self.world(|world| {
            let service = world.things.iter().find(|(name, _)| name.starts_with("v2/")).unwrap().1;
            service["traffic"]
                .as_array()
                .unwrap()
                .iter()
                .map(|share| share["percent"].as_u64().unwrap())
                .collect()
        })
    }
}

fn name() -> ServerName {
    ServerName::parse("clock").unwrap()
}

fn admission(source: &Source) -> Admission {
    let report = Report { source: source.tree.reference().clone(), ..fixture::report("clock") };
    let none = Permissions::default();
    let judged = Judgement::new(&report, &Policy::default(), &[], &none, Timestamp::EPOCH).unwrap();
    Admission::from_verdict(&judged).unwrap()
}

#[tokio::test]
async fn a_server_is_built_released_shifted_and_removed_without_a_trace() {
    let project = Project::new();
    let upstream = project.release("one").await.unwrap();
    assert!(
        upstream.url().unwrap().ends_with("/mcp") && upstream.url().unwrap().contains("---clock-"),
        "{upstream:?}"
    );
    let shown = upstream.pass().unwrap().show().await.unwrap();
    assert_eq!(shown.header, "x-serverless-authorization");
    project.shift("one").await.unwrap();
    let source = project.source.tree.digest();
    project.world(|world| {
        let service = world.things.iter().find(|(name, _)| name.starts_with("v2/")).unwrap().1;
        assert_eq!(service["annotations"]["sigyl-source"], source.to_string());
        assert_eq!(service["labels"]["source"], source.hex()[..40]);
        let container = &service["template"]["containers"][0];
        assert!(container["image"].as_str().unwrap().contains("/sigyl/clock-"), "{container}");
        assert_eq!(container["env"][1]["valueSource"]["secretKeyRef"]["version"], "1");
        let archive =
            world.things.iter().find(|(name, _)| name.starts_with("b/demo-sigyl-europe-west1/o/")).unwrap().1;
        assert_eq!(archive["metadata"]["sigyl-source"], source.to_string());
        assert_eq!(archive["files"], json!(["source/clock.js", "source/sigyl.yaml", "sigyl/Dockerfile"]));
        // What is looked for before it is made is not there, and nothing else is refused.
        let asked_in_vain = |line: &&String| !line.starts_with("404 GET");
        assert_eq!(world.refused.iter().filter(asked_in_vain).collect::<Vec<_>>(), Vec::<&String>::new());
    });
    let told = project.told.0.lock().unwrap().join("\n");
    assert!(told.contains("Step #0: docker build") && !told.contains('\u{1b}'), "{told}");
    let removed = project.target.purge(&name()).await.unwrap();
    assert_eq!(project.world(|world| world.own()), Vec::<String>::new());
    assert_eq!(removed.len(), 5, "{removed:?}");
    assert_eq!(project.target.purge(&name()).await.unwrap(), Vec::<String>::new(), "there is nothing more");
    for asked in project.house.fake.asked().iter().filter(|asked| !asked.path.contains(":addVersion")) {
        assert!(!asked.body.contains("hush-hush") && !asked.body.contains("aHVzaC1odXNo"), "{}", asked.path);
    }
}

#[tokio::test]
async fn the_next_version_gets_traffic_when_it_is_told_to_and_gives_it_back() {
    let project = Project::new();
    project.release("one").await.unwrap();
    project.shift("one").await.unwrap();
    project.release("two").await.unwrap();
    assert_eq!(project.traffic(), [100, 0]);
    project.shift("two").await.unwrap();
    assert_eq!(project.traffic(), [0, 100]);
    project.retire("two").await.unwrap();
    assert_eq!(project.traffic(), [100], "it goes back to the one before");
    project.release("three").await.unwrap();
    project.shift("three").await.unwrap();
    project.retire("one").await.unwrap();
    assert_eq!(project.traffic(), [100]);
    project.retire("three").await.unwrap();
    assert_eq!(
        project.world(|world| world.own()),
        Vec::<String>::new(),
        "the last one takes everything along"
    );
}

#[tokio::test]
async fn a_revision_that_does_not_start_leaves_the_one_before_it_alone() {
    let project = Project::new();
    project.release("one").await.unwrap();
    project.shift("one").await.unwrap();
    project.world(|world| world.fails = vec!["services"]);
    let error = project.release("two").await.unwrap_err();
    assert_eq!(error.to_string(), "the server did not start: it does not start");
    project.retire("two").await.unwrap();
    assert_eq!(project.traffic(), [100]);
}

#[tokio::test]
async fn a_first_release_that_fails_leaves_nothing() {
    for fails in ["builds", "services"] {
        let project = Project::new();
        project.world(|world| world.fails = vec![fails]);
        let error = project.release("one").await.unwrap_err();
        let said = if fails == "builds" {
            "ended with FAILURE: step 0 failed; https://console/b"
        } else {
            "does not start"
        };
        assert!(error.to_string().contains(said), "{error}");
        project.retire("one").await.unwrap();
        assert_eq!(project.world(|world| world.own()), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_service_of_somebody_else_is_left_alone() {
    let project = Project::new();
    project.release("one").await.unwrap();
    project.world(|world| {
        let service = world.things.iter_mut().find(|(name, _)| name.starts_with("v2/")).unwrap().1;
        service["annotations"] = json!({});
    });
    let error = project.release("two").await.unwrap_err().to_string();
    assert!(error.contains("was not made for this server by Sigyl"), "{error}");
    let error = project.target.purge(&name()).await.unwrap_err().to_string();
    assert!(error.contains("does not say that Sigyl made it"), "{error}");
    project
        .world(|world| assert!(world.things.keys().any(|name| name.starts_with("v2/")), "it is still there"));
}

#[tokio::test]
async fn what_has_no_etag_is_not_written_back() {
    let project = Project::new();
    project.release("one").await.unwrap();
    let all = project.world(|world| world.things.clone());
    for (begin, said) in [("v2/", "no name or no etag"), ("policy:", "the policy has no etag")] {
        project.world(|world| {
            world.things = all.clone();
            let held = world.things.iter_mut().filter(|(name, _)| name.starts_with(begin));
            held.for_each(|(_, held)| held["etag"] = "".into());
        });
        let before = project.world(|world| world.things.clone());
        let error = project.release("two").await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        let kept = |name: &&String| name.starts_with(begin);
        project.world(|world| {
            assert!(before.keys().filter(kept).all(|name| world.things[name] == before[name]), "{begin}");
        });
    }
}

#[tokio::test]
async fn a_revision_that_somebody_else_made_meanwhile_is_not_taken_for_ours() {
    let project = Project::new();
    project.release("one").await.unwrap();
    project.shift("one").await.unwrap();
    project.world(|world| world.is_shared = true);
    let error = project.release("two").await.unwrap_err().to_string();
    assert!(error.contains("somebody else changed the service clock-"), "{error}");
    assert_eq!(project.traffic(), [100, 0], "nothing is led to it");
    project.retire("two").await.unwrap();
    assert_eq!(project.traffic(), [100]);
}

#[tokio::test]
async fn a_tag_leads_to_the_revision_that_was_made_for_it_whatever_is_the_newest_later() {
    let project = Project::new();
    project.release("one").await.unwrap();
    project.world(|world| {
        let service = world.things.iter_mut().find(|(name, _)| name.starts_with("v2/")).unwrap().1;
        let traffic = service["traffic"].as_array().unwrap().clone();
        let own = service["latestReadyRevision"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        assert_eq!(traffic[0]["revision"], own);
        assert_eq!(traffic[0]["type"], "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION");
        service["latestReadyRevision"] = "projects/x/services/y/revisions/foreign".into();
    });
    project.shift("one").await.unwrap();
    project.world(|world| {
        let service = world.things.iter().find(|(name, _)| name.starts_with("v2/")).unwrap().1;
        assert_ne!(service["traffic"][0]["revision"], "foreign");
    });
}

#[tokio::test]
async fn a_bucket_of_another_project_gets_no_source() {
    let project = Project::new();
    project.world(|world| {
        world.things.insert("b/demo-sigyl-europe-west1".to_owned(), json!({"projectNumber": "666"}));
    });
    let error = project.release("one").await.unwrap_err().to_string();
    assert!(error.contains("belongs to another project"), "{error}");
    assert_eq!(project.house.fake.count("/upload/"), 0);
}

#[tokio::test]
async fn every_call_may_be_refused_and_nothing_is_leaked() {
    let calls = [
        "/v1/b/",
        "/v1/b?",
        "/upload/",
        "/repositories",
        "/serviceAccounts",
        ":setIamPolicy",
        "/builds",
        "/secrets",
        ":addVersion",
        "/services",
    ];
    let mut table = Vec::new();
    for part in calls {
        for (status, code) in
            [(403, "PERMISSION_DENIED"), (409, "ABORTED"), (429, "RESOURCE_EXHAUSTED"), (500, "INTERNAL")]
        {
            let project = Project::new();
            let (status, body) = refusal(status, code, "no", &json!([]));
            project
                .house
                .fake
                .change(|state| state.faults.push(Fault { path: part, status, body, times: 1_000 }));
            let outcome = project.release("one").await;
            project.house.fake.change(|state| state.faults.clear());
            let error = outcome.map(|_| "went well".to_owned()).unwrap_or_else(|error| error.to_string());
            assert!(!error.contains("hush") && !error.contains("ya29"), "{error}");
            project.retire("one").await.unwrap();
            let left = project.world(|world| world.own());
            assert_eq!(left, Vec::<String>::new(), "{part} {status}: {error}");
            table.push(format!("{part:<16} {status} {}", error.chars().take(100).collect::<String>()));
        }
    }
    println!("{}", table.join("\n"));
}

#[tokio::test]
async fn what_never_ends_is_given_up() {
    let project = Project::new();
    project.world(|world| world.endless = true);
    let error = project.release("one").await.unwrap_err().to_string();
    assert!(error.contains("was not done after 0s; it may still go on at Google"), "{error}");
    project.world(|world| world.endless = false);
    project.retire("one").await.unwrap();
    assert_eq!(project.world(|world| world.own()), Vec::<String>::new());
}

#[tokio::test]
async fn a_tree_that_changed_after_the_scan_is_not_built() {
    let project = Project::new();
    std::fs::write(project.source.dir.path().join("clock.js"), "// something else!").unwrap();
    let error = project.release("one").await.unwrap_err();
    assert!(matches!(error, TargetError::Io { .. }), "{error}");
    assert_eq!(project.house.fake.count("/upload/"), 0);
}

#[tokio::test]
async fn the_last_lines_of_a_server_come_oldest_first() {
    let project = Project::new();
    let pending = project.target.logs(&name(), 10).await.unwrap();
    let lines: Vec<&str> = pending.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(lines, ["first", "second"]);
}
