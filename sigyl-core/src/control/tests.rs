//! One owner, several callers, over the real socket.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::Client;
use crate::domain::{Kind, RunId, ServerName};
use crate::sigyl::{Config, Sigyl};
use crate::source::ToolEnv;
use crate::wire::v1::{Request, Response};

struct Owner {
    folder: tempfile::TempDir,
    sigyl: Sigyl,
    serving: tokio::task::JoinHandle<()>,
}

impl Owner {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
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

    async fn client(&self) -> Option<Client> {
        Client::connect(&self.folder.path().join("data")).await.unwrap()
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
async fn the_data_directory_has_one_owner_and_private_files() {
    let owner = Owner::start().await;
    let second = Sigyl::open(config(owner.folder.path())).await.unwrap_err();
    assert_eq!(second.code(), "E0701");
    let data = owner.folder.path().join("data");
    for (name, mode) in [("", 0o700), ("control.sock", 0o600), ("master.key", 0o600)] {
        let found = std::fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{name}");
    }
}

#[tokio::test]
async fn garbage_on_the_socket_ends_that_caller_alone() {
    let owner = Owner::start().await;
    let path = owner.folder.path().join("data/control.sock");
    for garbage in ["\n", "{}\n", "[[[[\n", "{\"op\":\"no_such_operation\"}\n", "\u{0}\u{1}"] {
        let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
        stream.write_all(garbage.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
    }
    let client = owner.client().await.unwrap();
    assert!(client.call(&Request::List, |_| {}).await.is_ok());
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
