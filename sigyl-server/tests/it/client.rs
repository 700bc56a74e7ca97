//! The typed client against a server: it has every operation, and each is asked for here once at least.
#![expect(clippy::cognitive_complexity, reason = "operations are asked for one after the other")]

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use sigyl_core::client::{Client, ClientError, ClientSettings, FeedNews, OPERATIONS, Patience, RunNews};
use sigyl_core::domain::{
    AuditHead, FollowPolicy, GitHubApp, GitHubAppKeys, GitHubAsker, Kind, Label, ListingStatus, Login,
    ProfilePatch, RepositoriesOf, RepositoryName, RepositoryOwner, Role, RunId, RunState, SecretName,
    SecretValue, Seq, ServerName, Stars, Suspect, Timestamp, WorkspaceName,
};
use sigyl_core::source::{Limits, SourceTree};
use sigyl_core::wire::registry::{ImportRow, ListQuery, StatusUpdate};
use sigyl_core::wire::v1::{
    DomainRecord, Import, NewAccount, NewFollow, NewGitHubApp, NewKey, NewQuarantine, NewRating, NewSecret,
    NewWorkspace, PolicyText, Release, Rescan, RunEnd, Settings, SignedTime, SignedToken, Ticket,
};

use crate::app::TestApp;

/// The private key of no App.
const APP_KEY: &str = include_str!("../../../sigyl-core/src/github/app/test_key.pem");

const POISONED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/servers/poisoned");

/// Operations that are for other clients: those of MCP, readers of the mirror and of views, web browsers,
/// and GitHub.
fn is_for_others(path: &str) -> bool {
    ["/mcp/", "/v0/", "/view/", "/webhooks/"].iter().any(|start| path.starts_with(start))
}

/// The operations of the document: id, method and path.
async fn operations(app: &TestApp) -> BTreeSet<(String, String, String)> {
    let document = app.get("/openapi.json").await.json();
    let mut found = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            found.insert((id, method.to_ascii_uppercase(), path.clone()));
        }
    }
    found.retain(|(_, _, path)| !is_for_others(path));
    found
}

fn client(app: &TestApp, key: &str) -> Client {
    let settings = ClientSettings {
        key: Some(SecretValue::new(key)),
        patience: Patience { retries: 0, ..Patience::default() },
        ..ClientSettings::of(format!("http://{}", app.address))
    };
    Client::new(settings).unwrap()
}

#[tokio::test]
async fn the_client_has_every_operation_and_no_other() {
    let app = TestApp::start().await;
    let has: BTreeSet<_> =
        OPERATIONS.iter().map(|it| (it.id.to_owned(), it.method.to_owned(), it.path.to_owned())).collect();
    assert_eq!(has, operations(&app).await);
    app.end().await;
}

/// What the client is refused with.
fn refused<T: std::fmt::Debug>(result: Result<T, ClientError>) -> (u16, Option<String>) {
    match result {
        Err(ClientError::Refused(refused)) => {
            assert!(refused.request.is_some(), "{refused:?}");
            (refused.status, refused.code)
        }
        other => panic!("{other:?}"),
    }
}

async fn access(client: &Client) {
    let ada = Login::parse("ada").unwrap();
    client
        .create_account(&NewAccount { login: ada.clone(), name: None, administrator: false })
        .await
        .unwrap();
    assert!(client.disable_account(&ada, true).await.unwrap().disabled.is_some());
    client.disable_account(&ada, false).await.unwrap();
    assert_eq!(refused(client.delete_account(&ada, "eda").await), (400, Some("E0407".to_owned())));
    let eve = Login::parse("eve").unwrap();
    let new = NewAccount { login: eve.clone(), name: None, administrator: false };
    client.create_account(&new).await.unwrap();
    client.delete_account(&eve, "eve").await.unwrap();
    assert_eq!(refused(client.delete_account(&eve, "eve").await), (404, Some("E1002".to_owned())));
    assert!(client.accounts().await.unwrap().iter().any(|it| it.login == ada));
    let team = WorkspaceName::parse("team").unwrap();
    let new = NewWorkspace { name: team.clone(), title: None, owner: ada.clone() };
    assert_eq!(client.create_workspace(&new).await.unwrap().name, team);
    assert_eq!(client.workspaces().await.unwrap().len(), 2);
    let default = WorkspaceName::default();
    client.set_member(&default, &ada, Role::Member).await.unwrap();
    assert!(client.members(&default).await.unwrap().iter().any(|it| it.login == ada));
    client.remove_member(&default, &ada).await.unwrap();
    let new = NewKey {
        label: Label::parse("ci").unwrap(),
        scopes: Vec::new(),
        workspace: None,
        networks: Vec::new(),
        expires: None,
        account: Some(ada.clone()),
        view: None,
    };
    let made = client.create_key(&new).await.unwrap();
    assert_eq!(client.keys(Some(&ada)).await.unwrap(), std::slice::from_ref(&made.key));
    client.revoke_key(&made.key.id).await.unwrap();
    assert!(client.whoami().await.unwrap().account.is_some());
    let head = client.verify_audit(None).await.unwrap().head;
    assert_eq!(client.audit(Some(0), 1).await.unwrap()[0].number, 1);
    assert_eq!(client.verify_audit(Some(head)).await.unwrap().head, head);
    let other = AuditHead { number: 1, ..head };
    assert_eq!(refused(client.verify_audit(Some(other)).await), (409, Some("E1007".to_owned())));
}

/// Signing in, which is not set up here, and one's own account.
async fn own(client: &Client) {
    assert_eq!(refused(client.begin_login(None).await), (404, Some("E1021".to_owned())));
    let ticket = Ticket { ticket: SecretValue::new("none") };
    assert_eq!(refused(client.poll_login(&ticket).await).0, 403);
    let token = SignedToken { token: SecretValue::new("none") };
    assert_eq!(refused(client.exchange_token(&token).await).0, 404);
    assert!(client.call_counts().await.unwrap().is_empty());
    assert_eq!(client.session_counts().await.unwrap().sessions, Some(Vec::new()));
    let named = client.rename_me(Some(Label::parse("The first").unwrap())).await.unwrap();
    let export = client.export_me().await.unwrap();
    assert_eq!(export.account.name, named.name);
    assert!(!export.keys.is_empty() && !export.audit.is_empty());
    let somebody = Login::parse("somebody").unwrap();
    assert_eq!(refused(client.delete_me(&somebody).await), (400, Some("E0407".to_owned())));
    let (time, signature) = ("2026-11-26T12:00:00Z".to_owned(), "0".repeat(128));
    let proof = SignedTime { domain: "localhost".to_owned(), time, signature, by: DomainRecord::Http };
    assert_eq!(refused(client.prove_namespace(&proof).await), (400, Some("E1022".to_owned())));
}

fn document(version: &str) -> String {
    json!({
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": "com.example/tide", "title": "Tide", "description": "Tells the tide.", "version": version,
        "packages": [{
            "registryType": "npm", "identifier": "tide-mcp", "version": version, "transport": {"type": "stdio"},
        }],
    })
    .to_string()
}

async fn registry(client: &Client) {
    let name = "com.example/tide";
    let checked = client.validate(&document("1.0.0")).await.unwrap();
    assert!(checked.valid, "{checked:?}");
    let published = client.publish(&document("1.0.0")).await.unwrap();
    assert!(published.meta.official.is_latest);
    assert_eq!(refused(client.publish("{").await).0, 400);
    let update = StatusUpdate { status: ListingStatus::Deprecated, status_message: Some("old".to_owned()) };
    let shown = client.set_listing_status(name, "1.0.0", &update).await.unwrap();
    assert_eq!(shown.meta.official.status, ListingStatus::Deprecated);
    let update = StatusUpdate { status: ListingStatus::Active, status_message: None };
    assert_eq!(client.set_status_of_all(name, &update).await.unwrap().updated_count, 1);
    let put = client.put_listing(name, "1.0.0", &document("1.0.0"), Some(ListingStatus::Deprecated)).await;
    assert_eq!(put.unwrap().meta.official.status, ListingStatus::Deprecated);
    let query = ListQuery { search: Some("tide".to_owned()), limit: Some(5), ..ListQuery::default() };
    assert_eq!(client.listings(&query).await.unwrap().servers.len(), 1);
    assert_eq!(client.search("tied", 5).await.unwrap().servers.len(), 1, "in spite of slips");
    client.delete_listing(name, "1.0.0").await.unwrap();
    assert_eq!(client.listing_versions(name, true).await.unwrap().servers.len(), 1);
    assert_eq!(refused(client.listing(name, "latest", false).await).0, 404);
    client.listing(name, "1.0.0", true).await.unwrap();
    let source = "https://registry.example.com/v0.1/servers";
    assert_eq!(client.bookmark(source).await.unwrap(), None);
    client.set_bookmark(source, Timestamp::from_millis(1_000)).await.unwrap();
    assert_eq!(client.bookmark(source).await.unwrap(), Some(Timestamp::from_millis(1_000)));
    let rows = vec![ImportRow { line: 1, text: document("2.0.0") }];
    let report = client.import(&Import { source: "a test".to_owned(), rows }).await.unwrap();
    assert_eq!((report.added, report.refused), (1, 0), "{report:?}");
}

/// Follows a run to its end.
async fn ended(client: &Client, run: &RunId) -> (Vec<Seq>, RunEnd) {
    let (mut seqs, mut end) = (Vec::new(), None);
    let mut told = client.watch(run, Seq(0));
    while let Some(news) = told.next().await {
        match news.unwrap() {
            RunNews::Event(event) => seqs.push(event.seq),
            RunNews::End(it) => end = Some(*it),
            other => panic!("{other:?}"),
        }
    }
    (seqs, end.unwrap())
}

async fn runs(client: &Client) {
    let tree = SourceTree::from_folder(POISONED.as_ref(), &Limits::default()).unwrap();
    let sent = client.upload(tree.pack(1 << 20).unwrap()).await.unwrap();
    let release = Release { source: Some(sent.source), ..Release::default() };
    let run = client.release(&release).await.unwrap();
    let (seqs, end) = ended(client, &run).await;
    assert!(seqs.len() > 3 && seqs.is_sorted(), "{seqs:?}");
    assert_eq!(end.run.state, RunState::Blocked);
    assert_eq!(end.report.as_ref().unwrap().source.digest, tree.digest());
    assert_eq!(client.run(&run).await.unwrap(), end);
    assert_eq!(client.report(&run, false).await.ok(), end.report);
    let log: Value = serde_json::from_str(&client.sarif(&run, false).await.unwrap()).unwrap();
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(
        log["runs"][0]["results"].as_array().unwrap().len(),
        end.report.as_ref().unwrap().findings.len()
    );
    let none = (404, Some("E0410".to_owned()));
    assert_eq!(refused(client.report(&run, true).await), none, "nothing was started");
    assert_eq!(refused(client.sarif(&run, true).await), none);
    let gone = (404, Some("E0411".to_owned()));
    assert_eq!(
        refused(client.run_source(&run, "README.md", 1, 9).await),
        gone,
        "what is blocked is not kept"
    );
    assert_eq!(refused(client.run_source(&run, "README.md", 0, 9).await), (400, Some("E0413".to_owned())));
    let nobody = ServerName::parse("nobody").unwrap();
    assert_eq!(refused(client.source(&nobody, None, "a", 1, 9).await), (404, Some("E0402".to_owned())));
    assert_eq!(client.runs(5).await.unwrap(), [end.run]);
    assert_eq!(refused(client.approve(&run, "fine").await), (409, Some("E0306".to_owned())));
    assert_eq!(refused(client.reject(&run, "no").await), (409, Some("E0306".to_owned())));
    assert_eq!(refused(client.cancel(&run).await), (409, Some("E0310".to_owned())));
    assert_eq!(refused(client.promote(&run, None).await), (409, Some("E0312".to_owned())));
    assert_eq!(refused(client.promote(&run, Some(100)).await), (400, Some("E0312".to_owned())));
    assert_eq!(client.rescan(&Rescan::default()).await.unwrap(), []);
    assert_eq!(client.policy().await.unwrap().name, "default");
    let policy = PolicyText { file: "p.yaml".to_owned(), text: "nonsense: true\n".to_owned() };
    assert_eq!(refused(client.test_policy(&policy).await).1.as_deref(), Some("E0202"));
}

/// Quarantines, and what is told of them.
async fn quarantines(client: &Client) {
    let mut feed = client.feed(Some(Seq(0)), &["run"], None, true);
    let Some(Ok(FeedNews::Open(mark))) = feed.next().await else { panic!("no mark") };
    let Some(Ok(FeedNews::Event(event))) = feed.next().await else { panic!("no event") };
    assert!(event.seq > mark, "{event:?}");
    let what = Suspect::parse(&format!("sha256:{:064}", 7)).unwrap();
    let new = NewQuarantine { what: what.clone(), reason: "odd".to_owned() };
    assert_eq!(client.quarantine(&new).await.unwrap().quarantine.what, what);
    assert_eq!(client.quarantines().await.unwrap().len(), 1);
    assert_eq!(client.show_quarantine(&what).await.unwrap().affected, []);
    client.lift_quarantine(&what, "fine").await.unwrap();
    assert_eq!(client.quarantines().await.unwrap(), []);
    let told: Vec<_> = client.events(None, 5, false).collect().await;
    assert!(told.iter().all(Result::is_ok), "{told:?}");
}

/// Secrets of a server that is not there, and the key that seals all of them.
async fn secrets(client: &Client) {
    let (name, secret) = (ServerName::parse("nobody").unwrap(), SecretName::parse("TOKEN").unwrap());
    let missing = (404, Some("E0402".to_owned()));
    assert_eq!(refused(client.secrets(&name).await), missing);
    let new = NewSecret { value: SecretValue::new("planted") };
    assert_eq!(refused(client.set_secret(&name, &secret, &new, false).await), missing);
    assert_eq!(refused(client.remove_secret(&name, &secret).await), missing);
    let key = client.master_key().await.unwrap();
    assert_eq!(refused(client.rotate_master_key("another").await).0, 409);
    assert_eq!(client.rotate_master_key(&key.key).await.unwrap().change.unwrap().from, key.key);
}

/// The App of a server, which has none.
async fn github_app(client: &Client) {
    assert_eq!(client.github_app().await.unwrap().app, None);
    assert_eq!(refused(client.forget_github_app().await), (404, Some("E1404".to_owned())));
    let web = "https://github.example";
    let app = GitHubApp {
        id: 7,
        slug: "sigyl-x".to_owned(),
        name: "sigyl-x".to_owned(),
        html_url: format!("{web}/apps/sigyl-x"),
        api_url: format!("{web}/api/v3"),
        web_url: web.to_owned(),
        hook_url: None,
    };
    let keys = GitHubAppKeys {
        private_key: SecretValue::new("planted-pem"),
        webhook_secret: None,
        client_id: "Iv1.x".to_owned(),
        client_secret: SecretValue::new("planted-client"),
    };
    let mut new = NewGitHubApp { app, keys };
    assert_eq!(refused(client.keep_github_app(&new).await), (400, Some("E1404".to_owned())));
    new.keys.private_key = SecretValue::new(APP_KEY);
    let view = client.keep_github_app(&new).await.unwrap();
    assert_eq!(view.app.as_ref().map(|kept| &kept.app), Some(&new.app));
    assert_eq!(client.github_app().await.unwrap(), view);
    client.forget_github_app().await.unwrap();
    assert_eq!(client.github_app().await.unwrap().app, None);
}

/// What is asked of a server that is not there.
async fn servers(client: &Client) {
    let name = ServerName::parse("nobody").unwrap();
    let missing = (404, Some("E0402".to_owned()));
    assert_eq!(client.servers().await.unwrap(), []);
    assert_eq!(refused(client.server(&name).await), missing);
    assert_eq!(refused(client.versions(&name).await), missing);
    assert_eq!(refused(client.delete_server(&name, "nobody").await), missing);
    assert_eq!(refused(client.roll_back(&name, None).await), missing);
    assert_eq!(refused(client.reconfigure(&name, &Settings::default()).await), missing);
    assert_eq!(refused(client.release_again(&name, &Release::default()).await), missing);
    assert_eq!(refused(client.transfer(&name, &WorkspaceName::default()).await), missing);
    assert_eq!(refused(client.probe(&name).await), missing);
    assert_eq!(refused(client.statement(&name).await), missing);
    assert_eq!(refused(client.sbom(&name).await), missing);
    assert_eq!(refused(client.attested(&name).await), missing);
    assert_eq!(refused(client.verify(&name).await), missing);
    assert_eq!(refused(client.usage(&name, 3_600).await), missing);
    let unsigned = (404, Some("E1503".to_owned()));
    assert_eq!(refused(client.public_key().await), unsigned, "a question makes no key");
    assert_eq!(refused(client.call(&name, "now", &json!({})).await), missing);
    assert_eq!(refused(client.edit(&name, &ProfilePatch::default()).await), missing);
    assert_eq!(refused(client.ratings(&name).await), missing);
    assert_eq!(
        refused(client.rate(&name, &NewRating { stars: Stars::new(5).unwrap(), comment: None }).await),
        missing
    );
    assert_eq!(refused(client.take_rating(&name).await), missing);
    let new = NewFollow { branch: "main".parse().unwrap(), policy: FollowPolicy::Ask };
    assert_eq!(client.follows().await.unwrap(), []);
    assert_eq!(refused(client.set_follow(&name, &new).await), missing);
    assert_eq!(refused(client.end_follow(&name).await), missing);
    assert_eq!(refused(client.release_followed(&name, None).await), missing);
    let none = (400, Some("E1405".to_owned()));
    let repository = RepositoryName::parse("octo-org/weather").unwrap();
    assert_eq!(client.github_installations().await.unwrap().asker, GitHubAsker::Nobody);
    for of in [
        RepositoriesOf::Token,
        RepositoriesOf::Installation(7),
        RepositoriesOf::Owner(RepositoryOwner::parse("octo-org").unwrap()),
    ] {
        assert_eq!(refused(client.github_repositories(&of).await), none);
    }
    assert_eq!(refused(client.github_refs(&repository).await), none);
    assert_eq!(refused(client.github_files(&repository, Some("a/b")).await), none);
    let log = client.logs(&name, 5, false).next().await.unwrap();
    assert_eq!(refused(log), missing);
    let call = client.calls(&name, 5, true).next().await.unwrap();
    assert_eq!(refused(call), missing);
}

#[tokio::test]
async fn every_operation_is_asked_for_and_answered_in_the_same_words() {
    let app = TestApp::start().await;
    let client = client(&app, &app.admin_key().await);
    assert_eq!(client.health().await.unwrap().status, "ok");
    assert_eq!(client.ready().await.unwrap().status, "ready");
    assert_eq!(client.openapi().await.unwrap()["openapi"], Value::from("3.1.0"));
    access(&client).await;
    own(&client).await;
    registry(&client).await;
    runs(&client).await;
    servers(&client).await;
    quarantines(&client).await;
    secrets(&client).await;
    github_app(&client).await;
    client.metrics().await.unwrap();
    // The server has counted what came.
    let counted = client.metrics().await.unwrap();
    for (id, method, path) in operations(&app).await {
        let line = format!(r#"sigyl_http_requests_total{{method="{method}",route="{path}","#);
        assert!(counted.contains(&line), "{id} was never asked for");
    }
    app.end().await;
}

#[tokio::test]
async fn a_key_that_is_not_good_is_told_as_that() {
    let app = TestApp::start().await;
    let stranger = client(&app, "sigyl_0000000000000000_x");
    let error = stranger.servers().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Denied, "E1001"));
    let reader = client(&app, &app.key(None, &["read"]).await);
    assert_eq!(refused(reader.rescan(&Rescan::default()).await).0, 403);
    app.end().await;
}

#[tokio::test]
async fn an_upload_is_for_whoever_sent_it() {
    let app = TestApp::start().await;
    let admin = client(&app, &app.admin_key().await);
    let ada = Login::parse("ada").unwrap();
    admin.create_account(&NewAccount { login: ada.clone(), name: None, administrator: true }).await.unwrap();
    let ada = client(&app, &app.key(Some(&ada), &["*"]).await);
    let tree = SourceTree::from_folder(POISONED.as_ref(), &Limits::default()).unwrap();
    let sent = ada.upload(tree.pack(1 << 20).unwrap()).await.unwrap();
    let release = Release { source: Some(sent.source), ..Release::default() };
    let gone = (404, Some("E1307".to_owned()));
    assert_eq!(refused(admin.release(&release).await), gone);
    ada.release(&release).await.unwrap();
    assert_eq!(refused(ada.upload(b"PK no".to_vec()).await), (400, Some("E1307".to_owned())));
    assert_eq!(refused(ada.upload(vec![0x1f; (64 << 20) + 1]).await).0, 413);
    app.end().await;
}

#[tokio::test]
async fn a_stream_outlives_the_connection_that_it_began_on() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    let run = client(&app, &key)
        .release(&Release { source: Some(POISONED.to_owned()), ..Release::default() })
        .await
        .unwrap();
    let (all, _) = ended(&client(&app, &key), &run).await;
    let middle = all[all.len() / 2];
    let rest: Vec<_> = client(&app, &key).watch(&run, middle).collect().await;
    assert_eq!(rest.len(), all.iter().filter(|seq| **seq > middle).count() + 1, "and the end");
    assert!(tokio::time::timeout(Duration::from_secs(5), app.end()).await.is_ok());
}
