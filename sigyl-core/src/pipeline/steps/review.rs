//! Lets a language model look at what was scanned, when that is asked for; the report can only get worse.

use std::sync::Arc;

use async_trait::async_trait;

use super::super::context::{Context, Reviewed};
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use super::fetch_source::blocking;
use crate::domain::{Report, StepId};
use crate::event::EventKind;
use crate::scan::{self, RuleSet};
use crate::store::Change;

pub(crate) struct ReviewSource;

#[async_trait]
impl Step for ReviewSource {
    fn id(&self) -> StepId {
        StepId::Review
    }

    fn is_wanted(&self, cx: &Context) -> bool {
        cx.is_reviewed()
    }

    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError> {
        let id = self.id();
        let missing = || StepError::Defect { step: id, why: "no report".into() };
        let report = cx.results.report.clone().ok_or_else(missing)?;
        // A run that goes on after a decision keeps the report that was decided on.
        if scan::is_reviewed(&report) {
            return Ok(Outcome::skipped("it was reviewed before the decision"));
        }
        let (tree, manifest) = (cx.results.tree.clone(), cx.results.manifest.clone());
        let what = |report, rules| Reviewed {
            report,
            rules,
            tree,
            manifest,
            tools: Vec::new(),
            prompts: Vec::new(),
            resources: Vec::new(),
            instructions: None,
        };
        let report = reviewed(cx, id, report, what).await?;
        cx.platform.store.apply(Change::PutReport(Box::new(report.clone()))).await?;
        cx.run.report = Some(report.id());
        let kind = EventKind::Scanned { verdict: report.verdict, findings: report.findings.len() as u64 };
        cx.platform.emitter.emit(Some(&cx.run.id), cx.run.server.as_ref(), kind);
        let told = report.analyzers.last().and_then(|analyzer| analyzer.reason.clone()).unwrap_or_default();
        let note = format!("{}: {told}", report.verdict);
        cx.results.report = Some(report);
        Ok(Outcome::done(note))
    }
}

/// Reviews `report` by what the operator configured; that there is nothing is a gap.
pub(super) async fn reviewed(
    cx: &Context,
    step: StepId,
    mut report: Report,
    what: impl FnOnce(Report, Arc<RuleSet>) -> Reviewed,
) -> Result<Report, StepError> {
    let policy = cx.policy();
    let Some(review) = &cx.platform.review else {
        let why = "a review is asked for, and no reviewer is configured: see `llm` in docs/config.md";
        scan::unreviewed(&mut report, why, &policy);
        return Ok(report);
    };
    let rules = cx.platform.rules.clone();
    let rules = blocking(step, move || rules.get()).await??;
    Ok(review.review(what(report, rules), &policy, &cx.progress(step)).await)
}

#[cfg(feature = "llm")]
#[async_trait]
impl super::super::context::Review for scan::reviewer::Reviewer {
    fn is_due(&self, asked: bool) -> bool {
        self.settings().is_due(asked)
    }

    async fn review(
        &self,
        what: Reviewed,
        policy: &crate::domain::Policy,
        progress: &dyn crate::source::Progress,
    ) -> Report {
        let settings = self.settings().clone();
        let mut report = what.report.clone();
        let made = tokio::task::spawn_blocking(move || {
            let subject = scan::Subject {
                reference: what.report.source.clone(),
                tree: what.tree.as_ref(),
                manifest: what.manifest.as_ref(),
                tools: &what.tools,
                prompts: &what.prompts,
                resources: &what.resources,
                instructions: what.instructions.as_deref(),
            };
            scan::reviewer::ReviewWork::new(&subject, &what.report, &what.rules, &settings)
        });
        match made.await {
            Ok(work) => self.review(work, report, policy, progress).await,
            Err(error) => {
                scan::unreviewed(&mut report, &format!("what is to be shown was not made: {error}"), policy);
                report
            }
        }
    }
}
