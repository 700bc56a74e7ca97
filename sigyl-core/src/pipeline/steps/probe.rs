//! Speaks to the new version, looks at the tools that it really has, and compares them with those of the active one.

use async_trait::async_trait;

use super::super::context::Context;
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use super::fetch_source::blocking;
use crate::domain::{
    Basis, Digest, Finding, Hold, JudgementRecord, LiveJudgement, Plan, Refusal, Report, SourceKind,
    SourceRef, StepId, Tool, ToolPin, Verdict,
};
use crate::event::EventKind;
use crate::mcp::{self, Probe, ProbeLimits};
use crate::scan::{Drift, Scanner, Subject};
use crate::store::Change;

/// Findings that a refusal names one by one.
const NAMED: usize = 5;

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
        cx.run.live = Some(report.id());
        judge_live(cx, &report, &probe)?;
        cx.results.pins = pins(&probe.tools)?;
        compare(cx, &probe.tools).await?;
        let note =
            format!("{} tools, {} era, {} ms", probe.tools.len(), probe.era, probe.latency_micros / 1000);
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

/// Refuses what would have been blocked in the source, and holds what nobody saw and approved.
fn judge_live(cx: &mut Context, report: &Report, probe: &Probe) -> Result<(), StepError> {
    let missing = || StepError::Defect { step: StepId::Probe, why: "nothing was judged".into() };
    let source = cx.run.judgement.clone().ok_or_else(missing)?;
    let basis = cx.results.admission.as_ref().ok_or_else(missing)?.basis().clone();
    let (policy, now) = (cx.platform.settings.policy.clone(), cx.platform.clock.now());
    let live = LiveJudgement::new(report, &policy, &source, &cx.results.left_over, now)?;
    live.waived.told.iter().for_each(|line| cx.notice(StepId::Probe, line));
    if !live.blocks.is_empty() {
        return Err(StepError::LiveTools(worst(&live.blocks)));
    }
    if let Some(unmatched) = live.waived.unmatched.first().filter(|_| cx.run.plan != Plan::Rollback) {
        return Err(unmatched.no_match().into());
    }
    let seen = |hold: &Hold| matches!(&basis, Basis::Approval(approval) if approval.accepts(hold));
    let open: Vec<Hold> = live.holds.iter().filter(|hold| !seen(hold)).cloned().collect();
    if open.is_empty() || shows_what_served(cx, probe) {
        return Ok(());
    }
    // Whoever approves now accepts the source's holds and these.
    let holds = [source.holds.clone(), live.holds].concat();
    cx.run.judgement = Some(JudgementRecord { verdict: Verdict::Hold, holds, ..source });
    Err(Refusal::Held(open).into())
}

/// Tells whether a version that is rolled back to says exactly what it said when it last served: that was decided then.
fn shows_what_served(cx: &Context, probe: &Probe) -> bool {
    let (Some(record), Some(earlier)) = (&cx.results.record, &cx.results.earlier) else { return false };
    let instructions = earlier.declared.as_ref().and_then(|declared| declared.instructions.as_ref());
    Drift::between(&record.tools, &probe.tools).is_empty() && instructions == probe.instructions.as_ref()
}

fn worst(findings: &[Finding]) -> String {
    let mut findings: Vec<&Finding> = findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let place = |finding: &&Finding| match &finding.location {
        Some(location) => format!("{} in {location}", finding.rule),
        None => finding.rule.to_string(),
    };
    let named = findings.iter().take(NAMED).map(place).collect::<Vec<_>>().join("; ");
    match findings.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named}; and {more} more"),
    }
}

fn pins(tools: &[Tool]) -> Result<Vec<ToolPin>, StepError> {
    tools
        .iter()
        .map(|tool| Ok(ToolPin { tool: tool.clone(), sha256: tool_digest(tool)?, md5: tool.mcp_scan_md5() }))
        .collect()
}

async fn compare(cx: &mut Context, tools: &[Tool]) -> Result<(), StepError> {
    let declared = Drift::from_declared(cx.declared_tools(), tools);
    if !declared.is_empty() {
        cx.notice(StepId::Probe, format!("tools other than the manifest declares: {declared}"));
    }
    if let (Some(record), Some(_)) = (&cx.results.record, &cx.results.earlier) {
        let drift = Drift::between(&record.tools, tools);
        if !drift.is_empty() {
            let line = format!("tools since {} last served: {drift}", record.version);
            cx.notice(StepId::Probe, line);
        }
    }
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
