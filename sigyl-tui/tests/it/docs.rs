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
