//! Judges the report with waivers and grants, and earns the admission that everything later needs.

use async_trait::async_trait;

use super::super::context::Context;
use super::super::failure::StepError;
use super::super::plan::steps_of;
use super::super::step::{Outcome, Step};
use super::audience::{check_audience, found};
use super::grants::{narrowed, scripts};
use super::probe::worst;
use super::settings::check;
use crate::domain::{
    Admission, Basis, Decision, Hold, Judgement, JudgementRecord, LiveJudgement, Locator, Permissions, Plan,
    Quarantines, Refusal, StepId, Timestamp, Tool, Verdict, VersionRecord, Waiver, WaiverError,
};
use crate::manifest::Manifest;
use crate::source::SourceTree;

pub(crate) struct Admit;

#[async_trait]
impl Step for Admit {
    fn id(&self) -> StepId {
        StepId::Admit
    }

    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError> {
        let defect = |why: &str| StepError::Defect { step: StepId::Admit, why: why.into() };
        let manifest = cx.results.manifest.clone().ok_or_else(|| defect("no manifest"))?;
        let report = cx.results.report.clone().ok_or_else(|| defect("no report"))?;
        require_free(cx, cx.declared_tools()).await?;
        if !cx.run.plan.takes_recorded() {
            check(cx, &manifest)?;
        }
        found(cx, &manifest.name).await?;
        check_audience(cx, StepId::Admit, &manifest.name).await?;
        let given = granted(cx)?;
        let granted = narrowed(cx, given)?;
        cx.results.allow_scripts = scripts(&cx.order, cx.results.server.as_ref());
        let beyond = match cx.run.plan {
            Plan::Rollback | Plan::Reconfigure => Permissions::default(),
            _ => widened(cx, &manifest).await?.beyond(&granted),
        };
        // Who approves sees what would be granted, and not a name that may lead elsewhere by then.
        let beyond = cx.target()?.settle(&beyond)?.beyond(&granted);
        let now = cx.platform.clock.now();
        let policy = cx.policy();
        let (mut judged, waived) = Judgement::with_waivers(&report, &policy, &cx.order.waive, &beyond, now)?;
        if let Some(moved) = moved(cx) {
            judged.hold(moved);
        }
        cx.run.judgement = Some(judged.record().clone());
        waived.told.iter().for_each(|line| cx.notice(StepId::Admit, line));
        leave_over(cx, waived.unmatched)?;
        let admission = admit(cx, &judged)?;
        cx.results.granted = match admission.basis().approval() {
            Some(_) => granted.union(&beyond),
            None => granted,
        };
        tell_requests(cx, &manifest);
        cx.results.judgement = Some(judged);
        let note = match admission.basis() {
            Basis::Verdict(verdict) => verdict.to_string(),
            Basis::Approval(approval) => format!("approved by {}: {}", approval.who, approval.reason),
            Basis::Observed { would_be, until, .. } => {
                let line = format!(
                    "policy {} only observes until {until}: without that its verdict would be {would_be}",
                    policy.name
                );
                cx.notice(StepId::Admit, line.clone());
                line
            }
        };
        cx.results.admission = Some(admission);
        Ok(Outcome::done(note))
    }
}

/// Refuses what is under quarantine: the server, its source, or tools that it declares.
pub(super) async fn require_free(cx: &Context, tools: &[Tool]) -> Result<(), StepError> {
    let quarantines: Quarantines = cx.platform.store.quarantines().await?.into_iter().collect();
    let Some(server) = &cx.run.server else { return Ok(()) };
    let others = cx.results.others.iter().map(|pin| pin.sha256);
    let declared = tools.iter().filter_map(|tool| tool.digest().ok());
    let before = cx.results.record.iter().flat_map(VersionRecord::digests);
    let digests = cx.run.source.into_iter().chain(declared).chain(others).chain(before);
    Ok(quarantines.check(server, digests)?)
}

/// Refuses what was let pass for a time that ended since: by waivers of the order that accept something, by what a person
/// decided on this run, or by a policy that only observed. What waivers of the policy accepted is judged again without those
/// that ran out, as it would be if it came only now. An approval that an earlier run rested on was spent when its version was
/// recorded.
pub(super) fn require_lasting(cx: &mut Context) -> Result<(), StepError> {
    let now = cx.platform.clock.now();
    let left_over = &cx.results.left_over;
    let mut accepting = cx.order.waive.iter().filter(|waiver| !left_over.contains(waiver));
    if let Some(over) = accepting.find(|waiver| waiver.expires < now) {
        return Err(WaiverError::Expired { rule: over.to_string(), expires: over.expires }.into());
    }
    if let Some(Decision::Approved(approval)) = &cx.run.decision
        && approval.expires < now
    {
        return Err(Refusal::Expired(approval.expires).into());
    }
    let observed = cx.run.judgement.as_ref().and_then(JudgementRecord::only_observed);
    match observed.filter(|until| *until < now) {
        Some(until) => Err(Refusal::Observed(until).into()),
        None => judged_again(cx, now),
    }
}

/// Judges the same reports by what lasts, and refuses what was accepted before and is not any more.
fn judged_again(cx: &mut Context, now: Timestamp) -> Result<(), StepError> {
    let (Some(report), Some(before)) = (&cx.results.report, &cx.results.judgement) else { return Ok(()) };
    let lasts = |waivers: &[Waiver]| -> Vec<Waiver> {
        waivers.iter().filter(|waiver| waiver.expires >= now).cloned().collect()
    };
    let (policy, waivers) = (cx.policy(), lasts(&cx.order.waive));
    let none = Permissions::default();
    let (judged, _) = Judgement::with_waivers(report, &policy, &waivers, &none, now)?;
    let (fresh, was) = (judged.record().clone(), before.record().clone());
    if fresh.observed.is_some() {
        return Ok(());
    }
    let blocks = fresh.blocks.iter().filter(|block| !was.blocks.contains(block)).count();
    if blocks > 0 {
        return Err(Refusal::Blocked(blocks).into());
    }
    let mut open: Vec<Hold> = fresh.holds.iter().filter(|hold| !was.holds.contains(hold)).cloned().collect();
    if let Some(heard) = &cx.results.heard {
        let live = LiveJudgement::new(&heard.report, &policy, &fresh, &lasts(&heard.waivers), now)?;
        if !live.blocks.is_empty() {
            return Err(StepError::LiveTools(worst(&live.blocks)));
        }
        open.extend(live.holds.into_iter().filter(|hold| !heard.holds.contains(hold)));
    }
    if open.is_empty() {
        return Ok(());
    }
    // Whoever approves now accepts these, and all that was accepted before.
    let known = cx.run.judgement.as_ref().map_or(&was.holds, |judged| &judged.holds);
    let holds = known.iter().chain(&open).cloned().collect();
    cx.run.judgement = Some(JudgementRecord { verdict: Verdict::Hold, holds, ..fresh });
    Err(Refusal::Held(open).into())
}

/// Finds out whether the server came from elsewhere until now. A place on record that cannot be read back is another.
fn moved(cx: &Context) -> Option<Hold> {
    let (server, source) = (cx.results.server.as_ref()?, cx.order.source.as_ref()?);
    let to = source.place().to_string();
    let from = Locator::parse(&server.locator).map(|before| before.place().to_string());
    match from {
        Ok(from) if from == to => None,
        _ => Some(Hold::Moved { from: server.locator.clone(), to }),
    }
}

fn admit(cx: &Context, judged: &Judgement) -> Result<Admission, Refusal> {
    match (&cx.run.decision, &cx.results.record) {
        (Some(Decision::Approved(approval)), _) => {
            Admission::from_approval(judged, approval, cx.platform.clock.now())
        }
        (_, Some(record)) => Admission::again(judged, record),
        _ => Admission::from_verdict(judged),
    }
}

/// Everything that the operator granted: with earlier deploys, and with this order.
fn granted(cx: &mut Context) -> Result<Permissions, StepError> {
    let mut asked = Permissions::default();
    for grant in &cx.order.grant {
        asked.grant(grant)?;
    }
    let given = cx.target()?.settle(&asked)?;
    let elsewhere = given.beyond(&asked);
    if !elsewhere.is_empty() {
        cx.notice(
            StepId::Admit,
            format!("a granted path is a link; what it leads to is granted: {elsewhere}"),
        );
    }
    let before = cx.results.server.as_ref().map(|server| server.granted.clone()).unwrap_or_default();
    Ok(before.union(&given))
}

/// What the manifest asks for beyond what the active version asked for. A first deploy widens nothing: what it asks
/// for and was not granted is simply not given.
async fn widened(cx: &Context, manifest: &Manifest) -> Result<Permissions, StepError> {
    let Some(server) = &cx.results.server else { return Ok(Permissions::default()) };
    let Some(active) = &server.active else { return Ok(Permissions::default()) };
    let before = cx.platform.store.version(&server.name, active).await?;
    let before = before.map(|record| asked_by(&record)).transpose()?.unwrap_or_default();
    Ok(manifest.permissions.grantable().beyond(&before))
}

fn asked_by(record: &VersionRecord) -> Result<Permissions, StepError> {
    let manifest: Manifest =
        serde_json::from_value(record.manifest.clone()).map_err(|error| StepError::Defect {
            step: StepId::Admit,
            why: format!("the manifest of {} {} cannot be read back: {error}", record.server, record.version),
        })?;
    Ok(manifest.permissions)
}

fn tell_requests(cx: &mut Context, manifest: &Manifest) {
    let asked = &manifest.permissions;
    // What cannot be granted here is asked for all the same.
    let settled = cx.target().and_then(|target| target.settle(asked));
    let refused = settled.as_ref().unwrap_or(asked).beyond(&cx.results.granted);
    if !refused.is_empty() {
        let line = format!("asks for {refused}, which is not granted; give it with --grant");
        cx.notice(StepId::Admit, line);
    }
}

/// Keeps waivers that matched nothing for the tools of the started server, where one will be started and they can be
/// meant for it.
fn leave_over(cx: &mut Context, unmatched: Vec<Waiver>) -> Result<(), StepError> {
    if cx.run.plan.takes_recorded() {
        // They came with the version: what they were for may be gone from the live tools.
        cx.results.left_over = unmatched;
        return Ok(());
    }
    let starts = steps_of(cx.run.plan).contains(&StepId::Probe);
    let files = cx.results.tree.as_ref().map_or(&[][..], SourceTree::entries);
    let of_file = |waiver: &&Waiver| files.iter().any(|file| waiver.is_in_file(&file.path));
    if let Some(waiver) = unmatched.iter().find(|waiver| !starts || of_file(waiver)) {
        return Err(waiver.no_match().into());
    }
    for waiver in &unmatched {
        let line =
            format!("the waiver of {waiver} matches nothing in the source; it is kept for the live tools");
        cx.notice(StepId::Admit, line);
    }
    cx.results.left_over = unmatched;
    Ok(())
}
