//! Lists of what is at GitHub, from a fake that knows exactly what may be asked, and by whom.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::COMMIT;
use crate::clock::SystemClock;
use crate::domain::{
    GitHubAsker, GitHubFiles, Kind, RepositoriesOf, RepositoryName, RepositoryOwner, SecretValue,
};
use crate::github::api::{ApiError, Credential, Directory as _, RepositoryClient};
use crate::web::Web;

/// A key that was made for these tests, by `openssl genrsa -traditional 2048`, and is of no use elsewhere.
const KEY: &str = include_str!("app.pem");

/// One answer: who may ask for it, its status, headers and body.
type Answer = (&'static str, u16, String, String);

/// Who asked, for what, and whether an older answer was named.
type Asked = (String, String, bool);

/// Answers what is in its table, to whom it is for. Each answer has a tag, and is not sent twice to who names it.
#[derive(Clone, Default)]
struct Hub {
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Hub {
    fn to(self, who: &'static str, path: &str, body: &Value) -> Self {
        self.says(who, path, 200, "", body)
    }

    fn says(self, who: &'static str, path: &str, status: u16, headers: &str, body: &Value) -> Self {
        let answer = (who, status, headers.to_owned(), body.to_string());
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
        self
    }

    /// An installation that has a token, which is asked for by the App alone.
    fn installed(self, id: u64) -> Self {
        let token = json!({"token": format!("ghs_{id}"), "expires_at": "2999-01-01T00:00:00Z"});
        self.says("app", &format!("POST /app/installations/{id}/access_tokens"), 201, "", &token)
    }

    fn answer(&self, head: &str) -> String {
        let mut parts = head.split(' ');
        let (method, path) = (parts.next().unwrap(), parts.next().unwrap());
        let header = |name: &str| {
            let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
            lines
                .into_iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim())
        };
        assert_eq!(header("x-github-api-version"), Some("2022-11-28"));
        assert_eq!(header("accept"), Some("application/vnd.github+json"));
        let who = match header("authorization").map(|text| text.strip_prefix("Bearer ").unwrap()) {
            None => "everybody".to_owned(),
            Some("ghp_mine") => "token".to_owned(),
            Some(token) => token.strip_prefix("ghs_").unwrap_or("app").to_owned(),
        };
        let known = header("if-none-match");
        let path = if method == "GET" { path.to_owned() } else { format!("{method} {path}") };
        self.asked.lock().unwrap().push((who.clone(), path.clone(), known.is_some()));
        let answer = self.answers.lock().unwrap().get(&path).cloned();
        let missing = || ("", 404, String::new(), json!({"message": "Not Found"}).to_string());
        let (for_whom, status, headers, body) = answer.unwrap_or_else(missing);
        let (status, body) = match for_whom {
            "" => (status, body),
            known if known != who => (401, json!({"message": format!("for {known} alone")}).to_string()),
            _ => (status, body),
        };
        let tag = format!("\"{}\"", crate::domain::Digest::of(body.as_bytes()).short());
        if known == Some(tag.as_str()) {
            return format!("HTTP/1.1 304 Not Modified\r\netag: {tag}\r\nconnection: close\r\n\r\n");
        }
        let length = body.len();
        format!(
            "HTTP/1.1 {status} X\r\netag: {tag}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
    }

    async fn serve(self, listener: TcpListener) {
        while let Ok((mut stream, _)) = listener.accept().await {
            let hub = self.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let answer = hub.answer(&String::from_utf8(head).unwrap());
                stream.write_all(answer.as_bytes()).await.unwrap();
            });
        }
    }

    async fn client(&self, credential: Credential) -> RepositoryClient {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(self.clone().serve(listener));
        RepositoryClient::new(&at, credential, &Web::new(false), Arc::new(SystemClock)).unwrap()
    }

    async fn app(&self) -> RepositoryClient {
        self.client(Credential::App { id: "1".to_owned(), key: SecretValue::new(KEY) }).await
    }

    async fn token(&self) -> RepositoryClient {
        self.client(Credential::Token(SecretValue::new("ghp_mine"))).await
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn found(name: &str, pushed: &str) -> Value {
    json!({"full_name": name, "private": name.ends_with("secret"), "archived": name.ends_with("old"),
        "default_branch": "main", "pushed_at": pushed})
}

fn page(path: &str, page: usize) -> String {
    let between = if path.contains('?') { '&' } else { '?' };
    format!("{path}{between}per_page=100&page={page}")
}

fn repository(text: &str) -> RepositoryName {
    RepositoryName::parse(text).unwrap()
}

fn owner(text: &str) -> RepositoriesOf {
    RepositoriesOf::Owner(RepositoryOwner::parse(text).unwrap())
}

#[tokio::test]
async fn an_app_tells_where_it_is_installed_and_each_installation_what_it_sees() {
    let installed = json!([
        {"id": 8, "account": {"login": "zoo"}, "repository_selection": "all", "suspended_at": "2026-01-01T00:00:00Z"},
        {"id": 7, "account": {"login": "Octo"}, "repository_selection": "selected", "suspended_at": null},
        {"id": 9, "account": {"slug": "enterprise"}, "repository_selection": "all"},
        {"id": 10, "account": null},
    ]);
    let of_octo = json!({"total_count": 2, "repositories": [
        found("octo/old", "2025-01-01T00:00:00Z"), found("octo/secret", "2026-01-01T00:00:00Z"),
    ]});
    let hub = Hub::default()
        .to("app", &page("/app/installations", 1), &installed)
        .installed(7)
        .to("7", &page("/installation/repositories", 1), &of_octo)
        .to("app", "/users/octo/installation", &json!({"id": 7, "account": {"login": "Octo"}}))
        .to(
            "everybody",
            &page("/users/else/repos?sort=pushed", 1),
            &json!([found("else/x", "2026-01-01T00:00:00Z")]),
        );
    let app = hub.app().await;
    let all = app.installations().await.unwrap();
    let names: Vec<_> = all.installations.iter().map(|one| one.account.as_str()).collect();
    assert_eq!(
        (all.asker, all.more, names),
        (GitHubAsker::App, false, vec!["10", "enterprise", "Octo", "zoo"])
    );
    let octo = &all.installations[2];
    assert!(octo.selected && !octo.suspended && all.installations[3].suspended);
    let seen = app.repositories(&RepositoriesOf::Installation(7)).await.unwrap();
    let seen: Vec<_> =
        seen.repositories.iter().map(|one| (one.name.as_str(), one.private, one.archived)).collect();
    assert_eq!(seen, [("octo/secret", true, false), ("octo/old", false, true)], "the newest push first");
    assert_eq!(app.repositories(&owner("octo")).await.unwrap().repositories.len(), 2);
    // Where it is not installed it asks as everybody does, and its own token goes nowhere else.
    assert_eq!(app.repositories(&owner("else")).await.unwrap().repositories.len(), 1);
    let error = app.repositories(&RepositoriesOf::Token).await.unwrap_err();
    assert!(matches!(error, ApiError::WhichInstallation) && error.kind() == Kind::Invalid);
    let minted = hub.asked().iter().filter(|(_, path, _)| path.starts_with("POST")).count();
    assert_eq!(minted, 1, "its token is kept");
}

#[tokio::test]
async fn a_token_sees_what_it_may_and_of_others_what_everybody_does() {
    let mine =
        json!([found("me/secret", "2026-01-02T00:00:00Z"), found("org/secret", "2026-01-03T00:00:00Z")]);
    let public = json!([found("Me/x", "2026-01-01T00:00:00Z"), found("me/secret", "2026-01-02T00:00:00Z")]);
    let hub = Hub::default().to("token", &page("/user/repos?sort=pushed", 1), &mine).to(
        "token",
        &page("/users/me/repos?sort=pushed", 1),
        &public,
    );
    let token = hub.token().await;
    assert_eq!(token.installations().await.unwrap().asker, GitHubAsker::Token);
    assert_eq!(token.repositories(&RepositoriesOf::Token).await.unwrap().repositories.len(), 2);
    let of_me = token.repositories(&owner("me")).await.unwrap();
    let names: Vec<_> = of_me.repositories.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["me/secret", "Me/x"], "each once, and none of others");
    let error = token.repositories(&RepositoriesOf::Installation(7)).await.unwrap_err();
    assert!(matches!(error, ApiError::NoApp), "{error}");
}

#[tokio::test]
async fn nobody_sees_what_everybody_does() {
    let public = json!([found("octo/x", "2026-01-01T00:00:00Z")]);
    let hub = Hub::default().to("everybody", &page("/users/octo/repos?sort=pushed", 1), &public);
    let nobody = hub.client(Credential::Nothing).await;
    assert_eq!(nobody.installations().await.unwrap().asker, GitHubAsker::Nobody);
    assert_eq!(nobody.repositories(&owner("octo")).await.unwrap().repositories.len(), 1);
    for of in [RepositoriesOf::Token, RepositoriesOf::Installation(7)] {
        let error = nobody.repositories(&of).await.unwrap_err();
        assert!(matches!(error, ApiError::Nobody) && error.to_string().contains("[github]"), "{error}");
    }
}

#[tokio::test]
async fn pages_are_turned_as_far_as_is_bounded_and_what_did_not_change_is_not_sent_again() {
    let next = "link: <https://elsewhere.example/steal>; rel=\"next\"\r\n";
    let mut hub = Hub::default();
    for number in 1..=12 {
        let all: Vec<_> = (0..100)
            .map(|at| found(&format!("octo/r{}", number * 100 + at), "2026-01-01T00:00:00Z"))
            .collect();
        let path = page("/users/octo/repos?sort=pushed", number);
        hub = hub.says("everybody", &path, 200, next, &json!(all));
    }
    let nobody = hub.client(Credential::Nothing).await;
    let first = nobody.repositories(&owner("octo")).await.unwrap();
    assert_eq!((first.repositories.len(), first.more), (1_000, true));
    assert_eq!(hub.asked().len(), 10, "no more than ten pages, and nothing at the address that was named");
    assert_eq!(nobody.repositories(&owner("octo")).await.unwrap(), first, "from what is kept");
    assert!(hub.asked().iter().all(|(_, _, known)| *known), "each answer is named");
    // A list that ends is whole.
    let last = page("/users/octo/repos?sort=pushed", 2);
    let hub = hub.to("everybody", &last, &json!([found("octo/last", "2026-02-01T00:00:00Z")]));
    let whole = nobody.repositories(&owner("octo")).await.unwrap();
    assert_eq!((whole.repositories.len(), whole.more), (101, false));
    assert_eq!(whole.repositories[0].name.as_str(), "octo/last");
    drop(hub);
}

fn refs(names: &[&str]) -> Value {
    names.iter().map(|name| json!({"name": name, "commit": {"sha": COMMIT, "url": "x"}})).collect()
}

/// A hub that knows one repository, which is read by one who asks.
fn weather(who: &'static str) -> Hub {
    let tree = json!({"sha": COMMIT, "truncated": false, "tree": [
        {"path": "package.json", "type": "blob"}, {"path": "Dockerfile", "type": "tree"},
        {"path": "sigyl.yaml", "type": "blob"}, {"path": "other", "type": "blob"},
    ]});
    Hub::default()
        .to(who, "/repos/octo/weather", &found("octo/weather", "2026-01-01T00:00:00Z"))
        .to(who, &page("/repos/octo/weather/branches", 1), &refs(&["a\u{1b}[2J", "main", &"x".repeat(300)]))
        .to(who, &page("/repos/octo/weather/tags", 1), &refs(&["v1"]))
        .to(who, "/repos/octo/weather/commits/HEAD?per_page=1", &json!({"sha": COMMIT}))
        .to(who, "/repos/octo/weather/commits/feature%2Fa?per_page=1", &json!({"sha": COMMIT}))
        .to(who, &format!("/repos/octo/weather/git/trees/{COMMIT}"), &tree)
}

#[tokio::test]
async fn branches_tags_and_what_says_what_it_is_are_told() {
    let hub = weather("token");
    let token = hub.token().await;
    let refs = token.refs(&repository("octo/weather")).await.unwrap();
    let names: Vec<_> = refs.branches.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["main", "a\u{1b}[2J"], "the first before all others; what is no name is left out");
    assert_eq!((refs.tags.len(), refs.more_branches, refs.more_tags), (1, true, false));
    for reference in [None, Some("feature/a")] {
        let files = token.files(&repository("octo/weather"), reference).await.unwrap();
        assert_eq!(files.commit.unwrap().as_str(), COMMIT);
        assert_eq!(files.files, ["sigyl.yaml", "package.json"], "a folder is no file");
    }
    let missing = token.refs(&repository("octo/none")).await.unwrap_err();
    assert_eq!(missing.kind(), Kind::NotFound);
}

#[tokio::test]
async fn what_is_no_reference_is_not_asked_for() {
    let hub = weather("token");
    let token = hub.token().await;
    for wrong in ["", ".", "..", "refs/.", "refs/", "a/../b", "-x", "a b", "a\n", &"x".repeat(300)] {
        let error = token.files(&repository("octo/weather"), Some(wrong)).await.unwrap_err();
        assert!(
            matches!(error, ApiError::Reference(_)) && error.kind() == Kind::Invalid,
            "{wrong:?}: {error}"
        );
    }
    assert!(hub.asked().is_empty());
}

#[tokio::test]
async fn where_the_app_is_not_installed_a_repository_is_seen_as_everybody_sees_it() {
    let hub = weather("everybody");
    let app = hub.app().await;
    assert_eq!(app.refs(&repository("octo/weather")).await.unwrap().tags.len(), 1);
    assert_eq!(app.files(&repository("octo/weather"), None).await.unwrap().files.len(), 2);
    let hub = weather("7").installed(7).to("app", "/repos/octo/weather/installation", &json!({"id": 7}));
    let app = hub.app().await;
    assert_eq!(
        app.refs(&repository("octo/weather")).await.unwrap().tags.len(),
        1,
        "and as it sees it elsewhere"
    );
}

#[tokio::test]
async fn an_empty_repository_has_no_files_and_another_commit_is_refused() {
    let empty = json!({"message": "Git Repository is empty."});
    let hub = weather("token").says("token", "/repos/octo/weather/commits/HEAD?per_page=1", 409, "", &empty);
    let token = hub.token().await;
    let files = token.files(&repository("octo/weather"), None).await.unwrap();
    assert_eq!(files, GitHubFiles { commit: None, files: Vec::new(), more: false });
    let other = COMMIT.replace('0', "1");
    let path = format!("/repos/octo/weather/commits/{other}?per_page=1");
    let _hub = hub.to("token", &path, &json!({"sha": COMMIT}));
    let error = token.files(&repository("octo/weather"), Some(&other)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream, "{error}");
}

#[tokio::test]
async fn a_limit_of_what_everybody_asks_stops_nothing_that_is_asked_in_our_name() {
    let limit = "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 32503680000\r\n";
    let spent = json!({"message": "API rate limit exceeded"});
    let hub = weather("7")
        .installed(7)
        .to("app", "/repos/octo/weather/installation", &json!({"id": 7}))
        .says("everybody", "/repos/octo/public", 403, limit, &spent);
    let app = hub.app().await;
    let error = app.refs(&repository("octo/public")).await.unwrap_err();
    assert!(matches!(error, ApiError::Limited { .. }), "{error}");
    hub.asked();
    assert!(app.refs(&repository("octo/public")).await.is_err());
    assert!(hub.asked().iter().all(|(who, ..)| who != "everybody"), "GitHub is left alone");
    assert!(app.refs(&repository("octo/weather")).await.is_ok());
}

#[tokio::test]
async fn what_has_another_form_is_refused_without_a_word_of_it() {
    let hub =
        Hub::default().to("token", &page("/user/repos?sort=pushed", 1), &json!([{"full_name": "s3cret"}]));
    let error = hub.token().await.repositories(&RepositoriesOf::Token).await.unwrap_err();
    assert!(matches!(error, ApiError::Answer(_)) && !error.to_string().contains("s3cret"), "{error}");
}
