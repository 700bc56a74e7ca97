//! Flags over environment over file over defaults.

use crate::sigyl::{Home, ended};

#[test]
fn an_unknown_key_names_file_line_column_and_the_nearest() {
    let home = Home::new();
    home.write(".config/sigyl/config.toml", "offline = true\ndatadir = 'x'\n");
    let ended = home.run(&["list"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("config.toml:2:1: unknown field `datadir`"), "{}", ended.err);
    assert!(ended.err.contains("help: did you mean `data_dir`?"), "{}", ended.err);
}

#[test]
fn a_named_configuration_wins_over_the_default_one() {
    let home = Home::new();
    home.write(".config/sigyl/config.toml", "nonsense = 1\n");
    let good = home.write("good.toml", "format = 'json'\n");
    let explained = ended(home.command().args(["explain", "E0001", "--config"]).arg(&good));
    assert_eq!(explained.document()["schema"], "sigyl.codes/1");
    let by_variable = ended(home.command().args(["explain", "E0001"]).env("SIGYL_CONFIG", &good));
    assert_eq!(by_variable.document(), explained.document());
}

#[test]
fn a_flag_wins_over_a_variable() {
    let home = Home::new();
    let mut command = home.command();
    command.env("SIGYL_FORMAT", "json").env("SIGYL_LISTEN", "127.0.0.1:1");
    let ended = ended(command.args(["explain", "E0001", "--format", "plain", "--listen", "[::1]:2"]));
    assert_eq!(ended.code, 0);
    assert!(ended.out.starts_with("E0001: "), "{}", ended.out);
}

#[test]
fn what_is_not_loopback_is_refused_wherever_it_stands() {
    let home = Home::new();
    let config = home.write("c.toml", "listen = '0.0.0.0:8640'\n");
    for (ended, place) in [
        (home.run(&["list", "--listen", "0.0.0.0:8640"]), "--listen"),
        (ended(home.command().arg("list").env("SIGYL_LISTEN", "[::]:8640")), "SIGYL_LISTEN"),
        (ended(home.command().args(["list", "--config"]).arg(config)), "configuration"),
    ] {
        assert_eq!(ended.code, 2);
        assert!(ended.err.starts_with("error[E0004]: ") && ended.err.contains(place), "{}", ended.err);
    }
}

#[test]
fn a_wrong_variable_is_named() {
    let home = Home::new();
    for (name, value) in [
        ("SIGYL_OFFLINE", "maybe"),
        ("SIGYL_FORMAT", "xml"),
        ("SIGYL_THEME", "neon"),
        ("SIGYL_LOG", "a==b"),
        ("SIGYL_LOG", "verbose"),
    ] {
        let ended = ended(home.command().arg("list").env(name, value));
        assert_eq!(ended.code, 2);
        assert!(ended.err.starts_with("error[E0003]: ") && ended.err.contains(name), "{}", ended.err);
    }
}
