//! Who else may call a server where it runs: kept from one instance to the next, until an order says otherwise.

use super::super::context::{Context, Order};
use super::super::failure::StepError;
use crate::deploy::TargetError;
use crate::domain::{Audience, LOCAL, ServerName, StepId, StepRecord, StepState};
use crate::store::{Store, StoreError};

/// Who may once the run is over, and whom Sigyl let in before.
pub(super) struct Doors {
    pub(super) wanted: Audience,
    /// Those on record at the place that the run is about.
    pub(super) before: Audience,
    /// Those, and whom a run let in there that failed and could not close again.
    pub(super) taken: Audience,
    /// Tells that the order does not hold any more: who may was changed since it was given.
    is_late: bool,
}

impl Doors {
    /// Looks at the order, and at what serves now: what is on record is what Sigyl let in.
    pub(super) async fn of(cx: &Context, name: &ServerName) -> Result<Self, StoreError> {
        let (store, order) = (&cx.platform.store, &cx.order);
        let now = store.deployment(name).await?;
        let is_there = now.as_ref().is_some_and(|now| now.elsewhere() == order.elsewhere());
        let kept = now.map(|now| now.audience).unwrap_or_default();
        let before = if is_there { kept.clone() } else { Audience::default() };
        let is_late = order.audience.is_some() && order.found.as_ref().is_some_and(|found| *found != kept);
        let asked = order.audience.clone().filter(|_| !is_late);
        let taken = before.union(&left_open(&**store, name, order.elsewhere()).await?);
        Ok(Self { wanted: asked.unwrap_or(kept), before, taken, is_late })
    }

    /// Says why the order is not followed, where that is so.
    pub(super) fn tell_late(&self, cx: &mut Context, step: StepId) {
        if let (true, Some(asked)) = (self.is_late, &cx.order.audience) {
            let (now, asked) = (&self.wanted, asked.clone());
            cx.notice(
                step,
                format!(
                    "who else may call it was changed since this run was asked for, and stays as it is now ({now}): \
                     `sigyl configure` asks for this again ({asked})"
                ),
            );
        }
    }
}

/// Finds whom runs let in at a place that failed, and whose door could not be closed again: no record of the server tells.
pub(crate) async fn left_open(
    store: &dyn Store,
    name: &ServerName,
    place: Option<&str>,
) -> Result<Audience, StoreError> {
    let mut left = Audience::default();
    for run in store.open_runs().await? {
        let is_open =
            |step: &StepRecord| step.step == StepId::Activate && step.state == StepState::UndoFailed;
        if run.server.as_ref() != Some(name) || !run.steps.iter().any(is_open) {
            continue;
        }
        let order: Order = serde_json::from_value(run.request).map_err(|error| StoreError::Corrupt {
            key: format!("run {}", run.id),
            why: error.to_string(),
        })?;
        if order.elsewhere() == place {
            left = left.union(&order.audience.unwrap_or_default());
        }
    }
    Ok(left)
}

/// Notes who else may as the order is met, where the server was not known by name when it was given.
pub(super) async fn found(cx: &mut Context, name: &ServerName) -> Result<(), StoreError> {
    if cx.order.audience.is_some() && cx.order.found.is_none() {
        let now = cx.platform.store.deployment(name).await?;
        cx.order.found = Some(now.map(|now| now.audience).unwrap_or_default());
    }
    Ok(())
}

/// Refuses an audience at a place that lets nobody else in, and says what one means before anything is made.
pub(super) async fn check_audience(
    cx: &mut Context,
    step: StepId,
    name: &ServerName,
) -> Result<(), StepError> {
    let doors = Doors::of(cx, name).await?;
    doors.tell_late(cx, step);
    let wanted = doors.wanted;
    let Some(warning) = wanted.warning() else { return Ok(()) };
    if !cx.target()?.opens() {
        let place = cx.order.elsewhere().unwrap_or(LOCAL);
        return Err(TargetError::Unsupported(format!(
            "the target `{place}` lets nobody but Sigyl call a server, and {wanted} may call this one: take that away with \
             --private, or choose another target"
        ))
        .into());
    }
    cx.notice(step, warning);
    Ok(())
}
