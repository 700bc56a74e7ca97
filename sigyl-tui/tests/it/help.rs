//! Help, version, completions.

use crate::sigyl::Home;

/// The verbs that the help lists.
fn verbs(home: &Home) -> Vec<String> {
    let help = home.run(&["--help"]).out;
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let named = lines.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    named.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn every_verb_helps_with_two_examples_on_standard_output() {
    let home = Home::new();
    let verbs = verbs(&home);
    assert!(verbs.len() >= 22, "{verbs:?}");
    for verb in verbs {
        let help = home.run(&[&verb, "--help"]);
        assert_eq!((help.code, help.err.as_str()), (0, ""), "{verb}");
        let examples = help.out.lines().filter(|line| line.starts_with("  sigyl ")).count();
        assert_eq!(examples, 2, "{verb}:\n{}", help.out);
        assert!(help.out.contains("--data-dir"), "{verb}: the options of every verb are there");
    }
}

#[test]
fn help_before_a_verb_is_the_help_after_it_and_takes_the_options_of_every_verb() {
    let home = Home::new();
    for verb in ["scan", "help"] {
        let after = home.run(&[verb, "--help"]);
        let before = home.run(&["help", verb, "--offline"]);
        assert_eq!((before.code, before.out), (0, after.out), "{verb}: {}", before.err);
    }
    assert_eq!(home.run(&["help"]).out, home.run(&["--help"]).out);
    let unknown = home.run(&["help", "deplyo", "--format", "json"]);
    assert_eq!(
        (unknown.code, unknown.document()["error"]["code"].as_str()),
        (2, Some("E0001")),
        "{unknown:?}"
    );
    assert!(unknown.err.contains("'deploy'"), "{unknown:?}");
}

#[test]
fn each_verb_is_told_in_one_line_that_fits_80_columns() {
    let help = Home::new().run(&["--help"]).out;
    let lines =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    for line in lines {
        assert!(line.len() <= 80 && !line.starts_with("   "), "{line}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = Home::new().run(&["--version"]);
    assert_eq!((version.code, version.out), (0, format!("sigyl {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn completions_are_made_for_every_shell_and_know_the_verbs() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = home.run(&["completions", shell]);
        assert_eq!(script.code, 0, "{shell}: {}", script.err);
        assert!(script.out.contains("redeploy"), "{shell}");
    }
    assert_eq!(home.run(&["completions", "tcsh"]).code, 2);
    let document = home.run(&["completions", "bash", "--format", "json"]).document();
    assert_eq!(document["script"].as_str(), Some(home.run(&["completions", "bash"]).out.as_str()));
}

#[test]
fn bash_understands_its_completions() {
    let home = Home::new();
    let script = home.write("sigyl.bash", &home.run(&["completions", "bash"]).out);
    let checked = std::process::Command::new("bash").arg("-n").arg(script).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn codes_are_explained_and_an_unknown_one_is_wrong_use() {
    let home = Home::new();
    let known = home.run(&["explain", "e4"]);
    assert!(known.out.starts_with("E0004: not a loopback address\n"), "{}", known.out);
    let all = home.run(&["explain", "--format", "json"]).document();
    assert!(all["codes"].as_array().unwrap().len() > 30, "the core's codes are among them");
    let unknown = home.run(&["explain", "E7777"]);
    assert_eq!((unknown.code, unknown.out.as_str()), (2, ""));
    assert!(unknown.err.contains("E7777"), "{}", unknown.err);
}
