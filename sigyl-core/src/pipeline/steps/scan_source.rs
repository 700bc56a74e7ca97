//! Looks at the source, the manifest and the declared tools, and records the report.

use async_trait::async_trait;

use super::super::context::Context;
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use super::fetch_source::blocking;
use crate::domain::{Report, StepId};
use crate::event::EventKind;
use crate::scan::{Scanner, Subject};
use crate::source::SourceTree;
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
    let code = dependencies(cx, &tree).await;
    let manifest = cx.results.manifest.clone();
    let (rules, clock) = (cx.platform.rules.clone(), cx.platform.clock.clone());
    let (policy, deep) = (cx.policy(), cx.order.deep);
    let report = blocking(step, move || {
        let subject = Subject { manifest: manifest.as_ref(), ..Subject::of(&tree) };
        let rules = rules.get()?;
        let scanner = Scanner::new(&rules, policy).deep(deep);
        let scanner = match &code {
            Ok(Some(code)) => scanner.dependencies(code),
            Ok(None) => scanner,
            Err(why) => scanner.without_dependencies(why.clone()),
        };
        Ok::<_, StepError>(scanner.scan(&subject, &*clock))
    })
    .await??;
    cx.run.report = Some(report.id());
    cx.platform.store.apply(Change::PutReport(Box::new(report.clone()))).await?;
    Ok(report)
}

/// Gets the code that a deep scan looks at, or the reason why it is not there: that is a gap, which holds the run.
async fn dependencies(cx: &Context, tree: &SourceTree) -> Result<Option<SourceTree>, String> {
    if !cx.order.deep {
        return Ok(None);
    }
    let progress = cx.progress(StepId::ScanSource);
    cx.platform.fetcher.dependencies(tree, &progress).await.map_err(|error| error.to_string())
}
