//! A canary from end to end: sessions of clients at the endpoint, and who lets the version that is tried take over.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::ownership::redeploy;
use super::quarantine::{CODE, ended, open, source, target, toy};
use crate::domain::{Caller, Canary, RunId, RunState};
use crate::error::Error;
use crate::pipeline::NotPromoted;
use crate::pipeline::tests::target::FakeTarget;
use crate::sigyl::Sigyl;
use crate::wire::v1::{AuditFrom, Deploy, Redeploy};

/// A client with a session, at the endpoint of a handle.
struct Session {
    url: String,
    id: String,
}

impl Session {
    async fn open(sigyl: &Sigyl) -> Self {
        let url = sigyl.show(&Caller::local_owner(), &toy()).await.unwrap().url.unwrap();
        let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}});
        let answer = post(&url, &hello, None).await;
        assert_eq!(answer.status(), 200);
        let id = answer.headers()["mcp-session-id"].to_str().unwrap().to_owned();
        let session = Self { url, id };
        session.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        session
    }

    async fn send(&self, body: &Value) -> u16 {
        let answer = post(&self.url, body, Some(&self.id)).await;
        let status = answer.status().as_u16();
        answer.bytes().await.unwrap();
        status
    }

    /// Calls a tool; returns the version that answered.
    async fn call(&self, sigyl: &Sigyl) -> String {
        let mut heard = sigyl.inner.front.calls.subscribe();
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "one", "arguments": {}}});
        assert_eq!(self.send(&call).await, 200);
        heard.recv().await.unwrap().version.to_string()
    }
}

async fn post(url: &str, body: &Value, session: Option<&str>) -> reqwest::Response {
    let client = crate::mcp::proxy_client(url).unwrap();
    let mut post = client.post(url).header("content-type", "application/json");
    post = post.header("accept", "application/json, text/event-stream").body(body.to_string());
    if let Some(session) = session {
        post = post.header("mcp-session-id", session);
    }
    post.send().await.unwrap()
}

/// A handle that listens, with one version that serves.
async fn serving(folder: &Path, target: &Arc<FakeTarget>) -> Sigyl {
    let sigyl = open(folder, target).await;
    let (listener, _) = sigyl.listen(Some(([127, 0, 0, 1], 0).into())).await.unwrap();
    tokio::spawn(sigyl.serve(listener));
    let order = Deploy::of(source(folder, "1.0.0", CODE));
    let run = sigyl.deploy(&Caller::local_owner(), order).await.unwrap();
    assert_eq!(ended(&sigyl, &run).await.run.state, RunState::Done);
    sigyl
}

/// Begins to try another version with half of the clients, for an hour.
async fn tries(sigyl: &Sigyl, folder: &Path, version: &str) -> RunId {
    source(folder, version, CODE);
    let canary = Some(Canary::new(vec![50], Duration::from_secs(3_600)));
    let run = sigyl.redeploy(&Caller::local_owner(), Redeploy { canary, ..redeploy(&toy()) }).await.unwrap();
    while sigyl.inner.front.gateway().compared(&toy()).is_none() {
        tokio::task::yield_now().await;
    }
    run
}

/// Promotes once the trial can be told to go on.
async fn promote(sigyl: &Sigyl, run: &RunId) {
    loop {
        match sigyl.promote(&Caller::local_owner(), run, None).await {
            Err(Error::NotPromoted { why: NotPromoted::NotTried { .. }, .. }) => {
                tokio::task::yield_now().await;
            }
            result => return assert_eq!(result.unwrap(), *run),
        }
    }
}

#[tokio::test]
async fn who_begins_after_a_promotion_reaches_the_new_version_and_who_began_before_stays() {
    let (folder, target, owner) = (tempfile::tempdir().unwrap(), target(), Caller::local_owner());
    let sigyl = serving(folder.path(), &target).await;
    let before = Session::open(&sigyl).await;
    let run = tries(&sigyl, folder.path(), "2.0.0").await;
    let (serves, tried) = (Session::open(&sigyl).await, Session::open(&sigyl).await);
    assert_eq!((serves.call(&sigyl).await, tried.call(&sigyl).await), ("1.0.0".into(), "2.0.0".into()));

    let open = sigyl.session_counts(&owner).await.unwrap();
    let open: Vec<_> = open.sessions.unwrap().into_iter().map(|it| (it.server, it.caller, it.open)).collect();
    assert_eq!(open, [(toy(), String::new(), 3)], "on both versions, and of nobody who is known");

    let nobody = Caller::anonymous(None);
    assert_eq!(sigyl.session_counts(&nobody).await.unwrap_err().code(), "E0901");
    assert_eq!(sigyl.promote(&nobody, &run, None).await.unwrap_err().code(), "E0901");
    let refused = sigyl.promote(&owner, &run, Some(100)).await.unwrap_err();
    assert_eq!((refused.code(), refused.kind()), ("E0312", crate::domain::Kind::Invalid));
    promote(&sigyl, &run).await;
    let end = ended(&sigyl, &run).await;
    assert_eq!(end.run.state, RunState::Done, "{:?}", end.run.failure);
    let line = "because local owner promoted it, at 50 % and after 1 calls, 0 failed";
    assert!(end.run.notices.iter().any(|notice| notice.contains(line)), "{:?}", end.run.notices);

    assert_eq!(Session::open(&sigyl).await.call(&sigyl).await, "2.0.0");
    assert_eq!(Session::open(&sigyl).await.call(&sigyl).await, "2.0.0");
    assert_eq!((before.call(&sigyl).await, serves.call(&sigyl).await), ("1.0.0".into(), "1.0.0".into()));
    assert_eq!(tried.call(&sigyl).await, "2.0.0");

    let again = sigyl.promote(&owner, &run, None).await.unwrap_err();
    assert_eq!(again.to_string(), format!("run {run} is done: a version is promoted while it is tried"));
    let audit = sigyl.audit(&owner, AuditFrom::End, 20).await.unwrap();
    let told = audit.items.iter().filter(|entry| entry.fact.what == "promote").count();
    assert!(told >= 3, "refused, done, and refused; who is nobody is not written down: {told}");
    sigyl.shutdown().await;
}

#[tokio::test]
async fn of_a_promotion_and_a_cancellation_at_once_one_is_told_that_the_other_won() {
    let (folder, target, owner) = (tempfile::tempdir().unwrap(), target(), Caller::local_owner());
    let sigyl = serving(folder.path(), &target).await;
    let run = tries(&sigyl, folder.path(), "2.0.0").await;
    let tried = [Session::open(&sigyl).await, Session::open(&sigyl).await];
    // Which of them is heard must not depend on whether it can be promoted yet: a share that is not larger is refused for that.
    while !matches!(
        sigyl.promote(&owner, &run, Some(50)).await,
        Err(Error::NotPromoted { why: NotPromoted::Share { .. }, .. })
    ) {
        tokio::task::yield_now().await;
    }
    let (promoted, cancelled) = tokio::join!(sigyl.promote(&owner, &run, None), sigyl.cancel(&owner, &run));
    let end = ended(&sigyl, &run).await;
    // Whichever was heard: the end says it, and the endpoint leads clients so.
    let code = end.run.failure.as_ref().map(|failure| failure.code.as_str());
    let serves = match (end.run.state, code) {
        (RunState::Done, None) => "2.0.0",
        (RunState::Failed, Some("E0902")) => "1.0.0",
        other => panic!("{other:?}"),
    };
    assert!(promoted.is_ok() || cancelled.is_ok());
    let untried = matches!(promoted, Err(Error::NotPromoted { why: NotPromoted::NotTried { .. }, .. }));
    assert!(!untried, "{promoted:?}");
    assert!(serves == "1.0.0" || promoted.is_ok(), "{promoted:?}");
    for _ in 0..3 {
        assert_eq!(Session::open(&sigyl).await.call(&sigyl).await, serves);
    }
    assert_eq!(tried[0].call(&sigyl).await, "1.0.0", "who never reached it notices nothing");
    sigyl.shutdown().await;
}
