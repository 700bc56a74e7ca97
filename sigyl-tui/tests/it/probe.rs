//! A probe of a command of the operator's own.

use crate::sigyl::Home;

#[test]
fn a_probed_command_ends_with_what_it_detached() {
    let home = Home::new();
    let file = home.path().join("pid");
    let script = home.write(
        "run.sh",
        "setsid sh -c 'echo $$ > \"$1\"; exec sleep 600' sh \"$1\" </dev/null >/dev/null 2>&1 &\n\
         until test -s \"$1\"; do :; done\necho last words >&2\nexit 7\n",
    );
    let ended = home.run(&["probe", "--", "sh", script.to_str().unwrap(), file.to_str().unwrap()]);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.err.contains("exited with code 7") && ended.err.contains("last words"), "{}", ended.err);
    let pid = std::fs::read_to_string(file).unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    assert!(!stat.contains("(sleep)") || stat.contains(") Z "), "{stat}");
}

#[test]
fn a_command_that_is_not_there_is_named() {
    let ended = Home::new().run(&["probe", "--", "no-such-command-anywhere"]);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.err.contains("no-such-command-anywhere"), "{}", ended.err);
}
