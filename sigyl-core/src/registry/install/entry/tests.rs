use serde_json::json;

use super::*;
use crate::registry::install::risk::Power;

const CLOCK: &str = include_str!("../../../../tests/data/registry/clock.json");

fn document(text: &str) -> Document {
    Document::import(text.as_bytes()).unwrap().0
}

fn of(word: &str, choice: Choice) -> Entry {
    entry(&document(CLOCK), Client::named(word).unwrap(), choice, None).unwrap()
}

#[test]
fn an_address_is_written_with_prompts_and_never_a_value() {
    let vscode = of("vscode", Choice::Any);
    assert_eq!(vscode.name, "com.example/clock", "VS Code compares names with the registry's");
    assert_eq!(
        Value::Object(vscode.body),
        json!({"type": "http", "url": "https://${input:clock-tenant}.clock.example.com/mcp",
            "headers": {"Authorization": "Bearer ${input:clock-token}"}})
    );
    assert_eq!(
        Value::Array(vscode.inputs),
        json!([
            {"id": "clock-tenant", "type": "promptString", "description": "Your tenant", "password": false},
            {"id": "clock-token", "type": "promptString", "description": "Token of the time service", "password": true},
        ])
    );
    let cursor = of("cursor", Choice::Remote);
    assert_eq!(cursor.name, "clock");
    assert_eq!(cursor.body["headers"]["Authorization"], "Bearer ${env:CLOCK_TOKEN}");
    assert_eq!(cursor.notes[0], "set the variable CLOCK_TENANT before Cursor starts: Your tenant");
}

#[test]
fn a_package_becomes_a_command_that_no_shell_reads() {
    let code = of("claude-code", Choice::Package);
    assert_eq!(
        Value::Object(code.body),
        json!({"type": "stdio", "command": "npx",
            "args": ["-y", "@example/clock@1.2.0", "--zone", "UTC", "${CLOCK_CALENDAR}"],
            "env": {"CLOCK_TOKEN": "${CLOCK_TOKEN}", "CLOCK_STYLE": "24h"}})
    );
    assert_eq!(code.shown, "npx -y @example/clock@1.2.0 --zone UTC '<CLOCK_CALENDAR>'");
}

#[test]
fn each_client_has_its_own_words() {
    assert_eq!(
        of("windsurf", Choice::Remote).body["serverUrl"],
        "https://${env:CLOCK_TENANT}.clock.example.com/mcp"
    );
    assert_eq!(of("gemini", Choice::Remote).body["httpUrl"], "https://${CLOCK_TENANT}.clock.example.com/mcp");
    assert_eq!(of("zed", Choice::Remote).body["url"], "https://<CLOCK_TENANT>.clock.example.com/mcp");
    assert_eq!(of("cline", Choice::Remote).body["type"], "streamableHttp");
    let opencode = of("opencode", Choice::Package).body;
    assert_eq!((&opencode["type"], &opencode["command"][0]), (&json!("local"), &json!("npx")));
    assert_eq!(opencode["environment"]["CLOCK_TOKEN"], "{env:CLOCK_TOKEN}");
}

#[test]
fn a_client_that_only_starts_commands_gets_a_package_or_a_bridge() {
    let desktop = of("claude-desktop", Choice::Any);
    assert_eq!(desktop.body["args"][1], "@example/clock@1.2.0");
    let bridged = of("claude-desktop", Choice::Remote);
    assert_eq!(bridged.body["command"], "npx");
    let args = bridged.body["args"].as_array().unwrap();
    assert!(args.contains(&json!("Authorization:${AUTHORIZATION_HEADER}")), "{args:?}");
    assert_eq!(bridged.body["env"]["AUTHORIZATION_HEADER"], "Bearer <CLOCK_TOKEN>");
}

#[test]
fn what_a_client_would_fill_in_by_itself_takes_consent_for_every_client() {
    let texts = [
        ("$(touch /tmp/x)", Power::Code),
        ("`id`", Power::Code),
        ("${AWS_SECRET_ACCESS_KEY}", Power::Host),
        ("${env:HOME}", Power::Host),
        ("a $HOME b", Power::Host),
        ("{env:HOME}", Power::Host),
        ("{file:~/.netrc}", Power::Host),
    ];
    for (text, power) in texts {
        let mut members: Value = serde_json::from_str(CLOCK).unwrap();
        members["remotes"][0]["headers"] = json!([{"name": "X-A", "value": text}]);
        members["packages"][0]["environmentVariables"] = json!([{"name": "A", "value": text}]);
        let odd = document(&members.to_string());
        for client in Client::all() {
            for choice in [Choice::Remote, Choice::Package] {
                let Ok(written) = entry(&odd, client, choice, None) else { continue };
                let told = written.risks.iter().any(|risk| risk.power == power && risk.what == text);
                assert!(told, "{text} for {}: {:?}", client.word, written.risks);
            }
        }
    }
    // What is asked for is written with such marks by us, and a price is none.
    for client in Client::all() {
        let Ok(written) = entry(&document(CLOCK), client, Choice::Any, None) else { continue };
        assert!(written.risks.iter().all(|risk| risk.power < Power::Code), "{}", client.word);
    }
    assert!(risk::of_text("it costs $5 {a}").is_none());
}

#[test]
fn codex_takes_names_of_variables() {
    let command = of("codex", Choice::Package).body;
    assert_eq!(
        (&command["env_vars"], &command["env"]),
        (&json!(["CLOCK_TOKEN"]), &json!({"CLOCK_STYLE": "24h"}))
    );
    let address = of("codex", Choice::Remote).body;
    assert_eq!(address["bearer_token_env_var"], "CLOCK_TOKEN");
    assert!(!address.contains_key("http_headers"));
    let keyed = CLOCK.replace("Authorization", "X-Key").replace("Bearer {token}", "{token}");
    let keyed = entry(&document(&keyed), Client::named("codex").unwrap(), Choice::Remote, None).unwrap();
    assert_eq!(keyed.body["env_http_headers"], json!({"X-Key": "CLOCK_TOKEN"}));
}

#[test]
fn newer_clients_have_their_own_words_too() {
    let copilot = of("copilot-cli", Choice::Package).body;
    assert_eq!((&copilot["type"], &copilot["tools"]), (&json!("local"), &json!(["*"])));
    assert_eq!(copilot["env"]["CLOCK_TOKEN"], "${CLOCK_TOKEN}");
    assert_eq!(of("copilot-cli", Choice::Remote).body["type"], "http");
    let crush = of("crush", Choice::Remote).body;
    assert_eq!(
        (&crush["type"], &crush["headers"]["Authorization"]),
        (&json!("http"), &json!("Bearer ${CLOCK_TOKEN}"))
    );
    let factory = of("factory", Choice::Package).body;
    assert_eq!(
        (&factory["type"], &factory["env"]["CLOCK_TOKEN"]),
        (&json!("stdio"), &json!("<CLOCK_TOKEN>"))
    );
    let kimi = of("kimi", Choice::Remote);
    assert_eq!(
        Value::Object(kimi.body),
        json!({"url": "https://<CLOCK_TENANT>.clock.example.com/mcp", "bearerTokenEnvVar": "CLOCK_TOKEN"})
    );
    assert_eq!(
        Value::Object(of("mistral-vibe", Choice::Remote).body),
        json!({"name": "clock", "transport": "streamable-http",
            "url": "https://<CLOCK_TENANT>.clock.example.com/mcp", "api_key_env": "CLOCK_TOKEN"})
    );
    assert_eq!(of("continue", Choice::Package).body["name"], "clock");
    assert_eq!(of("kimi", Choice::Package).body["env"]["CLOCK_TOKEN"], "<CLOCK_TOKEN>");
}

#[test]
fn an_address_that_a_client_does_not_speak_is_passed_over_or_refused() {
    let text = r#"{"name": "a/b", "version": "1.0.0", "remotes": [{"type": "sse", "url": "https://a.example/sse"}]}"#;
    let client = |word| Client::named(word).unwrap();
    let streamed = document(text);
    for choice in [Choice::Any, Choice::Remote] {
        let refused = entry(&streamed, client("factory"), choice, None);
        assert!(matches!(refused, Err(InstallError::Streams { client: "Factory", .. })), "{refused:?}");
    }
    assert_eq!(entry(&streamed, client("crush"), Choice::Any, None).unwrap().body["type"], "sse");
    let both = text.replace("}]", r#"}, {"type": "streamable-http", "url": "https://a.example/mcp"}]"#);
    let taken = entry(&document(&both), client("kimi"), Choice::Any, None).unwrap();
    assert_eq!(taken.body["url"], "https://a.example/mcp");
}

/// The members are those that Goose's own documentation of its `config.yaml` lists for extensions.
#[test]
fn goose_gets_an_extension_as_it_writes_them_itself() {
    let command = of("goose", Choice::Package);
    assert_eq!(
        Value::Object(command.body),
        json!({"name": "clock", "type": "stdio", "enabled": true, "cmd": "npx",
            "args": ["-y", "@example/clock@1.2.0", "--zone", "UTC", "<CLOCK_CALENDAR>"],
            "envs": {"CLOCK_STYLE": "24h"}, "env_keys": ["CLOCK_TOKEN"]})
    );
    let has = |what: &str| command.notes.iter().any(|note| note.starts_with(what));
    assert!(has("set the variable CLOCK_TOKEN before Goose starts"), "{:?}", command.notes);
    assert!(has("replace <CLOCK_CALENDAR> in the file"), "{:?}", command.notes);
    let address = of("goose", Choice::Remote);
    assert_eq!(
        Value::Object(address.body),
        json!({"name": "clock", "type": "streamable_http", "enabled": true,
            "uri": "https://<CLOCK_TENANT>.clock.example.com/mcp",
            "headers": {"Authorization": "Bearer <CLOCK_TOKEN>"}})
    );
}

#[test]
fn other_registries_have_their_own_starters() {
    let with = |package: Value| {
        let text = json!({"name": "a/tool.x", "version": "1", "packages": [package]}).to_string();
        entry(&document(&text), Client::named("cursor").unwrap(), Choice::Any, None)
    };
    let shown = |package| with(package).map(|entry| entry.shown);
    let pypi =
        json!({"registryType": "pypi", "identifier": "x", "version": "2.0", "transport": {"type": "stdio"}});
    assert_eq!(shown(pypi).as_deref(), Ok("uvx x@2.0"));
    let oci = json!({"registryType": "oci", "identifier": "ghcr.io/a/b:1", "transport": {"type": "stdio"},
        "environmentVariables": [{"name": "KEY", "isSecret": true}]});
    assert_eq!(shown(oci.clone()).as_deref(), Ok("docker run -i --rm -e KEY ghcr.io/a/b:1"));
    assert_eq!(with(oci).unwrap().name, "tool-x");
    let own = json!({"registryType": "npm", "registryBaseUrl": "https://npm.corp.example/", "identifier": "x",
        "version": "1.0.0", "runtimeArguments": [{"type": "named", "name": "-y"}]});
    assert_eq!(shown(own).as_deref(), Ok("npx -y --registry=https://npm.corp.example x@1.0.0"));
    let bundle = json!({"registryType": "mcpb", "identifier": "https://a.example/x.mcpb"});
    assert!(matches!(with(bundle), Err(InstallError::NoStarter { .. })));
    let listens = json!({"registryType": "npm", "identifier": "x", "version": "1",
        "transport": {"type": "streamable-http", "url": "http://localhost:1/mcp"}});
    assert!(matches!(with(listens), Err(InstallError::NotStdio { .. })));
    assert!(matches!(
        entry(&document(r#"{"name": "a/b"}"#), Client::named("zed").unwrap(), Choice::Any, None),
        Err(InstallError::Nothing { .. })
    ));
}

#[test]
fn what_would_break_a_line_is_refused() {
    let odd = r#"{"name": "a/b", "remotes": [{"type": "sse", "url": "https://a.example/\u0007"}]}"#;
    let refused = entry(&document(odd), Client::named("cursor").unwrap(), Choice::Any, None);
    assert_eq!(refused, Err(InstallError::Control { what: "a value" }));
}

#[test]
fn no_document_puts_a_value_of_a_secret_into_any_client() {
    let planted = CLOCK
        .replace(
            r#""description": "Token of the time service", "isRequired": true"#,
            r#""value": "PLANTED", "isRequired": true"#,
        )
        .replace(
            r#""token": { "description": "Token of the time service""#,
            r#""token": { "value": "PLANTED""#,
        );
    assert_eq!(planted.matches("PLANTED").count(), 2);
    for client in Client::all() {
        for choice in [Choice::Any, Choice::Package, Choice::Remote] {
            let entry = entry(&document(&planted), client, choice, None).unwrap();
            assert!(!format!("{entry:?}").contains("PLANTED"), "{}: {entry:?}", client.word);
        }
    }
}
