//! Compares what the started server declares with what was pinned.

use super::super::context::Context;
use super::super::failure::StepError;
use super::fetch_source::blocking;
use crate::domain::{Digest, Drift, DriftSeen, Entity, Fate, Hold, Pin, SourceKind, StepId, VersionRecord};
use crate::event::EventKind;
use crate::mcp::Probe;
use crate::scan::Scanner;

/// Lines of one drift that a run notes.
const LINES: usize = 40;

/// Tells every difference, and returns what somebody has to see first.
///
/// A version that served before is compared with itself: the same bytes should say the same. Any other is compared with
/// the version that serves now.
pub(super) async fn compare(cx: &mut Context, probe: &Probe) -> Result<Option<Hold>, StepError> {
    let base = base(cx).await?;
    let (rules, policy) = (cx.platform.rules.clone(), cx.platform.settings.policy.clone());
    let (declared, tools) = (cx.declared_tools().to_vec(), probe.tools.clone());
    let now = present(cx, base.as_ref());
    let pinned = base.as_ref().map(|base| (base.version.clone(), base.pins()));
    let (declared, drift) = blocking(StepId::Probe, move || {
        let rules = rules.get()?;
        let scanner = Scanner::new(&rules, policy);
        let declared = scanner.drift_from_declared(&declared, &tools);
        let drift = pinned.map(|(since, pinned)| {
            let drift = scanner.drift(&pinned, &now);
            let seen = DriftSeen::of(since, &drift, &pinned, &now);
            (drift, seen)
        });
        Ok::<_, StepError>((declared, drift))
    })
    .await??;
    if !declared.is_empty() {
        cx.notice(StepId::Probe, format!("tools other than the manifest declares: {declared}"));
    }
    let drift = drift.filter(|(drift, _)| !drift.is_empty());
    let (Some(base), Some((drift, seen))) = (base, drift) else { return Ok(None) };
    cx.results.drifted = Some(seen);
    let since = base.version.to_string();
    cx.notice(StepId::Probe, format!("tools since {since} last served: {drift}"));
    drift.lines().take(LINES).for_each(|line| cx.log(StepId::Probe, line));
    let hold = Hold::of_drift(&since, &drift).filter(|_| !is_own_work(cx, &base));
    cx.platform.emitter.emit(Some(&cx.run.id), Some(&base.server), tools_changed(&drift));
    Ok(hold)
}

/// Tells whether what differs is a new version from a folder of the operator, who changed it there and has seen it. What
/// rules find in it they find either way. A version is never its own work: its bytes are the same.
fn is_own_work(cx: &Context, base: &VersionRecord) -> bool {
    let record = cx.results.record.as_ref();
    record.is_some_and(|record| record.version != base.version && record.source.kind == SourceKind::Path)
}

/// Returns the digests of all that a probe found.
#[cfg(all(feature = "sled", feature = "gateway"))]
pub(crate) fn declared_by(probe: &Probe) -> Result<Vec<Digest>, StepError> {
    let tools = super::probe::pins(&probe.tools)?;
    let others = Pin::of_others(&probe.prompts, &probe.resources, probe.instructions.as_deref())
        .map_err(|error| StepError::LiveTools(error.to_string()))?;
    Ok(tools.iter().map(|pin| pin.sha256).chain(others.iter().map(|pin| pin.sha256)).collect())
}

/// Judges what a server declares now by what `record` pinned.
#[cfg(all(feature = "sled", feature = "gateway"))]
pub(crate) async fn since(
    platform: &super::super::Platform,
    record: &VersionRecord,
    probe: &Probe,
) -> Result<Drift, StepError> {
    let unnamed = |error: crate::domain::ToolError| StepError::LiveTools(error.to_string());
    let pins = super::probe::pins(&probe.tools)?;
    let mut now: Vec<Pin> = pins.iter().map(Pin::from).collect();
    if record.others.is_some() {
        let instructions = probe.instructions.as_deref();
        now.extend(Pin::of_others(&probe.prompts, &probe.resources, instructions).map_err(unnamed)?);
    }
    let (rules, policy) = (platform.rules.clone(), platform.settings.policy.clone());
    let pinned = record.pins();
    blocking(StepId::Probe, move || Ok(Scanner::new(&*rules.get()?, policy).drift(&pinned, &now))).await?
}

/// Returns the record of what served last: of this very version, else of the active one.
async fn base(cx: &Context) -> Result<Option<VersionRecord>, StepError> {
    let own = cx.results.record.as_ref();
    if let Some(own) = own.filter(|own| cx.results.earlier.is_some() || !own.pins().is_empty()) {
        return Ok(Some(own.clone()));
    }
    let Some(server) = &cx.results.server else { return Ok(None) };
    let Some(active) = &server.active else { return Ok(None) };
    Ok(cx.platform.store.version(&server.name, active).await?)
}

/// Returns what the server declares now, as far as the record tells what it was.
fn present(cx: &Context, base: Option<&VersionRecord>) -> Vec<Pin> {
    let all = base.is_none_or(|base| base.others.is_some());
    let others = cx.results.others.iter().filter(|_| all).cloned();
    cx.results.pins.iter().map(Pin::from).chain(others).collect()
}

/// Tells whether a version that is rolled back to says exactly what it said when it last served: that was decided then.
pub(super) fn shows_what_served(cx: &Context) -> bool {
    let (Some(record), Some(earlier)) = (&cx.results.record, &cx.results.earlier) else { return false };
    let instructions = |pins: &[Pin]| {
        let said = pins.iter().find(|pin| pin.entity == Entity::Instructions);
        said.and_then(|pin| pin.definition.as_str().map(str::to_owned))
    };
    let declared = earlier.declared.as_ref().and_then(|declared| declared.instructions.clone());
    let same = named(&record.pins()) == named(&present(cx, Some(record)));
    same && declared == instructions(&cx.results.others)
}

fn named(pins: &[Pin]) -> Vec<(Entity, &str, Digest)> {
    let mut named: Vec<_> = pins.iter().map(|pin| (pin.entity, pin.name.as_str(), pin.sha256)).collect();
    named.sort_unstable();
    named
}

/// Tells a difference as an event.
pub(crate) fn tools_changed(drift: &Drift) -> EventKind {
    EventKind::ToolsChanged {
        added: drift.names(Fate::Added).collect(),
        removed: drift.names(Fate::Removed).collect(),
        changed: drift.names(Fate::Changed).chain(drift.names(Fate::Ambiguous)).collect(),
    }
}
