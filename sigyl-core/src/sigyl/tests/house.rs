//! A handle in a temporary folder, with workspaces and people in them.

use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::FixedClock;
use crate::domain::{Account, Caller, Login, Role, Run, RunState, ServerName, Timestamp, WorkspaceName};
use crate::error::Error;
use crate::sigyl::{Config, Sigyl};
use crate::store::contract::fixture;
use crate::store::{Change, Store, StoreError};
use crate::wire::v1::{NewKey, NewWorkspace};

pub(in crate::sigyl) struct House {
    folder: tempfile::TempDir,
    pub(in crate::sigyl) sigyl: Sigyl,
    pub(in crate::sigyl) clock: Arc<FixedClock>,
}

pub(in crate::sigyl) fn login(text: &str) -> Login {
    Login::parse(text).unwrap()
}

pub(in crate::sigyl) fn workspace(text: &str) -> WorkspaceName {
    WorkspaceName::parse(text).unwrap()
}

/// A key without bounds but its scopes.
pub(in crate::sigyl) fn new_key(scopes: &[&str]) -> NewKey {
    NewKey {
        label: crate::domain::Label::parse("test").unwrap(),
        scopes: scopes.iter().map(|scope| scope.parse().unwrap()).collect(),
        workspace: None,
        networks: Vec::new(),
        expires: None,
        account: None,
        view: None,
    }
}

impl House {
    /// Workspaces `red` and `blue`; `rita` owns one, `bert` the other.
    pub(in crate::sigyl) async fn new() -> Self {
        Self::empty().await.with_people().await
    }

    pub(in crate::sigyl) async fn with_people(self) -> Self {
        let house = self;
        let owner = Caller::local_owner();
        house.sigyl.ensure_admin_key(&owner).await.unwrap();
        for (name, person) in [("red", "rita"), ("blue", "bert")] {
            let new = NewWorkspace { name: workspace(name), title: None, owner: login("owner") };
            house.sigyl.create_workspace(&owner, new).await.unwrap();
            house.member(name, person, Role::Owner).await;
        }
        house
    }

    pub(in crate::sigyl) async fn empty() -> Self {
        Self::judging_by(crate::domain::Policy::default()).await
    }

    /// An empty installation under a policy.
    pub(in crate::sigyl) async fn judging_by(policy: crate::domain::Policy) -> Self {
        Self::configured(|config| config.policy = policy).await
    }

    /// An empty installation that people and jobs sign in at.
    pub(in crate::sigyl) async fn signing_in(sign_in: crate::sigyl::SignIn) -> Self {
        Self::configured(|config| config.sign_in = sign_in).await
    }

    pub(super) async fn configured(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::at(Timestamp::from_millis(1_795_000_000_000)));
        let at = |name: &str| folder.path().join(name);
        let mut config = Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
        config.clock = clock.clone();
        change(&mut config);
        let sigyl = Sigyl::open(config).await.unwrap();
        Self { folder, sigyl, clock }
    }

    /// Ends the handle and opens another on the same folder.
    pub(super) async fn reopened(self) -> Self {
        let (folder, config) = self.closed().await;
        Self::on(folder, config).await
    }

    /// Ends the handle; returns the folder, and what another is opened with.
    pub(super) async fn closed(self) -> (tempfile::TempDir, Config) {
        let Self { folder, sigyl, clock } = self;
        sigyl.shutdown().await;
        drop(sigyl);
        let at = |name: &str| folder.path().join(name);
        let mut config = Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
        config.clock = clock;
        (folder, config)
    }

    /// Opens a handle on a folder that another had.
    pub(super) async fn on(folder: tempfile::TempDir, config: Config) -> Self {
        let clock = Arc::new(FixedClock::at(config.clock.now()));
        let config = Config { clock: clock.clone(), ..config };
        loop {
            match Sigyl::open(config.clone()).await {
                // What wrote for the other has not ended yet.
                Err(Error::Store(StoreError::InUse { .. })) => tokio::task::yield_now().await,
                sigyl => {
                    let sigyl = sigyl.unwrap();
                    return Self { folder, sigyl, clock };
                }
            }
        }
    }

    pub(in crate::sigyl) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(in crate::sigyl) fn store(&self) -> &dyn Store {
        &*self.sigyl.inner.platform.store
    }

    pub(in crate::sigyl) async fn member(&self, of: &str, person: &str, role: Role) {
        let owner = Caller::local_owner();
        self.sigyl.set_member(&owner, &workspace(of), &login(person), role).await.unwrap();
    }

    pub(in crate::sigyl) async fn account(&self, person: &str) -> Account {
        self.store().account_of(&login(person)).await.unwrap().unwrap()
    }

    /// Makes a key for a person, and returns it as they show it.
    pub(in crate::sigyl) async fn key(&self, person: &str, scopes: &[&str]) -> String {
        let new = NewKey { account: Some(login(person)), ..new_key(scopes) };
        self.sigyl.create_key(&Caller::local_owner(), new).await.unwrap().plain.reveal().to_owned()
    }

    /// Somebody who shows a key with these scopes.
    pub(in crate::sigyl) async fn caller(&self, person: &str, scopes: &[&str]) -> Caller {
        self.sigyl.authenticate(&self.key(person, scopes).await, None).await.unwrap()
    }

    /// Records a server in a workspace, with a held run `run-NAME`.
    pub(in crate::sigyl) async fn server(&self, name: &str, of: &str) -> ServerName {
        let id = format!("run-{}", name.replace(['.', '/'], "-"));
        self.store().apply(fixture::publish(name, "1.0.0", name)).await.unwrap();
        let run = Run { server: Some(fixture::name(name)), ..fixture::run(&id, RunState::Held) };
        self.store().apply(Change::PutRun(Box::new(run))).await.unwrap();
        let (name, to) = (fixture::name(name), workspace(of));
        self.store().apply(Change::MoveServer { name: name.clone(), to }).await.unwrap();
        name
    }
}
