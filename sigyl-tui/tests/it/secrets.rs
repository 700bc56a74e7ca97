//! Secrets never stand on the command line or on the screen.

use crate::sigyl::{Home, ended};

const PLANTED: &str = "hunter2-planted";

#[test]
fn a_value_on_the_command_line_is_refused_and_not_repeated() {
    let home = Home::new();
    for format in ["plain", "json"] {
        let ended = home.run(&["deploy", "x", "--secret", &format!("K={PLANTED}"), "--format", format]);
        assert_eq!(ended.code, 2);
        assert!(ended.err.starts_with("error[E0006]: "), "{}", ended.err);
        assert!(!format!("{ended:?}").contains(PLANTED), "{ended:?}");
    }
}

#[test]
fn a_secret_without_a_terminal_file_or_variable_is_refused() {
    let home = Home::new();
    for (text, part) in
        [("K", "no terminal"), ("K=@missing", "missing"), ("K=env:UNSET", "UNSET"), ("1K", "name")]
    {
        let ended = home.run(&["deploy", "x", "--secret", text]);
        assert_eq!(ended.code, 2, "{text}");
        assert!(ended.err.contains(part), "{text}: {}", ended.err);
    }
}

#[test]
fn a_name_is_either_a_setting_or_a_secret() {
    let home = Home::new();
    let mut command = home.command();
    command.env("TOKEN", PLANTED);
    let ended = ended(command.args(["redeploy", "x", "--env", "K=1", "--secret", "K=env:TOKEN"]));
    assert_eq!(ended.code, 2);
    assert!(!format!("{ended:?}").contains(PLANTED), "{ended:?}");
}

#[test]
fn credentials_in_an_address_to_probe_are_refused_and_not_repeated() {
    let ended = Home::new().run(&["probe", &format!("https://ada:{PLANTED}@host.example/mcp")]);
    assert_eq!(ended.code, 2);
    assert!(!format!("{ended:?}").contains(PLANTED), "{ended:?}");
}

#[test]
fn a_value_to_set_is_on_standard_input_and_not_on_the_command_line() {
    let home = Home::new();
    home.run(&["keys", "create", "x"]);
    for (line, code, part) in [
        (["secrets", "set", "clock", "K=hunter2-planted"], 2, "E0006"),
        (["secrets", "set", "clock", "K"], 3, "no server clock"),
        (["secrets", "set", "clock", "K=env:TOKEN"], 3, "no server clock"),
    ] {
        let mut command = home.command();
        let ended = ended(command.env("TOKEN", PLANTED).write_stdin(format!("{PLANTED}\n")).args(line));
        assert!(ended.code == code && ended.err.contains(part), "{ended:?}");
        assert!(!format!("{ended:?}").contains(PLANTED), "{ended:?}");
    }
    let empty = ended(home.command().write_stdin("\n").args(["secrets", "set", "clock", "K"]));
    assert!(empty.code == 2 && empty.err.contains("empty"), "{empty:?}");
    assert!(home.run(&["secrets", "list", "clock"]).err.contains("E0402"));
}

/// The master key as it is told.
fn key(home: &Home, more: &[&str]) -> serde_json::Value {
    let told = home.run(&[&["secrets", "key", "--format", "json"], more].concat());
    assert_eq!(told.code, 0, "{told:?}");
    told.document()
}

#[test]
fn another_master_key_takes_over_and_the_old_one_is_kept() {
    let home = Home::new();
    home.run(&["keys", "create", "x"]);
    let before = key(&home, &[]);
    assert!(before["warning"].as_str().unwrap().contains("--master-key-file"), "{before}");
    let rotated = home.run(&["secrets", "rotate-master-key", "--format", "json"]);
    let after = rotated.document();
    assert!(after["change"].is_null() && after["key"] != before["key"], "{rotated:?}");
    assert_eq!(key(&home, &[])["key"], after["key"]);
    let folder = std::fs::read_dir(home.path().join(".local/share/sigyl")).unwrap();
    let kept =
        folder.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains(".before-"));
    assert_eq!(kept.count(), 1);
}

#[test]
fn a_key_lies_where_it_is_named_and_a_wrong_one_starts_nothing() {
    let home = Home::new();
    home.run(&["keys", "create", "x"]);
    let (inside, outside) = (home.path().join(".local/share/sigyl/master.key"), home.path().join("key"));
    std::fs::rename(&inside, &outside).unwrap();
    let missing = home.run(&["keys", "list"]);
    assert!(missing.code == 3 && missing.err.contains("E0801") && !inside.exists(), "{missing:?}");
    let named = key(&home, &["--master-key-file", "key"]);
    assert!(named["warning"].is_null(), "{named}");
    let other = "ab".repeat(32);
    let wrong = ended(home.command().env("SIGYL_MASTER_KEY", &other).args(["keys", "list"]));
    assert!(wrong.code == 3 && wrong.err.contains("E0801") && !wrong.err.contains(&other), "{wrong:?}");
    let mut over = home.command();
    over.env("SIGYL_MASTER_KEY", &other).env("SIGYL_PREVIOUS_MASTER_KEY_FILE", &outside);
    let over = ended(over.args(["secrets", "key", "--format", "json"]));
    assert_eq!(over.code, 0, "{over:?}");
    let twice = ended(
        home.command()
            .env("SIGYL_MASTER_KEY", &other)
            .env("SIGYL_MASTER_KEY_FILE", &outside)
            .args(["keys", "list"]),
    );
    assert!(twice.code == 2 && twice.err.contains("says twice"), "{twice:?}");
}

#[test]
fn what_a_lost_master_key_sealed_is_given_up_by_who_names_it() {
    let home = Home::new();
    let nothing = home.run(&["secrets", "forget-all"]);
    assert!(nothing.code == 3 && nothing.err.contains("no records"), "{nothing:?}");
    assert_eq!(home.run(&["keys", "create", "x"]).code, 0);
    let there = home.run(&["secrets", "forget-all"]);
    assert!(there.code == 3 && there.err.contains("E0807"), "{there:?}");
    let key = home.path().join(".local/share/sigyl/master.key");
    std::fs::remove_file(&key).unwrap();
    let stuck = home.run(&["keys", "list"]);
    assert!(stuck.code == 3 && stuck.err.contains("put it back"), "{stuck:?}");
    let asked = home.run(&["secrets", "forget-all"]);
    assert!(asked.code == 3 && asked.err.contains("confirm with "), "{asked:?}");
    let id = asked.err.split("confirm with ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let done = home.run(&["secrets", "forget-all", "--confirm", &id, "--format", "json"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!((&done.document()["key"], &done.document()["keys"]), (&id.into(), &1.into()));
    assert!(home.run(&["keys", "list"]).out.contains("revoked"));
    assert_eq!(home.run(&["keys", "create", "y"]).code, 0);
}
