//! `sigyl setup github` against a GitHub that knows the manifest flow: what is asked, kept and told, and what is refused.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sigyl_core::domain::Caller;

use crate::remote::Server;
use crate::sigyl::{Ended, Home};

const KEY: &str = include_str!("../../../sigyl-core/src/github/app/test_key.pem");

/// A GitHub that is strict: a code is known once, and who asks as the App shows a token that it signed.
struct GitHub {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<BTreeMap<&'static str, (&'static str, Value)>>>,
}

const CONVERSION: &str = "POST /app-manifests/c0de-planted/conversions";
const APP: &str = "GET /app";
const INSTALLATIONS: &str = "GET /app/installations?per_page=100&page=1";

impl GitHub {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let github = Self { url: url.clone(), asked: Arc::default(), answers: Arc::default() };
        let made = json!({
            "id": 7, "slug": "sigyl-x", "name": "sigyl-x", "html_url": format!("{url}/apps/sigyl-x"), "client_id": "Iv1.x",
            "client_secret": "planted-client-secret", "webhook_secret": "planted-webhook-secret", "pem": KEY,
        });
        github.answers(CONVERSION, "201 Created", made);
        let given = json!({"contents": "read", "metadata": "read", "statuses": "write"});
        github.answers(
            APP,
            "200 OK",
            json!({"id": 7, "slug": "sigyl-x", "name": "sigyl-x", "permissions": given, "events": []}),
        );
        github.answers(
            INSTALLATIONS,
            "200 OK",
            json!([{"id": 1, "account": {"login": "octo-org"}, "repository_selection": "all"}]),
        );
        let (asked, answers) = (Arc::clone(&github.asked), Arc::clone(&github.answers));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
                }
                let what = head.split(" HTTP/").next().unwrap().to_owned();
                asked.lock().unwrap().push(what.clone());
                let is_app = head.to_ascii_lowercase().contains("authorization: bearer ey");
                let mut answers = answers.lock().unwrap();
                let (status, body) = match answers.get(what.as_str()).cloned() {
                    Some(_) if what.starts_with("GET /app") != is_app => {
                        ("401 Unauthorized", json!({"message": "Bad credentials"}))
                    }
                    Some(answer) => answer,
                    None => ("404 Not Found", json!({"message": "Not Found"})),
                };
                // A code is good once.
                answers
                    .remove(CONVERSION)
                    .filter(|_| what != CONVERSION)
                    .map(|kept| answers.insert(CONVERSION, kept));
                let body = body.to_string();
                let length = body.len();
                write!(
                    stream,
                    "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
                )
                .unwrap();
            }
        });
        github
    }

    fn answers(&self, what: &'static str, status: &'static str, body: Value) {
        self.answers.lock().unwrap().insert(what, (status, body));
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// A home whose configuration names this GitHub.
    fn home(&self) -> Home {
        let home = Home::new();
        let url = &self.url;
        home.write(".config/sigyl/config.toml", &format!("[github]\napi_url = '{url}'\nweb_url = '{url}'\n"));
        home
    }
}

/// The command at work, and the address that it printed.
struct Setup {
    child: Child,
    err: BufReader<std::process::ChildStderr>,
    told: String,
    port: u16,
    /// Where the page is.
    path: String,
}

impl Setup {
    fn start(home: &Home, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sigyl"));
        command.env_clear().env("HOME", home.path()).env("TMPDIR", home.path()).env("LANG", "C.UTF-8");
        command
            .envs(variables.iter().copied())
            .args(["setup", "github", "--no-browser"])
            .args(args)
            .current_dir(home.path());
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut told = String::new();
        let (port, path) = loop {
            let from = told.len();
            assert_ne!(err.read_line(&mut told).unwrap(), 0, "{told}");
            if let Some((_, rest)) = told[from..].split_once("Open http://127.0.0.1:") {
                let (port, rest) = rest.split_once('/').unwrap();
                let path = format!("/{}", rest.split_whitespace().next().unwrap());
                break (port.parse().unwrap(), path);
            }
        };
        Self { child, err, told, port, path }
    }

    fn ask(&self, path: &str, cookie: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncookie: {cookie}\r\n\r\n", self.port)
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    /// Opens the page as a browser does; returns its cookie, the state and the manifest.
    fn open(&self) -> (String, String, Value) {
        assert!(self.ask("/", "").starts_with("HTTP/1.1 404 "), "the port alone gives nothing");
        let page = self.ask(&self.path, "");
        let manifest = between(&page, "value=\"", "\"").replace("&quot;", "\"");
        let cookie = between(&page, "set-cookie: ", ";").to_owned();
        (cookie, between(&page, "state=", "\"").to_owned(), serde_json::from_str(&manifest).unwrap())
    }

    fn end(mut self) -> Ended {
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        self.err.read_to_string(&mut self.told).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        Ended { code, out, err: self.told }
    }
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    text.split_once(from).unwrap().1.split_once(to).unwrap().0
}

/// What was told, however it was broken to fit.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn clean(ended: &Ended) {
    let text = format!("{ended:?}");
    let inside = KEY.lines().nth(1).unwrap();
    assert!(!text.contains("planted") && !text.contains(inside), "{text}");
}

#[test]
fn an_app_is_made_in_a_browser_kept_tried_shown_and_let_go_of() {
    let github = GitHub::start();
    let home = github.home();
    let args = ["--org", "octo-org", "--url", "https://mcp.example.org/", "--wait", "--format", "json"];
    let setup = Setup::start(&home, &args, &[]);
    let (cookie, state, manifest) = setup.open();
    assert_eq!(manifest["redirect_url"], format!("http://127.0.0.1:{}/made", setup.port));
    assert_eq!(manifest["hook_attributes"]["url"], "https://mcp.example.org/webhooks/github");
    assert!(setup.ask(&format!("/made?code=evil&state={state}"), "").starts_with("HTTP/1.1 403 "));
    // Others can use the data directory meanwhile.
    assert_eq!(home.run(&["setup", "github", "--status"]).code, 0);
    let back = setup.ask(&format!("/made?code=c0de-planted&state={state}"), &cookie);
    assert!(back.starts_with("HTTP/1.1 200 "), "{back}");
    let made = setup.end();
    clean(&made);
    for part in [
        "contents: read",
        "checks: write",
        "to fetch the files",
        "push, release, repository",
        "did not give it checks",
    ] {
        assert!(one_line(&made.err).contains(part), "{part}: {}", made.err);
    }
    assert_eq!(made.code, 3, "one permission is less than was asked for: {made:?}");
    let told = made.document();
    assert_eq!(
        (&told["asks"], &told["hooks"], &told["is_tried"]),
        (&json!("app"), &json!("app"), &json!(true))
    );
    assert_eq!((&told["lacks"][0]["name"], &told["installed"]), (&json!("checks"), &json!(["octo-org"])));
    assert_eq!(told["install_url"], format!("{}/apps/sigyl-x/installations/new", github.url));
    assert_eq!(github.asked(), [CONVERSION, APP, INSTALLATIONS]);
    is_shown_and_let_go_of(&github, &home);
}

/// The App that is kept is shown without a key, wins over no configuration, and is let go of once.
fn is_shown_and_let_go_of(github: &GitHub, home: &Home) {
    let status = home.run(&["setup", "github", "--status", "--format", "json"]);
    clean(&status);
    assert_eq!(
        (&status.document()["app"]["slug"], &status.document()["asks"]),
        (&json!("sigyl-x"), &json!("app"))
    );
    let again = home.run(&["setup", "github"]);
    assert!(again.code == 3 && again.err.contains("E1404") && again.err.contains("--forget"), "{again:?}");
    let plain = home.run(&["setup", "github", "--status"]);
    assert!(plain.out.contains("asked by: the App that is kept"), "{plain:?}");
    // What the configuration names wins.
    let url = &github.url;
    let token = format!("[github]\napi_url = '{url}'\nweb_url = '{url}'\ntoken_env = 'PATH'\n");
    home.write("token.toml", &token);
    let named = home.run(&["setup", "github", "--status", "--config", "token.toml"]);
    assert!(named.out.contains("asked by: what the configuration names"), "{named:?}");
    assert_eq!(home.run(&["setup", "github", "--forget"]).code, 0);
    let gone = home.run(&["setup", "github", "--forget"]);
    assert!(gone.code == 3 && gone.err.contains("E1404"), "{gone:?}");
}

#[test]
fn the_keys_go_to_the_server_that_is_named_and_none_stays_here() {
    let (github, server) = (GitHub::start(), Server::start());
    let home = github.home();
    let setup = Setup::start(&home, &[], &[("SIGYL_SERVER", &server.url), ("SIGYL_KEY", &server.key)]);
    let (cookie, state, _) = setup.open();
    setup.ask(&format!("/made?code=c0de-planted&state={state}"), &cookie);
    let ended = setup.end();
    clean(&ended);
    assert!(one_line(&ended.err).contains("Its keys are kept"), "{ended:?}");
    let view = server.runtime.block_on(server.core.github_app(&Caller::local_owner())).unwrap();
    assert_eq!(view.app.unwrap().app.slug, "sigyl-x");
    // Nobody configured that this server asks GitHub at all.
    assert!(one_line(&ended.err).contains("the App is not used"), "{ended:?}");
    assert!(!home.path().join(".local").exists(), "nothing was done on this machine");
}

#[test]
fn what_an_app_lacks_is_not_told_where_its_key_could_not_be_tried() {
    let other = json!({"id": 8, "slug": "other", "name": "other", "permissions": {}, "events": []});
    for (status, answer) in [("401 Unauthorized", json!({"message": "no"})), ("200 OK", other)] {
        let github = GitHub::start();
        github.answers(APP, status, answer);
        let home = github.home();
        let setup = Setup::start(&home, &["--format", "json"], &[]);
        let (cookie, state, _) = setup.open();
        setup.ask(&format!("/made?code=c0de-planted&state={state}"), &cookie);
        let ended = setup.end();
        let told = ended.document();
        assert_eq!(
            (&told["is_tried"], &told["lacks"], ended.code),
            (&json!(false), &Value::Null, 3),
            "{ended:?}"
        );
    }
}

#[test]
fn a_page_that_was_opened_elsewhere_does_the_same() {
    let github = GitHub::start();
    let home = github.home();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigyl"));
    command.env_clear().env("HOME", home.path()).env("TMPDIR", home.path()).env("LANG", "C.UTF-8");
    command.args(["setup", "github", "--manual", "--read-only", "--name", "ours"]).current_dir(home.path());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut page = String::new();
    while !page.contains("</html>") {
        assert_ne!(out.read_line(&mut page).unwrap(), 0, "{page}");
    }
    let manifest: Value =
        serde_json::from_str(&between(&page, "value=\"", "\"").replace("&quot;", "\"")).unwrap();
    assert_eq!(manifest["default_permissions"], json!({"contents": "read", "metadata": "read"}));
    assert_eq!((&manifest["name"], &manifest["hook_attributes"]["active"]), (&json!("ours"), &json!(false)));
    let address =
        format!("http://127.0.0.1:9/made?code=c0de-planted&state={}\n", between(&page, "state=", "\""));
    child.stdin.take().unwrap().write_all(address.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    let err = one_line(&String::from_utf8(ended.stderr).unwrap());
    assert_eq!(ended.status.code(), Some(0), "{err}");
    assert!(
        err.contains("branches are polled")
            && err.contains("Give it repositories")
            && !err.contains("planted"),
        "{err}"
    );
}

#[test]
fn what_is_not_ours_over_or_no_key_is_told_and_nothing_is_kept() {
    type Wrong<'a> = (&'a str, &'a dyn Fn(&GitHub), &'a str);
    let no_key = |github: &GitHub| {
        let made = json!({
            "id": 7, "slug": "sigyl-x", "name": "x", "html_url": format!("{}/apps/x", github.url), "client_id": "Iv1.x",
            "client_secret": "planted", "webhook_secret": null, "pem": "planted-pem",
        });
        github.answers(CONVERSION, "201 Created", made);
    };
    let cases: [Wrong<'_>; 4] = [
        ("code=c0de-planted&state=0", &|_| {}, "the state of another setup"),
        ("code=over-planted&state=S", &|_| {}, "it holds for an hour, and once"),
        ("code=c0de-planted&state=S", &no_key, "the private key of the GitHub App cannot be used"),
        (
            "code=c0de-planted&state=S",
            &|github| github.answers(CONVERSION, "503 Service Unavailable", json!({"message": "later"})),
            "GitHub answered 503",
        ),
    ];
    for (query, change, why) in cases {
        let github = GitHub::start();
        change(&github);
        let home = github.home();
        let setup = Setup::start(&home, &[], &[]);
        let (cookie, state, _) = setup.open();
        setup.ask(&format!("/made?{}", query.replace('S', &state)), &cookie);
        let ended = setup.end();
        clean(&ended);
        let shown = one_line(&ended.err);
        assert!(ended.code == 3 && shown.contains("error[E1404]") && shown.contains(why), "{ended:?}");
        let status = home.run(&["setup", "github", "--status", "--format", "json"]).document();
        assert_eq!(status["app"], Value::Null);
        assert!(!home.path().join(".local").exists(), "nothing was made for nothing");
    }
}

#[test]
fn what_github_would_refuse_is_refused_before_anything_is_begun() {
    let home = Home::new();
    for args in [
        &["--org", "a/b"][..],
        &["--name", "a name of more than thirty-four characters"],
        &["--url", "http://mcp.example.org"],
        &["--url", "https://mcp.example.org/?x"],
        &["--status", "--forget"],
    ] {
        let ended = home.run(&[&["setup", "github"], args].concat());
        assert!(ended.code == 2 && ended.err.contains("E0001"), "{args:?}: {ended:?}");
    }
    let offline = home.run(&["setup", "github", "--offline"]);
    assert!(offline.code == 2 || offline.code == 3, "{offline:?}");
    assert!(offline.err.contains("`offline` is set"), "{offline:?}");
}
