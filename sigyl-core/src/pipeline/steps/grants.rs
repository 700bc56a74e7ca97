//! What the operator took back, and what an earlier version did without.

use super::super::context::Context;
use super::super::failure::StepError;
use crate::domain::{Permissions, Plan, StepId};

/// Narrows what is granted: by what the order revokes, and for a rollback to what its version had when it last served.
/// A right that was revoked since does not come back with it.
pub(super) fn narrowed(cx: &mut Context, mut granted: Permissions) -> Result<Permissions, StepError> {
    for right in &cx.order.revoke {
        if !granted.revoke(right) {
            return Err(StepError::NotGranted {
                right: right.chars().take(300).collect(),
                granted: if granted.is_empty() { "nothing".to_owned() } else { granted.to_string() },
            });
        }
    }
    let Some(earlier) = cx.results.earlier.as_ref().filter(|_| cx.run.plan == Plan::Rollback) else {
        return Ok(granted);
    };
    let then = granted.intersection(&earlier.granted);
    let without = granted.beyond(&then);
    if !without.is_empty() {
        let line = format!("{} served without {without}, and does again", earlier.version);
        cx.notice(StepId::Admit, line);
    }
    Ok(then)
}
