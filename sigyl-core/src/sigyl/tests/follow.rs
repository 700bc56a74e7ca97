//! From a push to a release, over a real repository: what is followed, in whose name, and what must not be released.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};

use super::house::new_key;
use super::ownership::redeploy;
use super::quarantine::{CODE, ended, source, target, toy};
use crate::clock::FixedClock;
use crate::domain::{
    Action, BranchName, Caller, CommitId, FollowPolicy, KeyId, Kind, Locator, RepositoryName, RunState,
    SecretValue, Timestamp,
};
use crate::error::Error;
use crate::github::api::{ApiError, CommitCheck, CommitStatus, Repositories, RepositoryFacts};
use crate::github::webhook::Delivered;
use crate::pipeline::tests::house::rules;
use crate::pipeline::tests::target::{FakeTarget, Fault};
use crate::sigyl::{Config, Sigyl};
use crate::source::ToolEnv;
use crate::wire::v1::{Deploy, FollowView, HookOutcome, HookTaken, NewFollow};

const SECRET: &str = "It's a Secret to Everybody";
/// The moment at which everything happens, in seconds.
const NOW: i64 = 1_795_000_000;
/// The number of the repository.
const ID: u64 = 7;

/// A GitHub whose one branch is where it is told to be; nothing when it cannot be asked.
#[derive(Debug, Default)]
struct FakeApi(Mutex<Option<(u64, CommitId)>>, Mutex<Vec<String>>);

#[async_trait::async_trait]
impl Repositories for FakeApi {
    async fn facts(&self, repository: &RepositoryName) -> Result<RepositoryFacts, ApiError> {
        let (id, _) = self.0.lock().unwrap().clone().ok_or(ApiError::Answer("nothing"))?;
        let default_branch = BranchName::parse("main").unwrap();
        Ok(RepositoryFacts { name: repository.clone(), id, default_branch })
    }

    async fn head(&self, _: &RepositoryName, _: &BranchName) -> Result<CommitId, ApiError> {
        Ok(self.0.lock().unwrap().clone().ok_or(ApiError::Answer("nothing"))?.1)
    }

    async fn set_status(
        &self,
        _: &RepositoryName,
        commit: &CommitId,
        status: &CommitStatus,
    ) -> Result<(), ApiError> {
        let line = format!("{} {:?} {}", commit.short(), status.state, status.context);
        self.1.lock().unwrap().push(line);
        Ok(())
    }

    async fn check(
        &self,
        _: &RepositoryName,
        commit: &CommitId,
        check: &CommitCheck,
    ) -> Result<(), ApiError> {
        self.1.lock().unwrap().push(format!("{} {:?} {}", commit.short(), check.passed, check.title));
        Ok(())
    }
}

/// A handle whose GitHub is a folder, with a server deployed from `octo/toy` there.
struct Hub {
    folder: tempfile::TempDir,
    sigyl: Sigyl,
    target: Arc<FakeTarget>,
}

fn tools() -> ToolEnv {
    ToolEnv { path: std::env::var_os("PATH").unwrap(), home: None, vars: Default::default() }
}

impl Hub {
    async fn new() -> Self {
        Self::asking(None).await
    }

    /// The same, where GitHub can be asked.
    async fn asking(api: Option<Arc<FakeApi>>) -> Self {
        let (folder, target) = (tempfile::tempdir().unwrap(), target());
        let at = |name: &str| folder.path().join(name);
        let mut config = Config::new(at("data"), at("cache"), tools(), "/nonexistent".into());
        config.rules = Some(rules());
        config.target = Some(target.clone());
        config.clock = Arc::new(FixedClock::at(Timestamp::from_millis(NOW * 1_000)));
        config.github.webhook_secret = Some(SecretValue::new(SECRET));
        config.github.api = api.map(|api| api as Arc<dyn Repositories>);
        config.github.web_url = format!("file://{}", at("hub").display());
        let sigyl = Sigyl::open(config).await.unwrap();
        std::fs::create_dir_all(at("hub/octo/toy.git")).unwrap();
        let hub = Self { folder, sigyl, target };
        hub.git(&["init", "-q"]);
        hub.commit("1.0.0", CODE);
        let from = format!("git:file://{}/octo/toy.git#main", hub.folder.path().join("hub").display());
        let deploy = Deploy::of(Locator::parse(&from).unwrap());
        let run = hub.sigyl.deploy(&Caller::local_owner(), deploy).await.unwrap();
        let end = ended(&hub.sigyl, &run).await;
        assert_eq!(end.run.state, RunState::Done, "{:?}", end.run.failure);
        hub
    }

    fn git(&self, args: &[&str]) -> String {
        let plain =
            ["-c", "user.name=Ada", "-c", "user.email=ada@host.example", "-c", "init.defaultBranch=main"];
        let run = Command::new(tools().find("git").unwrap())
            .args(plain)
            .args(["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false"])
            .args(args)
            .current_dir(self.folder.path().join("hub/octo/toy.git"))
            .env_clear()
            .env("PATH", tools().path)
            .env("HOME", self.folder.path())
            .output()
            .unwrap();
        assert!(run.status.success(), "{args:?}: {}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8(run.stdout).unwrap().trim().to_owned()
    }

    /// Commits a version, and returns its commit.
    fn commit(&self, version: &str, code: &str) -> String {
        source(self.folder.path(), version, code);
        let to = self.folder.path().join("hub/octo/toy.git");
        for file in ["sigyl.yaml", "main.py"] {
            std::fs::copy(self.folder.path().join("source").join(file), to.join(file)).unwrap();
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", version]);
        self.git(&["rev-parse", "HEAD"])
    }

    async fn follow(&self, caller: &Caller, policy: FollowPolicy) -> Result<FollowView, Error> {
        let new = NewFollow { branch: BranchName::parse("main").unwrap(), policy };
        self.sigyl.set_follow(caller, &toy(), new).await
    }

    async fn followed(&self) -> FollowView {
        self.sigyl.follows(&Caller::local_owner()).await.unwrap().remove(0)
    }

    async fn hook(&self, event: &str, body: &Value) -> HookTaken {
        let body = body.to_string();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let signature = format!("sha256={hex}");
        let id = uuid::Uuid::now_v7().to_string();
        let delivered = Delivered {
            event: Some(event),
            id: Some(&id),
            signature: Some(&signature),
            body: body.as_bytes(),
        };
        self.sigyl.take_hook(&Caller::anonymous(None), delivered).await.unwrap()
    }

    async fn push(&self, commit: &str, seconds: i64) -> HookTaken {
        self.hook("push", &push(ID, "refs/heads/main", commit, seconds)).await
    }

    /// Waits until what is followed is as it should be.
    async fn eventually<T>(&self, find: impl Fn(&FollowView) -> Option<T>) -> T {
        let found = async {
            loop {
                if let Some(found) = find(&self.followed().await) {
                    return found;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), found).await.expect("it never came to that")
    }

    /// The version that serves.
    async fn serves(&self) -> String {
        let view = self.sigyl.show(&Caller::local_owner(), &toy()).await.unwrap();
        view.server.active.unwrap().to_string()
    }
}

fn push(id: u64, reference: &str, commit: &str, seconds: i64) -> Value {
    json!({
        "ref": reference, "after": commit, "deleted": commit.bytes().all(|b| b == b'0'),
        "repository": {"id": id, "full_name": "Octo/Toy", "pushed_at": seconds},
    })
}

fn outcome(taken: &HookTaken) -> (HookOutcome, usize) {
    (taken.outcome, taken.runs.len())
}

#[tokio::test]
async fn a_push_is_released_as_exactly_its_commit_and_once() {
    let hub = Hub::new().await;
    let owner = Caller::local_owner();
    hub.follow(&owner, FollowPolicy::Auto).await.unwrap();
    let second = hub.commit("1.1.0", CODE);
    // The branch goes on before anybody hears of the push.
    let third = hub.commit("1.2.0", CODE);
    let taken = hub.push(&second, NOW + 1).await;
    assert_eq!(outcome(&taken), (HookOutcome::Taken, 1), "{taken:?}");
    let end = ended(&hub.sigyl, &taken.runs[0]).await;
    assert_eq!(end.run.state, RunState::Done, "{:?}", end.run.failure);
    assert_eq!((hub.serves().await, end.run.caller.as_str()), ("1.1.0".to_owned(), owner.name()));
    assert!(end.report.unwrap().source.locator.ends_with(&second));

    let again = hub.push(&second, NOW + 1).await;
    assert_eq!(outcome(&again), (HookOutcome::Repeated, 0), "its id is not signed, what it carries is");
    let late = hub.push(&second, NOW + 2).await;
    assert!(late.runs.is_empty() && late.note.contains("seen before"), "{late:?}");
    let taken = hub.push(&third, NOW + 9).await;
    ended(&hub.sigyl, &taken.runs[0]).await;
    let old = hub.push(&second, NOW + 3).await;
    assert!(old.runs.is_empty() && old.note.contains("later push"), "{old:?}");
    assert_eq!(hub.serves().await, "1.2.0");
    let other = hub.hook("push", &push(ID, "refs/heads/next", &second, NOW + 20)).await;
    assert_eq!(outcome(&other), (HookOutcome::Ignored, 0));
    assert_eq!(hub.followed().await.seen.unwrap().as_str(), third);
    hub.sigyl.shutdown().await;
}

#[tokio::test]
async fn a_push_is_acted_on_also_when_who_told_of_it_has_gone() {
    let hub = Hub::new().await;
    hub.follow(&Caller::local_owner(), FollowPolicy::Ask).await.unwrap();
    let second = hub.commit("1.1.0", CODE);
    let gone = tokio::time::timeout(std::time::Duration::ZERO, hub.push(&second, NOW + 1)).await;
    assert!(gone.is_err(), "{gone:?}");
    assert_eq!(hub.eventually(|view| view.waiting.clone()).await.as_str(), second);
    hub.sigyl.shutdown().await;
}

#[tokio::test]
async fn a_tag_that_is_called_like_the_branch_is_not_released() {
    let hub = Hub::new().await;
    let owner = Caller::local_owner();
    hub.follow(&owner, FollowPolicy::Ask).await.unwrap();
    hub.git(&["tag", "main"]);
    hub.commit("1.1.0", CODE);
    let run = hub.sigyl.redeploy(&owner, redeploy(&toy())).await.unwrap();
    ended(&hub.sigyl, &run).await;
    assert_eq!(hub.serves().await, "1.1.0");
    hub.sigyl.shutdown().await;
}

#[tokio::test]
async fn what_waits_is_released_by_whoever_may_and_nothing_else() {
    let hub = Hub::new().await;
    let owner = Caller::local_owner();
    hub.follow(&owner, FollowPolicy::Ask).await.unwrap();
    let keyless = Caller::limited("a deployer", [Action::Read, Action::Deploy]);
    let refused = hub.follow(&keyless, FollowPolicy::Auto).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Denied, "what is pushed would be released in the name of the owner");
    let nothing = hub.sigyl.release_followed(&owner, &toy(), None).await.unwrap_err();
    assert_eq!((nothing.code(), nothing.kind()), ("E1402", Kind::Conflict));
    let second = hub.commit("1.1.0", CODE);
    let taken = hub.push(&second, NOW + 1).await;
    assert_eq!(outcome(&taken), (HookOutcome::Taken, 0));
    assert_eq!((hub.serves().await, hub.target.running.lock().unwrap().len()), ("1.0.0".to_owned(), 1));
    let reader = Caller::limited("a reader", [Action::Read]);
    assert_eq!(hub.sigyl.release_followed(&reader, &toy(), None).await.unwrap_err().kind(), Kind::Denied);
    let other = "0a".repeat(20).parse().unwrap();
    let wrong = hub.sigyl.release_followed(&owner, &toy(), Some(other)).await.unwrap_err();
    assert!(wrong.to_string().contains("commit 0a0a0a0a0a0a is not what waits"), "{wrong}");
    let run = hub.sigyl.release_followed(&owner, &toy(), Some(second.parse().unwrap())).await.unwrap();
    ended(&hub.sigyl, &run).await;
    let view = hub.followed().await;
    assert_eq!((hub.serves().await, view.waiting, view.run), ("1.1.0".to_owned(), None, Some(run)));

    hub.follow(&owner, FollowPolicy::Never).await.unwrap();
    let third = hub.commit("1.2.0", CODE);
    assert!(hub.push(&third, NOW + 5).await.note.contains("`never`"));
    hub.sigyl.end_follow(&owner, &toy()).await.unwrap();
    assert_eq!(hub.sigyl.end_follow(&owner, &toy()).await.unwrap_err().code(), "E1402");
    assert_eq!(outcome(&hub.push(&third, NOW + 6).await), (HookOutcome::Ignored, 0));
    hub.sigyl.shutdown().await;
}

#[tokio::test]
async fn a_push_is_released_with_what_the_key_may_do_then() {
    let hub = Hub::new().await;
    let owner = Caller::local_owner();
    hub.sigyl.ensure_admin_key(&owner).await.unwrap();
    let made = hub.sigyl.create_key(&owner, new_key(&["deploy", "read"])).await.unwrap();
    let ci = hub.sigyl.authenticate(made.plain.reveal(), None).await.unwrap();
    hub.follow(&ci, FollowPolicy::Auto).await.unwrap();
    let second = hub.commit("1.1.0", CODE);
    let taken = hub.push(&second, NOW + 1).await;
    ended(&hub.sigyl, &taken.runs[0]).await;
    assert_eq!(hub.serves().await, "1.1.0");

    let id: KeyId = ci.key().unwrap().key.id.clone();
    hub.sigyl.revoke_key(&owner, &id).await.unwrap();
    let third = hub.commit("1.2.0", CODE);
    let taken = hub.push(&third, NOW + 2).await;
    assert_eq!(outcome(&taken), (HookOutcome::Taken, 0), "{taken:?}");
    let view = hub.followed().await;
    assert_eq!(view.waiting.unwrap().as_str(), third);
    assert!(view.note.unwrap().contains("could not be released and waits"));
    assert_eq!(hub.serves().await, "1.1.0");
    hub.sigyl.shutdown().await;
}

#[tokio::test]
async fn a_name_that_another_repository_got_is_not_followed() {
    let hub = Hub::new().await;
    hub.follow(&Caller::local_owner(), FollowPolicy::Auto).await.unwrap();
    let second = hub.commit("1.1.0", CODE);
    ended(&hub.sigyl, &hub.push(&second, NOW + 1).await.runs[0]).await;
    let third = hub.commit("1.2.0", CODE);
    let stranger = hub.hook("push", &push(ID + 1, "refs/heads/main", &third, NOW + 2)).await;
    assert!(stranger.runs.is_empty() && stranger.note.contains("another repository"), "{stranger:?}");

    let renamed = json!({
        "action": "renamed", "changes": {"repository": {"name": {"from": "toy"}}},
        "repository": {"id": ID, "full_name": "octo/tick"},
    });
    hub.hook("repository", &renamed).await;
    assert_eq!(hub.followed().await.repository.as_str(), "octo/tick");
    let by_old_name = hub.hook("push", &push(ID + 1, "refs/heads/main", &third, NOW + 3)).await;
    assert_eq!(outcome(&by_old_name), (HookOutcome::Ignored, 0));
    let moved = json!({
        "action": "transferred", "changes": {"owner": {"from": {"user": {"login": "octo"}}}},
        "repository": {"id": ID, "full_name": "evil/tick"},
    });
    hub.hook("repository", &moved).await;
    let view = hub.followed().await;
    assert_eq!((view.repository.as_str(), view.policy), ("evil/tick", FollowPolicy::Ask));
    let gone = json!({"action": "deleted", "repository": {"id": ID, "full_name": "evil/tick"}});
    hub.hook("repository", &gone).await;
    assert!(hub.followed().await.note.unwrap().contains("deleted at GitHub"));
    let removed = json!({
        "action": "removed", "repositories_added": [],
        "repositories_removed": [{"full_name": "evil/tick"}],
    });
    assert!(hub.hook("installation_repositories", &removed).await.note.contains("cannot read"));
    hub.sigyl.shutdown().await;
}

#[tokio::test]
async fn a_repository_that_was_renamed_is_followed_by_its_number_whatever_was_missed() {
    let hub = Hub::new().await;
    let owner = Caller::local_owner();
    hub.follow(&owner, FollowPolicy::Auto).await.unwrap();
    let second = hub.commit("1.1.0", CODE);
    ended(&hub.sigyl, &hub.push(&second, NOW + 1).await.runs[0]).await;
    // Nobody told of the rename; the old name is another's by now.
    let third = hub.commit("1.2.0", CODE);
    let at = hub.folder.path().join("hub/octo");
    std::fs::rename(at.join("toy.git"), at.join("tick.git")).unwrap();
    let mut body = push(ID, "refs/heads/main", &third, NOW + 2);
    body["repository"]["full_name"] = "octo/tick".into();
    let taken = hub.hook("push", &body).await;
    assert_eq!(outcome(&taken), (HookOutcome::Taken, 1), "{taken:?}");
    let end = ended(&hub.sigyl, &taken.runs[0]).await;
    assert_eq!(end.run.state, RunState::Held, "its source is another than before");
    assert!(end.report.unwrap().source.locator.ends_with(&format!("octo/tick.git#{third}")));

    let renamed = |from: &str, to: &str| {
        json!({
            "action": "renamed", "changes": {"repository": {"name": {"from": from}}},
            "repository": {"id": ID, "full_name": to},
        })
    };
    hub.hook("repository", &renamed("tock", "octo/bell")).await;
    assert_eq!(hub.followed().await.repository.as_str(), "octo/bell", "one before it was missed");
    hub.hook("repository", &renamed("tick", "octo/tock")).await;
    assert_eq!(hub.followed().await.repository.as_str(), "octo/bell", "one that is told late leads nowhere");

    let again = hub.follow(&owner, FollowPolicy::Ask).await.unwrap();
    assert_eq!((again.repository.as_str(), again.seen.unwrap().as_str()), ("octo/bell", third.as_str()));
    let stranger = hub.hook("push", &push(ID + 1, "refs/heads/main", &"0b".repeat(20), NOW + 3)).await;
    assert_eq!(outcome(&stranger), (HookOutcome::Ignored, 0), "who has the old name now is not followed");
    hub.sigyl.shutdown().await;
}

#[tokio::test]
async fn what_is_pushed_during_a_run_is_released_after_it_the_newest_alone() {
    let hub = Hub::new().await;
    let owner = Caller::local_owner();
    hub.follow(&owner, FollowPolicy::Auto).await.unwrap();
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (go_on, goes_on) = tokio::sync::oneshot::channel();
    *hub.target.gate.lock().unwrap() = Some((begun, goes_on));
    let first = hub.push(&hub.commit("1.1.0", CODE), NOW + 1).await.runs.remove(0);
    has_begun.await.unwrap();
    for (version, at) in [("1.2.0", 2), ("1.3.0", 3)] {
        let taken = hub.push(&hub.commit(version, CODE), NOW + at).await;
        assert!(taken.runs.is_empty() && taken.note.contains("waits until run"), "{taken:?}");
    }
    let early = hub.sigyl.release_followed(&owner, &toy(), None).await.unwrap_err();
    assert_eq!(early.code(), "E0805");
    go_on.send(()).unwrap();
    ended(&hub.sigyl, &first).await;
    let next = hub.eventually(|view| view.run.clone().filter(|run| *run != first)).await;
    ended(&hub.sigyl, &next).await;
    assert_eq!((hub.serves().await, hub.followed().await.waiting), ("1.3.0".to_owned(), None));
    let runs = hub.sigyl.runs(&owner, None, 9).await.unwrap().items;
    assert_eq!(runs.len(), 3, "none for what was pushed between");
    hub.sigyl.shutdown().await;
}

#[tokio::test]
async fn a_commit_whose_run_failed_waits() {
    let hub = Hub::new().await;
    hub.follow(&Caller::local_owner(), FollowPolicy::Auto).await.unwrap();
    hub.target.faults.lock().unwrap().insert(Fault::Build);
    let second = hub.commit("1.1.0", CODE);
    let taken = hub.push(&second, NOW + 1).await;
    assert!(taken.note.contains("began to release"), "{taken:?}");
    assert_eq!(ended(&hub.sigyl, &taken.runs[0]).await.run.state, RunState::Failed);
    assert_eq!(hub.eventually(|view| view.waiting.clone()).await.as_str(), second);
    assert!(hub.followed().await.note.unwrap().contains("did not release"));
    // Following it again forgets nothing of that.
    let again = hub.follow(&Caller::local_owner(), FollowPolicy::Ask).await.unwrap();
    assert_eq!((again.waiting.unwrap().as_str(), again.run.as_ref()), (second.as_str(), taken.runs.first()));
    hub.sigyl.shutdown().await;
}

#[tokio::test]
async fn where_no_webhook_tells_of_a_push_the_branch_is_looked_at() {
    let api = Arc::new(FakeApi::default());
    let hub = Hub::asking(Some(api.clone())).await;
    let owner = Caller::local_owner();
    let is_at = |id: u64, commit: &str| *api.0.lock().unwrap() = Some((id, commit.parse().unwrap()));
    let refused = hub.follow(&owner, FollowPolicy::Auto).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.kind()),
        ("E1403", Kind::Upstream),
        "what is not there is not followed"
    );
    let first = hub.git(&["rev-parse", "HEAD"]);
    is_at(ID, &first);
    assert_eq!(hub.follow(&owner, FollowPolicy::Auto).await.unwrap().seen.unwrap().as_str(), first);
    hub.sigyl.poll(&*api).await.unwrap();
    assert_eq!(hub.followed().await.run, None, "nothing was pushed");
    let second = hub.commit("1.1.0", CODE);
    is_at(ID, &second);
    hub.sigyl.poll(&*api).await.unwrap();
    ended(&hub.sigyl, &hub.followed().await.run.unwrap()).await;
    assert_eq!(hub.serves().await, "1.1.0");
    let told = async {
        while api.1.lock().unwrap().len() < 3 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), told).await.expect("GitHub was never told");
    let commit = &second[..12];
    let lines = ["Pending sigyl/toy", "Success sigyl/toy", "Some(true) verdict pass"];
    assert_eq!(*api.1.lock().unwrap(), lines.map(|line| format!("{commit} {line}")));
    // The webhook comes after all.
    assert!(hub.push(&second, NOW + 1).await.note.contains("seen before"));
    let third = hub.commit("1.2.0", CODE);
    is_at(ID + 1, &third);
    hub.sigyl.poll(&*api).await.unwrap();
    let view = hub.followed().await;
    assert!(view.note.unwrap().contains("another repository") && view.seen.unwrap().as_str() == second);
    *api.0.lock().unwrap() = None;
    hub.sigyl.poll(&*api).await.unwrap();
    assert!(hub.followed().await.note.unwrap().contains("cannot be used: nothing"));
    is_at(ID, &second);
    hub.sigyl.poll(&*api).await.unwrap();
    assert!(!hub.followed().await.note.unwrap().contains("be used: nothing"), "it could be asked again");
    hub.sigyl.shutdown().await;
}

#[tokio::test]
async fn only_what_came_from_github_follows_a_branch() {
    let (folder, target) = (tempfile::tempdir().unwrap(), target());
    let sigyl = super::quarantine::open(folder.path(), &target).await;
    let from: &Path = folder.path();
    let run = sigyl.deploy(&Caller::local_owner(), Deploy::of(source(from, "1.0.0", CODE))).await.unwrap();
    ended(&sigyl, &run).await;
    let new = NewFollow { branch: BranchName::parse("main").unwrap(), policy: FollowPolicy::Ask };
    let refused = sigyl.set_follow(&Caller::local_owner(), &toy(), new).await.unwrap_err();
    assert_eq!((refused.code(), refused.kind()), ("E1402", Kind::Invalid));
    sigyl.shutdown().await;
}
