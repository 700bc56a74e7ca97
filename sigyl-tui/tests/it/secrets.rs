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
