//! Command lines that cannot be understood.

use crate::sigyl::Home;

#[test]
fn a_mistyped_verb_names_the_nearest_and_ends_with_2() {
    let ended = Home::new().run(&["deplyo", "x"]);
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    assert!(ended.err.starts_with("error[E0001]: "), "{}", ended.err);
    assert!(ended.err.contains("'deploy'"), "{}", ended.err);
}

#[test]
fn wrong_use_writes_one_document_where_a_machine_reads() {
    let home = Home::new();
    for args in
        [&["--format", "json", "deplyo"][..], &["scan", "--format=json"], &["list", "--format", "json", "x"]]
    {
        let ended = home.run(args);
        assert_eq!(ended.code, 2, "{args:?}");
        let document = ended.document();
        assert_eq!(document["schema"], "sigyl.error/1");
        assert_eq!(document["error"]["code"], "E0001");
        assert!(document["error"]["hint"].is_string());
    }
}

#[test]
fn a_format_from_the_configuration_holds_for_wrong_use_too() {
    let home = Home::new();
    home.write(".config/sigyl/config.toml", "format = 'json'\n");
    assert_eq!(home.run(&["deplyo"]).document()["error"]["code"], "E0001");
    assert_eq!(home.run(&["deplyo", "--format", "plain"]).out, "");
    let named = home.write("named.toml", "format = 'plain'\n");
    assert_eq!(home.run(&["deplyo", "--config", named.to_str().unwrap()]).out, "");
}

#[test]
fn what_can_be_judged_without_the_store_is_judged_before_it_is_opened() {
    let home = Home::new();
    for args in [
        &["deploy", "npm:"][..],
        &["deploy", "x", "--name", "Not A Name"],
        &["deploy", "x", "--grant", "sudo=all"],
        &["deploy", "x", "--grant", "read=data"],
        &["deploy", "x", "--grant", "network=http://x:80"],
        &["deploy", "x", "--env", "NOVALUE"],
        &["deploy", "x", "--env", "A=1", "--env", "A=2"],
        &["deploy", "x", "--waive", "debug-mode"],
        &["deploy", "x", "--waive", "no-such-rule", "--reason", "r", "--expires", "2099-01-01"],
        &["deploy", "x", "--reason", "r"],
        &["deploy", "x", "--waive", "debug-mode", "--reason", " ", "--expires", "2099-01-01"],
        &["approve", "019aa1b2", "--reason", ""],
        &["reject", "019aa1b2", "--reason", " "],
        &["call", "x", "tool", "[1]"],
        &["call", "x", "tool", "{"],
        &["rollback", "x", "^1.0.0"],
        &["delete", "clock"],
        &["delete", "clock", "--confirm", "clokc"],
        &["probe"],
        &["probe", "ftp://example.org"],
        &["probe", "x", "--", "cat"],
        &["approve", "019aa1b2"],
        &["runs", "-n", "-1"],
        &["show", "..", "--data-dir", "d"],
    ] {
        let ended = home.run(args);
        assert_eq!(ended.code, 2, "{args:?}: {ended:?}");
        assert!(ended.err.starts_with("error[E00"), "{args:?}: {}", ended.err);
        assert!(ended.err.contains("\nhelp: "), "{args:?}: {}", ended.err);
    }
    let left: Vec<_> = std::fs::read_dir(home.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn sigyls_own_folders_are_not_granted_and_nothing_is_fetched_for_it() {
    let home = Home::new();
    let (data, cache) = (home.path().join("data"), home.path().join("cache"));
    let (data, cache) = (data.to_str().unwrap(), cache.to_str().unwrap());
    for (grant, what) in
        [(format!("write={cache}"), "cache directory"), (format!("read={data}"), "data directory")]
    {
        let ended =
            home.run(&["deploy", "nowhere", "--data-dir", data, "--cache-dir", cache, "--grant", &grant]);
        assert_eq!(ended.code, 3, "{ended:?}");
        assert!(ended.err.contains("error[E0305]") && ended.err.contains(what), "{}", ended.err);
        assert!(!ended.err.contains("fetch_source"), "{}", ended.err);
    }
}

#[test]
fn no_error_moves_the_cursor() {
    let ended = Home::new().run(&["\u{1b}[2J\u{202e}"]);
    assert!(!ended.err.contains(['\u{1b}', '\u{202e}']), "{:?}", ended.err);
}

#[test]
fn a_command_that_nothing_confines_is_not_started_offline() {
    let home = Home::new();
    let refused = home.run(&["--offline", "probe", "--", "touch", "started"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.starts_with("error[E0018]: "), "{refused:?}");
    assert!(!home.path().join("started").exists());
}
