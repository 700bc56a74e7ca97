//! Speaks to the new version, looks at the tools that it really has, and compares them with those of the active one.

use async_trait::async_trait;

use super::super::context::Context;
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use super::admit::applicable;
use super::fetch_source::blocking;
use crate::domain::{
    Decision, Digest, Finding, Judgement, Permissions, Report, SourceKind, SourceRef, StepId, Tool, ToolPin,
    Verdict,
};
use crate::event::EventKind;
use crate::mcp::{self, Probe, ProbeLimits};
use crate::scan::{Drift, Scanner, Subject};
use crate::store::Change;

pub(crate) struct ProbeRelease;

#[async_trait]
impl Step for ProbeRelease {
    fn id(&self) -> StepId {
        StepId::Probe
    }

    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError> {
        let missing = || StepError::Defect { step: StepId::Probe, why: "nothing was released".into() };
        let upstream = cx.results.released.as_ref().ok_or_else(missing)?.upstream.clone();
        let probe = mcp::probe(&upstream, &ProbeLimits::default()).await?;
        let report = scan_live(cx, &probe).await?;
        cx.platform.store.apply(Change::PutReport(Box::new(report.clone()))).await?;
        judge_live(cx, &report)?;
        cx.results.pins = pins(&probe.tools)?;
        compare(cx, &probe.tools).await?;
        let note =
            format!("{} tools, {:?} era, {} ms", probe.tools.len(), probe.era, probe.latency_micros / 1000);
        cx.results.probe = Some(probe);
        Ok(Outcome::done(note))
    }
}

async fn scan_live(cx: &Context, probe: &Probe) -> Result<Report, StepError> {
    let (rules, clock) = (cx.platform.rules.clone(), cx.platform.clock.clone());
    let policy = cx.platform.settings.policy.clone();
    let (tools, instructions) = (probe.tools.clone(), probe.instructions.clone());
    let server = cx.run.server.as_ref().map(ToString::to_string).unwrap_or_default();
    let digest = tools_digest(&tools)?;
    blocking(StepId::Probe, move || {
        let subject = Subject {
            reference: SourceRef {
                kind: SourceKind::Tools,
                locator: format!("live tools of {server}"),
                digest,
            },
            tree: None,
            manifest: None,
            tools: &tools,
            instructions: instructions.as_deref(),
        };
        Ok(Scanner::new(&*rules.get()?, policy).scan(&subject, &*clock))
    })
    .await?
}

fn tools_digest(tools: &[Tool]) -> Result<Digest, StepError> {
    let mut all = Vec::new();
    for tool in tools {
        all.extend_from_slice(tool_digest(tool)?.as_bytes());
    }
    Ok(Digest::of(&all))
}

fn tool_digest(tool: &Tool) -> Result<Digest, StepError> {
    tool.digest().map_err(|error| StepError::LiveTools(error.to_string()))
}

/// Refuses tools that would have been blocked or held in the source, unless what was decided there covers them.
fn judge_live(cx: &Context, report: &Report) -> Result<(), StepError> {
    let policy = &cx.platform.settings.policy;
    let now = cx.platform.clock.now();
    let none = Permissions::default();
    let waivers = applicable(&cx.order.waive, |waiver| {
        Judgement::new(report, policy, std::slice::from_ref(waiver), &none, now).map(|_| ())
    });
    let judged = Judgement::new(report, policy, &waivers, &none, now)?;
    let approved = matches!(cx.run.decision, Some(Decision::Approved(_)));
    match judged.record().verdict {
        Verdict::Pass | Verdict::Warn => Ok(()),
        Verdict::Hold if approved => Ok(()),
        Verdict::Hold | Verdict::Block => Err(StepError::LiveTools(worst(&report.findings))),
    }
}

fn worst(findings: &[Finding]) -> String {
    let mut findings: Vec<&Finding> = findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let place = |finding: &&Finding| match &finding.location {
        Some(location) => format!("{} in {location}", finding.rule),
        None => finding.rule.to_string(),
    };
    findings.iter().take(5).map(place).collect::<Vec<_>>().join("; ")
}

fn pins(tools: &[Tool]) -> Result<Vec<ToolPin>, StepError> {
    tools
        .iter()
        .map(|tool| Ok(ToolPin { tool: tool.clone(), sha256: tool_digest(tool)?, md5: tool.mcp_scan_md5() }))
        .collect()
}

async fn compare(cx: &mut Context, tools: &[Tool]) -> Result<(), StepError> {
    let Some(server) = cx.results.server.clone() else { return Ok(()) };
    let Some(active) = &server.active else { return Ok(()) };
    let Some(before) = cx.platform.store.version(&server.name, active).await? else { return Ok(()) };
    let drift = Drift::between(&before.tools, tools);
    if !drift.is_empty() {
        cx.notice(StepId::Probe, format!("tools since {active}: {drift}"));
        cx.platform.emitter.emit(Some(&cx.run.id), Some(&server.name), tools_changed(drift));
    }
    Ok(())
}

/// Tells a difference of tools as an event.
pub(crate) fn tools_changed(drift: Drift) -> EventKind {
    EventKind::ToolsChanged {
        added: drift.added.into_iter().collect(),
        removed: drift.removed.into_iter().collect(),
        changed: drift.changed.into_keys().chain(drift.ambiguous).collect(),
    }
}
