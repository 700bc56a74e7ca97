//! Every way in which a review can go, over a service inside this process; time is tokio's, and stands still.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::super::proof::builtin;
use super::super::scanner::Scanner;
use super::super::subject::Subject;
use super::fake::{Act, Fake, clean, poisoned};
use super::{FolderCache, ReviewWhen, ReviewWork, Reviewer, ReviewerSettings};
use crate::clock::FixedClock;
use crate::domain::{
    Analyzer, AnalyzerStatus, Digest, Policy, Report, SecretValue, SourceKind, SourceRef, Tool, Verdict,
};
use crate::source::{Progress, Silent};

const KEY: &str = "sk-of-the-reviewer-0001";

fn tool(name: &str, description: &str) -> Tool {
    serde_json::from_value(json!({"name": name, "description": description})).unwrap()
}

fn settings() -> ReviewerSettings {
    ReviewerSettings::new("http://127.0.0.1:9/v1", "gpt-4o-mini")
}

fn reviewer(settings: ReviewerSettings, fake: &Arc<Fake>) -> Reviewer {
    let clock = Arc::new(FixedClock::default());
    Reviewer::new(settings, Some(&SecretValue::new(KEY)), clock).unwrap().with_line(fake.clone())
}

fn scanned(tools: &[Tool], settings: &ReviewerSettings) -> (Report, ReviewWork) {
    let reference = SourceRef { kind: SourceKind::Tools, locator: "x".into(), digest: Digest::of(b"x") };
    let subject = Subject { tools, ..Subject::of_nothing(reference) };
    let report = Scanner::new(builtin(), Policy::default()).scan(&subject, &FixedClock::default());
    let work = ReviewWork::new(&subject, &report, builtin(), settings);
    (report, work)
}

async fn reviewed(reviewer: &Reviewer, tools: &[Tool]) -> Report {
    let (report, work) = scanned(tools, reviewer.settings());
    reviewer.review(work, report, &Policy::default(), &Silent).await
}

fn of(report: &Report) -> (AnalyzerStatus, String) {
    let found = report.analyzers.iter().find(|one| one.name == "reviewer").unwrap();
    let Analyzer { status, reason, .. } = found.clone();
    (status, reason.unwrap_or_default())
}

async fn played(acts: impl IntoIterator<Item = Act>) -> (Report, Arc<Fake>) {
    let fake = Arc::new(Fake::playing(acts));
    let report = reviewed(&reviewer(settings(), &fake), &[tool("add", "Adds two numbers.")]).await;
    (report, fake)
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_counts_is_a_review() {
    let (report, fake) = played([Act::Say(clean())]).await;
    let (status, reason) = of(&report);
    assert_eq!((status, report.verdict, report.partial), (AnalyzerStatus::Ran, Verdict::Pass, false));
    assert!(reason.starts_with("gpt-4o-mini, prompt 1-"), "{reason}");
    assert!(reason.contains("1 subject(s), 0 known from before, 100 tokens read and 20 written"), "{reason}");
    let head = format!("POST http://127.0.0.1:9/v1/chat/completions Some(\"Bearer {KEY}\")");
    assert_eq!(fake.heads(), [head]);
    assert_eq!(fake.asked()[0]["response_format"]["json_schema"]["strict"], true);
    let (report, _) = played([Act::Say(poisoned())]).await;
    assert_eq!((report.verdict, report.findings.len()), (Verdict::Hold, 1));
    assert_eq!(report.findings[0].location.as_ref().unwrap().to_string(), "tool add (description)");
}

#[tokio::test(start_paused = true)]
async fn every_other_answer_is_a_gap_and_holds() {
    for (act, why) in [
        (Act::Text("I think it is safe."), "does not have the form"),
        (Act::Text("{}"), "does not have the form"),
        (
            Act::Text(r#"{"receipt": "ok", "addresses_reviewer": false, "findings": [], "raises": []}"#),
            "receipt",
        ),
        (Act::Text(""), "it is empty"),
        (Act::Finish("length"), "cut off: finish_reason length"),
        (Act::Finish("content_filter"), "cut off: finish_reason content_filter"),
        (Act::Refuse, "the model refused: I can't help"),
        (Act::Tool, "finish_reason tool_calls"),
        (Act::Body("<html>"), "no chat completion"),
        (Act::Body(r#"{"choices": []}"#), "0 choices"),
        (Act::Status(400, None), "answered 400: injected"),
        (Act::Status(401, None), "answered 401: injected"),
        (Act::Status(404, None), "answered 404: injected"),
        (Act::Status(302, None), "not followed"),
        (Act::Status(429, Some(3600)), "asks to wait 3600 s"),
        (Act::Huge, "larger than"),
    ] {
        let (report, fake) = played([act.clone()]).await;
        let (status, reason) = of(&report);
        assert_eq!(status, AnalyzerStatus::Failed, "{act:?}");
        assert!(reason.contains(why), "{reason} for {act:?}");
        assert_eq!((report.verdict, report.partial), (Verdict::Hold, true), "{act:?}");
        assert_eq!(fake.asked().len(), 1, "{act:?} is not asked again");
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_asked_again_with_growing_patience() {
    for (act, why) in [
        (Act::Status(500, None), "answered 500"),
        (Act::Status(429, Some(2)), "answered 429"),
        (Act::Drop, "unreachable: connection closed"),
        (Act::Hang, "no answer within 60 s"),
    ] {
        let (report, fake) = played(vec![act.clone(); 3]).await;
        assert!(of(&report).1.contains(why), "{}", of(&report).1);
        assert_eq!((report.verdict, fake.asked().len()), (Verdict::Hold, 3), "{act:?}");
        let begun = Instant::now();
        let (report, fake) = played([act.clone(), Act::Say(clean())]).await;
        assert_eq!((of(&report).0, fake.asked().len()), (AnalyzerStatus::Ran, 2), "{act:?}");
        let took = begun.elapsed();
        match act {
            Act::Status(429, _) => {
                assert!(took >= Duration::from_secs(2), "it waits as it is asked: {took:?}")
            }
            Act::Hang => assert!(took >= Duration::from_secs(60)),
            _ => assert!(took >= Duration::from_millis(250) && took < Duration::from_secs(1), "{took:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_gone_is_not_asked_for_each_tool() {
    let fake = Arc::new(Fake::playing([Act::Status(401, None)]));
    let tools: Vec<Tool> = (0..40).map(|at| tool(&format!("t{at}"), "Adds.")).collect();
    let one = ReviewerSettings { concurrency: 1, ..settings() };
    let report = reviewed(&reviewer(one, &fake), &tools).await;
    assert_eq!(fake.asked().len(), 1);
    assert!(of(&report).1.contains("40 of 40 subject(s) not reviewed"), "{}", of(&report).1);
}

#[tokio::test(start_paused = true)]
async fn one_answer_that_does_not_count_spoils_no_other() {
    let fake = Arc::new(Fake::playing([Act::Refuse, Act::Say(poisoned())]));
    let one = ReviewerSettings { concurrency: 1, ..settings() };
    let report = reviewed(&reviewer(one, &fake), &[tool("a", "Adds."), tool("b", "Adds.")]).await;
    assert_eq!((of(&report).0, report.findings.len()), (AnalyzerStatus::Failed, 1));
    assert!(
        of(&report).1.contains("1 of 2 subject(s) not reviewed: the model refused: I can't help (tool a)")
    );
}

#[tokio::test(start_paused = true)]
async fn budgets_and_deadlines_end_in_gaps() {
    let tools: Vec<Tool> = (0..4).map(|at| tool(&format!("t{at}"), "Adds.")).collect();
    let fake = Arc::new(Fake::default());
    let poor = ReviewerSettings { max_tokens: 1_000, ..settings() };
    let report = reviewed(&reviewer(poor, &fake), &tools).await;
    assert!(of(&report).1.contains("over budget") && fake.asked().is_empty(), "{}", of(&report).1);
    let priced = ReviewerSettings {
        max_cost: Some(0.000_001),
        input_price: Some(1.0),
        output_price: Some(1.0),
        ..settings()
    };
    let report = reviewed(&reviewer(priced, &fake), &tools).await;
    assert!(of(&report).1.contains("would be paid") && fake.asked().is_empty(), "{}", of(&report).1);
    let slow = Arc::new(Fake::playing([Act::Say(clean()), Act::Hang]));
    let hasty = ReviewerSettings { concurrency: 1, deadline_seconds: 5, ..settings() };
    let report = reviewed(&reviewer(hasty, &slow), &tools).await;
    assert!(of(&report).1.contains("the review took longer than 5 s"), "{}", of(&report).1);
    assert!(of(&report).1.contains("3 of 4") && slow.asked().len() == 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_answered_is_not_paid_for_twice() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Arc::new(Fake::playing([Act::Say(poisoned()), Act::Refuse]));
    let with = |model: &str| {
        let settings = ReviewerSettings { model: model.into(), concurrency: 1, ..settings() };
        reviewer(settings, &fake).with_cache(Arc::new(FolderCache::new(folder.path().to_owned())))
    };
    let tools = [tool("a", "Adds."), tool("b", "Adds.")];
    let first = reviewed(&with("m"), &tools).await;
    assert_eq!((of(&first).0, fake.asked().len()), (AnalyzerStatus::Failed, 2));
    let again = reviewed(&with("m"), &tools).await;
    assert_eq!((of(&again).0, fake.asked().len()), (AnalyzerStatus::Ran, 3), "a refusal is not kept");
    assert!(of(&again).1.contains("2 subject(s), 1 known from before"), "{}", of(&again).1);
    assert_eq!(again.findings, first.findings);
    reviewed(&with("other"), &tools).await;
    assert_eq!(fake.asked().len(), 5, "another model is another answer");
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        std::fs::write(entry.unwrap().path(), r#"{"findings": []}"#).unwrap();
    }
    reviewed(&with("m"), &tools).await;
    assert_eq!(fake.asked().len(), 7, "an entry that cannot be read is asked again");
}

#[tokio::test(start_paused = true)]
async fn planted_secrets_never_leave() {
    let secrets = [
        format!("ghp_{}", "a1B2".repeat(9)),
        "AKIA1234567890ABCDEF".to_owned(),
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl".to_owned(),
        "9f8K2mQ4xZ7pL1vRt5Yw3".to_owned(),
        "hunter2hunter2".to_owned(),
        KEY.to_owned(),
    ];
    let definition = json!({
        "name": "add",
        "description": format!("Use {} or {}; db is postgres://u:{}@h/x.", secrets[0], secrets[1], secrets[4]),
        "inputSchema": {"properties": {
            secrets[3].clone(): {"default": secrets[2], "description": format!("the key {}", secrets[5])},
            "p": {"examples": [format!("password = \"{}\"", secrets[4]), secrets[3]]},
        }},
        "annotations": {"title": secrets[1]},
    });
    let tool: Tool = serde_json::from_value(definition).unwrap();
    let fake = Arc::new(Fake::playing([Act::Status(500, None), Act::Say(poisoned())]));
    let told = Told::default();
    let reviewer = reviewer(settings(), &fake);
    let (report, work) = scanned(&[tool], reviewer.settings());
    let report = reviewer.review(work, report, &Policy::default(), &told).await;
    assert_eq!((of(&report).0, fake.asked().len()), (AnalyzerStatus::Ran, 2));
    let bodies = serde_json::to_string(&fake.asked()).unwrap();
    let said =
        format!("{bodies} {:?} {}", told.0.lock().unwrap(), serde_json::to_string(&of(&report)).unwrap());
    for secret in &secrets {
        assert!(!said.contains(secret.as_str()), "{secret} left in {said}");
    }
    assert!(bodies.contains("⟦masked⟧"));
}

#[derive(Debug, Default)]
struct Told(Mutex<Vec<String>>);

impl Progress for Told {
    fn log(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

#[tokio::test(start_paused = true)]
async fn an_estimate_is_told_before_anything_is_asked() {
    let fake = Arc::new(Fake::default());
    let priced = ReviewerSettings {
        max_cost: Some(1.0),
        input_price: Some(0.15),
        output_price: Some(0.6),
        ..settings()
    };
    let told = Told::default();
    let reviewer = reviewer(priced, &fake);
    let (report, work) = scanned(&[tool("a", "Adds."), tool("b", "Adds.")], reviewer.settings());
    reviewer.review(work, report, &Policy::default(), &told).await;
    let lines = told.0.lock().unwrap().clone();
    assert_eq!(lines.len(), 1);
    for part in
        ["gpt-4o-mini at http://127.0.0.1:9/v1", "2 subject(s)", "4000 written", "to pay", "and 1.000000"]
    {
        assert!(lines[0].contains(part), "{part} in {}", lines[0]);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_offline_or_when_it_is_turned_off() {
    let fake = Arc::new(Fake::default());
    let tools = [tool("add", "Adds.")];
    let far = ReviewerSettings { base_url: "https://llm.example/v1".into(), ..settings() };
    let report = reviewed(&reviewer(far, &fake).offline(true), &tools).await;
    assert!(of(&report).1.contains("offline: https://llm.example/v1 is not asked"));
    assert_eq!(report.verdict, Verdict::Hold);
    let off = ReviewerSettings { review: ReviewWhen::Never, ..settings() };
    let report = reviewed(&reviewer(off, &fake), &tools).await;
    assert_eq!((of(&report).0, fake.asked().len()), (AnalyzerStatus::Failed, 0));
    let near = reviewed(&reviewer(settings(), &fake).offline(true), &tools).await;
    assert_eq!((of(&near).0, fake.asked().len()), (AnalyzerStatus::Ran, 1));
    let nothing = reviewed(&reviewer(settings(), &fake), &[]).await;
    assert_eq!((of(&nothing).0, nothing.partial), (AnalyzerStatus::Skipped, false));
}
