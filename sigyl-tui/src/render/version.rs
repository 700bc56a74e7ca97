//! Versions of a server.

use sigyl_core::domain::{Basis, Timestamp};
use sigyl_core::wire::v1::VersionView;

use super::table::{Cell, Column, Table};
use super::{Look, Role, age, specimen};

/// Writes versions, newest first, with the one that ranks highest and the one that serves marked.
pub(crate) fn versions(views: &[VersionView], look: &Look, now: Timestamp) -> String {
    let mut table = Table::new([
        Column::key("VERSION"),
        Column::left("MARK"),
        Column::left("VERDICT"),
        Column::right("TOOLS"),
        Column::optional("DIGEST"),
        Column::optional("SOURCE"),
        Column::right("RECORDED"),
    ]);
    for view in views {
        let mark = match (view.active, view.latest) {
            (true, true) => "active, latest",
            (true, false) => "active",
            (false, true) => "latest",
            (false, false) => "",
        };
        let verdict = match &view.record.basis {
            Basis::Approval(_) => Cell::new(Role::Warn, "approved"),
            Basis::Observed { .. } => Cell::new(Role::Warn, "observed"),
            Basis::Verdict(basis) => super::server::verdict(view.verdict.or(Some(*basis))),
            _ => super::server::verdict(view.verdict),
        };
        table.push([
            Cell::new(Role::Strong, specimen(view.record.version.as_str())),
            Cell::new(Role::Ok, mark),
            verdict,
            view.record.tools.len().to_string().into(),
            Cell::new(Role::Dim, view.record.source.digest.short()),
            specimen(&view.record.source.locator).into(),
            Cell::new(Role::Dim, age(view.record.recorded, now)),
        ]);
    }
    table.render(look)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn latest_and_active_are_separate_facts() {
        let text = versions(&fixtures::versions(), &Look::PLAIN, fixtures::now());
        assert!(text.lines().all(|line| console::measure_text_width(line) <= 80), "{text}");
        insta::assert_snapshot!(text, @r"
        VERSION                                  MARK    VERDICT  TOOLS    RECORDED
        1.2.0                                    latest  warn         0     2 m ago
        1.1.0                                    active  warn         0     1 d ago
        0.0.0-snapshot.1795383211.g0123456789ab          warn         0  2026-09-01
        ");
    }
}
