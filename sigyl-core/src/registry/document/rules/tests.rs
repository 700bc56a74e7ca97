use serde_json::{Value, json};

use super::templates;
use crate::domain::{Issue, IssueSeverity};
use crate::registry::Document;

/// A good document with other members.
fn with(more: Value) -> Vec<Issue> {
    let mut document = json!({
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": "com.example/clock", "version": "1.0.0", "description": "Tells the time",
    });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Document::validate(document.to_string().as_bytes()).issues
}

/// The rules that break, errors only.
fn broken(more: Value) -> Vec<String> {
    let errors = with(more).into_iter().filter(|issue| issue.severity == IssueSeverity::Error);
    errors.map(|issue| format!("{} {}", issue.path, issue.reference)).collect()
}

/// The rules that only advise.
fn advised(more: Value) -> Vec<String> {
    let issues = with(more);
    assert!(issues.iter().all(|issue| issue.severity != IssueSeverity::Error), "{issues:?}");
    issues.into_iter().map(|issue| format!("{} {}", issue.path, issue.reference)).collect()
}

fn package(more: Value) -> Value {
    let mut package = json!({"registryType": "npm", "identifier": "clock", "version": "1.0.0",
        "transport": {"type": "stdio"}});
    package.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "packages": [package] })
}

fn remote(more: Value) -> Value {
    let mut remote = json!({"type": "streamable-http", "url": "https://mcp.example.com/mcp"});
    remote.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "remotes": [remote] })
}

#[test]
fn a_plain_document_breaks_no_rule() {
    for good in [json!({}), package(json!({})), remote(json!({}))] {
        assert_eq!(with(good.clone()), [], "{good}");
    }
}

#[test]
fn a_name_has_a_namespace_that_somebody_can_own() {
    for name in ["com..example/x", "-a.b/x", ".com/x", "com.example./x"] {
        assert_eq!(broken(json!({ "name": name })), ["/name name"], "{name}");
    }
    assert_eq!(broken(json!({"name": "internal.sigyl/x"})), ["/name reserved-namespace"]);
    assert!(broken(json!({"name": "../x"})).contains(&"/name name".to_owned()));
}

#[test]
fn a_version_is_exact() {
    for version in ["^1.2.3", "~1.2", ">=1", "1.x", "1.2.*", "1 - 2", "1||2", "", "a/b"] {
        assert_eq!(broken(json!({ "version": version })), ["/version version"], "{version}");
    }
    assert_eq!(advised(json!({"version": "2025.06.18"})), ["/version semantic-version"]);
}

#[test]
fn texts_hold_no_control_characters() {
    assert_eq!(broken(json!({"title": "a\u{1b}[2J"})), ["/title control-character"]);
    assert_eq!(broken(json!({"description": "\u{0}"})), ["/description control-character"]);
    assert_eq!(broken(json!({"description": " "})), ["/description blank"]);
}

#[test]
fn pages_and_pictures_come_by_https() {
    assert_eq!(broken(json!({"websiteUrl": "http://a.example"})), ["/websiteUrl https"]);
    assert_eq!(broken(json!({"icons": [{"src": "data:image/png;base64,AA"}]})), ["/icons/0/src address"]);
    assert_eq!(broken(json!({"websiteUrl": "https://u:p@a.example"})), ["/websiteUrl credentials"]);
}

#[test]
fn a_repository_is_where_its_forge_keeps_it() {
    let of = |url: &str, source: &str| broken(json!({"repository": {"url": url, "source": source}}));
    assert_eq!(of("https://github.com/ada/clock", "github"), [""; 0]);
    assert_eq!(of("https://gitlab.com/group/sub/clock.git", "gitlab"), [""; 0]);
    assert_eq!(of("https://git.example.com/x", "gitea"), [""; 0]);
    for url in
        ["https://evil.example/ada/clock", "https://github.com/ada", "https://github.com/ada/clock/tree/main"]
    {
        assert_eq!(of(url, "github"), ["/repository/url repository"], "{url}");
    }
    for folder in ["../x", "/x", "a//b", "a\\b", ""] {
        let repository = json!({"url": "https://github.com/a/b", "source": "github", "subfolder": folder});
        assert_eq!(
            broken(json!({ "repository": repository })),
            ["/repository/subfolder subfolder"],
            "{folder:?}"
        );
    }
}

#[test]
fn only_a_registry_writes_what_is_official() {
    let forged = json!({"_meta": {"io.modelcontextprotocol.registry/official": {"isLatest": true}}});
    assert_eq!(broken(forged), ["/_meta/io.modelcontextprotocol.registry~1official official-metadata"]);
    let large =
        json!({"_meta": {"io.modelcontextprotocol.registry/publisher-provided": {"a": "x".repeat(5_000)}}});
    assert_eq!(
        broken(large),
        ["/_meta/io.modelcontextprotocol.registry~1publisher-provided publisher-metadata"]
    );
}

#[test]
fn a_package_is_exact_and_comes_from_where_its_kind_does() {
    let at = |what: &str| [format!("/packages/0/{what}")];
    assert_eq!(broken(package(json!({"registryType": "brew"}))), at("registryType registry-type"));
    assert_eq!(
        broken(package(json!({"registryBaseUrl": "https://pypi.org"}))),
        at("registryBaseUrl registry-base")
    );
    assert_eq!(
        broken(package(json!({"registryBaseUrl": "http://npm.corp.example"}))),
        at("registryBaseUrl https")
    );
    assert_eq!(broken(package(json!({"registryBaseUrl": "https://npm.corp.example"}))), [""; 0]);
    assert_eq!(broken(package(json!({"version": "^1.0.0"}))), at("version package-version"));
    assert_eq!(broken(package(json!({"identifier": "--eval"}))), at("identifier identifier"));
    assert_eq!(
        broken(package(json!({"identifier": "https://a.example/x.tgz"}))),
        at("identifier identifier")
    );
    let bundle =
        json!({"registryType": "mcpb", "identifier": "https://github.com/a/b/releases/download/v1/c.mcpb"});
    assert_eq!(broken(package(bundle)), at("fileSha256 bundle-digest"));
    let unversioned =
        json!({"packages": [{"registryType": "pypi", "identifier": "x", "transport": {"type": "stdio"}}]});
    assert_eq!(broken(unversioned), at("version package-version"));
    let image = json!({"packages": [{"registryType": "oci", "identifier": "ghcr.io/a/b", "transport": {"type": "stdio"}}]});
    assert_eq!(advised(image), at("identifier image-tag"));
}

#[test]
fn every_template_stands_for_something() {
    let http = |url: &str| {
        json!({"transport": {"type": "streamable-http", "url": url},
        "environmentVariables": [{"name": "PORT"}],
        "packageArguments": [{"type": "named", "name": "--host"}, {"type": "positional", "valueHint": "path"}]})
    };
    assert_eq!(broken(package(http("http://{host}:{PORT}/{path}"))), [""; 0]);
    assert_eq!(broken(package(http("http://localhost:{port}/"))), ["/packages/0/transport/url template"]);
    let tenant = json!({"url": "https://{tenant}.example.com/mcp"});
    assert_eq!(broken(remote(tenant)), ["/remotes/0/url template"]);
    assert_eq!(templates("{a}-{b}{c").collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn a_remote_can_be_reached_by_others() {
    assert_eq!(broken(remote(json!({"url": "http://mcp.example.com"}))), ["/remotes/0/url https"]);
    assert_eq!(broken(remote(json!({"url": "https://localhost:8080/mcp"}))), ["/remotes/0/url loopback"]);
    assert_eq!(
        advised(remote(json!({"url": "https://mcp.example.org/mcp"}))),
        ["/remotes/0/url remote-host"]
    );
    let of_forge =
        json!({"name": "io.github.ada/clock", "remotes": [{"type": "sse", "url": "https://a.example/sse"}]});
    assert_eq!(with(of_forge), []);
}

#[test]
fn headers_and_variables_can_be_sent_and_hold_no_secret() {
    let header = |name: &str, value: &str| remote(json!({"headers": [{"name": name, "value": value}]}));
    assert_eq!(broken(header("X-Key", "a")), [""; 0]);
    assert_eq!(broken(header("X Key", "a")), ["/remotes/0/headers header-name"]);
    assert_eq!(broken(header("X-Key", "a\r\nHost: b")), ["/remotes/0/headers header-value"]);
    let told = json!({"headers": [{"name": "X-Key", "value": "s3cr3t", "isSecret": true}]});
    assert_eq!(broken(remote(told)), ["/remotes/0/headers secret-in-document"]);
    let variable = |name: &str| package(json!({"environmentVariables": [{"name": name}]}));
    assert_eq!(broken(variable("A=B")), ["/packages/0/environmentVariables variable-name"]);
}

#[test]
fn nothing_of_a_list_passes_that_no_rule_has_seen() {
    let one = json!({"type": "sse", "url": "https://mcp.example.com/sse"});
    let many = |count: usize| broken(json!({"remotes": vec![one.clone(); count]}));
    assert!(!many(200).contains(&"/remotes too-many".to_owned()));
    assert!(many(201).contains(&"/remotes too-many".to_owned()), "{:?}", many(201));
    let odd = broken(json!({"remotes": [one, 7]}));
    assert!(odd.contains(&"/remotes/1 unreadable".to_owned()), "{odd:?}");
}
