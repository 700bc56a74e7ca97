//! Speaks to the new version, looks at the tools that it really has, and compares them with those of the active one.

use async_trait::async_trait;

use super::super::context::{Context, Heard, Reviewed};
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use super::admit::require_free;
use super::drift;
use super::fetch_source::blocking;
use super::review::reviewed;
use crate::domain::{
    Basis, Digest, Finding, Hold, JudgementRecord, LiveJudgement, Pin, Refusal, Report, SourceKind,
    SourceRef, StepId, Tool, ToolPin, Verdict,
};
use crate::mcp::{self, Probe, ProbeLimits};
use crate::scan::{Scanner, Subject};
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
        // What it repeats of its secrets is neither kept nor looked at.
        let mask = cx.run.server.as_ref().map(|server| cx.platform.masks.of(server)).unwrap_or_default();
        let probe = probe.masked(&mask).map_err(|error| StepError::LiveTools(error.to_string()))?;
        cx.results.pins = pins(&probe.tools)?;
        cx.results.others = Pin::of_others(&probe.prompts, &probe.resources, probe.instructions.as_deref())
            .map_err(|error| StepError::LiveTools(error.to_string()))?;
        require_free(cx, &probe.tools).await?;
        let report = scan_live(cx, &probe).await?;
        let report = review_live(cx, report, &probe).await?;
        cx.platform.store.apply(Change::PutReport(Box::new(report.clone()))).await?;
        cx.run.live = Some(report.id());
        let drift = drift::compare(cx, &probe).await?;
        judge_live(cx, &report, drift)?;
        let note =
            format!("{} tools, {} era, {} ms", probe.tools.len(), probe.era, probe.latency_micros / 1000);
        cx.results.probe = Some(probe);
        Ok(Outcome::done(note))
    }
}

async fn scan_live(cx: &Context, probe: &Probe) -> Result<Report, StepError> {
    let (rules, clock) = (cx.platform.rules.clone(), cx.platform.clock.clone());
    let policy = cx.policy();
    let probe = probe.clone();
    let server = cx.run.server.as_ref().map(ToString::to_string).unwrap_or_default();
    let pins = cx.results.pins.iter().map(|pin| pin.sha256);
    let all: Vec<u8> = pins
        .chain(cx.results.others.iter().map(|pin| pin.sha256))
        .flat_map(|digest| *digest.as_bytes())
        .collect();
    let locator = format!("live tools of {server}");
    let reference = SourceRef { kind: SourceKind::Tools, locator, digest: Digest::of(&all) };
    blocking(StepId::Probe, move || {
        let subject = Subject {
            tools: &probe.tools,
            prompts: &probe.prompts,
            resources: &probe.resources,
            instructions: probe.instructions.as_deref(),
            ..Subject::of_nothing(reference)
        };
        Ok(Scanner::new(&*rules.get()?, policy).scan(&subject, &*clock))
    })
    .await?
}

/// Lets what reviewed the source look at what the started server says: much of it can be declared nowhere else.
async fn review_live(cx: &Context, report: Report, probe: &Probe) -> Result<Report, StepError> {
    if !cx.is_reviewed() {
        return Ok(report);
    }
    let what = |report, rules| Reviewed {
        report,
        rules,
        tree: None,
        manifest: None,
        tools: probe.tools.clone(),
        prompts: probe.prompts.clone(),
        resources: probe.resources.clone(),
        instructions: probe.instructions.clone(),
    };
    reviewed(cx, StepId::Probe, report, what).await
}

fn tool_digest(tool: &Tool) -> Result<Digest, StepError> {
    tool.digest().map_err(|error| StepError::LiveTools(error.to_string()))
}

/// Refuses what would have been blocked in the source, and holds what nobody saw and approved.
fn judge_live(cx: &mut Context, report: &Report, drift: Option<Hold>) -> Result<(), StepError> {
    let missing = || StepError::Defect { step: StepId::Probe, why: "nothing was judged".into() };
    cx.run.seen = None;
    let source = cx.run.judgement.clone().ok_or_else(missing)?;
    let basis = cx.results.admission.as_ref().ok_or_else(missing)?.basis().clone();
    let (policy, now) = (cx.policy(), cx.platform.clock.now());
    let live = LiveJudgement::new(report, &policy, &source, &cx.results.left_over, now)?;
    // Who waits to be promoted is judged by it again.
    let waivers = cx.results.left_over.clone();
    cx.results.heard = Some(Heard { report: report.clone(), waivers, holds: live.holds.clone() });
    live.waived.told.iter().for_each(|line| cx.notice(StepId::Probe, line));
    let refused = match (&live.blocks[..], &live.gap) {
        ([], None) => None,
        ([], Some(gap)) => Some((StepError::from(Refusal::Incomplete(gap.clone())), gap.to_string())),
        (blocks, _) => Some((StepError::LiveTools(worst(blocks)), worst(blocks))),
    };
    if let Some((error, what)) = refused {
        let Some(until) = source.observed else { return Err(error) };
        let line = format!("policy {} only observes until {until}: it would refuse {what}", policy.name);
        cx.notice(StepId::Probe, line);
        cx.run.judgement = Some(JudgementRecord { verdict: Verdict::Block, ..source.clone() });
    }
    if let Some(unmatched) = live.waived.unmatched.first().filter(|_| !cx.run.plan.takes_recorded()) {
        return Err(unmatched.no_match().into());
    }
    // What accepts nothing is not said to have been accepted.
    cx.results.left_over = live.waived.unmatched;
    let seen = |hold: &Hold| matches!(&basis, Basis::Approval(approval) if approval.accepts(hold));
    let live: Vec<Hold> = live.holds.into_iter().chain(drift).collect();
    let open: Vec<Hold> = live.iter().filter(|hold| !seen(hold)).cloned().collect();
    if open.is_empty() || drift::shows_what_served(cx) {
        return Ok(());
    }
    if let Some(until) = source.observed {
        let what = open.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let line = format!("policy {} only observes until {until}: it would hold {what}", policy.name);
        cx.notice(StepId::Probe, line);
        if let Some(judged) = &mut cx.run.judgement {
            judged.verdict = judged.verdict.max(Verdict::Hold);
            judged.holds.extend(open);
        }
        return Ok(());
    }
    let is_drift = |hold: &Hold| matches!(hold, Hold::Drift { .. });
    cx.run.seen = cx.results.drifted.take().filter(|_| open.iter().any(is_drift)).map(Box::new);
    // Whoever approves now accepts the source's holds and these.
    let holds = [source.holds.clone(), live].concat();
    cx.run.judgement = Some(JudgementRecord { verdict: Verdict::Hold, holds, ..source });
    Err(Refusal::Held(open).into())
}

/// Names the gravest findings.
pub(super) fn worst(findings: &[Finding]) -> String {
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

pub(super) fn pins(tools: &[Tool]) -> Result<Vec<ToolPin>, StepError> {
    tools
        .iter()
        .map(|tool| Ok(ToolPin { tool: tool.clone(), sha256: tool_digest(tool)?, md5: tool.mcp_scan_md5() }))
        .collect()
}
