//! A report with everything in it that a reader may stumble over, and each rendering of it.
#![cfg(test)]

use serde_json::Value;

use super::{Origin, Plain, github, json, jsonl, junit, markdown, plain, sarif};
use crate::domain::{
    AdvisoriesUsed, Analyzer, AnalyzerStatus, Category, Confidence, Digest, Finding, Location, Mode,
    PolicyUsed, Report, RuleId, RulesUsed, Score, Severity, SkipKind, Skipped, SourceKind, SourceRef, Stats,
    Suppressed, SuppressedBy, Timestamp, Verdict,
};
use crate::scan::RuleSet;
use crate::scan::proof::builtin;

const RULE: &str = "id: first-rule\ntitle: A [title](1) of <b>\ncategory: tool_poisoning\nseverity: block\n\
                    confidence: high\nlooks_at: [tool]\npatterns:\n  - 'abc'\nwhy: Because & so.\nfix: Remove it.\n\
                    example: 'a | b'\ntaxa: [MCP03, CWE-78, AML.T0051.001, LLM01]\nreferences: [here]\n";

/// What hides, moves the cursor, ends a document, or begins a command.
const NASTY: &str = "a\u{1b}[2J\r\n::error::b | `c` ``d`` ##[group] ]]> <!-- \u{202e}e\u{200b} @all [f](https://x.example) %0A \u{ffff} {0}";

pub(super) fn rules() -> RuleSet {
    RuleSet::from_patterns(RULE, "one.yaml").unwrap()
}

fn finding(rule: &str, severity: Severity, location: Option<Location>) -> Finding {
    Finding {
        rule: RuleId::parse(rule).unwrap(),
        category: Category::ToolPoisoning,
        severity,
        confidence: Confidence::High,
        message: format!("Found in {NASTY}."),
        location,
        evidence: NASTY.to_owned(),
        fix: Some("Remove it.".to_owned()),
    }
}

fn file(path: &str, line: Option<u32>) -> Option<Location> {
    Some(Location::File { path: path.to_owned(), line, column: line.map(|_| 7) })
}

/// One finding of each severity and kind of place, a gap, a harmless skip, and an analyzer that failed.
pub(super) fn report() -> Report {
    let tool = Location::Tool { tool: format!("add:{NASTY}"), field: "description".to_owned() };
    let mut bare = finding("second-rule", Severity::Info, None);
    (bare.fix, bare.evidence) = (None, String::new());
    let gone = finding("second-rule", Severity::Error, file("accepted.ts", Some(9)));
    let kept = finding("first-rule", Severity::Error, file(&format!("src/{NASTY}.ts"), Some(3)));
    let skipped =
        |path: &str, kind| Skipped { path: path.to_owned(), kind, reason: format!("it is {NASTY}") };
    Report {
        schema: Report::SCHEMA.to_owned(),
        source: SourceRef {
            kind: SourceKind::Git,
            locator: "git:https://host.example/a.git#0123456789012345678901234567890123456789".to_owned(),
            digest: Digest::of(b"x"),
        },
        verdict: Verdict::Block,
        partial: true,
        score: Score { value: 65, max: 100, formula: "f".to_owned() },
        findings: vec![
            finding("first-rule", Severity::Block, Some(tool)),
            finding("first-rule", Severity::Error, file(&format!("src/{NASTY}.ts"), Some(3))),
            finding("second-rule", Severity::Warning, file("src/a,b.ts", None)),
            bare,
            gone.clone(),
        ],
        skipped: vec![
            skipped(&format!("x{NASTY}.wasm"), SkipKind::Binary),
            skipped("a.png", SkipKind::Media),
        ],
        analyzers: vec![Analyzer {
            name: "manifest".to_owned(),
            status: AnalyzerStatus::Failed,
            reason: Some(NASTY.to_owned()),
        }],
        stats: Stats { files: 2, bytes: 10, tools: 1, elapsed_ms: 1_004, ..Stats::default() },
        rules: Some(RulesUsed { digest: Digest::of(b"r"), count: 2 }),
        policy: Some(PolicyUsed {
            name: NASTY.to_owned(),
            digest: Digest::of(b"p"),
            mode: Mode::Observe,
            until: Some(Timestamp::from_millis(1_800_000_000_000)),
            waivers: None,
        }),
        advisories: Some(AdvisoriesUsed { digest: Digest::of(b"a"), count: 1, newest: None, unread: 0 }),
        suppressed: vec![
            suppressed(&gone, SuppressedBy::Waiver, true),
            suppressed(&kept, SuppressedBy::Comment, false),
        ],
    }
}

fn suppressed(finding: &Finding, by: SuppressedBy, applied: bool) -> Suppressed {
    Suppressed {
        rule: finding.rule.clone(),
        severity: finding.severity,
        location: finding.location.clone(),
        fingerprint: finding.fingerprint(),
        by,
        reason: NASTY.to_owned(),
        owner: applied.then(|| NASTY.to_owned()),
        expires: None,
        applied,
    }
}

fn huge() -> Report {
    let one =
        |number| finding("first-rule", Severity::Error, file(&format!("src/{number}.ts"), Some(number)));
    let findings = (1..=10_000).map(one).collect();
    let gap =
        |number| Skipped { path: format!("{number}.wasm"), kind: SkipKind::Binary, reason: NASTY.to_owned() };
    Report { findings, skipped: (0..5_000).map(gap).collect(), ..report() }
}

fn below() -> Origin {
    Origin { folder: "servers/a b".to_owned(), file: None }
}

/// Every rendering, by name.
fn all(report: &Report, origin: &Origin) -> Vec<(&'static str, String)> {
    vec![
        ("plain", plain(report, &Plain)),
        ("json", json(report)),
        ("jsonl", jsonl(report)),
        ("sarif", sarif(report, &rules(), origin)),
        ("junit", junit(report, origin)),
        ("markdown", markdown(report, origin)),
        ("github", github(report, origin)),
    ]
}

#[test]
fn each_rendering_of_a_nasty_report_is_the_known_one() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, text) in all(&report(), &below()) {
            insta::assert_snapshot!(name, text);
        }
    });
}

#[test]
fn nothing_in_a_report_reaches_a_reader_as_a_command() {
    for (name, text) in all(&report(), &below()) {
        let harmful = |c: char| (c.is_control() && c != '\n') || ['\u{202e}', '\u{200b}'].contains(&c);
        assert!(!text.contains(harmful), "{name}: {text}");
    }
    for line in github(&report(), &below()).lines() {
        let command = line.split("::").nth(1).and_then(|command| command.split(' ').next());
        let known = ["error", "warning", "notice"];
        assert!(line.starts_with("sigyl: ") || command.is_some_and(|word| known.contains(&word)), "{line}");
        assert!(line.starts_with("sigyl: ") || line.starts_with("::"), "{line}");
    }
    let xml = junit(&report(), &below());
    assert!(!xml.contains("]]>") && !xml.contains("<!--") && !xml.contains('\u{ffff}'), "{xml}");
    let page = markdown(&report(), &below());
    // What stands between backticks calls nobody and links nowhere.
    let outside: String = page.split("```").step_by(2).collect();
    assert!(!outside.contains("@all") && !outside.contains("https://x") && outside.contains("@<!-- -->all"));
    assert_eq!(page.lines().filter(|line| line.starts_with("| ")).count(), 5, "{page}");
    for (name, text) in all(&report(), &below()) {
        let obeyed = |line: &str| line.contains("##[") || line.trim_start().starts_with("::");
        assert!(name == "github" || !text.lines().any(obeyed), "{name}: {text}");
    }
}

#[test]
fn a_report_of_ten_thousand_findings_says_what_is_not_shown() {
    let huge = huge();
    let page = markdown(&huge, &Origin::default());
    assert!(page.chars().count() <= 65_536 && page.len() > 60_000, "{}", page.len());
    assert!(page.contains("further findings, the least severe, are not shown"), "{page}");
    assert!(page.contains("and 4980 more were not looked at"));
    let lines = github(&huge, &Origin::default());
    assert_eq!(lines.lines().filter(|line| line.starts_with("::error ")).count(), 10_000);
    assert!(lines.contains("GitHub shows the first 10"));
    let xml = junit(&huge, &Origin::default());
    assert_eq!(xml.matches("<testcase ").count(), 15_002);
    assert_eq!(xml.matches("<testcase ").count(), xml.matches("</testcase>").count());
    let log: Value = serde_json::from_str(&sarif(&huge, &rules(), &Origin::default())).unwrap();
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 10_000);
    let told = log["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    assert!(
        told.last().unwrap()["message"]["text"].as_str().unwrap().contains("4000 more"),
        "{}",
        told.len()
    );
}

#[test]
fn what_does_not_count_is_told_as_such_or_left_out() {
    for (name, text) in all(&report(), &below()) {
        let left_out = ["junit", "markdown", "github"].contains(&name);
        assert_eq!(text.contains("accepted.ts"), !left_out, "{name}: {text}");
    }
    let log: Value = serde_json::from_str(&sarif(&report(), &rules(), &below())).unwrap();
    let status = |result: &Value| result["suppressions"][0]["status"].as_str().map(str::to_owned);
    let statuses: Vec<_> = log["runs"][0]["results"].as_array().unwrap().iter().map(status).collect();
    let wanted = [None, Some("rejected"), None, None, Some("accepted")];
    assert_eq!(statuses, wanted.map(|one| one.map(str::to_owned)));
}

#[test]
fn a_sarif_log_refers_to_rules_and_entries_that_are_there() {
    let log: Value = serde_json::from_str(&sarif(&report(), builtin(), &below())).unwrap();
    let run = &log["runs"][0];
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
    }
    let mut relations = 0;
    for rule in run["tool"]["driver"]["rules"].as_array().unwrap() {
        for relation in rule["relationships"].as_array().into_iter().flatten() {
            relations += 1;
            let target = &relation["target"];
            let at = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
            let taxonomy = &run["taxonomies"][at(&target["toolComponent"]["index"])];
            assert_eq!(taxonomy["name"], target["toolComponent"]["name"]);
            assert_eq!(taxonomy["taxa"][at(&target["index"])]["id"], target["id"]);
        }
    }
    assert!(relations > 20, "{relations}");
}

#[test]
fn the_same_finding_twice_has_two_fingerprints_which_stay_when_lines_move() {
    let prints = |lines: [u32; 2]| {
        let findings =
            lines.map(|line| finding("first-rule", Severity::Error, file("a.ts", Some(line)))).into();
        let log: Value =
            serde_json::from_str(&sarif(&Report { findings, ..report() }, &rules(), &Origin::default()))
                .unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results.into_iter().map(|result| result["partialFingerprints"].clone()).collect::<Vec<_>>()
    };
    let before = prints([1, 2]);
    assert_ne!(before[0], before[1]);
    assert_eq!(before, prints([11, 40]));
}
