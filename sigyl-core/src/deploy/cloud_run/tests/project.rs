//! A project with a target in it, and what tests do with both.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use super::House;
use super::world::World;
use crate::deploy::cloud_run::CloudRun;
use crate::deploy::image::tests::source::Source;
use crate::deploy::{ReleaseSpec, Target as _, TargetError};
use crate::domain::{
    Admission, CommitId, Deployment, Judgement, Permissions, Policy, Report, Resources, RevisionId,
    SecretName, SecretValue, ServerName, Timestamp, Version,
};
use crate::mcp::Upstream;
use crate::source::Progress;
use crate::store::contract::fixture;

#[derive(Debug, Default)]
pub(super) struct Told(pub(super) Mutex<Vec<String>>);

impl Progress for Told {
    fn log(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

/// The commit that the source is.
pub(super) fn commit() -> CommitId {
    CommitId::parse(&"c0".repeat(20)).unwrap()
}

/// A project with a target in it.
pub(super) struct Project {
    pub(super) house: House,
    pub(super) target: CloudRun,
    pub(super) source: Source,
    pub(super) told: Told,
    /// What was released, by its instance.
    pub(super) made: Mutex<BTreeMap<String, Deployment>>,
}

impl Project {
    pub(super) fn new() -> Self {
        Self::of(Source::clock())
    }

    pub(super) fn of(source: Source) -> Self {
        let house = House::new();
        let world = World::at(&house.fake.url);
        house.fake.change(|state| state.world = Some(world));
        let target = CloudRun::new(house.google.clone());
        Self { house, target, source, told: Told::default(), made: Mutex::default() }
    }

    pub(super) fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        let mut out = None;
        self.house.fake.change(|state| out = state.world.as_mut().map(look));
        out.unwrap()
    }

    pub(super) async fn release(&self, revision: &str) -> Result<Upstream, TargetError> {
        let admission = admission(&self.source);
        let built = self.target.build(&admission, self.source.spec(), &self.told).await?;
        let spec = ReleaseSpec {
            server: name(),
            version: Version::parse("1.0.0").unwrap(),
            source: self.source.tree.digest(),
            commit: Some(commit()),
            revision: RevisionId::parse(revision).unwrap(),
            launch: built.launch,
            transport: self.source.manifest.start.transport.clone(),
            env: BTreeMap::from([("MODE".to_owned(), "x".to_owned())]),
            secrets: BTreeMap::from([(SecretName::parse("KEY").unwrap(), SecretValue::new("hush-hush"))]),
            granted: Permissions::default(),
            resources: self.source.manifest.resources.clone(),
            start_timeout: None,
        };
        let made = Deployment {
            revision: spec.revision.clone(),
            launch: spec.launch.clone(),
            env: spec.env.clone(),
            ..fixture::deployment("clock", "1.0.0", "clock")
        };
        let made = Deployment { source: spec.source, ..made };
        self.made.lock().unwrap().insert(revision.to_owned(), made);
        Ok(self.target.release(&admission, spec).await?.upstream)
    }

    pub(super) fn made(&self, revision: &str) -> Deployment {
        self.made.lock().unwrap()[revision].clone()
    }

    pub(super) async fn shift(&self, revision: &str) -> Result<(), TargetError> {
        self.target.shift(&self.made(revision)).await
    }

    /// Starts to call an instance that is on record.
    pub(super) async fn restore(&self, revision: &str) -> Result<(), TargetError> {
        let made = self.made(revision);
        let spec = ReleaseSpec {
            server: made.server,
            version: made.version,
            source: made.source,
            commit: Some(commit()),
            revision: made.revision,
            launch: made.launch,
            transport: self.source.manifest.start.transport.clone(),
            env: made.env,
            secrets: BTreeMap::new(),
            granted: Permissions::default(),
            resources: Resources::default(),
            start_timeout: None,
        };
        self.target.restore(&admission(&self.source), spec).await.map(|_| ())
    }

    /// Changes what is on record of the service.
    pub(super) fn change_service(&self, change: impl FnOnce(&mut Value)) {
        self.world(|world| {
            let service = world.things.iter_mut().find(|(name, _)| name.starts_with("v2/")).unwrap().1;
            change(service);
        });
    }

    /// Lets the tag of the newest instance lead to another revision, as somebody with rights in the project can.
    pub(super) fn move_tag(&self, to: &str) {
        self.change_service(|service| {
            for shares in ["traffic", "trafficStatuses"] {
                service[shares].as_array_mut().unwrap().last_mut().unwrap()["revision"] = to.into();
            }
        });
    }

    /// Makes a copy of the newest revision in which somebody changed something.
    pub(super) fn copy_revision(&self, name: &str, change: impl FnOnce(&mut Value)) {
        self.world(|world| {
            let (path, newest) = world.things.iter().rfind(|(name, _)| name.contains("/revisions/")).unwrap();
            let (path, mut copy) = (format!("{}/{name}", path.rsplit_once('/').unwrap().0), newest.clone());
            change(&mut copy);
            world.things.insert(path, copy);
        });
    }

    pub(super) fn has_revision(&self, name: &str) -> bool {
        self.world(|world| world.things.keys().any(|thing| thing.ends_with(&format!("/revisions/{name}"))))
    }

    pub(super) async fn retire(&self, revision: &str) -> Result<(), TargetError> {
        self.target.retire(&name(), &RevisionId::parse(revision).unwrap(), Duration::ZERO).await
    }

    /// Takes back what a run made that failed.
    pub(super) async fn undo(&self, revision: &str) {
        self.retire(revision).await.unwrap();
        self.target.abandon(&name(), &RevisionId::parse(revision).unwrap()).await.unwrap();
    }

    /// Who gets how much, by tag.
    pub(super) fn traffic(&self) -> Vec<u64> {
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

pub(super) fn name() -> ServerName {
    ServerName::parse("clock").unwrap()
}

pub(super) fn admission(source: &Source) -> Admission {
    let report = Report { source: source.tree.reference().clone(), ..fixture::report("clock") };
    let none = Permissions::default();
    let judged = Judgement::new(&report, &Policy::default(), &[], &none, Timestamp::EPOCH).unwrap();
    Admission::from_verdict(&judged).unwrap()
}
