//! Answers to everything that the console asks.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sigyl_core::domain::Locator;
use sigyl_core::domain::{Digest, Failure, Kind};
use sigyl_core::wire::v1::{Frame, Request, Response};

use crate::console::outside::{Outside, Seen};
use crate::fixtures;

/// The name of a request.
pub(in crate::console) fn name(request: &Request) -> String {
    serde_json::to_value(request).unwrap()["op"].as_str().unwrap().to_owned()
}

/// Whether its answer ends by itself.
pub(in crate::console) fn ends(request: &Request) -> bool {
    !matches!(
        request,
        Request::Feed { .. }
            | Request::Logs { .. }
            | Request::Calls { .. }
            | Request::Events { .. }
            | Request::Deploy(_)
            | Request::Redeploy(_)
            | Request::Reconfigure(_)
            | Request::Delete { .. }
            | Request::Rollback { .. }
            | Request::Approve { .. }
            | Request::Reject { .. }
            | Request::Cancel { .. }
            | Request::Promote { .. }
    )
}

/// What is told before the end.
pub(in crate::console) fn frames(_request: &Request) -> Vec<Frame> {
    Vec::new()
}

fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// A report with a finding whose words are a stranger's.
pub(in crate::console) fn report() -> sigyl_core::domain::Report {
    let mut value = serde_json::to_value(fixtures::report()).unwrap();
    value["verdict"] = json!("hold");
    value["findings"] = json!([{
        "rule": "path-from-argument", "category": "path-traversal", "severity": "error", "confidence": "high",
        "message": "path from a tool argument reaches open()\u{202e}",
        "location": {"path": "src/server.py", "line": 48, "column": 12},
        "evidence": "open(ROOT / name)\u{1b}[2J", "fix": "p = (ROOT / name).resolve()",
    }]);
    read(value)
}

/// Lines of a file that a stranger wrote.
fn window(path: &str, from: u32, lines: u32) -> sigyl_core::wire::v1::SourceWindow {
    let readme =
        "# Clock\n\nTells the time.\u{202e}\n\n```sh\nsigyl   call clock now\n```\n\n- in UTC\n\u{1b}[2J";
    let all: Vec<String> = match path {
        "README.md" => readme.lines().map(str::to_owned).collect(),
        _ => (1..=60)
            .map(|line| match line {
                48 => "\treturn open(ROOT / name)\u{1b}[2J".to_owned(),
                49 => "TOKEN = \"⟦masked⟧\"".to_owned(),
                line => format!("line({line})"),
            })
            .collect(),
    };
    let (first, count) = (from as usize - 1, lines as usize);
    sigyl_core::wire::v1::SourceWindow {
        source: Digest::of(b"x"),
        path: path.to_owned(),
        bytes: 900,
        total: all.len() as u64,
        from: u64::from(from),
        masked: u64::from(path != "README.md"),
        lines: all.into_iter().skip(first).take(count).collect(),
        cut: Vec::new(),
    }
}

/// Answers a request as a small installation would.
pub(in crate::console) fn answer(request: &Request) -> Result<Response, Failure> {
    let digest = Digest::of(b"x").to_string();
    Ok(match request {
        Request::List => Response::Servers(vec![fixtures::serving(), fixtures::stopped(), fixtures::held()]),
        Request::Show { .. } => Response::Server(Box::new(fixtures::serving())),
        Request::Runs { .. } => Response::Runs(fixtures::runs()),
        Request::Versions { .. } => Response::Versions(fixtures::versions()),
        Request::Report { .. } => Response::Report(Box::new(report())),
        Request::Source { path, from, lines, .. } => Response::Source(Box::new(window(path, *from, *lines))),
        Request::Watch { .. } => read(json!({"result": "run", "with": {
            "run": fixtures::drifted_run(), "report": report(), "url": null,
        }})),
        Request::Probe { .. } => Response::Probe(Box::new(fixtures::probe())),
        Request::Call { .. } => {
            Response::Call(json!({"content": [{"type": "text", "text": "12:00\u{1b}[2J"}]}))
        }
        Request::WhoAmI => read(json!({"result": "who_am_i", "with": {
            "name": "ada", "account": null, "key": null, "roles": {"default": "owner"},
        }})),
        Request::Secrets { .. } => read(json!({"result": "secrets", "with": [
            {"name": "API_KEY", "updated": "2026-11-22T13:00:00Z", "by": "ada", "version": 3},
        ]})),
        Request::Ratings { .. } => read(json!({"result": "ratings", "with": {
            "total": {"count": 1, "average": 5.0}, "omitted": 0,
            "ratings": [{"account": null, "by": "bob", "stars": 5, "comment": "good", "at": "2026-11-22T13:00:00Z"}],
        }})),
        Request::Keys { .. } => read(json!({"result": "keys", "with": [{
            "id": "0123456789abcdef", "account": "ada", "workspace": null, "label": "release job",
            "scopes": ["deploy"], "networks": [], "created": "2026-11-20T10:00:00Z", "expires": null,
            "revoked": null, "last_used": null, "uses": 7, "parent": null,
        }]})),
        Request::Accounts => read(json!({"result": "accounts", "with": [{
            "id": "019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4b10", "login": "ada", "name": "Ada", "administrator": true,
            "created": "2026-11-20T10:00:00Z", "disabled": null,
        }]})),
        Request::Workspaces => read(json!({"result": "workspaces", "with": [
            {"name": "default", "title": null, "created": "2026-11-20T10:00:00Z", "members": 2},
        ]})),
        Request::Members { .. } => read(json!({"result": "members", "with": [
            {"login": "ada", "name": "Ada", "role": "owner", "disabled": false},
        ]})),
        Request::Quarantines => read(json!({"result": "quarantines", "with": [
            {"what": "evil", "reason": "steals\u{1b}[31m", "by": "ada", "since": "2026-11-22T13:00:00Z"},
        ]})),
        Request::Audit { .. } => read(json!({"result": "audit", "with": [{
            "number": 1, "previous": digest, "hash": digest, "fact": {
                "at": "2026-11-22T14:01:00Z", "who": {"name": "ada", "account": null, "key": null},
                "what": "deploy", "on": "clock", "workspace": "default", "from": null, "outcome": "done", "note": null,
            },
        }]})),
        Request::CountCalls => read(json!({"result": "call_counts", "with": [{
            "server": "clock", "caller": "ada", "tool": "now", "ok": 42, "tool_error": 1, "protocol_error": 0,
            "failed": 0, "micros": 430_000,
        }]})),
        Request::CountSessions => read(json!({"result": "session_counts", "with": {
            "sessions": [{"server": "clock", "caller": "ada", "open": 3}], "others": 0,
        }})),
        Request::GitHubInstallations
        | Request::GitHubRepositories { .. }
        | Request::GitHubRefs { .. }
        | Request::GitHubFiles { .. } => read(github(request)),
        Request::Policy => Response::Policy(Box::default()),
        Request::Listings { .. } | Request::Search { .. } | Request::Listing { .. } => {
            read(registry(request))
        }
        Request::RevealSecret { .. } => read(json!({"result": "secret", "with": "hunter2"})),
        Request::SetSecret { .. } => read(json!({"result": "set_secret", "with": {
            "secret": {"name": "API_KEY", "updated": "2026-11-22T13:00:00Z", "by": "ada", "version": 4},
            "notices": [], "run": null,
        }})),
        Request::CreateKey(_) => {
            return Err(Failure {
                code: "E0405".to_owned(),
                kind: Kind::Denied,
                message: "ada may not do that".to_owned(),
                hint: None,
            });
        }
        _ => Response::Ok,
    })
}

/// What is in the registry. The search forgives: what it finds is called otherwise.
fn registry(request: &Request) -> Value {
    let [first, ..] = documents();
    match request {
        Request::Listings { .. } => {
            json!({"result": "page", "with": {"servers": documents(), "metadata": {"count": 3}}})
        }
        Request::Search { .. } => json!({"result": "finds", "with": {"servers": [first], "total": 1}}),
        _ => json!({"result": "listing", "with": first}),
    }
}

/// What is at GitHub: the App is installed twice, and a branch has a hostile name.
fn github(request: &Request) -> Value {
    let commit = "0a".repeat(20);
    match request {
        Request::GitHubInstallations => json!({"result": "github_installations", "with": {
            "asker": "app", "more": false, "installations": [
                {"id": 7, "account": "octo-org", "selected": true, "suspended": false},
                {"id": 8, "account": "zoo", "selected": false, "suspended": true},
            ],
        }}),
        Request::GitHubRepositories { .. } => json!({"result": "github_repositories", "with": {
            "more": true, "repositories": [
                {"name": "octo-org/weather", "private": true, "archived": false, "default_branch": "main",
                    "pushed_at": "2026-11-22T13:00:00Z"},
                {"name": "octo-org/attic", "private": false, "archived": true, "default_branch": "main", "pushed_at": null},
            ],
        }}),
        Request::GitHubRefs { repository } => json!({"result": "github_refs", "with": {
            "repository": repository, "default_branch": "main", "more_branches": false, "more_tags": true,
            "branches": [
                {"name": "main", "commit": commit}, {"name": "v1", "commit": commit},
                {"name": "evil\u{1b}[2J\u{202e}", "commit": commit}, {"name": "a:b", "commit": commit},
            ],
            "tags": [{"name": "v1", "commit": commit}, {"name": "v0", "commit": commit}],
        }}),
        _ => json!({"result": "github_files", "with": {
            "commit": commit, "files": ["sigyl.yaml", "package.json"], "more": false,
        }}),
    }
}

/// Documents: a package of npm that was scanned, one of PyPI that is held, and one that is an address.
fn documents() -> [Value; 3] {
    let response = |server: Value, more: Value| {
        let mut sigyl =
            json!({"origin": "published", "namespace": "granted", "scan": {"status": "unscanned"}});
        sigyl.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let at = "2026-11-20T10:00:00Z";
        json!({"server": server, "_meta": {
            "io.modelcontextprotocol.registry/official": {
                "status": "active", "statusChangedAt": at, "publishedAt": at, "updatedAt": at, "isLatest": true,
            },
            "internal.sigyl/registry": sigyl,
        }})
    };
    let source = Digest::of(b"x");
    let scan =
        |verdict: &str| json!({"status": "scanned", "verdict": verdict, "approved": false, "source": source});
    [
        response(
            json!({
                "name": "io.github.ada/clock", "version": "1.2.0",
                "description": "Tells the time in any zone\u{1b}[2J, and says on which day that is where somebody asks for it.",
                "repository": {"url": "https://github.com/ada/clock", "source": "github"},
                "packages": [{
                    "registryType": "npm", "identifier": "@ada/clock", "version": "1.2.0", "transport": {"type": "stdio"},
                    "environmentVariables": [
                        {"name": "API_KEY", "description": "for the service of zones", "isRequired": true, "isSecret": true},
                    ],
                }],
            }),
            json!({
                "scan": scan("pass"), "profile": {"tags": ["time", "zones"]}, "rating": {"count": 12, "average": 4.5},
                "pins": {"tools": [{"name": "now", "md5": "9dd4e461268c8034f5c8564e155c67a6", "sha256": source}]},
            }),
        ),
        response(
            json!({
                "name": "com.acme/files", "version": "0.9.1", "description": "Reads files.",
                "packages": [{"registryType": "pypi", "identifier": "acme-files", "transport": {"type": "stdio"}}],
            }),
            json!({"scan": scan("hold"), "rating": {"count": 2, "average": 2.5}}),
        ),
        response(
            json!({
                "name": "com.acme/mail", "version": "2.0.0", "description": "Sends mail.",
                "remotes": [{"type": "streamable-http", "url": "https://mail.acme.example/mcp"}],
            }),
            json!({}),
        ),
    ]
}

/// What is seen of sources and folders: `git:gone` cannot be had, `broken` has a manifest that cannot be used.
pub(in crate::console) fn seen(outside: &Outside) -> Seen {
    let Outside::Look(source) = outside else {
        return Seen::Names(Ok(vec![
            "examples/servers/clock/".to_owned(),
            "examples/servers/cloud.zip".to_owned(),
        ]));
    };
    let failure = Failure {
        code: "E0101".to_owned(),
        kind: Kind::NotFound,
        message: "git found nothing there\u{1b}[2J".to_owned(),
        hint: Some("check the address".to_owned()),
    };
    if matches!(&**source, Locator::Git { .. }) {
        return Seen::Look(Box::new(Err(failure)));
    }
    let broken = source.to_string().ends_with("broken");
    let problem = json!({
        "says": "sigyl.yaml:2:10: `runtime` cannot be `cobol`; write node, python, rust, go or container",
        "line": {"path": "sigyl.yaml", "line": 2, "column": 10, "before": "runtime: ", "after": "cobol\u{1b}[31m"},
    });
    let looked = json!({
        "manifest": if broken { Value::Null } else { manifest() },
        "problems": if broken { json!([problem]) } else { json!([]) },
        "notices": [], "derived": [{"field": "version", "from": "Cargo.toml"}], "report": report(),
        "policy": sigyl_core::domain::Policy::default(), "at": fixtures::now(),
        "lines": [{
            "path": "src/server.py", "line": 48, "column": 12, "before": "    return ", "after": "open(ROOT / name)\u{1b}[2J",
        }],
    });
    Seen::Look(Box::new(Ok(read(looked))))
}

fn manifest() -> Value {
    json!({
        "name": "clock", "title": "Clock\u{202e}", "description": "Tells the time.", "version": "0.2.0", "tags": [],
        "category": null, "license": null, "repository": null, "homepage": null, "authors": [], "icon": null,
        "runtime": "rust", "language": null, "build": {"command": null, "outputDir": null, "dockerfile": null, "context": null},
        "start": {
            "transport": {"type": "stdio"}, "command": null, "args": ["--utc"], "entryPoint": "clock",
            "configSchema": {
                "type": "object", "required": ["ZONE"], "properties": {
                    "ZONE": {"type": "string", "description": "where it is", "minLength": 3},
                    "FORMAT": {"enum": ["12h", "24h"], "default": "24h", "description": "how it is said"},
                    "TOKEN": {"type": "string", "format": "password", "description": "who asks"},
                    "not-a-variable": {"type": "string"},
                },
            },
            "exampleConfig": null,
        },
        "env": {"MOOD": "calm"},
        "secrets": [{"name": "API_KEY", "description": "for the service of zones", "required": true, "type": "string"}],
        "tools": [], "permissions": {"network": ["zones.example:443"], "read": ["./zones"]},
        "resources": {}, "health": {}, "oauth": null, "security": null,
    })
}
