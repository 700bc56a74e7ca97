//! An owner in the background is asked to work, and to end.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};

use crate::sigyl::Home;

/// Starts a command and leaves it running.
fn start(home: &Home, program: &str, args: &[&str]) -> Child {
    let mut command = Command::new(program);
    command.args(args).env_clear().env("HOME", home.path()).current_dir(home.path());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn an_owner_that_dies_leaves_no_image_of_its_memory() {
    let home = Home::new();
    let script = r#"ulimit -c unlimited 2>/dev/null; exec "$0" serve --listen 127.0.0.1:0"#;
    let mut owner = start(&home, "sh", &["-c", script, env!("CARGO_BIN_EXE_sigyl")]);
    let mut address = String::new();
    BufReader::new(owner.stdout.as_mut().unwrap()).read_line(&mut address).unwrap();
    assert!(address.starts_with("http://"), "{address}");
    let pid = rustix::process::Pid::from_child(&owner);
    rustix::process::kill_process(pid, rustix::process::Signal::ABORT).unwrap();
    let status = owner.wait().unwrap();
    assert!(status.signal().is_some() && !status.core_dumped(), "{status:?}");
}

#[test]
fn stop_ends_an_owner_in_the_middle_of_a_deploy() {
    let home = Home::new();
    let manifest =
        "name: mute\nversion: 1.0.0\nruntime: python\nentryPoint: main.py\nstartCommand:\n  type: stdio\n";
    home.write("mute/sigyl.yaml", manifest);
    home.write("mute/main.py", "import time\ntime.sleep(600)\n");
    let args = ["deploy", "mute", "--listen", "127.0.0.1:0"];
    let mut owner = start(&home, env!("CARGO_BIN_EXE_sigyl"), &args);
    let told = BufReader::new(owner.stderr.take().unwrap()).lines().map_while(Result::ok);
    // It starts and is asked who it is, which it never answers.
    let told: Vec<String> = told.take_while(|line| !line.contains("release")).collect();
    let stopped = home.run(&["stop"]);
    assert_eq!(stopped.code, 0, "{stopped:?} {told:?}");
    assert_eq!(owner.wait().unwrap().code(), Some(3), "{told:?}");
    let runs = home.run(&["runs", "--format", "json"]).document();
    assert_eq!(runs["runs"][0]["state"], "failed", "{runs}");
}

#[test]
fn whoever_asks_the_owner_to_end_is_told_that_it_does() {
    let home = Home::new();
    for _ in 0..5 {
        let begun = home.run(&["serve", "--detach", "--listen", "127.0.0.1:0"]);
        assert_eq!(begun.code, 0, "{begun:?}");
        let stopped = home.run(&["stop"]);
        assert_eq!(stopped.code, 0, "{stopped:?}");
        assert!((stopped.out + &stopped.err).contains("Stopped process"));
    }
}

#[test]
fn a_command_that_must_stay_offline_hands_nothing_to_an_owner_that_may_go_out() {
    let home = Home::new();
    let begun = home.run(&["serve", "--detach", "--listen", "127.0.0.1:0"]);
    assert_eq!(begun.code, 0, "{begun:?}");
    let refused = home.run(&["--offline", "deploy", "npm:no-such-package"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.contains("error[E0021]"), "{refused:?}");
    assert_eq!(home.run(&["--offline", "list"]).code, 0, "a list goes nowhere");
    assert_eq!(home.run(&["stop"]).code, 0);
}

#[test]
fn an_owner_that_serves_elsewhere_is_told_and_never_passed_off_as_the_one_asked_for() {
    let home = Home::new();
    let begun = home.run(&["serve", "--detach", "--listen", "127.0.0.1:0"]);
    assert_eq!(begun.code, 0, "{begun:?}");
    let endpoint = begun.out.trim();
    for args in
        [&["serve", "--detach"][..], &["deploy", "x", "--detach"], &["deploy", "x"], &["redeploy", "x"]]
    {
        let refused = home.run(&[args, &["--listen", "127.0.0.1:1"]].concat());
        assert_eq!((refused.code, refused.out.as_str()), (3, ""), "{args:?}: {refused:?}");
        assert!(
            refused.err.contains("error[E0022]") && refused.err.contains(endpoint),
            "{args:?}: {refused:?}"
        );
    }
    for args in [&["serve", "--detach"][..], &["serve", "--detach", "--listen", "127.0.0.1:0"], &["list"]] {
        assert_eq!(home.run(args).code, 0, "{args:?}");
    }
    assert_eq!(home.run(&["stop"]).code, 0);
}

#[test]
fn a_port_that_is_taken_is_named_with_what_to_do() {
    let home = Home::new();
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap().to_string();
    let refused = home.run(&["serve", "--listen", &address]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.contains("error[E0706]") && refused.err.contains(&address), "{refused:?}");
    assert!(refused.err.contains("--listen"), "{refused:?}");
}

#[test]
fn a_data_directory_too_deep_for_a_socket_is_named() {
    let home = Home::new();
    let refused = home.run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", &"d".repeat(120)]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.contains("error[E0707]") && refused.err.contains("--data-dir"), "{refused:?}");
}

#[test]
fn a_backup_that_cannot_be_made_or_read_blames_no_disk() {
    let home = Home::new();
    assert_eq!(home.run(&["backup", "good"]).code, 0);
    let damaged = home.write("damaged", "sigyl-backup 1 store 1\nand nothing more");
    for (args, code, named) in [
        (&["backup", "no/such/folder/b"][..], "E0708", "no/such/folder"),
        (&["backup", "good"], "E0708", "good"),
        (&["restore", "missing", "--data-dir", "new"], "E0708", "missing"),
        (&["restore", damaged.to_str().unwrap(), "--data-dir", "new"], "E0708", "damaged"),
        (&["restore", "good"], "E0709", "store"),
    ] {
        let refused = home.run(args);
        assert_eq!(refused.code, 3, "{args:?}: {refused:?}");
        assert!(refused.err.contains(&format!("error[{code}]")), "{args:?}: {refused:?}");
        assert!(refused.err.contains(named) && refused.err.contains("\nhelp: "), "{args:?}: {refused:?}");
    }
    assert_eq!(home.run(&["restore", "good", "--data-dir", "new"]).code, 0);
}

#[test]
fn a_look_at_nothing_makes_nothing() {
    let home = Home::new();
    let data = home.path().join("data");
    for (args, code) in [
        (&["list"][..], 0),
        (&[], 0),
        (&["runs"], 0),
        (&["events"], 0),
        (&["events", "clock"], 3),
        (&["calls", "clock"], 3),
        (&["show", "clock"], 3),
        (&["logs", "clock"], 3),
        (&["versions", "clock"], 3),
        (&["call", "clock", "now"], 3),
        (&["redeploy", "clock"], 3),
        (&["delete", "clock", "--confirm", "clock"], 3),
    ] {
        let ended = home.run(&[args, &["--data-dir", "data"]].concat());
        assert_eq!(ended.code, code, "{args:?}: {ended:?}");
        assert!(!data.exists(), "{args:?}");
        assert!(code == 0 || ended.err.contains("error[E0402]"), "{args:?}: {ended:?}");
    }
    assert_eq!(
        home.run(&["list", "--format", "json", "--data-dir", "data"]).document()["servers"],
        serde_json::json!([])
    );
    assert_eq!(home.run(&["backup", "good"]).code, 0);
    assert_eq!(home.run(&["restore", "good", "--data-dir", "data"]).code, 0);
}

#[test]
fn an_owner_judges_by_the_policy_that_it_was_started_with_and_no_other_is_passed_off_for_it() {
    let home = Home::new();
    home.write("ours.yaml", "name: ours\nrules: [{match: {rule: debug-mode}, then: block}]\n");
    home.write("other.yaml", "name: other\nrules: [{match: {rule: debug-mode}, then: hold}]\n");
    let begun = home.run(&["serve", "--detach", "--listen", "127.0.0.1:0", "--policy", "ours.yaml"]);
    assert_eq!(begun.code, 0, "{begun:?}");
    let shown = home.run(&["policy", "show", "--format", "json"]).document();
    assert_eq!(shown["policy"]["name"], "ours", "{shown}");
    for verb in [&["rescan"][..], &["deploy", "npm:no-such-package"]] {
        let refused = home.run(&[verb, &["--policy", "other.yaml"]].concat());
        assert_eq!(refused.code, 3, "{refused:?}");
        assert!(refused.err.contains("error[E0025]"), "{refused:?}");
    }
    let waiver = "waivers: [{rule: debug-mode, server: a, reason: x, expires: 2027-06-30}]\n";
    home.write("w.yaml", waiver);
    assert_eq!(home.run(&["rescan", "--policy", "ours.yaml", "--waivers", "w.yaml"]).code, 3);
    assert_eq!(home.run(&["rescan", "--policy", "ours.yaml"]).code, 0);
    let test = home.run(&["policy", "test", "other.yaml"]);
    assert_eq!(
        (test.code, test.out.as_str()),
        (0, "0 of 0 versions and 0 stopped releases would get another verdict\n"),
        "{test:?}"
    );
    assert_eq!(home.run(&["stop"]).code, 0);
}
