//! A platform in a temporary folder, and a source that tests can edit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;

use super::target::FakeTarget;
use crate::attest::Signer;
use crate::clock::FixedClock;
use crate::deploy::{Target, Targets};
use crate::domain::{
    Caller, Compared, Locator, Permissions, Plan, Policy, Resources, Run, SecretName, SecretValue,
    ServerName, Timestamp, Version,
};
use crate::event::Bus;
use crate::mcp::{Probe, Upstream};
use crate::pipeline::{
    Emitter, Front, Lanes, Masks, Order, Platform, Quiet, Rules, Settings, Started, Tracker, start,
};
use crate::registry::Shelf;
use crate::scan::RuleSet;
use crate::source::{Fetcher, Limits, ToolEnv};
use crate::store::sled::SledStore;
use crate::vault::Vault;

/// Remembers which version of which server clients reach, and whether some still use an earlier one. Stops the third,
/// if there is one, as soon as a version takes over.
#[derive(Debug, Default)]
pub(super) struct Routes(
    Mutex<BTreeMap<ServerName, Version>>,
    pub(super) watch::Sender<bool>,
    pub(super) Mutex<Option<Started>>,
    pub(super) Mutex<Tried>,
);

/// What is tried beside what serves, and what calls come to.
#[derive(Debug, Default)]
pub(super) struct Tried {
    pub(super) now: Option<(Version, u8)>,
    pub(super) shares: Vec<u8>,
    /// Returned at each look but the first, by the share that is tried.
    pub(super) seen: BTreeMap<u8, Compared>,
    looks: usize,
    /// Whether it is taken away while it is tried.
    pub(super) gone: bool,
    /// Promoted by ada at the next look but the first.
    pub(super) promotes: Option<Started>,
}

impl Front for Routes {
    fn route(
        &self,
        name: &ServerName,
        version: &Version,
        _: Upstream,
        _: &Resources,
        _: Option<&Probe>,
    ) -> Quiet {
        self.0.lock().unwrap().insert(name.clone(), version.clone());
        if let Some(run) = self.2.lock().unwrap().take() {
            run.cancel();
        }
        let mut busy = self.1.subscribe();
        Box::pin(async move {
            busy.wait_for(|busy| !busy).await.unwrap();
        })
    }

    fn try_out(
        &self,
        name: &ServerName,
        version: &Version,
        _: Upstream,
        _: &Resources,
        _: Option<&Probe>,
        percent: u8,
    ) -> bool {
        if !self.0.lock().unwrap().contains_key(name) {
            return false;
        }
        let mut tried = self.3.lock().unwrap();
        if tried.now.is_none() {
            // From here on nothing waits but the trial: nobody waits for that.
            tokio::time::pause();
        }
        tried.now = Some((version.clone(), percent));
        tried.shares.push(percent);
        true
    }

    fn compared(&self, _: &ServerName) -> Option<Compared> {
        let mut tried = self.3.lock().unwrap();
        tried.looks += 1;
        if tried.looks > 1
            && let Some(run) = tried.promotes.take()
        {
            run.promote("ada", None).unwrap();
        }
        let (_, percent) = tried.now.as_ref().filter(|_| !tried.gone)?;
        let seen = tried.seen.get(percent).filter(|_| tried.looks > 1);
        Some(seen.cloned().unwrap_or_default())
    }

    fn promote(&self, name: &ServerName) -> Option<Quiet> {
        let (version, _) = self.3.lock().unwrap().now.take()?;
        tokio::time::resume();
        self.0.lock().unwrap().insert(name.clone(), version);
        Some(Box::pin(std::future::ready(())))
    }

    fn withdraw(&self, _: &ServerName) {
        if self.3.lock().unwrap().now.take().is_some() {
            tokio::time::resume();
        }
    }

    fn unroute(&self, name: &ServerName) {
        self.0.lock().unwrap().remove(name);
    }

    fn url(&self, name: &ServerName) -> Option<String> {
        Some(format!("http://127.0.0.1:1/mcp/{name}"))
    }
}

pub(super) struct House {
    folder: tempfile::TempDir,
    pub(super) platform: Platform,
    pub(super) target: Arc<FakeTarget>,
    pub(super) routes: Arc<Routes>,
    pub(super) clock: Arc<FixedClock>,
}

/// The rules, compiled once for all tests.
pub(crate) fn rules() -> Arc<RuleSet> {
    static RULES: std::sync::OnceLock<Arc<RuleSet>> = std::sync::OnceLock::new();
    RULES.get_or_init(|| Arc::new(RuleSet::builtin().unwrap())).clone()
}

pub(super) fn toy() -> ServerName {
    ServerName::parse("toy").unwrap()
}

impl House {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let clock = Arc::new(FixedClock::at(Timestamp::from_millis(1_795_000_000_000)));
        let store: Arc<dyn crate::store::Store> = Arc::new(SledStore::open(&at("store")).unwrap());
        let target = Arc::new(FakeTarget::default());
        *target.tools.lock().unwrap() =
            json!([{"name": "one", "description": "Adds.", "inputSchema": {"type": "object"}}]);
        let routes = Arc::new(Routes::default());
        std::fs::create_dir_all(at("work")).unwrap();
        let env = ToolEnv { path: "/nowhere".into(), home: None, vars: BTreeMap::new() };
        let masks = Masks::default();
        let vault = Arc::new(Vault::open(&at("master.key")).unwrap());
        let platform = Platform {
            signer: Signer::new(store.clone(), vault.clone()),
            store: store.clone(),
            targets: Targets::from(Arc::<FakeTarget>::clone(&target) as Arc<dyn Target>),
            front: routes.clone(),
            shelf: Arc::new(Shelf::empty(store.clone())),
            fetcher: Arc::new(Fetcher::new(env, Limits::default(), at("work"), true)),
            vault,
            rules: Rules::given(rules()),
            review: None,
            clock: clock.clone(),
            emitter: Emitter::start(store, clock.clone(), Bus::new(), masks.clone()),
            masks,
            lanes: Lanes::default(),
            settings: Arc::new(Settings {
                trees: at("trees"),
                policy: Policy::default(),
                hold_for: Duration::from_secs(7 * 24 * 3600),
                grace: Duration::ZERO,
            }),
        };
        let house = Self { folder, platform, target, routes, clock };
        house.write("1.0.0", "");
        house
    }

    /// Gives the house an npm that pins what `lock.json` in its folder says.
    pub(super) fn with_npm(self) -> Self {
        let lock = self.folder().join("lock.json");
        let script =
            format!("read -r lock < '{}'\nprintf '%s' \"$lock\" > package-lock.json\n", lock.display());
        self.with_tool("npm", &script)
    }

    /// Gives the house a tool that is a script of the shell, and no other.
    pub(super) fn with_tool(mut self, name: &str, script: &str) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let bin = self.folder().join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::write(bin.join(name), format!("#!/bin/sh\n{script}")).unwrap();
        std::fs::set_permissions(bin.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
        let env = ToolEnv { path: bin.into(), home: None, vars: BTreeMap::new() };
        let work = self.folder().join("work");
        self.platform.fetcher = Arc::new(Fetcher::new(env, Limits::default(), work, false));
        self
    }

    /// Writes the source anew.
    pub(super) fn write(&self, version: &str, more: &str) {
        std::fs::create_dir_all(self.source()).unwrap();
        let manifest = format!(
            "name: toy\nversion: {version}\nruntime: python\nentryPoint: main.py\nstartCommand:\n  type: stdio\n{more}"
        );
        std::fs::write(self.source().join("sigyl.yaml"), manifest).unwrap();
        if !self.source().join("main.py").exists() {
            self.code("print('hello')\n");
        }
    }

    pub(super) fn code(&self, code: &str) {
        std::fs::write(self.source().join("main.py"), code).unwrap();
    }

    pub(super) fn source(&self) -> PathBuf {
        self.folder.path().join("source")
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn order(&self) -> Order {
        Order { source: Some(Locator::Path(self.source())), ..Order::default() }
    }

    pub(super) async fn take(&self, plan: Plan, order: Order) -> Run {
        self.take_with(plan, order, BTreeMap::new()).await
    }

    pub(super) async fn take_with(
        &self,
        plan: Plan,
        order: Order,
        secrets: BTreeMap<SecretName, SecretValue>,
    ) -> Run {
        let mut started = start(self.platform.clone(), plan, &ada(), order, secrets).await.unwrap();
        started.wait().await;
        self.platform.store.run(&started.id).await.unwrap().unwrap()
    }

    pub(super) async fn deploy(&self) -> Run {
        self.take(Plan::Release, self.order()).await
    }

    pub(super) async fn redeploy(&self) -> Run {
        self.take(Plan::Redeploy, Order { name: Some(toy()), ..self.order() }).await
    }

    /// Lets a held run pass for what it is held for, and waits for its end.
    pub(super) async fn approve(&self, held: Run) -> Run {
        let approval = self.tracker().approval(held.judgement.as_ref().unwrap(), "ada", "seen");
        let mut started = self.tracker().resume(held, approval).await.unwrap();
        started.wait().await;
        self.platform.store.run(&started.id).await.unwrap().unwrap()
    }

    /// Gives the server that is started next one tool with this description.
    pub(super) fn says(&self, description: &str) {
        *self.target.tools.lock().unwrap() =
            json!([{"name": "add", "description": description, "inputSchema": {"type": "object"}}]);
    }

    pub(super) fn tracker(&self) -> Tracker {
        Tracker::new(self.platform.clone())
    }

    pub(super) fn routed(&self) -> Option<String> {
        self.routes.0.lock().unwrap().get(&toy()).map(ToString::to_string)
    }

    pub(super) fn running(&self) -> usize {
        self.target.running.lock().unwrap().len()
    }

    pub(super) async fn active(&self) -> Option<String> {
        let server = self.platform.store.server(&toy()).await.unwrap()?;
        server.active.map(|version| version.to_string())
    }

    pub(super) async fn granted(&self) -> Permissions {
        self.platform.store.server(&toy()).await.unwrap().unwrap().granted
    }
}

/// Who asks for the runs here.
pub(super) fn ada() -> Caller {
    Caller::limited("ada", [])
}
