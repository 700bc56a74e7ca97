//! Who else may call a server where it runs: kept from one instance to the next, until an order says otherwise.

use super::super::context::Context;
use super::super::failure::StepError;
use crate::deploy::TargetError;
use crate::domain::{Audience, LOCAL, ServerName, StepId};
use crate::store::StoreError;

/// Who may once the run is over, and whom Sigyl let in before.
pub(super) struct Doors {
    pub(super) wanted: Audience,
    /// Those at the place that the run is about.
    pub(super) before: Audience,
}

impl Doors {
    /// Looks at the order, and at what serves now: what is on record is what Sigyl let in.
    pub(super) async fn of(cx: &Context, name: &ServerName) -> Result<Self, StoreError> {
        let now = cx.platform.store.deployment(name).await?;
        let is_there = now.as_ref().is_some_and(|now| now.elsewhere() == cx.order.elsewhere());
        let kept = now.map(|now| now.audience).unwrap_or_default();
        let before = if is_there { kept.clone() } else { Audience::default() };
        Ok(Self { wanted: cx.order.audience.clone().unwrap_or(kept), before })
    }

    /// Tells whether somebody may, or might before.
    pub(super) fn is_any(&self) -> bool {
        !self.wanted.is_empty() || !self.before.is_empty()
    }
}

/// Refuses an audience at a place that lets nobody else in, and says what one means before anything is made.
pub(super) async fn check_audience(
    cx: &mut Context,
    step: StepId,
    name: &ServerName,
) -> Result<(), StepError> {
    let wanted = Doors::of(cx, name).await?.wanted;
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
