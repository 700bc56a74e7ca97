//! Policies, waivers, baselines and comments, over real folders.

use serde_json::Value;

use crate::sigyl::{Ended, Home};

const CODE: &str = "app.run(debug=True)\n";
const MANIFEST: &str =
    "name: clock\nversion: 1.0.0\nruntime: python\nentryPoint: main.py\nstartCommand: {type: stdio}\n";

/// A home with a source that has findings, none of which blocks.
fn home(code: &str) -> Home {
    let home = Home::new();
    home.write("source/main.py", code);
    home.write("source/sigyl.yaml", MANIFEST);
    home
}

fn scan(home: &Home, more: &[&str]) -> (Ended, Value) {
    let ended = home.run(&[&["scan", "source", "--offline", "--format", "json"], more].concat());
    let document = ended.document();
    (ended, document)
}

fn suppressed(document: &Value) -> Vec<(String, String, bool)> {
    let all = document["suppressed"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    all.map(|one| (text(&one["rule"]), text(&one["by"]), one["applied"].as_bool().unwrap())).collect()
}

#[test]
fn a_policy_with_problems_is_wrong_use_and_names_each_line() {
    let home = home(CODE);
    home.write("p.yaml", "ruels: []\nrules:\n  - match: {rule: debug-mod}\n    then: stop\n");
    for args in [&["policy", "check", "p.yaml"][..], &["scan", "source", "--policy", "p.yaml", "--offline"]] {
        let ended = home.run(args);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{ended:?}");
        for part in ["error[E0024]", "p.yaml:1:1", "did you mean `rules`?", "p.yaml:3:19", "p.yaml:4:11"] {
            assert!(ended.err.contains(part), "{part}: {}", ended.err);
        }
    }
    let missing = home.run(&["policy", "check", "none.yaml"]);
    assert!(missing.code == 2 && missing.err.contains("none.yaml"), "{missing:?}");
}

#[test]
fn the_example_of_the_document_is_a_policy() {
    let home = Home::new();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/policy.md");
    let document = std::fs::read_to_string(path).unwrap();
    let example = document.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    home.write("p.yaml", example);
    let ended = home.run(&["policy", "check", "p.yaml"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("team"), "{}", ended.out);
}

#[test]
fn a_scan_follows_the_policy_that_is_named_and_says_which_it_was() {
    let home = home(CODE);
    let (plain, document) = scan(&home, &[]);
    assert_eq!(plain.code, 0, "{plain:?}");
    assert_eq!(document["policy"]["name"], "default");
    assert!(document["rules"]["count"].as_u64().unwrap() > 20 && document["advisories"].is_null());
    home.write("p.yaml", "name: strict\nrules: [{match: {rule: debug-mode, server: clock}, then: block}]\n");
    let (strict, document) = scan(&home, &["--policy", "p.yaml"]);
    assert_eq!((strict.code, &document["verdict"]), (1, &"block".into()), "{strict:?}");
    assert_eq!(document["policy"]["name"], "strict");
    let waiver =
        "waivers: [{rule: debug-mode, server: clock, reason: demo, owner: ada, expires: 2027-06-30}]\n";
    home.write("w.yaml", waiver);
    let shown = home.run(&["policy", "show", "--policy", "p.yaml", "--waivers", "w.yaml"]);
    assert!(shown.out.contains("strict") && shown.out.contains("waived: debug-mode of clock"), "{shown:?}");
}

#[test]
fn only_what_is_new_counts_with_a_baseline() {
    let home = home(CODE);
    home.write("p.yaml", "thresholds: {block: warning, hold: warning}\n");
    let (first, _) = scan(&home, &["--policy", "p.yaml", "--write-baseline", "b.json"]);
    assert_eq!(first.code, 1, "{first:?}");
    let (again, document) = scan(&home, &["--policy", "p.yaml", "--baseline", "b.json"]);
    assert_eq!((again.code, &document["verdict"]), (0, &"pass".into()), "{again:?}");
    assert!(suppressed(&document).iter().all(|one| one.1 == "baseline" && one.2), "{document}");
    home.write("source/other.py", "server.listen(debug=True)\napp.run(debug=True)\n");
    let (more, _) = scan(&home, &["--policy", "p.yaml", "--baseline", "b.json"]);
    assert_eq!(more.code, 1, "{more:?}");
    let text = std::fs::read_to_string(home.path().join("b.json")).unwrap();
    for (name, text) in [
        ("half.json", text[..text.len() / 2].to_owned()),
        ("other.json", text.replace("\"clock\"", "\"watch\"")),
    ] {
        home.write(name, &text);
        let (ended, document) = scan(&home, &["--baseline", name]);
        assert_eq!((ended.code, &document["error"]["code"]), (2, &"E0024".into()), "{ended:?}");
    }
}

#[test]
fn comments_in_the_code_count_only_where_the_operator_says_so() {
    let home = home(&format!("# sigyl-ignore: debug-mode -- only a demo\n{CODE}"));
    home.write("p.yaml", "thresholds: {block: block, hold: warning, hold_confidence: low}\n");
    let (held, document) = scan(&home, &["--policy", "p.yaml"]);
    assert_eq!(held.code, 1, "{held:?}");
    assert_eq!(suppressed(&document), [("debug-mode".into(), "comment".into(), false)]);
    let (allowed, document) = scan(&home, &["--policy", "p.yaml", "--allow-suppressions"]);
    assert_eq!((allowed.code, &document["verdict"]), (0, &"warn".into()), "{allowed:?}");
    let plain = home.run(&["scan", "source", "--offline"]);
    assert!(plain.out.contains("counts, whatever is said of it"), "{}", plain.out);
    assert!(plain.out.contains("comment: only a demo"), "{}", plain.out);
}

#[test]
fn looking_at_nothing_makes_nothing() {
    let home = Home::new();
    let shown = home.run(&["policy", "show", "--format", "json"]).document();
    assert_eq!(
        (&shown["schema"], &shown["policy"]["name"]),
        (&"sigyl.policy-show/1".into(), &"default".into())
    );
    assert_eq!(home.run(&["rescan", "--running"]).code, 0);
    assert_eq!(home.run(&["rescan", "clock"]).code, 3);
    assert!(!home.path().join(".local").exists());
}
