//! Least privilege: every operation of the document × every kind of caller, with the exact status.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sigyl_core::clock::{Clock as _, FixedClock};
use sigyl_core::domain::{Action, Caller, Label, Login, Reach, Role, Scope, Timestamp, WorkspaceName};
use sigyl_core::store::contract::fixture;
use sigyl_core::store::{Store as _, sled::SledStore};
use sigyl_core::wire::v1::{NewAccount, NewKey, NewWorkspace};
use sigyl_server::Config;

use crate::app::TestApp;

/// What an operation asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Nothing,
    AnyKey,
    Key(Action),
    Either(Action, Action),
    /// A key for all that its account may do.
    Whole,
    /// Nothing from this machine; else as a key for it.
    Browse,
}

use Needs::{AnyKey, Browse, Either, Key, Nothing, Whole};

/// Every operation: what it needs, and what it answers to somebody who may, when nothing is on record and no body is sent.
const OPERATIONS: &[(&str, Needs, u16)] = &[
    ("health", Nothing, 200),
    ("ready", Nothing, 200),
    ("openapi", Nothing, 200),
    ("metrics", Key(Action::Read), 200),
    ("listDocuments", Browse, 200),
    ("listDocumentVersions", Browse, 404),
    ("showDocument", Browse, 404),
    ("publishDocument", Key(Action::Publish), 415),
    ("validateDocument", Browse, 415),
    ("putDocument", Key(Action::Publish), 415),
    ("deleteDocument", Key(Action::Publish), 404),
    ("setDocumentStatus", Key(Action::Publish), 415),
    ("setStatusOfAll", Key(Action::Publish), 415),
    ("searchDocuments", Browse, 200),
    ("listDocumentsMirror", Browse, 200),
    ("listDocumentVersionsMirror", Browse, 404),
    ("showDocumentMirror", Browse, 404),
    ("publishDocumentMirror", Key(Action::Publish), 415),
    ("validateDocumentMirror", Browse, 415),
    ("putDocumentMirror", Key(Action::Publish), 415),
    ("deleteDocumentMirror", Key(Action::Publish), 404),
    ("setDocumentStatusMirror", Key(Action::Publish), 415),
    ("setStatusOfAllMirror", Key(Action::Publish), 415),
    ("searchDocumentsMirror", Browse, 200),
    ("listDocumentsOfView", Nothing, 404),
    ("listDocumentVersionsOfView", Nothing, 404),
    ("showDocumentOfView", Nothing, 404),
    ("searchDocumentsOfView", Nothing, 404),
    ("mcpSend", Key(Action::Call), 404),
    ("mcpListen", Key(Action::Call), 404),
    ("mcpEnd", Key(Action::Call), 404),
    ("mcpSendTo", Key(Action::Call), 404),
    ("mcpListenTo", Key(Action::Call), 404),
    ("mcpEndOf", Key(Action::Call), 404),
    ("exportMe", Whole, 200),
    ("renameMe", Key(Action::Keys), 415),
    ("deleteMe", Whole, 400),
    ("proveNamespace", Key(Action::Publish), 415),
    ("beginLogin", Nothing, 404),
    ("pollLogin", Nothing, 415),
    ("exchangeToken", Nothing, 415),
    ("countCalls", Key(Action::ReadLogs), 200),
    ("countSessions", Key(Action::ReadLogs), 200),
    ("measureServer", Key(Action::ReadLogs), 404),
    ("listServers", Key(Action::Read), 200),
    ("showServer", Key(Action::Read), 404),
    ("deleteServer", Key(Action::Delete), 404),
    ("listVersions", Key(Action::Read), 404),
    ("showSource", Key(Action::Read), 404),
    ("rollBack", Key(Action::Deploy), 415),
    ("reconfigureServer", Key(Action::Deploy), 415),
    ("transferServer", Key(Action::Manage), 415),
    ("readLogs", Key(Action::ReadLogs), 404),
    ("readCalls", Key(Action::ReadLogs), 404),
    ("probeServer", Key(Action::Probe), 404),
    ("showStatement", Key(Action::Read), 404),
    ("showSbom", Key(Action::Read), 404),
    ("verifyServer", Key(Action::Probe), 404),
    ("showPublicKey", Browse, 404),
    ("callTool", Key(Action::Call), 415),
    ("listSecrets", Key(Action::Read), 404),
    ("setSecret", Key(Action::Secrets), 415),
    ("removeSecret", Key(Action::Secrets), 404),
    ("showMasterKey", Key(Action::Administer), 200),
    ("rotateMasterKey", Key(Action::Administer), 415),
    ("release", Key(Action::Deploy), 415),
    ("releaseAgain", Key(Action::Deploy), 415),
    ("listRuns", Key(Action::Read), 200),
    ("showRun", Key(Action::Read), 404),
    ("showReport", Key(Action::Read), 404),
    ("showSarif", Key(Action::Read), 404),
    ("showRunSource", Key(Action::Read), 404),
    ("watchRun", Key(Action::Read), 404),
    ("readEvents", Key(Action::Read), 400),
    ("approveRun", Key(Action::Approve), 415),
    ("rejectRun", Key(Action::Approve), 415),
    ("cancelRun", Key(Action::Deploy), 404),
    ("promoteRun", Key(Action::Deploy), 415),
    ("whoAmI", AnyKey, 200),
    ("listKeys", Key(Action::Keys), 200),
    ("createKey", Key(Action::Keys), 415),
    ("revokeKey", AnyKey, 404),
    ("listAccounts", Key(Action::Administer), 200),
    ("createAccount", Key(Action::Administer), 415),
    ("changeAccount", Key(Action::Administer), 415),
    ("deleteAccount", Key(Action::Administer), 400),
    ("listWorkspaces", Key(Action::Read), 200),
    ("createWorkspace", Key(Action::Administer), 415),
    ("listMembers", Key(Action::Read), 404),
    ("setMember", Key(Action::Manage), 415),
    ("removeMember", Key(Action::Manage), 404),
    ("editServer", Key(Action::Publish), 415),
    ("listRatings", Key(Action::Read), 404),
    ("rateServer", Key(Action::Read), 415),
    ("takeRating", Key(Action::Read), 404),
    ("listQuarantines", Key(Action::Read), 200),
    ("quarantine", Key(Action::Approve), 415),
    ("showQuarantine", Key(Action::Read), 404),
    ("liftQuarantine", Key(Action::Approve), 415),
    ("readAudit", Either(Action::Administer, Action::Manage), 200),
    ("verifyAudit", Key(Action::Administer), 200),
    ("showPolicy", Key(Action::Read), 200),
    ("testPolicy", Key(Action::Read), 415),
    ("rescan", Key(Action::Operate), 415),
    ("uploadSource", Key(Action::Deploy), 415),
    ("showBookmark", Key(Action::Administer), 200),
    ("setBookmark", Key(Action::Administer), 415),
    ("importDocuments", Key(Action::Administer), 415),
    ("takeGitHubWebhook", Nothing, 404),
    ("listGitHubInstallations", Key(Action::Operate), 200),
    ("listGitHubRepositories", Key(Action::Operate), 400),
    ("listGitHubRefs", Key(Action::Operate), 400),
    ("showGitHubFiles", Key(Action::Operate), 400),
    ("listFollows", Key(Action::Read), 200),
    ("setFollow", Key(Action::Deploy), 415),
    ("endFollow", Key(Action::Deploy), 404),
    ("releaseFollowed", Key(Action::Deploy), 415),
    ("showGitHubApp", Key(Action::Operate), 200),
    ("keepGitHubApp", Key(Action::Operate), 415),
    ("forgetGitHubApp", Key(Action::Operate), 404),
];

/// The same for every page, in the words of the table.
const PAGES: &[(&str, Needs, u16)] = &[
    ("pageBrowse", Browse, 200),
    ("pageServer", Browse, 404),
    ("pageServerIn", Browse, 404),
    ("pageDocs", Browse, 200),
    ("pageDoc", Browse, 404),
    ("pageDocSearch", Browse, 200),
    ("pageApi", Browse, 200),
    ("pageSignIn", Nothing, 200),
    ("pageLogin", Nothing, 404),
    ("pageLoginEnd", Nothing, 403),
    ("pageLoginAt", Nothing, 404),
    ("pageLoginEndAt", Nothing, 403),
    ("pageSessionOpen", Nothing, 403),
    ("pageSessionClose", AnyKey, 403),
    ("pageAsset", Nothing, 404),
];

/// A kind of caller: the key that it shows, and what it may do.
struct Kind {
    name: String,
    key: Option<String>,
    /// Nothing when the key is not good.
    may: Option<Vec<Action>>,
    /// Whether its key is for all that its account may do.
    whole: bool,
}

async fn key(app: &TestApp, login: &str, scopes: &[Scope], expires: Option<Timestamp>) -> String {
    let new = NewKey {
        label: Label::parse("test").unwrap(),
        scopes: scopes.to_vec(),
        workspace: None,
        networks: Vec::new(),
        expires,
        account: Some(Login::parse(login).unwrap()),
        view: None,
    };
    app.core.create_key(&Caller::local_owner(), new).await.unwrap().plain.reveal().to_owned()
}

async fn account(app: &TestApp, login: &str, administrator: bool, place: Option<(&WorkspaceName, Role)>) {
    let owner = Caller::local_owner();
    let login = Login::parse(login).unwrap();
    let new = NewAccount { login: login.clone(), name: None, administrator };
    app.core.create_account(&owner, new).await.unwrap();
    if let Some((workspace, role)) = place {
        app.core.set_member(&owner, workspace, &login, role).await.unwrap();
    }
}

/// What an account of a role may do with a key for everything.
fn by_role(role: Role) -> Vec<Action> {
    let may = |action: &Action| match action.reach() {
        Reach::Registry => true,
        Reach::Workspace(least) => role >= least,
        _ => false,
    };
    Action::ALL.into_iter().filter(may).collect()
}

async fn kinds(app: &TestApp, clock: &FixedClock) -> Vec<Kind> {
    let everything = [Scope::parse("*").unwrap()];
    let bad = |name: &str, key: Option<String>| Kind { name: name.to_owned(), key, may: None, whole: false };
    let good = |name: String, key: String, may: Vec<Action>| {
        let whole = !name.contains("with a key for");
        Kind { name, key: Some(key), may: Some(may), whole }
    };
    account(app, "boss", true, None).await;
    let soon = clock.now().plus(Duration::from_secs(60));
    let revoked = key(app, "boss", &everything, None).await;
    let id = revoked.split('_').nth(1).unwrap();
    let id = sigyl_core::domain::KeyId::parse(id).unwrap();
    app.core.revoke_key(&Caller::local_owner(), &id).await.unwrap();
    let mut kinds = vec![
        bad("nobody", None),
        bad("a stranger", Some("sigyl_0000000000000000_x".to_owned())),
        bad("an expired key", Some(key(app, "boss", &everything, Some(soon)).await)),
        bad("a revoked key", Some(revoked)),
        good("administrator".to_owned(), key(app, "boss", &everything, None).await, Action::ALL.to_vec()),
    ];
    clock.advance(Duration::from_secs(120));
    let default = WorkspaceName::default();
    for role in Role::ALL {
        let login = format!("the-{role}");
        account(app, &login, false, Some((&default, role))).await;
        kinds.push(good(format!("{role}"), key(app, &login, &everything, None).await, by_role(role)));
    }
    for action in Action::ALL {
        let only = [Scope::parse(action.word()).unwrap()];
        let name = format!("administrator with a key for {} alone", action.word());
        kinds.push(good(name, key(app, "boss", &only, None).await, vec![action]));
        let others: Vec<_> = Action::ALL.into_iter().filter(|other| *other != action).collect();
        let scopes: Vec<_> = others.iter().map(|other| Scope::parse(other.word()).unwrap()).collect();
        let name = format!("administrator with a key for all but {}", action.word());
        kinds.push(good(name, key(app, "boss", &scopes, None).await, others));
    }
    kinds
}

/// An operation: id, method and path.
type Operation = (String, String, String);

/// The operations of the document, and the pages.
async fn operations(app: &TestApp) -> Vec<Operation> {
    let document = app.get("/openapi.json").await.json();
    let mut found: Vec<_> = sigyl_server::page_routes()
        .map(|(id, method, path)| (id.to_owned(), method.to_owned(), path.to_owned()))
        .collect();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            found.push((id, method.to_ascii_uppercase(), path.clone()));
        }
    }
    found
}

/// The address of an operation, with something in place of each part in braces.
fn address(path: &str, part: impl Fn(&str) -> String) -> String {
    let parts: Vec<_> = path
        .split('/')
        .map(|text| if text.starts_with('{') { part(text) } else { text.to_owned() })
        .collect();
    parts.join("/")
}

/// Where nothing is.
fn nowhere(part: &str) -> String {
    if part == "{key}" { "0000000000000000" } else { "nothing" }.to_owned()
}

fn expected(needs: Needs, allowed: u16, kind: &Kind) -> u16 {
    match (needs, &kind.may) {
        (Nothing, _) => allowed,
        (Browse, None) if kind.key.is_none() => allowed,
        (Browse, Some(may)) if may.contains(&Action::Browse) => allowed,
        (Browse, Some(_)) => 403,
        (_, None) => 401,
        (AnyKey, Some(_)) => allowed,
        (Whole, Some(_)) if kind.whole => allowed,
        (Key(action), Some(may)) if may.contains(&action) => allowed,
        (Either(one, other), Some(may)) if may.contains(&one) || may.contains(&other) => allowed,
        (Key(_) | Either(..) | Whole, Some(_)) => 403,
    }
}

#[tokio::test]
async fn every_kind_of_caller_may_ask_for_what_it_may_and_for_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::default());
    let at = |name: &str| folder.path().join(name);
    let mut owned =
        sigyl_core::Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
    owned.clock = clock.clone();
    let mut config = Config::default();
    // Nobody asks too often here.
    config.rates.login.burst = 1_000_000;
    config.rates.read.burst = 1_000_000;
    config.rates.write.burst = 1_000_000;
    config.rates.deploy.burst = 1_000_000;
    let app = TestApp::over(owned, config, folder).await;
    let known: BTreeMap<_, _> =
        OPERATIONS.iter().chain(PAGES).map(|(id, needs, allowed)| (*id, (*needs, *allowed))).collect();
    let kinds = kinds(&app, &clock).await;
    let operations = operations(&app).await;
    assert_eq!(
        operations.len(),
        known.len(),
        "each operation has its line above, and each line its operation"
    );
    for (id, method, path) in operations {
        let path = address(&path, nowhere);
        // What never ends is asked for so that it does not begin.
        let path = if id == "readEvents" { format!("{path}?kind=nothing") } else { path };
        let (needs, allowed) = *known.get(id.as_str()).unwrap_or_else(|| panic!("{id} has no line above"));
        for kind in &kinds {
            let reply = app.tell(&method, &path, kind.key.as_deref(), None).await;
            let wanted = expected(needs, allowed, kind);
            let said: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            assert_eq!(reply.status, wanted, "{id} by {}: {said}", kind.name);
        }
    }
    app.end().await;
}

/// A data directory with a server in the first workspace, and a server over it.
async fn with_a_server() -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let store = SledStore::open(&at("data").join("store")).unwrap();
    store.apply(fixture::publish("clock", "1.0.0", "a")).await.unwrap();
    drop(store);
    let owned = sigyl_core::Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
    TestApp::over(owned, Config::default(), folder).await
}

/// The body that an operation takes to be looked at.
fn body(id: &str) -> Option<Value> {
    Some(match id {
        "approveRun" | "rejectRun" => json!({"reason": "mine"}),
        "callTool" | "editServer" | "promoteRun" | "releaseAgain" | "releaseFollowed" => json!({}),
        "setFollow" => json!({"branch": "main", "policy": "auto"}),
        "rateServer" => json!({"stars": 1}),
        "rollBack" => json!({"version": "1.0.0"}),
        "reconfigureServer" => json!({"env": {"ZONE": "UTC"}}),
        "setMember" => json!({"role": "owner"}),
        "setSecret" => json!({"value": "x"}),
        "transferServer" => json!({"workspace": "other"}),
        _ => return None,
    })
}

#[tokio::test]
async fn the_owner_of_another_workspace_sees_and_does_nothing_here() {
    let app = with_a_server().await;
    let owner = Caller::local_owner();
    account(&app, "eve", false, None).await;
    let other = WorkspaceName::parse("other").unwrap();
    let new = NewWorkspace { name: other, title: None, owner: Login::parse("eve").unwrap() };
    app.core.create_workspace(&owner, new).await.unwrap();
    let admin = app.admin_key().await;
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/servers/poisoned");
    let release = json!({"source": source, "workspace": "default"});
    let begun = app.tell("POST", "/api/v1/releases", Some(&admin), Some(&release)).await;
    let events = begun.json()["events"].as_str().unwrap().to_owned();
    app.tell("GET", &events, Some(&admin), None).await;
    let run = events.strip_suffix("/events").unwrap().rsplit('/').next().unwrap();
    let theirs = |part: &str| {
        let is = match part {
            "{name}" => "clock",
            "{run}" => run,
            "{version}" => "1.0.0",
            "{workspace}" => "default",
            "{login}" => "eve",
            "{tool}" => "now",
            "{secret}" => "TOKEN",
            part => panic!("{part} of somebody else is not made here"),
        };
        is.to_owned()
    };
    let eve = key(&app, "eve", &[Scope::parse("*").unwrap()], None).await;
    let of_theirs = ["/servers/{name}", "/runs/{run}", "/workspaces/{workspace}", "/mcp/{name}"];
    let mut asked = 0;
    for (id, method, path) in operations(&app).await {
        if !path.starts_with("/api/v1/") && !path.starts_with("/mcp/")
            || !of_theirs.iter().any(|part| path.contains(part))
        {
            continue;
        }
        let at = address(&path, theirs);
        let reply = app.tell(&method, &at, Some(&eve), body(&id).as_ref()).await;
        assert_eq!(reply.status, 404, "{id}: {method} {at}: {:?}", reply.body);
        asked += 1;
    }
    assert!(asked > 25, "{asked}");
    assert_eq!(app.tell("GET", "/api/v1/runs", Some(&eve), None).await.json()["runs"], json!([]));
    assert_eq!(app.tell("GET", "/api/v1/servers", Some(&eve), None).await.json()["servers"], json!([]));
    let audit = app.tell("GET", "/api/v1/audit", Some(&eve), None).await.json().to_string();
    assert!(!audit.contains("\"default\""), "{audit}");
    app.end().await;
}
