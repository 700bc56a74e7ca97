//! A review by a language model, as a step: asked for or not, there or not, before and after a decision.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::house::House;
use crate::domain::{
    Analyzer, AnalyzerStatus, Plan, Policy, Report, Run, RunState, Severity, StepId, StepState,
};
use crate::pipeline::{Order, Review, Reviewed};
use crate::source::Progress;

/// Says one thing of every report.
#[derive(Debug, Default)]
struct Fake {
    always: bool,
    fails: bool,
    finds: Option<Severity>,
    reviews: AtomicUsize,
    /// Tools that were shown, declared and live.
    shown: Mutex<Vec<usize>>,
}

#[async_trait]
impl Review for Fake {
    fn is_due(&self, asked: bool) -> bool {
        asked || self.always
    }

    async fn review(&self, what: Reviewed, policy: &Policy, progress: &dyn Progress) -> Report {
        let reviews = self.reviews.fetch_add(1, Ordering::SeqCst);
        progress.log("asks");
        let declared = what.manifest.as_ref().map_or(0, |manifest| manifest.tools.len());
        self.shown.lock().unwrap().push(declared + what.tools.len());
        let mut report = what.report;
        let status = if self.fails { AnalyzerStatus::Failed } else { AnalyzerStatus::Ran };
        let reason = Some(format!("review {reviews}"));
        report.analyzers.retain(|one| one.name != "reviewer");
        report.analyzers.push(Analyzer { name: "reviewer".into(), status, reason });
        if let Some(severity) = self.finds {
            report.findings.push(crate::domain::Finding {
                rule: crate::domain::RuleId::parse("llm-review").unwrap(),
                category: crate::domain::Category::ToolPoisoning,
                severity,
                confidence: crate::domain::Confidence::High,
                message: "found".into(),
                location: None,
                evidence: "x".into(),
                fix: None,
            });
        }
        report.partial |= self.fails;
        report.verdict = policy.verdict(&report.findings, report.partial);
        report
    }
}

fn house(fake: Fake) -> (House, Arc<Fake>) {
    let (mut house, fake) = (House::new(), Arc::new(fake));
    house.platform.review = Some(fake.clone());
    (house, fake)
}

async fn deployed(house: &House, review: bool) -> Run {
    house.take(Plan::Release, Order { review, ..house.order() }).await
}

fn step(run: &Run) -> Option<StepState> {
    run.steps.iter().find(|record| record.step == StepId::Review).map(|record| record.state)
}

#[tokio::test]
async fn nobody_is_asked_who_was_not_asked_for() {
    let (house, fake) = house(Fake::default());
    let run = deployed(&house, false).await;
    assert_eq!((run.state, step(&run), fake.reviews.load(Ordering::SeqCst)), (RunState::Done, None, 0));
    let report = house.platform.store.report(run.report.unwrap()).await.unwrap().unwrap();
    let told = report.analyzers.iter().find(|one| one.name == "reviewer").unwrap();
    assert_eq!((told.status, told.reason.as_deref()), (AnalyzerStatus::Skipped, Some("not asked for")));
}

#[tokio::test]
async fn source_and_live_tools_are_reviewed_when_asked_for_or_always() {
    for (always, asked) in [(false, true), (true, false)] {
        let (house, fake) = house(Fake { always, ..Fake::default() });
        let run = deployed(&house, asked).await;
        assert_eq!((run.state, step(&run)), (RunState::Done, Some(StepState::Done)), "{:?}", run.failure);
        assert_eq!(*fake.shown.lock().unwrap(), [0, 1], "the tool is declared by the started server alone");
        let report = house.platform.store.report(run.report.unwrap()).await.unwrap().unwrap();
        assert_eq!(report.analyzers.last().unwrap().reason.as_deref(), Some("review 0"));
    }
}

#[tokio::test]
async fn a_review_without_a_reviewer_or_that_failed_holds_until_somebody_decides() {
    let none = House::new();
    let run = deployed(&none, true).await;
    assert_eq!(run.state, RunState::Held, "{:?}", run.failure);
    let told = run.judgement.as_ref().unwrap().holds[0].to_string();
    assert!(told.contains("no reviewer is configured"), "{told}");
    let (house, fake) = house(Fake { fails: true, ..Fake::default() });
    let held = deployed(&house, true).await;
    assert_eq!(held.state, RunState::Held, "{:?}", held.failure);
    let again = house.approve(held.clone()).await;
    let review = again.steps.iter().find(|record| record.step == StepId::Review).unwrap();
    assert_eq!(review.state, StepState::Skipped, "what was decided on is not asked about again");
    assert_eq!(
        (again.report, again.state),
        (held.report, RunState::Held),
        "the live tools are not reviewed either"
    );
    assert_eq!(fake.reviews.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_the_reviewer_finds_stops_a_release_as_any_finding_does() {
    for (finds, state) in [
        (Severity::Block, RunState::Blocked),
        (Severity::Error, RunState::Held),
        (Severity::Warning, RunState::Done),
    ] {
        let (house, _) = house(Fake { finds: Some(finds), ..Fake::default() });
        let run = deployed(&house, true).await;
        assert_eq!(run.state, state, "{finds}: {:?}", run.failure);
    }
}
