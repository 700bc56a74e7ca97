//! One owner, several callers, over the real socket.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::token::Token;
use super::{Client, frame};
use crate::domain::{Kind, RunId, ServerName};
use crate::sigyl::{Config, Sigyl};
use crate::source::ToolEnv;
use crate::store::Store as _;
use crate::store::contract::fixture;
use crate::store::sled::SledStore;
use crate::wire::v1::{Frame, Request, Response};

struct Owner {
    folder: tempfile::TempDir,
    sigyl: Sigyl,
    serving: tokio::task::JoinHandle<()>,
}

impl Owner {
    async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap()).await
    }

    async fn start_in(folder: tempfile::TempDir) -> Self {
        let sigyl = Sigyl::open(config(folder.path())).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let owner = sigyl.clone();
        let serving = tokio::spawn(async move { owner.serve(listener).await.unwrap() });
        let this = Self { folder, sigyl, serving };
        while this.client().await.is_none() {
            tokio::task::yield_now().await;
        }
        this
    }

    async fn socket(&self) -> tokio::net::UnixStream {
        tokio::net::UnixStream::connect(self.folder.path().join("data/control.sock")).await.unwrap()
    }

    /// A socket on which the token was shown already.
    async fn known(&self) -> tokio::net::UnixStream {
        let mut stream = self.socket().await;
        let token = Token::read(&self.folder.path().join("data")).unwrap();
        frame::write(&mut stream, token.text()).await.unwrap();
        stream
    }

    async fn client(&self) -> Option<Client> {
        Client::connect(&self.folder.path().join("data")).await.unwrap()
    }
}

/// The failure that a caller is answered with.
async fn failure(mut stream: tokio::net::UnixStream) -> crate::domain::Failure {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    match serde_json::from_str(&answer) {
        Ok(Frame::Failed(failure)) => failure,
        other => panic!("{other:?}: {answer}"),
    }
}

fn config(folder: &std::path::Path) -> Config {
    let tools = ToolEnv { path: "/nowhere".into(), home: None, vars: BTreeMap::new() };
    Config::new(folder.join("data"), folder.join("cache"), tools, "/nonexistent/launcher".into())
}

#[tokio::test]
async fn a_caller_is_answered_as_if_it_had_opened_the_store() {
    let owner = Owner::start().await;
    let client = owner.client().await.unwrap();
    let Response::Owner(told) = client.call(&Request::Owner, |_| {}).await.unwrap() else {
        panic!("not an owner")
    };
    assert_eq!(told.pid, std::process::id());
    assert!(told.endpoint.unwrap().starts_with("http://127.0.0.1:"));
    assert!(
        matches!(client.call(&Request::List, |_| {}).await, Ok(Response::Servers(servers)) if servers.is_empty())
    );
    let name = ServerName::parse("nobody").unwrap();
    let failure = client.call(&Request::Show { name }, |_| {}).await.unwrap_err();
    assert_eq!((failure.code.as_str(), failure.kind), ("E0402", Kind::NotFound));
    assert!(failure.hint.is_some());
}

#[tokio::test]
async fn a_document_of_many_lines_comes_back_whole() {
    const CLOCK: &str = include_str!("../../tests/data/registry/clock.json");
    assert!(CLOCK.matches('\n').count() > 10);
    let owner = Owner::start().await;
    let client = owner.client().await.unwrap();
    let members = |document: &str| serde_json::from_str::<serde_json::Value>(document).unwrap();
    let publish = Request::PublishListing { document: CLOCK.to_owned() };
    let Ok(Response::Listing(published)) = client.call(&publish, |_| {}).await else { panic!("no document") };
    assert_eq!(members(published.server.as_str()), members(CLOCK));
    let search = Request::Search { words: "clock".to_owned(), limit: 5 };
    let Ok(Response::Finds(found)) = client.call(&search, |_| {}).await else { panic!("nothing found") };
    assert_eq!(found.servers[0].server, published.server);
}

#[tokio::test]
async fn the_data_directory_has_one_owner_and_private_files() {
    let owner = Owner::start().await;
    let second = Sigyl::open(config(owner.folder.path())).await.unwrap_err();
    assert_eq!(second.code(), "E0701");
    let data = owner.folder.path().join("data");
    for (name, mode) in
        [("", 0o700), ("control.sock", 0o600), ("control.token", 0o600), ("master.key", 0o600)]
    {
        let found = std::fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{name}");
    }
}

#[tokio::test]
async fn garbage_on_the_socket_ends_that_caller_alone() {
    let owner = Owner::start().await;
    for garbage in ["\n", "{}\n", "[[[[\n", "{\"op\":\"no_such_operation\"}\n", "\u{0}\u{1}"] {
        for mut stream in [owner.socket().await, owner.known().await] {
            stream.write_all(garbage.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            let failure = failure(stream).await;
            assert_eq!(failure.code, "E0705", "{garbage:?}");
        }
    }
    let client = owner.client().await.unwrap();
    assert!(client.call(&Request::List, |_| {}).await.is_ok());
}

#[tokio::test]
async fn what_cannot_be_read_is_not_repeated() {
    let owner = Owner::start().await;
    let mut stream = owner.known().await;
    stream.write_all(b"{\"op\":\"planted-7f3a9c\"}\n").await.unwrap();
    let failure = format!("{:?}", failure(stream).await);
    assert!(failure.contains(env!("CARGO_PKG_VERSION")) && !failure.contains("planted"), "{failure}");
}

#[tokio::test]
async fn whoever_cannot_read_the_data_directory_is_not_obeyed() {
    let owner = Owner::start().await;
    let stop = serde_json::to_string(&Request::Stop).unwrap();
    for token in ["", "0", &"0".repeat(64)] {
        let mut stream = owner.socket().await;
        stream.write_all(format!("\"{token}\"\n{stop}\n").as_bytes()).await.unwrap();
        let failure = failure(stream).await;
        assert!(failure.message.contains("control.token"), "{failure:?}");
    }
    assert!(owner.client().await.unwrap().call(&Request::List, |_| {}).await.is_ok());
}

#[tokio::test]
async fn callers_that_left_a_quiet_log_make_room_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(&folder.path().join("data/store")).unwrap();
    store.apply(fixture::publish("clock", "1.0.0", "a")).await.unwrap();
    drop(store);
    let owner = Owner::start_in(folder).await;
    let name = ServerName::parse("clock").unwrap();
    let follow = serde_json::to_string(&Request::Logs { name, lines: 0, follow: true }).unwrap();
    for _ in 0..200 {
        let mut stream = owner.known().await;
        stream.write_all(format!("{follow}\n").as_bytes()).await.unwrap();
        // It reads nothing, since nothing comes, and is interrupted.
        drop(stream);
    }
    let client = owner.client().await.unwrap();
    let answered = async {
        while client.call(&Request::List, |_| {}).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), answered).await.unwrap();
}

#[tokio::test]
async fn one_caller_too_many_is_told_so() {
    let owner = Owner::start().await;
    let mut silent = Vec::new();
    for _ in 0..64 {
        silent.push(owner.socket().await);
    }
    let failure = owner.client().await.unwrap().call(&Request::List, |_| {}).await.unwrap_err();
    assert_eq!((failure.code.as_str(), failure.kind), ("E0705", Kind::Unavailable));
    assert!(failure.message.contains("64 callers"), "{failure:?}");
}

#[tokio::test]
async fn watching_a_run_that_is_not_there_fails_with_its_code() {
    let owner = Owner::start().await;
    let run = RunId::parse("0190-nope").unwrap();
    let request = Request::Watch { run, after: crate::domain::Seq(0) };
    let failure = owner.client().await.unwrap().call(&request, |_| {}).await.unwrap_err();
    assert_eq!(failure.code, "E0405");
}

#[tokio::test]
async fn stop_ends_the_owner_and_frees_the_data_directory() {
    let owner = Owner::start().await;
    owner.client().await.unwrap().call(&Request::Stop, |_| {}).await.unwrap();
    owner.serving.await.unwrap();
    owner.sigyl.shutdown().await;
    drop(owner.sigyl);
    assert!(Client::connect(&owner.folder.path().join("data")).await.unwrap().is_none());
    // The writer of events and calls ends with the last handle; the lock goes with it.
    while Sigyl::open(config(owner.folder.path())).await.is_err() {
        tokio::task::yield_now().await;
    }
}
