//! A project at Google, a house that deploys to it, and what can be seen of both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::super::house::House;
use crate::deploy::Target;
use crate::deploy::cloud_run::tests::House as Google;
use crate::deploy::cloud_run::tests::fake::{Asked, Blow, Hook};
use crate::deploy::cloud_run::tests::world::World;
use crate::deploy::cloud_run::{CloudRun, Patience};
use crate::domain::{Audience, Locator, Member, Plan, Run, RunState, SecretName, SecretValue, ServerName};
use crate::pipeline::Order;

/// What is done to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Deploy,
    Redeploy,
    Rollback,
    Reconfigure,
    /// Others are let in.
    Open,
    Delete,
}

/// A project at Google, and a house that deploys to it.
pub(super) struct Cloud {
    pub(super) google: Google,
    pub(super) house: House,
}

pub(super) fn clock() -> ServerName {
    ServerName::parse("clock").unwrap()
}

/// Everybody, and some by name.
pub(super) fn audience(members: &[&str]) -> Audience {
    Audience { public: true, members: members.iter().map(|one| Member::parse(one).unwrap()).collect() }
}

impl Cloud {
    pub(super) fn new(patience: Patience) -> Self {
        let (google, house) = (Google::patient(patience), House::new());
        let world = World::at(&google.fake.url);
        google.fake.change(|state| state.world = Some(world));
        std::fs::remove_file(house.source().join("main.py")).unwrap();
        let mut cloud = Self { google, house };
        cloud.begin();
        cloud.write(1);
        cloud
    }

    /// Begins with a target that has asked nothing yet, as Sigyl does when it starts.
    pub(super) fn begin(&mut self) {
        let target: Arc<dyn Target> = Arc::new(CloudRun::new(self.google.anew()));
        let others = BTreeMap::from([("cloud-run".to_owned(), target)]);
        self.house.platform.targets = self.house.platform.targets.clone().with(others);
    }

    /// Empties the project.
    pub(super) fn clear(&self) {
        self.world(|world| *world = World::at(&world.url));
    }

    /// Writes the source of a version.
    pub(super) fn write(&self, version: usize) {
        let manifest = format!(
            "name: clock\nversion: {version}.0.0\nruntime: node\nentryPoint: clock.js\nstartCommand: {{type: http}}\n"
        );
        std::fs::write(self.house.source().join("sigyl.yaml"), manifest).unwrap();
        std::fs::write(self.house.source().join("clock.js"), format!("// {version}\n")).unwrap();
    }

    pub(super) fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        let mut out = None;
        self.google.fake.change(|state| out = state.world.as_mut().map(look));
        out.unwrap()
    }

    /// Lets something befall requests.
    pub(super) fn hook(&self, hook: impl FnMut(&Asked, &mut World) -> Option<Blow> + Send + 'static) {
        self.google.fake.change(|state| state.hook = Hook(Some(Box::new(hook))));
    }

    pub(super) fn unhook(&self) {
        self.google.fake.change(|state| state.hook = Hook::default());
    }

    pub(super) fn order(&self, act: Act) -> (Plan, Order) {
        let named = Order { name: Some(clock()), ..Order::default() };
        let source = Some(Locator::Path(self.house.source()));
        match act {
            Act::Deploy => {
                (Plan::Release, Order { source, target: Some("cloud-run".to_owned()), ..Order::default() })
            }
            Act::Redeploy => (Plan::Redeploy, Order { source, ..named }),
            Act::Rollback => (Plan::Rollback, named),
            Act::Reconfigure => {
                let env = BTreeMap::from([("ZONE".to_owned(), "UTC".to_owned())]);
                (Plan::Reconfigure, Order { env, ..named })
            }
            Act::Open => {
                (Plan::Reconfigure, Order { audience: Some(audience(&["user:ada@example.org"])), ..named })
            }
            Act::Delete => (Plan::Delete, named),
        }
    }

    pub(super) fn secrets(act: Act) -> BTreeMap<SecretName, SecretValue> {
        match act {
            Act::Deploy | Act::Redeploy => {
                BTreeMap::from([(SecretName::parse("KEY").unwrap(), SecretValue::new("hush-hush"))])
            }
            Act::Rollback | Act::Reconfigure | Act::Open | Act::Delete => BTreeMap::new(),
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

    pub(super) fn face(&self) -> Face {
        self.world(|world| Face::of(world))
    }
}

/// What a project looks like, without what differs from run to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Face {
    /// What there is of the server, but revisions.
    pub(super) things: BTreeSet<String>,
    /// Who may do what.
    pub(super) granted: BTreeMap<String, String>,
    /// Who is led where: revision, percent, tag.
    pub(super) shares: Vec<(String, u64, String)>,
    /// Revisions, but one that is the newest and that nobody is led to: Google removes no such one.
    pub(super) revisions: BTreeSet<String>,
    /// Values of secrets that can be read, but those that such a revision names.
    pub(super) values: BTreeSet<String>,
    /// Builds that go on.
    pub(super) builds: usize,
}

fn short(name: &str) -> String {
    name.rsplit('/').next().unwrap().to_owned()
}

impl Face {
    fn of(world: &World) -> Self {
        let mut face = Self::default();
        let (mut idle, mut read) = (None, BTreeSet::new());
        for name in world.own() {
            let thing = &world.things[&name];
            if name.starts_with("policy:") {
                face.granted.insert(name, thing["bindings"].to_string());
                continue;
            }
            if name.contains("/revisions/") {
                face.revisions.insert(short(&name));
                continue;
            }
            if name.contains("/services/") {
                face.look(thing);
                idle = thing["latestCreatedRevision"].as_str().map(str::to_owned);
            }
            for version in thing["versions"].as_array().into_iter().flatten() {
                if version["state"] == "ENABLED" {
                    face.values.insert(version["name"].as_str().unwrap().to_owned());
                }
            }
            face.things.insert(name);
        }
        if let Some(idle) = idle.filter(|idle| !face.shares.iter().any(|(led, ..)| *led == short(idle))) {
            face.revisions.remove(&short(&idle));
            read.extend(world.things.get(&format!("v2/{idle}")).into_iter().flat_map(values_of));
        }
        face.values.retain(|value| !read.contains(value));
        let goes_on = |build: &&Value| matches!(build["status"].as_str(), Some("QUEUED" | "WORKING"));
        face.builds = world.pending.values().filter(goes_on).count();
        face
    }

    fn look(&mut self, service: &Value) {
        for share in service["traffic"].as_array().into_iter().flatten() {
            let text = |name: &str| share[name].as_str().unwrap_or_default().to_owned();
            let percent = share["percent"].as_u64().unwrap_or_default();
            self.shares.push((short(&text("revision")), percent, text("tag")));
        }
    }

    /// Tells what is wrong with a server that should serve with nothing beside.
    pub(super) fn wrong(&self, world: &World) -> Option<String> {
        let [(serving, 100, _)] = &self.shares[..] else { return Some(format!("traffic {:?}", self.shares)) };
        if self.revisions.iter().collect::<Vec<_>>() != [serving] {
            return Some(format!("{serving} serves, and there are {:?}", self.revisions));
        }
        let revision = world.things.iter().find(|(name, _)| name.ends_with(&format!("/revisions/{serving}")));
        let read: BTreeSet<String> = values_of(revision.unwrap().1).into_iter().collect();
        (self.values != read).then(|| format!("it reads {read:?}, and there are {:?}", self.values))
    }

    /// Tells what differs from what was before.
    pub(super) fn differs(&self, before: &Self) -> Option<String> {
        if self == before {
            return None;
        }
        let new = |now: &BTreeSet<String>, then: &BTreeSet<String>| {
            let (more, less) = (now.difference(then), then.difference(now));
            format!("+{:?} -{:?}", more.collect::<Vec<_>>(), less.collect::<Vec<_>>())
        };
        let mut said = Vec::new();
        for (what, now, then) in [
            ("things", &self.things, &before.things),
            ("revisions", &self.revisions, &before.revisions),
            ("values", &self.values, &before.values),
        ] {
            if now != then {
                said.push(format!("{what} {}", new(now, then)));
            }
        }
        if self.shares != before.shares {
            said.push(format!("traffic {:?}, was {:?}", self.shares, before.shares));
        }
        if self.granted != before.granted {
            said.push(format!("granted {:?}, was {:?}", self.granted, before.granted));
        }
        if self.builds != before.builds {
            said.push(format!("{} builds go on", self.builds));
        }
        Some(said.join("; "))
    }
}

/// The values of secrets that a revision reads.
fn values_of(revision: &Value) -> Vec<String> {
    let env = revision["containers"][0]["env"].as_array().into_iter().flatten();
    let references = env.filter_map(|one| one.pointer("/valueSource/secretKeyRef"));
    references
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            format!("projects/demo/secrets/{}/versions/{}", text("secret"), text("version"))
        })
        .collect()
}

/// Says where a secret stands in requests that it has no business in.
pub(super) fn leaks(asked: &[Asked]) -> Vec<String> {
    let mut found = Vec::new();
    for one in asked {
        let is_token = one.path.starts_with("/token");
        let is_server = one.path.starts_with("/serve/");
        let headers = one.headers.iter().filter(|(name, _)| *name != "authorization");
        let others: String = headers.map(|(name, value)| format!("{name}: {value}\n")).collect();
        let authorization = one.headers.get("authorization").map(String::as_str).unwrap_or_default();
        let all = format!("{} {others} {}", one.path, one.body);
        let hush = ["hush-hush", "aHVzaC1odXNo"];
        let is_wrong = hush.iter().any(|value| all.contains(value)) && !one.path.ends_with(":addVersion")
            || all.contains("s3cret") && !is_token
            || all.contains("ya29.")
            || is_server && authorization.contains("ya29.")
            || all.contains("id.http") && !is_server;
        if is_wrong {
            found.push(format!("{} {}", one.method, one.path));
        }
    }
    found
}
