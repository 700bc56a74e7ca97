//! Servers that follow branches.

use sigyl_core::domain::Timestamp;
use sigyl_core::wire::v1::FollowView;

use super::table::{Cell, Column, Table};
use super::{Look, Role, age, specimen};

/// Writes what is followed.
pub(crate) fn follows(follows: &[FollowView], look: &Look, now: Timestamp) -> String {
    let mut table = Table::new([
        Column::key("SERVER"),
        Column::left("BRANCH"),
        Column::left("POLICY"),
        Column::left("WAITS"),
        Column::flexible("LAST"),
        Column::right("SINCE"),
    ]);
    for one in follows {
        let waiting = one.waiting.as_ref().map_or("", |commit| commit.short());
        let branch = format!("{} of {}", one.branch, one.repository);
        table.push([
            Cell::new(Role::Strong, one.server.as_str()),
            specimen(&branch).into(),
            one.policy.word().into(),
            Cell::new(Role::Warn, waiting),
            specimen(one.note.as_deref().unwrap_or_default()).into(),
            Cell::new(Role::Dim, age(one.since, now)),
        ]);
    }
    table.render(look)
}
