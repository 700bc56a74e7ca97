//! All actions.

use super::{Action, access, branches, judging, registry, servers};

/// All actions.
pub(in crate::console) fn all() -> impl Iterator<Item = &'static Action> {
    [servers::ACTIONS, branches::ACTIONS, judging::ACTIONS, registry::ACTIONS, access::ACTIONS]
        .into_iter()
        .flatten()
}

/// Finds an action by its name.
pub(in crate::console) fn find(name: &str) -> Option<&'static Action> {
    all().find(|action| action.name == name)
}
