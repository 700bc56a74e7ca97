//! What is asked of GitHub, and of whoever has its archives, over real sockets.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

mod lists;

use super::{Credential, RepositoryClient};
use crate::clock::SystemClock;
use crate::domain::{Kind, Locator, SecretValue};
use crate::source::{Archives, Fetcher, Limits, Silent, SourceError, SourceTree, ToolEnv};
use crate::web::Web;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// Answers by path, and remembers what was asked: the path, and whether a token came with it.
#[derive(Clone, Default)]
struct Fake {
    asked: Arc<Mutex<Vec<(String, bool)>>>,
    answers: BTreeMap<String, Vec<u8>>,
}

impl Fake {
    fn answers(mut self, path: &str, head: &str, body: &[u8]) -> Self {
        let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        self.answers.insert(path.to_owned(), [head.as_bytes(), body].concat());
        self
    }

    async fn serve(self, listener: TcpListener) {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let path = head.split(' ').nth(1).unwrap().to_owned();
            let has_token = head.to_ascii_lowercase().contains("authorization: bearer ghp_mine");
            let answer = self.answers.get(&path).cloned();
            self.asked.lock().unwrap().push((path, has_token));
            let missing = || {
                b"HTTP/1.1 404 Not Found\r\ncontent-length: 23\r\nconnection: close\r\n\r\n{\"message\":\"Not Found\"}".to_vec()
            };
            stream.write_all(&answer.unwrap_or_else(missing)).await.unwrap();
        }
    }
}

struct House {
    folder: tempfile::TempDir,
    fetcher: Fetcher,
    asked: Arc<Mutex<Vec<(String, bool)>>>,
}

impl House {
    /// A GitHub that knows one commit of `octo/x`, and sends this as its archive.
    async fn new(archive: &[u8], location: Option<&str>) -> Self {
        Self::bounded(archive, location, Limits::default()).await
    }

    async fn bounded(archive: &[u8], location: Option<&str>, limits: Limits) -> Self {
        // The address is known to the fake alone: it stands for itself until it listens.
        let location = location.unwrap_or("@/_codeload/x?token=t");
        let commit = format!("{{\"sha\":\"{COMMIT}\",\"node_id\":\"n\"}}");
        let fake = Fake::default()
            .answers("/repos/octo/x/commits/HEAD?per_page=1", "200 OK", commit.as_bytes())
            .answers("/repos/octo/x/commits/heads%2Fmain?per_page=1", "200 OK", commit.as_bytes())
            .answers(
                &format!("/repos/octo/x/tarball/{COMMIT}"),
                &format!("302 Found\r\nlocation: {location}"),
                b"",
            )
            .answers("/_codeload/x?token=t", "200 OK", archive);
        Self::of(fake, limits).await
    }

    /// A GitHub that answers so.
    async fn of(mut fake: Fake, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        for answer in fake.answers.values_mut() {
            if let Some(place) = answer.windows(11).position(|part| part == b"location: @") {
                answer.splice(place + 10..place + 11, at.bytes());
            }
        }
        let asked = Arc::clone(&fake.asked);
        tokio::spawn(fake.serve(listener));
        let folder = tempfile::tempdir().unwrap();
        let credential = Credential::Token(SecretValue::new("ghp_mine"));
        let client = RepositoryClient::new(&at, credential, &Web::new(false), Arc::new(SystemClock)).unwrap();
        let env = ToolEnv { path: "/nowhere".into(), home: None, vars: BTreeMap::new() };
        let work = folder.path().join("work");
        std::fs::create_dir(&work).unwrap();
        let fetcher = Fetcher::new(env, limits, work, false)
            .with_github("https://github.example/", Some(Arc::new(client) as Arc<dyn Archives>));
        Self { folder, fetcher, asked }
    }

    async fn fetch(&self, what: &str) -> Result<SourceTree, SourceError> {
        self.fetcher.fetch(&Locator::parse(what).unwrap(), &Silent).await
    }

    fn asked(&self) -> Vec<(String, bool)> {
        self.asked.lock().unwrap().clone()
    }
}

/// An archive as GitHub makes it: packing puts all of it into one folder, too.
fn archive() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path: &Path = &folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("README.md", "x");
    write("servers/a/main.py", "print('a')\n");
    write("servers/ab/main.py", "print('ab')\n");
    SourceTree::from_folder(folder.path(), &Limits::default()).unwrap().pack(1 << 20).unwrap()
}

fn paths(tree: &SourceTree) -> Vec<&str> {
    tree.entries().iter().map(|entry| entry.path.as_str()).collect()
}

#[tokio::test]
async fn exactly_the_commit_is_fetched_and_the_token_goes_to_the_api_alone() {
    let house = House::new(&archive(), None).await;
    let tree = house.fetch("github:octo/x#refs/heads/main").await.unwrap();
    assert_eq!(paths(&tree), ["README.md", "servers/a/main.py", "servers/ab/main.py"]);
    assert_eq!(tree.reference().locator, format!("git:https://github.example/octo/x.git#{COMMIT}"));
    let tarball = format!("/repos/octo/x/tarball/{COMMIT}");
    let expected = [
        ("/repos/octo/x/commits/heads%2Fmain?per_page=1", true),
        (tarball.as_str(), true),
        ("/_codeload/x?token=t", false),
    ];
    let asked = house.asked();
    assert_eq!(asked.iter().map(|(path, token)| (path.as_str(), *token)).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_folder_of_a_repository_is_taken_and_no_other() {
    let house = House::new(&archive(), None).await;
    let tree = house.fetch("github:octo/x:servers/a").await.unwrap();
    assert_eq!(paths(&tree), ["main.py"]);
    assert!(tree.root().join("main.py").is_file());
    assert!(tree.reference().locator.ends_with(&format!("{COMMIT}:servers/a")));
    let nothing = house.fetch("github:octo/x:servers/b").await.unwrap_err();
    assert!(matches!(nothing, SourceError::NotFound(_)), "{nothing}");
}

#[tokio::test]
async fn what_is_not_there_too_large_or_elsewhere_is_refused() {
    let house = House::new(&archive(), None).await;
    let empty = Fake::default().answers(
        "/repos/octo/x/commits/HEAD?per_page=1",
        "409 Conflict",
        b"{\"message\":\"Git Repository is empty.\"}",
    );
    let empty = House::of(empty, Limits::default()).await.fetch("github:octo/x").await.unwrap_err();
    assert_eq!(empty.kind(), Kind::NotFound);
    let other = format!("github:octo/x#{}", COMMIT.replace('0', "1"));
    let path = format!("/repos/octo/x/commits/{}?per_page=1", COMMIT.replace('0', "1"));
    let fake = Fake::default().answers(&path, "200 OK", format!("{{\"sha\":\"{COMMIT}\"}}").as_bytes());
    assert_eq!(
        House::of(fake, Limits::default()).await.fetch(&other).await.unwrap_err().kind(),
        Kind::Upstream
    );
    let missing = house.fetch("github:octo/x#heads/gone").await.unwrap_err();
    assert_eq!(
        (missing.kind(), missing.to_string().as_str()),
        (Kind::NotFound, "octo/x at heads/gone could not be fetched")
    );
    let limits = Limits { total: 64, ..Limits::default() };
    let error = House::bounded(&archive(), None, limits).await.fetch("github:octo/x").await.unwrap_err();
    let SourceError::Archive { source, .. } = error else { panic!("{error}") };
    let cause = source.source().unwrap().to_string();
    assert!(cause.contains("longer than 64 bytes") && !cause.contains("token"), "{cause}");
    for (elsewhere, why) in [
        ("http://archives.example/x", "in the clear"),
        ("https://169.254.169.254/x", "169.254.169.254"),
        ("ftp://127.0.0.1/x", "ftp://127.0.0.1"),
    ] {
        let house = House::new(&archive(), Some(elsewhere)).await;
        let SourceError::Archive { source, .. } = house.fetch("github:octo/x").await.unwrap_err() else {
            panic!("{elsewhere}")
        };
        let cause = source.source().unwrap().to_string();
        assert!(cause.contains(why) && !cause.contains("cannot be reached"), "{cause}");
    }
    let broken = House::new(b"no archive", None).await;
    assert!(matches!(broken.fetch("github:octo/x").await.unwrap_err(), SourceError::BadArchive { .. }));
    assert_eq!(std::fs::read_dir(broken.folder.path().join("work")).unwrap().count(), 0, "nothing is left");
}

#[tokio::test]
async fn who_may_not_ask_in_our_name_asks_as_everybody_does() {
    let house = House::new(&archive(), None).await;
    let anonymous = house.fetcher.anonymous();
    let error = anonymous.fetch(&Locator::parse("github:octo/x").unwrap(), &Silent).await.unwrap_err();
    // Everybody has git, and this one has none.
    assert!(matches!(error, SourceError::MissingTool { .. } | SourceError::BeyondReach { .. }), "{error}");
    assert!(house.asked().is_empty());
}
