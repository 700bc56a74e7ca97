//! What the operator took back, and what an earlier version did without.

use std::collections::BTreeSet;

use super::super::context::{Context, Order};
use super::super::failure::StepError;
use crate::domain::{Permissions, Server, StepId};

/// What stands before the name of a package whose install scripts are allowed no more.
const SCRIPTS: &str = "scripts=";

/// Tells whose install scripts may run: of those allowed with earlier deploys, and with this order.
pub(super) fn scripts(order: &Order, server: Option<&Server>) -> BTreeSet<String> {
    let kept = server.into_iter().flat_map(|server| server.allow_scripts.iter());
    let mut allowed: BTreeSet<String> = kept.chain(&order.allow_scripts).cloned().collect();
    for package in order.revoke.iter().filter_map(|right| right.strip_prefix(SCRIPTS)) {
        allowed.remove(package);
    }
    allowed
}

/// Narrows what is granted: by what the order revokes, and for a recorded version to what that had when it last served.
/// A right that was revoked since does not come back with it.
pub(super) fn narrowed(cx: &mut Context, mut granted: Permissions) -> Result<Permissions, StepError> {
    let allowed = cx.results.server.as_ref().map(|server| server.allow_scripts.clone()).unwrap_or_default();
    for right in &cx.order.revoke {
        let of_scripts = right.strip_prefix(SCRIPTS).is_some_and(|package| allowed.contains(package));
        if !of_scripts && !granted.revoke(right) {
            return Err(StepError::NotGranted {
                right: right.chars().take(300).collect(),
                granted: if granted.is_empty() { "nothing".to_owned() } else { granted.to_string() },
            });
        }
    }
    let Some(earlier) = cx.results.earlier.as_ref().filter(|_| cx.run.plan.takes_recorded()) else {
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
