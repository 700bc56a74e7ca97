//! A cluster, a house that deploys to it, and what can be seen of both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::super::house::House;
use crate::deploy::Target;
use crate::deploy::knative::Patience;
use crate::deploy::knative::tests::House as Machine;
use crate::deploy::knative::tests::fake::Asked;
use crate::deploy::knative::tests::world::World;
use crate::domain::{Locator, Plan, Run, RunState, SecretName, SecretValue, ServerName};
use crate::pipeline::Order;

/// What is done to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Deploy,
    Redeploy,
    Rollback,
    Delete,
}

/// A cluster, and a house that deploys to it.
pub(super) struct Place {
    pub(super) machine: Machine,
    pub(super) house: House,
    patience: Patience,
}

pub(super) fn clock() -> ServerName {
    ServerName::parse("clock").unwrap()
}

impl Place {
    pub(super) fn new(patience: Patience) -> Self {
        let (machine, house) = (Machine::new(), House::new());
        std::fs::remove_file(house.source().join("main.py")).unwrap();
        let mut place = Self { machine, house, patience };
        place.begin();
        place.write(1);
        place
    }

    /// Begins with a target that has asked nothing yet, as Sigyl does when it starts.
    pub(super) fn begin(&mut self) {
        let target: Arc<dyn Target> = Arc::new(self.machine.target(self.patience));
        let others = BTreeMap::from([("knative".to_owned(), target)]);
        self.house.platform.targets = self.house.platform.targets.clone().with(others);
    }

    /// Writes the source of a version.
    pub(super) fn write(&self, version: usize) {
        let manifest = format!(
            "name: clock\nversion: {version}.0.0\nruntime: node\nentryPoint: clock.js\nstartCommand: {{type: http}}\n"
        );
        std::fs::write(self.house.source().join("sigyl.yaml"), manifest).unwrap();
        std::fs::write(self.house.source().join("clock.js"), format!("// {version}\n")).unwrap();
    }

    pub(super) fn order(&self, act: Act) -> (Plan, Order) {
        let named = Order { name: Some(clock()), ..Order::default() };
        let source = Some(Locator::Path(self.house.source()));
        match act {
            Act::Deploy => {
                (Plan::Release, Order { source, target: Some("knative".to_owned()), ..Order::default() })
            }
            Act::Redeploy => (Plan::Redeploy, Order { source, ..named }),
            Act::Rollback => (Plan::Rollback, named),
            Act::Delete => (Plan::Delete, named),
        }
    }

    pub(super) fn secrets(act: Act) -> BTreeMap<SecretName, SecretValue> {
        match act {
            Act::Deploy | Act::Redeploy => {
                BTreeMap::from([(SecretName::parse("KEY").unwrap(), SecretValue::new("hush-hush"))])
            }
            Act::Rollback | Act::Delete => BTreeMap::new(),
        }
    }

    pub(super) async fn take(&self, act: Act) -> Run {
        let (plan, order) = self.order(act);
        self.house.take_with(plan, order, Self::secrets(act)).await
    }

    /// Does what has to go well.
    pub(super) async fn well(&self, act: Act) {
        let run = self.take(act).await;
        assert_eq!(run.state, RunState::Done, "{act:?}: {:?}", run.failure);
    }

    /// Makes what an act begins with.
    pub(super) async fn prepare(&mut self, act: Act) {
        if act != Act::Deploy {
            self.well(Act::Deploy).await;
            self.write(2);
        }
        if act == Act::Rollback {
            self.well(Act::Redeploy).await;
        }
        self.begin();
    }

    pub(super) fn face(&self) -> Face {
        self.machine.fake.world(|world| Face::of(world))
    }
}

/// What a namespace looks like, without what differs from run to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Face {
    /// Everything, by kind and name.
    pub(super) things: BTreeSet<String>,
    /// Who is led where: revision, percent, tag.
    pub(super) shares: Vec<(String, u64, String)>,
    /// The revision that the service makes.
    pub(super) newest: String,
}

impl Face {
    fn of(world: &World) -> Self {
        let mut face = Self { things: world.own().into_iter().collect(), ..Self::default() };
        let services = world.things.iter().filter(|(key, _)| key.starts_with("services/"));
        for (_, service) in services {
            face.newest = service["spec"]["template"]["metadata"]["name"].as_str().unwrap().to_owned();
            for share in service["spec"]["traffic"].as_array().into_iter().flatten() {
                let text = |name: &str| share[name].as_str().unwrap_or_default().to_owned();
                face.shares.push((text("revisionName"), share["percent"].as_u64().unwrap(), text("tag")));
            }
        }
        face
    }

    fn of_kind(&self, kind: &str) -> Vec<&str> {
        self.things.iter().filter_map(|thing| thing.strip_prefix(kind)).collect()
    }

    /// Tells what is wrong with a server that should serve with nothing beside.
    pub(super) fn wrong(&self, world: &World) -> Option<String> {
        let [(serving, 100, _)] = &self.shares[..] else { return Some(format!("traffic {:?}", self.shares)) };
        if self.of_kind("revisions/") != [serving] || self.newest != *serving {
            return Some(format!("{serving} serves, and there are {:?}", self.of_kind("revisions/")));
        }
        let env = &world.things[&format!("revisions/{serving}")]["spec"]["containers"][0]["env"];
        let read = env
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one.pointer("/valueFrom/secretKeyRef/name"));
        let read: Vec<&str> = read.filter_map(Value::as_str).collect();
        let kept = self.of_kind("secrets/");
        (kept != read).then(|| format!("it reads {read:?}, and there are {kept:?}"))
    }
}

/// Says where a secret stands in requests that it has no business in.
pub(super) fn leaks(asked: &[Asked]) -> Vec<String> {
    let is_wrong = |one: &&Asked| {
        let others: String = one
            .headers
            .iter()
            .filter(|(name, _)| *name != "authorization")
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        let is_server = one.path.starts_with("/serve/");
        let shows = one.headers.contains_key("authorization");
        let all = format!("{} {others} {}", one.path, one.body);
        let is_secret = one.method == "POST" && one.path.ends_with("/secrets");
        all.contains("hush-hush")
            || all.contains("aHVzaC1odXNo") && !is_secret
            || all.contains("tok-1")
            || is_server && shows
    };
    asked.iter().filter(is_wrong).map(|one| format!("{} {}", one.method, one.path)).collect()
}

/// Names a request as permissions do. What is asked of the server itself has no such name.
pub(super) fn name_of(asked: &Asked) -> String {
    let path = asked.path.split('?').next().unwrap();
    let Some((group, rest)) = path.split_once("/namespaces/mcp/") else { return "the server".to_owned() };
    let (kind, name) = rest.split_once('/').map_or((rest, None), |(kind, name)| (kind, Some(name)));
    let verb = match (asked.method.as_str(), name) {
        ("GET", None) => "list",
        ("GET", _) => "get",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        _ => "delete",
    };
    let group = if group.ends_with("knative.dev/v1") { ".serving.knative.dev" } else { "" };
    format!("{verb} {kind}{group}")
}

/// What a request is about: the same again is another try, or another look.
pub(super) fn key_of(asked: &Asked) -> String {
    format!("{} {}", asked.method, asked.path)
}
