//! What the documents say is what the program does.

use crate::sigyl::Home;

fn document(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_option_of_every_verb_is_in_the_configuration_document() {
    let help = Home::new().run(&["--help"]).out;
    let options = help.split_once("Options of every verb:").unwrap().1;
    let flags = options.split_whitespace().filter(|word| word.starts_with("--"));
    let config = document("config.md");
    let mut count = 0;
    for flag in flags {
        count += 1;
        assert!(config.contains(&format!("`{flag}")), "{flag}");
    }
    assert!(count >= 6, "{help}");
}

#[test]
fn the_example_configuration_is_understood() {
    let home = Home::new();
    let config = document("config.md");
    let example = config.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    home.write("config.toml", example);
    let ended = home.run(&["explain", "E0001", "--config", "config.toml"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
}

#[test]
fn the_example_of_a_rule_is_one_and_holds_what_it_says() {
    let home = Home::new();
    let scan = document("scan.md");
    let example = scan.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    home.write("own/a.yaml", example);
    let ended = home.run(&["rules", "internal-host", "--rules", "own"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
}

#[test]
fn every_option_and_form_of_scan_is_in_its_document() {
    let help = Home::new().run(&["scan", "--help"]).out;
    let (own, _) = help.split_once("Options of every verb:").unwrap();
    let options = own.split_once("Options:").unwrap().1;
    let scan = document("scan.md");
    let mut count = 0;
    for flag in options.split_whitespace().filter(|word| word.starts_with("--") && *word != "--help") {
        count += 1;
        assert!(scan.contains(flag.trim_end_matches(',')), "{flag}");
    }
    assert!(count >= 5, "{help}");
    for form in ["plain", "json", "jsonl", "sarif", "junit", "markdown", "github"] {
        assert!(scan.contains(&format!("| `{form}` |")), "{form}");
    }
}

#[test]
fn every_action_and_role_is_in_the_document_on_access() {
    let access = document("access.md");
    for action in sigyl_core::domain::Action::ALL {
        assert!(access.contains(&format!("`{}`", action.word())), "{action}");
    }
    for role in sigyl_core::domain::Role::ALL {
        assert!(access.contains(&format!("| `{role}` |")), "{role}");
    }
}
