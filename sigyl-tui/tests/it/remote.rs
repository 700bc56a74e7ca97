//! Commands that work with a server over HTTP.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;

use sigyl_core::Sigyl;
use sigyl_core::client::OPERATIONS;
use sigyl_core::domain::Caller;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::sigyl::{Ended, Home, ended};

const CLOCK: &str = include_str!("../../../sigyl-core/tests/data/registry/clock.json");

/// The private key of no domain.
const DOMAIN: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n-----END PRIVATE KEY-----\n";

/// A server in this process, with a data directory of its own.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) key: String,
    pub(crate) core: Sigyl,
    pub(crate) runtime: Runtime,
    stop: Option<oneshot::Sender<()>>,
    _folder: tempfile::TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let config =
            sigyl_core::Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
        let runtime = Runtime::new().unwrap();
        let (core, listener) = runtime.block_on(async {
            let core = Sigyl::open(config).await.unwrap();
            core.ensure_admin_key(&Caller::local_owner()).await.unwrap();
            (core, TcpListener::bind("127.0.0.1:0").await.unwrap())
        });
        let url = format!("http://{}", listener.local_addr().unwrap());
        let key = std::fs::read_to_string(at("data/admin.key")).unwrap().trim_end().to_owned();
        let (stop, stopped) = oneshot::channel();
        let serving = sigyl_server::serve(sigyl_server::Config::default(), core.clone(), listener, async {
            // The test is over when the sender is gone, too.
            stopped.await.ok();
        });
        runtime.spawn(async move { serving.await.unwrap() });
        Self { url, key, core, runtime, stop: Some(stop), _folder: folder }
    }

    /// Runs a command that was told of the server by its environment.
    fn run(&self, home: &Home, args: &[&str]) -> Ended {
        ended(home.command().env("SIGYL_SERVER", &self.url).env("SIGYL_KEY", &self.key).args(args))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.runtime.block_on(self.core.shutdown());
    }
}

/// Operations that no verb is for, each with its reason.
const WITHOUT_VERB: &[(&str, &str)] = &[
    ("health", "for whoever watches the process"),
    ("ready", "for whoever watches the process"),
    ("metrics", "for Prometheus"),
    ("openapi", "for programs that make clients"),
    ("showBookmark", "`import URL` asks for it, and no registry is here"),
    ("setBookmark", "`import URL` sets it, and no registry is here"),
    ("listDocumentVersions", "for editors"),
    ("putDocument", "`publish` and `deprecate` are its two halves"),
    ("deleteDocument", "`deprecate --hide` comes to the same"),
    ("pollLogin", "`login` asks it until somebody typed the code"),
    ("exchangeToken", "for jobs, which have a token of their system"),
    ("rotateMasterKey", "`secrets rotate-master-key` waits for the end, beside the data directory"),
    ("keepGitHubApp", "`setup github` sends what GitHub made, and no GitHub is here"),
    ("showRun", "`watch` ends with what it shows"),
    ("showStatement", "`verify NAME --save DIR` writes it, with all else that is signed"),
    ("showSbom", "`verify NAME --save DIR` writes it, with all else that is signed"),
    ("showSarif", "`report --format sarif` writes it"),
];

/// Every other operation, by a line that asks for it, and the exit code that it has.
const LINES: &[(&str, i32)] = &[
    ("login", 3),
    ("whoami", 0),
    ("accounts list", 0),
    ("accounts create ada", 0),
    ("accounts disable ada", 0),
    ("accounts enable ada", 0),
    ("accounts promote ada", 0),
    ("accounts demote ada", 0),
    ("accounts delete nobody --confirm nobody", 3),
    ("workspaces list", 0),
    ("workspaces create team --owner ada", 0),
    ("workspaces move nobody team", 3),
    ("members list", 0),
    ("members add ada", 0),
    ("members remove ada", 0),
    ("keys create ci", 0),
    ("keys list", 0),
    ("keys revoke 0000000000000000", 3),
    ("audit list", 0),
    ("setup github --status", 0),
    ("setup github --forget", 3),
    ("audit verify", 0),
    ("publish clock.json --check", 0),
    ("publish clock.json", 0),
    ("search clock", 0),
    ("config cursor com.example/clock", 0),
    ("deprecate com.example/clock@1.2.0 --message old", 0),
    ("deprecate com.example/clock --undo", 0),
    ("import clock.json", 0),
    ("policy show", 0),
    ("policy test policy.yaml", 0),
    ("rescan", 0),
    ("deploy git:https://127.0.0.1:1/x.git", 3),
    ("deploy mine", 3),
    ("redeploy nobody", 3),
    ("rollback nobody", 3),
    ("configure nobody --max-instances 2", 3),
    ("restart nobody", 3),
    ("delete nobody --confirm nobody", 3),
    ("approve 019aa1b2-0000-7000-8000-000000000000 --reason fine", 3),
    ("reject 019aa1b2-0000-7000-8000-000000000000 --reason no", 3),
    ("cancel 019aa1b2-0000-7000-8000-000000000000", 3),
    ("promote 019aa1b2-0000-7000-8000-000000000000", 3),
    ("watch 019aa1b2-0000-7000-8000-000000000000", 3),
    ("report 019aa1b2-0000-7000-8000-000000000000", 3),
    ("list", 0),
    ("show nobody", 3),
    ("versions nobody", 3),
    ("source nobody README.md", 3),
    ("source run:019aa1b2-0000-7000-8000-000000000000 README.md:4", 3),
    ("logs nobody", 3),
    ("calls nobody", 3),
    ("probe nobody", 3),
    ("metrics nobody", 3),
    ("verify nobody", 3),
    ("verify --print-key", 3),
    ("call nobody now", 3),
    ("runs", 0),
    ("secrets list nobody", 3),
    ("secrets set nobody TOKEN=@value", 3),
    ("secrets remove nobody TOKEN", 3),
    ("secrets key", 0),
    ("edit nobody --title x", 3),
    ("rate nobody 4", 3),
    ("rate nobody --remove", 3),
    ("rate nobody", 3),
    ("github", 3),
    ("github octo-org/weather", 3),
    ("github octo-org/weather#main", 3),
    ("follow list", 0),
    ("follow set nobody", 3),
    ("follow release nobody", 3),
    ("follow end nobody", 3),
    ("quarantine add nobody --reason bad", 0),
    ("quarantine show nobody", 0),
    ("quarantine list", 0),
    ("events", 0),
    ("export tree", 0),
    ("quarantine lift nobody --reason fine", 0),
    ("events --since 0", 0),
    ("calls --totals", 0),
    ("account export", 0),
    ("account rename Owner", 0),
    ("account delete --confirm nobody", 3),
    ("namespaces list", 0),
    ("namespaces prove example.invalid --key domain.pem", 3),
];

/// How often the server was asked for each route, by method and path.
fn counted(server: &Server) -> BTreeMap<(String, String), u64> {
    let settings = sigyl_core::client::ClientSettings {
        key: Some(sigyl_core::domain::SecretValue::new(&server.key)),
        ..sigyl_core::client::ClientSettings::of(&server.url)
    };
    let client = sigyl_core::client::Client::new(settings).unwrap();
    let text = server.runtime.block_on(client.metrics()).unwrap();
    let mut counted = BTreeMap::new();
    for line in text.lines() {
        let Some(labels) = line.strip_prefix("sigyl_http_requests_total{method=\"") else { continue };
        let (method, rest) = labels.split_once("\",route=\"").unwrap();
        let (route, rest) = rest.split_once('"').unwrap();
        let count: u64 = rest.rsplit_once(' ').unwrap().1.parse().unwrap();
        *counted.entry((method.to_owned(), route.to_owned())).or_default() += count;
    }
    counted
}

#[test]
fn every_operation_has_a_verb() {
    let server = Server::start();
    let home = Home::new();
    home.write("clock.json", CLOCK);
    home.write("mine/sigyl.yaml", "name: mine\n");
    home.write("policy.yaml", "schema: sigyl.policy/1\nname: ours\n");
    home.write("value", "planted");
    home.write("domain.pem", DOMAIN);
    for (line, code) in LINES {
        let args: Vec<_> = line.split(' ').collect();
        let ended = server.run(&home, &args);
        assert_eq!(ended.code, *code, "{line}: {ended:?}");
    }
    let counted = counted(&server);
    for operation in OPERATIONS {
        let asked = counted.contains_key(&(operation.method.to_owned(), operation.path.to_owned()));
        let excused = WITHOUT_VERB.iter().any(|(id, _)| *id == operation.id);
        // Metrics were asked for by this test.
        assert!(asked || excused, "{} has no line above", operation.id);
    }
    assert!(!home.path().join(".local").exists(), "nothing was done on this machine");
}

#[test]
fn what_is_about_this_machine_is_not_done_while_a_server_is_named() {
    let server = Server::start();
    let home = Home::new();
    for line in [&["stop"][..], &["serve"], &["backup", "x"], &["restore", "x"]] {
        let ended = server.run(&home, line);
        assert_eq!(ended.code, 2, "{ended:?}");
        assert!(ended.err.starts_with("error[E0045]: "), "{ended:?}");
    }
}

#[test]
fn a_folder_is_sent_and_judged_there_as_it_is_here() {
    let server = Server::start();
    let home = Home::new();
    let poisoned = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/servers/poisoned");
    let there = server.run(&home, &["deploy", poisoned, "--format", "json"]);
    assert_eq!(there.code, 1, "{there:?}");
    let here = home.run(&["scan", poisoned, "--format", "json"]).document();
    let report = &there.document()["report"];
    assert_eq!(report["source"]["digest"], here["source"]["digest"]);
    assert_eq!(report["verdict"], "block");
    assert!(report["source"]["locator"].as_str().unwrap().starts_with("upload:"), "{report}");
    let missing = server.run(&home, &["deploy", "missing"]);
    assert!(missing.code == 3 && missing.err.starts_with("error[E0046]: "), "{missing:?}");
    let foreign = format!("upload:{}.{}", "0".repeat(64), "0".repeat(16));
    let foreign = server.run(&home, &["deploy", &foreign]);
    assert!(foreign.code == 3 && foreign.err.starts_with("error[E1307]: "), "{foreign:?}");
    let left = std::fs::read_dir(home.path())
        .unwrap()
        .filter_map(|item| item.unwrap().file_name().into_string().ok());
    assert!(left.into_iter().all(|name| !name.starts_with("sigyl-send-")));
}

#[test]
fn a_key_comes_from_a_file_of_its_own_and_never_from_the_line() {
    let server = Server::start();
    let home = Home::new();
    let file = home.write("key", &format!("{}\n", server.key));
    let args = ["whoami", "--server", &server.url, "--key-file", "key"];
    let open = home.run(&args);
    assert!(
        open.code == 2 && open.err.contains("error[E0047]") && open.err.contains("chmod 600"),
        "{open:?}"
    );
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(home.run(&args).code, 0);
    let kept = home.write(
        &format!(".config/sigyl/keys/{}", server.url.strip_prefix("http://").unwrap().replace(':', "-")),
        &server.key,
    );
    std::fs::set_permissions(kept, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(home.run(&["whoami", "--server", &server.url]).code, 0);
    let nobody = Home::new().run(&["whoami", "--server", &server.url]);
    assert!(nobody.code == 3 && nobody.err.contains("SIGYL_KEY"), "{nobody:?}");
    let clear = home.run(&["whoami", "--server", "http://sigyl.example.org"]);
    assert!(clear.err.starts_with("error[E1301]: "), "{clear:?}");
}

/// Answers one request as a server that means no good.
fn answer(stream: TcpStream) {
    let mut lines = BufReader::new(&stream).lines();
    let head = lines.next().unwrap().unwrap();
    // The rest of the head, so that the connection is not cut off with it unread.
    let _rest: Vec<_> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let odd = "x\\u001b[2J\\u0007";
    let (status, kind, body) = if head.contains("/whoami") {
        (
            200,
            "application/json",
            format!(r#"{{"name": "{odd}", "account": null, "key": null, "roles": {{}}}}"#),
        )
    } else if head.contains("/audit") {
        let zeros = "0".repeat(64);
        let fact = format!(
            r#"{{"at": "2026-11-22T14:01:00Z", "who": {{"name": "{odd}", "account": null, "key": null}}, "what": "{odd}",
                "on": "{odd}", "workspace": null, "from": null, "outcome": "done", "note": "{odd}"}}"#
        );
        let entry = format!(
            r#"{{"number": 1, "fact": {fact}, "previous": "sha256:{zeros}", "hash": "sha256:{zeros}"}}"#
        );
        (200, "application/json", format!(r#"{{"entries": [{entry}]}}"#))
    } else if head.contains("/logs") {
        let failed = format!(
            "event: failed\ndata: {{\"code\": \"{odd}\", \"detail\": \"{odd}\", \"hint\": \"{odd}\"}}\n\n"
        );
        (200, "text/event-stream", failed)
    } else if head.contains("/tools/") {
        (
            200,
            "application/json",
            format!(r#"{{"content": [{{"type": "text", "text": "{odd}"}}, {{"type": "{odd}"}}]}}"#),
        )
    } else {
        let place = format!(r#"{{"message": "{odd}", "location": "{odd}"}}"#);
        let told = format!(r#""detail": "{odd}", "hint": "{odd}", "code": "{odd}", "errors": [{place}]"#);
        (400, "application/problem+json", format!(r#"{{"status": 400, {told}}}"#))
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    // The command may have gone already.
    (&stream).write_all((head + &body).as_bytes()).ok();
}

#[test]
fn what_a_server_says_is_shown_and_never_obeyed() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
    let home = Home::new();
    for line in
        [&["whoami"][..], &["audit", "list"], &["logs", "x"], &["call", "x", "y"], &["list"], &["runs"]]
    {
        let ended = home.run(&[line, &["--server", &url]].concat());
        let said = format!("{}{}", ended.out, ended.err);
        assert!(said.contains("x⟦ESC⟧[2J") && !said.contains(['\u{1b}', '\u{7}']), "{line:?}: {ended:?}");
    }
}
