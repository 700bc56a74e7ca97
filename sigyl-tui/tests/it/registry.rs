//! The registry from the command line: publish, import, find, put into a client's file, and take out again.

use serde_json::Value;

use crate::sigyl::{Home, ended};

const CLOCK: &str = include_str!("../../../sigyl-core/tests/data/registry/clock.json");
const ROWS: &str = include_str!("../../../sigyl-core/tests/data/registry/servers.jsonl");

fn home() -> Home {
    let home = Home::new();
    home.write("clock.json", CLOCK);
    let published = home.run(&["publish", "clock.json"]);
    assert_eq!(published.code, 0, "{published:?}");
    assert_eq!(published.out, "com.example/clock 1.2.0 is published, the latest version\n");
    home
}

#[test]
fn looking_for_something_in_nothing_makes_no_store() {
    let home = Home::new();
    let found = home.run(&["search", "clock", "--data-dir", "data"]);
    assert_eq!((found.code, found.out.as_str()), (0, ""), "{found:?}");
    assert!(!home.path().join("data").exists());
}

#[test]
fn what_is_published_is_found_and_never_published_again() {
    let home = home();
    let found = home.run(&["search", "zone", "clokc"]);
    assert!(found.out.contains("com.example/clock") && found.out.contains("unscanned"), "{found:?}");
    let again = home.run(&["publish", "clock.json"]);
    assert_eq!(again.code, 3, "{again:?}");
    assert!(again.err.contains("error[E1102]") && again.err.contains("already published"), "{again:?}");
}

#[test]
fn versions_are_deprecated_hidden_and_shown_again() {
    let home = home();
    let said = home.run(&["deprecate", "com.example/clock", "--message", "use com.example/time"]);
    assert_eq!((said.code, said.out.as_str()), (0, "com.example/clock 1.2.0 is deprecated\n"), "{said:?}");
    let hidden = home.run(&["deprecate", "com.example/clock@1.2.0", "--hide", "--format", "json"]).document();
    assert_eq!(hidden["servers"].as_array().unwrap().len(), 1);
    assert_eq!(home.run(&["search", "clock"]).out, "");
    let twice = home.run(&["deprecate", "com.example/clock", "--hide"]);
    assert!(twice.err.starts_with("error[E1104]: "), "{twice:?}");
    assert_eq!(home.run(&["deprecate", "com.example/clock", "--undo"]).code, 0);
    assert!(home.run(&["search", "clock"]).out.contains("com.example/clock"));
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_nothing_is_published() {
    let home = Home::new();
    home.write(
        "bad.json",
        &CLOCK.replace("\"version\": \"1.2.0\",\n  \"repo", "\"version\": \"^1.2\",\n  \"repo"),
    );
    for line in [["publish", "bad.json", "--check"].as_slice(), &["publish", "bad.json"]] {
        let refused = home.run(line);
        assert_eq!(refused.code, 3, "{refused:?}");
        assert!(refused.err.contains("error: /version: "), "{refused:?}");
    }
    let checked = home.run(&["publish", "bad.json", "--check", "--format", "json"]).document();
    assert_eq!((&checked["schema"], &checked["valid"]), (&"sigyl.publish-check/1".into(), &false.into()));
    assert_eq!(home.run(&["search", "clock"]).out, "");
    let odd = home.run(&["publish", "missing.json"]);
    assert!(odd.err.starts_with("error[E0031]: "), "{odd:?}");
}

#[test]
fn other_registries_are_taken_in_with_every_problem_told() {
    let home = Home::new();
    home.write("servers.jsonl", ROWS);
    let total = ROWS.lines().count();
    let first = home.run(&["import", "servers.jsonl"]);
    assert_eq!(first.code, 0, "{first:?}");
    let counted = format!("{total} rows: {total} added, 0 updated, 0 unchanged, 0 refused\n");
    assert!(
        first.out.starts_with(&counted) && first.out.contains("have no version, or a name without"),
        "{first:?}"
    );
    assert!(first.err.contains("Gmail"), "{first:?}");
    let exported = home.run(&["export", "site"]);
    assert!(exported.code == 3 && exported.err.contains("Left out Gmail 0.3.1"), "{exported:?}");
    let again = home.run(&["import", "servers.jsonl", "--format", "json"]).document();
    assert_eq!((&again["unchanged"], &again["added"]), (&total.into(), &0.into()));
    home.write("bad.jsonl", "{\"name\": \"a/b\\u0000\"}\nnonsense\n");
    let refused = home.run(&["import", "bad.jsonl"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(
        refused.out.starts_with("2 rows: 0 added") && refused.err.contains("refused row 2"),
        "{refused:?}"
    );
    let nothing = home.run(&["import", "missing.jsonl"]);
    assert!(nothing.err.starts_with("error[E0032]: "), "{nothing:?}");
}

/// A registry that answers each request in turn, and says what it was asked for.
fn registry(answers: Vec<String>) -> (String, std::thread::JoinHandle<Vec<String>>) {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let task = std::thread::spawn(move || {
        let answer = |body: String| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            while !lines.next().unwrap().unwrap().is_empty() {}
            let length = body.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
            first
        };
        answers.into_iter().map(answer).collect()
    });
    (base, task)
}

#[test]
fn another_registry_is_read_whole_once_and_from_then_on_what_changed_there() {
    let page = |version: &str, at: &str| {
        let document = CLOCK.replace("1.2.0", version);
        format!(
            r#"{{"servers": [{{"server": {document}, "_meta": {{"io.modelcontextprotocol.registry/official": {{"status": "active", "updatedAt": "{at}"}}}}}}], "metadata": {{}}}}"#
        )
    };
    let (first, second) = ("2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z");
    let (base, task) = registry(vec![page("1.2.0", first), page("1.3.0", second), page("1.3.0", second)]);
    let home = Home::new();
    let took = home.run(&["import", &base]);
    assert_eq!(
        (took.code, took.out.as_str()),
        (0, "1 rows: 1 added, 0 updated, 0 unchanged, 0 refused\n"),
        "{took:?}"
    );
    let more = home.run(&["import", &base]);
    assert!(more.code == 0 && more.err.contains("Only what changed there since 2026-01-01"), "{more:?}");
    assert_eq!(home.run(&["import", &base, "--all"]).code, 0);
    let asked = task.join().unwrap();
    let since = |at: usize| asked[at].split("updated_since=").nth(1).map(str::to_owned);
    assert_eq!((since(0), since(2)), (None, None), "{asked:?}");
    assert!(since(1).unwrap().starts_with("2026-01-01T00%3A00%3A00"), "{asked:?}");
}

#[test]
fn the_registry_becomes_files_that_answer_like_it() {
    let home = home();
    let done = home.run(&["export", "site", "--format", "json"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!((done.document()["names"].clone(), done.document()["versions"].clone()), (1.into(), 1.into()));
    let read = |path: &str| -> Value {
        serde_json::from_str(&std::fs::read_to_string(home.path().join("site").join(path)).unwrap()).unwrap()
    };
    let latest = read("v0.1/servers/com.example/clock/versions/latest");
    assert_eq!(latest["server"], serde_json::from_str::<Value>(CLOCK).unwrap());
    assert_eq!(read("v0.1/servers/index.json")["servers"][0], latest);
    let again = home.run(&["export", "site"]);
    assert!(again.code != 0 && again.err.contains("error[E0039]"), "{again:?}");
    assert!(!home.path().join("site.part").exists());
}

#[test]
fn catalogues_of_other_products_are_taken_in_as_documents() {
    let home = Home::new();
    home.write(
        "docker.jsonl",
        r#"{"name": "sqlite", "type": "server", "image": "mcp/sqlite", "about": {"title": "SQLite", "description": "A database."}}"#,
    );
    for count in ["1 added, 0 updated, 0 unchanged", "0 added, 0 updated, 1 unchanged"] {
        let took = home.run(&["import", "docker.jsonl"]);
        assert!(took.code == 0 && took.out.contains(count), "{took:?}");
    }
    assert!(home.run(&["search", "sqlite"]).out.contains("com.docker.catalog/sqlite"));
}

#[test]
fn a_server_is_put_beside_what_is_there_and_taken_out_to_the_byte() {
    let home = home();
    let before = "{\n  // mine\n  \"mcpServers\": { \"old\": { \"command\": \"x\" }, },\n}\n";
    let file = home.write(".cursor/mcp.json", before);
    let put = home.run(&["install", "com.example/clock", "--client", "cursor"]);
    assert_eq!(put.code, 0, "{put:?}");
    assert!(put.err.contains("set the variable CLOCK_TOKEN"), "{put:?}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("// mine") && text.contains("Bearer ${env:CLOCK_TOKEN}"), "{text}");
    let again = home.run(&["install", "com.example/clock", "--client", "cursor"]);
    assert!(again.out.contains("was in already"), "{again:?}");
    let out = home.run(&["uninstall", "com.example/clock", "--client", "cursor"]);
    assert_eq!(out.code, 0, "{out:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    let twice = home.run(&["uninstall", "clock", "--client", "cursor"]);
    assert!(twice.err.starts_with("error[E0036]: "), "{twice:?}");
}

#[test]
fn the_files_of_newer_clients_are_found_and_given_back_to_the_byte() {
    let home = home();
    for (client, path, servers) in [
        ("copilot-cli", ".copilot/mcp-config.json", "mcpServers"),
        ("crush", ".config/crush/crush.json", "mcp"),
        ("factory", ".factory/mcp.json", "mcpServers"),
        ("kimi", ".kimi-code/mcp.json", "mcpServers"),
        ("mistral-vibe", ".vibe/config.toml", "mcp_servers"),
        ("lm-studio", ".lmstudio/mcp.json", "mcpServers"),
        ("trae", ".config/Trae/User/mcp.json", "mcpServers"),
    ] {
        let json = format!("{{\n  // mine\n  \"{servers}\": {{ \"old\": {{ \"command\": \"x\" }}, }},\n}}\n");
        let tables =
            "# mine\n[[mcp_servers]]\nname = \"old\"\ntransport = \"stdio\"\ncommand = \"x\"\n".to_owned();
        let before = if path.ends_with(".toml") { tables } else { json };
        let file = home.write(path, &before);
        let put = home.run(&["install", "com.example/clock", "--client", client]);
        assert_eq!(put.code, 0, "{client}: {put:?}");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(" mine\n") && text.contains("\"clock\""), "{client}: {text}");
        let out = home.run(&["uninstall", "com.example/clock", "--client", client]);
        assert_eq!(out.code, 0, "{client}: {out:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), before, "{client}");
    }
}

#[test]
fn what_others_changed_since_stays() {
    let home = home();
    let file = home.path().join("mcp.json");
    let install = ["install", "com.example/clock", "--client", "vscode", "--file", "mcp.json"];
    assert_eq!(home.run(&install).code, 0);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"promptString\"") && text.contains("com.example/clock"), "{text}");
    std::fs::write(&file, text.replacen('{', "{\n  \"mine\": 1,", 1)).unwrap();
    let out = home.run(&["uninstall", "com.example/clock", "--client", "vscode", "--file", "mcp.json"]);
    assert!(out.err.contains("changed since"), "{out:?}");
    let left: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(left, serde_json::json!({"mine": 1, "servers": {}, "inputs": []}));
}

#[test]
fn a_file_that_was_not_there_is_gone_again() {
    let home = home();
    for (client, file) in [("codex", "new/config.toml"), ("claude-desktop", "new/claude.json")] {
        let line = |verb| [verb, "com.example/clock", "--client", client, "--file", file];
        assert_eq!(home.run(&line("install")).code, 0, "{client}");
        assert!(home.path().join(file).is_file());
        assert_eq!(home.run(&line("uninstall")).code, 0, "{client}");
        assert!(!home.path().join(file).exists());
    }
}

#[test]
fn what_cannot_be_changed_safely_is_left_alone() {
    let home = home();
    for text in
        ["{ nonsense", "[]", r#"{"mcpServers": []}"#, r#"{"mcpServers": {"clock": {"command": "other"}}}"#]
    {
        let file = home.write(".cursor/mcp.json", text);
        let refused = home.run(&["install", "com.example/clock", "--client", "cursor"]);
        assert!(refused.err.starts_with("error[E0035]: "), "{refused:?}");
        assert_eq!(std::fs::read_to_string(file).unwrap(), text);
    }
    let unknown = home.run(&["install", "com.example/clock", "--client", "emacs"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
    let nothing = home.run(&["install", "com.example/none", "--client", "cursor"]);
    assert!(nothing.err.starts_with("error[E1103]: "), "{nothing:?}");
}

#[test]
fn the_configuration_of_every_client_is_printed() {
    let home = home();
    for (client, holds) in [
        ("claude-code", "\"${CLOCK_TOKEN}\""),
        ("zed", "<CLOCK_TOKEN>"),
        ("codex", "env_vars = [\"CLOCK_TOKEN\"]"),
        ("goose", "extensions:"),
        ("continue", "${{ secrets.CLOCK_TOKEN }}"),
    ] {
        let printed = home.run(&["config", client, "com.example/clock", "--package"]);
        assert_eq!(printed.code, 0, "{client}: {printed:?}");
        assert!(printed.out.contains(holds), "{client}: {}", printed.out);
    }
}

#[test]
fn what_a_stranger_wrote_does_not_move_the_cursor() {
    let home = Home::new();
    let row = r#"{"name": "a/b", "version": "1.0.0", "description": "red \u001b[31m and \u202e turned"}"#;
    home.write("servers.jsonl", row);
    assert_eq!(home.run(&["import", "servers.jsonl"]).code, 0);
    let found = ended(home.command().args(["search", "turned"]));
    assert!(found.out.contains("turned") && !found.out.contains(['\u{1b}', '\u{202e}']), "{found:?}");
}

/// A document whose package is a container that is told `arguments`.
fn container(arguments: &str) -> String {
    format!(
        r#"{{"name": "a/box", "version": "1.0.0", "description": "A box", "packages": [{{"registryType": "oci",
            "identifier": "ghcr.io/a/box:1", "transport": {{"type": "stdio"}}, "runtimeArguments": [{arguments}],
            "environmentVariables": [{{"name": "LOG", "value": "debug"}}, {{"name": "KEY", "isSecret": true}}]}}]}}"#
    )
    .replace('\n', " ")
}

#[test]
fn a_command_that_opens_the_machine_is_shown_and_has_to_be_allowed() {
    let home = Home::new();
    home.write("box.jsonl", &container(r#"{"type": "named", "name": "-v", "value": "/:/host"}"#));
    assert_eq!(home.run(&["import", "box.jsonl"]).code, 0);
    let line = ["install", "a/box", "--client", "cursor"];
    let refused = home.run(&[&line[..], &["--yes"]].concat());
    assert!(refused.code == 3 && refused.err.contains("error[E0048]"), "{refused:?}");
    for told in [
        "docker run -i --rm -e LOG -e KEY -v /:/host ghcr.io/a/box:1",
        "LOG is `debug`, as the document says",
        "KEY is what you say",
        "--allow-host",
    ] {
        let err = refused.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(err.contains(told), "{told}: {err}");
    }
    assert!(!home.path().join(".cursor").exists());
    let unasked = home.run(&[&line[..], &["--allow-host"]].concat());
    assert!(unasked.code == 3 && unasked.err.contains("no terminal"), "{unasked:?}");
    let put = home.run(&[&line[..], &["--allow-host", "--yes", "--format", "json"]].concat());
    assert_eq!((put.code, &put.document()["risks"][0]["power"]), (0, &"host".into()), "{put:?}");
    let shown = home.run(&["config", "cursor", "a/box"]);
    assert!(shown.code == 0 && shown.err.contains("-v /:/host"), "{shown:?}");
}

#[test]
fn a_link_is_followed_to_where_it_leads_and_one_that_leads_nowhere_is_refused() {
    let home = home();
    std::fs::create_dir(home.path().join("real")).unwrap();
    std::os::unix::fs::symlink("real", home.path().join(".cursor")).unwrap();
    let line = ["install", "com.example/clock", "--client", "cursor"];
    assert_eq!(home.run(&line).code, 0);
    let file = home.path().join("real/mcp.json");
    assert!(std::fs::read_to_string(&file).unwrap().contains("clock"));
    let out = home.run(&["uninstall", "clock", "--client", "cursor"]);
    assert_eq!(out.code, 0, "what was put in through a link is found through it: {out:?}");
    assert!(!file.exists());
    std::os::unix::fs::symlink("nowhere.json", &file).unwrap();
    let refused = home.run(&line);
    assert!(refused.code == 3 && refused.err.contains("is a link to nowhere.json"), "{refused:?}");
    assert!(file.symlink_metadata().unwrap().is_symlink(), "the link stays");
    let refused = home.run(&["uninstall", "clock", "--client", "cursor"]);
    assert_eq!(refused.code, 3, "{refused:?}");
}

#[test]
fn what_is_under_quarantine_is_hidden_and_refused_until_it_is_lifted() {
    let home = home();
    let name = "com.example/clock";
    let added = home.run(&["quarantine", "add", name, "--reason", "it leaks", "--format", "json"]);
    assert_eq!(added.document()["quarantine"]["reason"], "it leaks");
    assert_eq!(home.run(&["search", "clock"]).out, "");
    let listed = home.run(&["quarantine", "list"]);
    assert!(listed.out.contains(name) && listed.out.contains("it leaks"), "{listed:?}");
    home.write("next.json", &CLOCK.replace("1.2.0", "1.3.0"));
    let refused = home.run(&["publish", "next.json"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("error[E0308]") && refused.err.contains("it leaks"), "{refused:?}");
    let twice = home.run(&["quarantine", "add", name, "--reason", "again"]);
    assert!(twice.err.starts_with("error[E0309]: "), "{twice:?}");
    assert_eq!(home.run(&["quarantine", "lift", name, "--reason", "mended"]).code, 0);
    assert!(home.run(&["search", "clock"]).out.contains(name));
    assert!(home.run(&["quarantine", "list"]).err.contains("Nothing is under quarantine"));
}

#[test]
fn what_is_not_there_is_neither_edited_nor_rated() {
    let home = home();
    for line in [["edit", "nobody", "--title", "x"].as_slice(), &["rate", "nobody", "4"], &["rate", "nobody"]]
    {
        let refused = home.run(line);
        assert_eq!(refused.code, 3, "{refused:?}");
        assert!(refused.err.starts_with("error[E0402]: "), "{refused:?}");
    }
    for line in [["rate", "nobody", "6"].as_slice(), &["edit", "nobody", "--icon", "http://a.example/i.png"]]
    {
        assert_eq!(home.run(line).code, 2, "{line:?}");
    }
}
