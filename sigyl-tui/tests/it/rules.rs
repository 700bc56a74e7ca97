//! `sigyl rules`: all of them, one of them, and those of the user.

use crate::sigyl::Home;

const RULE: &str = "id: my-own\ntitle: T\ncategory: form\nseverity: block\nconfidence: high\nlooks_at: [tool]\n\
                    patterns: ['frobnicate']\nwhy: w\nfix: f\ntaxa: []\nreferences: []\n";

#[test]
fn rules_are_listed_filtered_and_shown_whole() {
    let home = Home::new();
    let all = home.run(&["rules", "--format", "json"]).document();
    let all = all["rules"].as_array().unwrap();
    assert!(all.len() > 40, "{}", all.len());
    let some =
        home.run(&["rules", "--category", "tool-poisoning", "--severity", "block", "--format", "json"]);
    let some = some.document();
    let some = some["rules"].as_array().unwrap();
    assert!(!some.is_empty() && some.len() < all.len());
    assert!(some.iter().all(|rule| rule["category"] == "tool_poisoning" && rule["severity"] == "block"));
    let table = home.run(&["rules", "--severity", "error"]).out;
    assert!(
        table.starts_with("RULE") && table.contains("important-tag") && !table.contains("debug-mode"),
        "{table}"
    );
    let one = home.run(&["rules", "important-tag"]).out;
    for part in ["important-tag: ", "fix ", "https://cwe.mitre.org/", "finds\n", "leaves alone\n"] {
        assert!(one.contains(part), "{part}: {one}");
    }
    assert_eq!(home.run(&["explain", "important-tag"]).out, one);
    let one = home.run(&["rules", "hidden-unicode", "--format", "json"]).document();
    assert_eq!((one["schema"].as_str(), one["id"].as_str()), (Some("sigyl.rule/1"), Some("hidden-unicode")));
    assert!(one["taxa"][0]["url"].is_string() && one["hits"].is_object(), "{one}");
}

#[test]
fn an_unknown_rule_or_class_is_wrong_use() {
    let home = Home::new();
    let near = home.run(&["rules", "important-tga"]);
    assert!(near.code == 2 && near.err.contains("did you mean `important-tag`?"), "{near:?}");
    assert_eq!(home.run(&["rules", "--category", "toast"]).code, 2);
    let severity = home.run(&["rules", "--severity", "fatal"]);
    assert!(severity.code == 2 && severity.err.contains("`warning`"), "{severity:?}");
}

#[test]
fn rules_of_ones_own_are_shown_and_scanned_for_and_wrong_ones_are_told_all_at_once() {
    let home = Home::new();
    home.write("own/a.yaml", RULE);
    home.write("tools.json", "[{\"name\": \"a\", \"description\": \"Will frobnicate.\"}]");
    assert_eq!(home.run(&["scan", "--tools", "tools.json"]).code, 0);
    let found = home.run(&["scan", "--tools", "tools.json", "--rules", "own"]);
    assert!(found.code == 1 && found.out.contains("my-own"), "{found:?}");
    assert!(home.run(&["rules", "my-own", "--rules", "own"]).out.starts_with("my-own: T"));
    home.write("false/a.yaml", &format!("{RULE}hits: {{tool: ['frob']}}\nmisses: {{a.py: ['x']}}\n"));
    let unproved = home.run(&["rules", "my-own", "--rules", "false"]);
    assert!(unproved.code == 3 && unproved.err.contains("my-own should hit tool: \"frob\""), "{unproved:?}");
    home.write("own/b.yaml", &RULE.replace("'frobnicate'", "'('"));
    home.write("own/c.yaml", &RULE.replace("title", "titel"));
    let wrong = home.run(&["scan", "--tools", "tools.json", "--rules", "own"]);
    assert_eq!((wrong.code, wrong.out.as_str()), (2, ""), "{wrong:?}");
    for part in ["error[E0029]", "own/b.yaml:7: my-own: `patterns`", "own/c.yaml:2: unknown field `titel`"] {
        assert!(wrong.err.contains(part), "{part}: {}", wrong.err);
    }
}
