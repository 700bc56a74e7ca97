use proptest::prelude::*;
use serde_json::json;

use super::*;

fn entry(name: &str) -> Entry {
    let body = json!({"type": "http", "url": format!("https://{name}.example.com/mcp")});
    Entry {
        name: name.to_owned(),
        body: body.as_object().unwrap().clone(),
        inputs: Vec::new(),
        shown: String::new(),
        given: Vec::new(),
        risks: Vec::new(),
        notes: Vec::new(),
    }
}

fn asking(name: &str, id: &str) -> Entry {
    let body =
        json!({"type": "http", "url": "https://a.example", "headers": {"X-Key": format!("${{input:{id}}}")}});
    let inputs = vec![json!({"id": id, "type": "promptString", "description": "Key", "password": true})];
    Entry { body: body.as_object().unwrap().clone(), inputs, ..entry(name) }
}

fn named(word: &str) -> &'static Client {
    Client::named(word).unwrap()
}

const COMMENTED: &str = "{\n  // my servers\n  \"mcpServers\": {\n    \"mine\": { \"command\": \"x\" }, // keep\n  },\n  \"other\": [1, 2,],\n}\n";

#[test]
fn comments_and_everything_else_stay() {
    let cursor = named("cursor");
    let merged = merge(cursor, COMMENTED, &entry("clock")).unwrap();
    assert!(merged.changed);
    for kept in ["// my servers", "// keep", "\"other\": [1, 2,]", "\"mine\": { \"command\": \"x\" }"] {
        assert!(merged.text.contains(kept), "{kept} in {}", merged.text);
    }
    let again = merge(cursor, &merged.text, &entry("clock")).unwrap();
    assert_eq!((again.changed, &again.text), (false, &merged.text));
    let other =
        Entry { body: json!({"url": "https://b.example"}).as_object().unwrap().clone(), ..entry("clock") };
    assert_eq!(merge(cursor, &merged.text, &other), Err(MergeError::Taken("clock".to_owned())));
    let without = remove(cursor, &merged.text, "clock", &[]).unwrap().unwrap();
    assert!(!without.contains("clock") && without.contains("// keep"), "{without}");
    assert_eq!(remove(cursor, &without, "clock", &[]), Ok(None));
}

/// What each client has in its own file when it has servers of its own already.
#[test]
fn every_file_of_json_takes_one_more_and_gives_it_back() {
    for client in Client::all().iter().filter(|client| client.form == Form::Json) {
        let inner = client
            .path
            .iter()
            .rev()
            .fold("{\n  \"mine\": {\"command\": \"x\"}\n}".to_owned(), |inner, part| {
                format!("{{\n\"{part}\": {inner}, // mine\n\"more\": 1\n}}")
            });
        let before = inner + "\n";
        let merged = merge(client, &before, &entry("clock")).unwrap();
        assert!(merged.changed && merged.text.contains("// mine"), "{}: {}", client.word, merged.text);
        let without = remove(client, &merged.text, "clock", &[]).unwrap().unwrap();
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(bare(&without), bare(&before), "{}", client.word);
    }
}

#[test]
fn a_new_file_is_made_of_nothing() {
    let merged = merge(named("amp"), " \n", &entry("clock")).unwrap();
    let read: Value = serde_json::from_str(&merged.text).unwrap();
    assert_eq!(read["amp.mcpServers"]["clock"]["type"], "http");
    assert!(merged.text.ends_with("}\n"));
}

#[test]
fn what_is_something_else_is_left_alone() {
    let cursor = named("cursor");
    for text in [r#"{"mcpServers": []}"#, r#"{"mcpServers": "x"}"#] {
        assert_eq!(merge(cursor, text, &entry("a")), Err(MergeError::Elsewhere("mcpServers".to_owned())));
    }
    for text in ["[]", "{", "nonsense {", "\"x\""] {
        assert!(matches!(merge(cursor, text, &entry("a")), Err(MergeError::Unreadable(_))), "{text}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(merge(cursor, &deep, &entry("a")), Err(MergeError::Unreadable(_))));
    let large = " ".repeat(MOST + 1);
    assert_eq!(merge(cursor, &large, &entry("a")), Err(MergeError::TooLarge(MOST + 1)));
    assert!(matches!(merge(named("codex"), "mcp_servers = 1", &entry("a")), Err(MergeError::Elsewhere(_))));
    assert!(matches!(merge(named("goose"), "", &entry("a")), Err(MergeError::ByHand("Goose"))));
}

#[test]
fn questions_are_asked_once_and_go_with_the_last_that_needs_them() {
    let vscode = named("vscode");
    let first = merge(vscode, "", &asking("a/one", "key")).unwrap();
    assert_eq!(first.inputs, ["key"]);
    let second = merge(vscode, &first.text, &asking("a/two", "key")).unwrap();
    assert!(second.inputs.is_empty() && second.changed);
    let ours = ["key".to_owned()];
    let one_left = remove(vscode, &second.text, "a/one", &ours).unwrap().unwrap();
    assert!(one_left.contains("\"id\": \"key\""), "{one_left}");
    let none_left = remove(vscode, &one_left, "a/two", &ours).unwrap().unwrap();
    assert!(!none_left.contains("\"id\""), "{none_left}");
}

#[test]
fn lines_of_toml_end_as_they_did() {
    let codex = named("codex");
    let before = "# mine\r\nmodel = \"m\"\r\n\r\n[mcp_servers.a]\r\ncommand = \"x\"\r\n";
    let merged = merge(codex, before, &entry("clock")).unwrap();
    assert_eq!(merged.text.matches('\n').count(), merged.text.matches("\r\n").count(), "{}", merged.text);
    assert_eq!(remove(codex, &merged.text, "clock", &[]).unwrap().as_deref(), Some(before));
}

#[test]
fn toml_keeps_its_comments_too() {
    let codex = named("codex");
    let before = "# mine\nmodel = \"x\" # this one\n\n[mcp_servers.mine]\ncommand = \"y\"\n";
    let merged = merge(codex, before, &entry("clock")).unwrap();
    assert!(merged.text.starts_with(before), "{}", merged.text);
    assert!(merged.text.contains("[mcp_servers.clock]\n"), "{}", merged.text);
    assert!(!merge(codex, &merged.text, &entry("clock")).unwrap().changed);
    let without = remove(codex, &merged.text, "clock", &[]).unwrap().unwrap();
    assert_eq!(without.trim_end(), before.trim_end());
    assert_eq!(remove(codex, before, "clock", &[]), Ok(None));
}

#[test]
fn a_list_of_tables_takes_one_more_and_gives_it_back() {
    let vibe = named("mistral-vibe");
    let says = |name: &str| {
        let body = json!({"name": name, "transport": "streamable-http", "url": "https://a.example/mcp"});
        Entry { body: body.as_object().unwrap().clone(), ..entry(name) }
    };
    let before = "# mine\ntheme = \"x\"\n\n[[mcp_servers]] # keep\nname = \"mine\"\ntransport = \"stdio\"\ncommand = \"y\"\n";
    let merged = merge(vibe, before, &says("clock")).unwrap();
    assert!(merged.text.starts_with(before), "{}", merged.text);
    assert!(merged.text.contains("\n[[mcp_servers]]\nname = \"clock\"\n"), "{}", merged.text);
    assert!(!merge(vibe, &merged.text, &says("clock")).unwrap().changed);
    assert_eq!(merge(vibe, &merged.text, &says("mine")), Err(MergeError::Taken("mine".to_owned())));
    let without = remove(vibe, &merged.text, "clock", &[]).unwrap().unwrap();
    assert_eq!(without.trim_end(), before.trim_end());
    assert_eq!(remove(vibe, before, "clock", &[]), Ok(None));
    for empty in ["", "mcp_servers = []\ntheme = \"x\"\n"] {
        let merged = merge(vibe, empty, &says("clock")).unwrap();
        let read: ::toml::Table = merged.text.parse().unwrap();
        assert_eq!(read["mcp_servers"][0]["name"].as_str(), Some("clock"), "{}", merged.text);
    }
    for other in ["mcp_servers = [1]\n", "mcp_servers = 1\n", "[mcp_servers.x]\n"] {
        let refused = merge(vibe, other, &says("clock"));
        assert_eq!(refused, Err(MergeError::Elsewhere("mcp_servers".to_owned())), "{other}");
    }
}

#[test]
fn a_snippet_is_a_file_of_its_own() {
    let both = [entry("one"), entry("two")];
    let json: Value = serde_json::from_str(&snippet(named("claude-code"), &both).unwrap()).unwrap();
    assert_eq!(json["mcpServers"].as_object().unwrap().len(), 2);
    let goose = snippet(named("goose"), &both).unwrap();
    assert!(goose.starts_with("extensions:\n  one:\n"), "{goose}");
    let says =
        |name: &str| Entry { body: [("name".to_owned(), json!(name))].into_iter().collect(), ..entry(name) };
    let list = snippet(named("continue"), &[says("one"), says("two")]).unwrap();
    assert_eq!(list, "mcpServers:\n- name: one\n- name: two\n");
    let tables = snippet(named("mistral-vibe"), &[says("one"), says("two")]).unwrap();
    assert_eq!(tables, "[[mcp_servers]]\nname = \"one\"\n\n[[mcp_servers]]\nname = \"two\"\n");
}

proptest! {
    /// Whatever stands in a file, what is merged and removed again leaves the same meaning, and no more.
    #[test]
    fn what_is_put_in_can_be_taken_out(
        names in prop::collection::btree_set("[a-z]{1,6}", 0..4),
        name in "[A-Za-z0-9/._-]{1,12}",
    ) {
        let servers: Map<String, Value> = names.iter().map(|it| (it.clone(), json!({"command": it}))).collect();
        let before = serde_json::to_string_pretty(&json!({"mcpServers": servers, "x": 1})).unwrap();
        let new = Entry { name: name.clone(), ..entry("new") };
        for client in ["cursor", "claude-code"].map(named) {
            match merge(client, &before, &new) {
                Err(error) => prop_assert!(names.contains(&name), "{}", error),
                Ok(merged) => {
                    let read: Value = serde_json::from_str(&merged.text).unwrap();
                    prop_assert_eq!(read["mcpServers"].as_object().unwrap().len(), names.len() + 1);
                    let without = remove(client, &merged.text, &name, &[]).unwrap().unwrap();
                    let read: Value = serde_json::from_str(&without).unwrap();
                    prop_assert_eq!(read, serde_json::from_str::<Value>(&before).unwrap());
                }
            }
        }
    }
}
