//! Looks at the source, the manifest and the declared tools, and records the report.

use async_trait::async_trait;

use super::super::context::Context;
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use super::fetch_source::blocking;
use crate::domain::{Report, StepId};
use crate::event::EventKind;
use crate::scan::{Scanner, Subject};
use crate::store::Change;

pub(crate) struct ScanSource;

#[async_trait]
impl Step for ScanSource {
    fn id(&self) -> StepId {
        StepId::ScanSource
    }

    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError> {
        let report = match cx.run.report {
            Some(id) => cx.platform.store.report(id).await?,
            None => None,
        };
        let report = match report {
            Some(report) => report,
            None => scan(cx).await?,
        };
        let kind = EventKind::Scanned { verdict: report.verdict, findings: report.findings.len() as u64 };
        cx.platform.emitter.emit(Some(&cx.run.id), cx.run.server.as_ref(), kind);
        let note =
            format!("{}: {} findings in {} files", report.verdict, report.findings.len(), report.stats.files);
        cx.results.report = Some(report);
        Ok(Outcome::done(note))
    }
}

async fn scan(cx: &mut Context) -> Result<Report, StepError> {
    let step = StepId::ScanSource;
    let tree = cx.results.tree.clone().ok_or_else(|| StepError::Defect { step, why: "no tree".into() })?;
    let manifest = cx.results.manifest.clone();
    let (rules, clock) = (cx.platform.rules.clone(), cx.platform.clock.clone());
    let (policy, deep) = (cx.platform.settings.policy.clone(), cx.order.deep);
    let tools = cx.declared_tools().to_vec();
    let report = blocking(step, move || {
        let subject = Subject {
            reference: tree.reference().clone(),
            tree: Some(&tree),
            manifest: manifest.as_ref(),
            tools: &tools,
            instructions: None,
        };
        Ok::<_, StepError>(Scanner::new(&*rules.get()?, policy).deep(deep).scan(&subject, &*clock))
    })
    .await??;
    cx.run.report = Some(report.id());
    cx.platform.store.apply(Change::PutReport(Box::new(report.clone()))).await?;
    Ok(report)
}
