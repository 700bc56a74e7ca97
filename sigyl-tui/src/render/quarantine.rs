//! What is under quarantine, and what that covers.

use sigyl_core::domain::{Quarantine, Timestamp};
use sigyl_core::wire::v1::{Affected, QuarantineView};

use super::table::{Cell, Column, Table};
use super::{Look, Role, age, specimen};

/// Writes quarantines.
pub(crate) fn quarantines(quarantines: &[Quarantine], look: &Look, now: Timestamp) -> String {
    let mut table = Table::new([
        Column::key("WHAT"),
        Column::flexible("WHY"),
        Column::left("BY"),
        Column::right("SINCE"),
    ]);
    for one in quarantines {
        table.push([
            Cell::new(Role::Strong, one.what.to_string()),
            specimen(&one.reason).into(),
            specimen(&one.by).into(),
            Cell::new(Role::Dim, age(one.since, now)),
        ]);
    }
    table.render(look)
}

/// Writes a quarantine whole: why, by whom, what it covers, and what of that may still run.
pub(crate) fn quarantine(view: &QuarantineView, look: &Look) -> String {
    let one = &view.quarantine;
    let mut text = format!("{}\n{} by {}\n\n", one.what, specimen(&one.reason), specimen(&one.by));
    text.push_str(&affected(&view.affected, look));
    for line in left(view) {
        text.push_str(&format!("{}\n", look.paint(Role::Warn, &line)));
    }
    text
}

/// What a quarantine covers and did not stop, one line each.
pub(crate) fn left(view: &QuarantineView) -> Vec<String> {
    let lines = |one: &Affected| {
        let server = one.server.to_string();
        one.unreached.iter().map(|left| specimen(&format!("{server} {left}"))).collect::<Vec<_>>()
    };
    view.affected.iter().flat_map(lines).collect()
}

/// Writes what a quarantine covers.
pub(crate) fn affected(affected: &[Affected], look: &Look) -> String {
    let mut table = Table::new([
        Column::key("SERVER"),
        Column::left("WORKSPACE"),
        Column::left("SERVES"),
        Column::flexible("VERSIONS"),
    ]);
    for one in affected {
        let versions: Vec<_> = one.versions.iter().map(ToString::to_string).collect();
        table.push([
            Cell::new(Role::Strong, one.server.as_str()),
            one.workspace.as_str().into(),
            if one.active { "yes" } else { "no" }.into(),
            versions.join(", ").into(),
        ]);
    }
    table.render(look)
}
