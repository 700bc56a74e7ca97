//! The servers of the dashboard: their rows, and how these are ordered.

use std::cmp::Reverse;

use sigyl_core::deploy::LOCAL;
use sigyl_core::domain::Verdict;
use sigyl_core::wire::v1::ServerView;

use crate::console::screens::Key;
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell};
use crate::render::{self, Role, specimen, verdict_word};

/// Their columns.
pub(super) const SERVERS: &[Column] = &[
    Column::fixed("", 1),
    Column::wide("SERVER", 16),
    Column::fixed("STATE", 10),
    Column::wide("ACTIVE", 14),
    Column::fixed("WHERE", 10).optional(),
    Column::number("TOOLS", 5),
    Column::fixed("VERDICT", 7),
    Column::number("SINCE", 9),
];

/// By which column, and whether the other way round; by name where nobody asked for another.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct By(Option<(usize, bool)>);

impl By {
    /// What the titles show.
    pub(super) fn shown(self) -> Option<(usize, bool)> {
        self.0
    }

    /// The next column that has a title; after the last one as they came.
    pub(super) fn next(self) -> Self {
        let from = self.0.map_or(0, |(column, _)| column + 1);
        Self((from..SERVERS.len()).find(|at| !SERVERS[*at].title.is_empty()).map(|at| (at, false)))
    }

    /// The other way round; by name, where nobody asked for another column.
    pub(super) fn reversed(self) -> Self {
        let name = SERVERS.iter().position(|column| !column.title.is_empty()).unwrap_or(0);
        Self(Some(self.0.map_or((name, true), |(column, down)| (column, !down))))
    }

    /// Orders them. They come by name, and that decides between equals.
    pub(super) fn order(self, servers: &mut [&ServerView]) {
        let Some((column, down)) = self.0 else { return };
        if down {
            servers.sort_by_cached_key(|view| Reverse(key(view, column)));
        } else {
            servers.sort_by_cached_key(|view| key(view, column));
        }
    }
}

/// The row of one.
pub(super) fn row_of(server: &ServerView, view: &View<'_>) -> Vec<Cell> {
    let (glyph, word) = render::server_state(server);
    let (role, verdict) = verdict_word(server.verdict);
    let active = server.server.active.as_ref().map_or("-", |version| version.as_str());
    let target = server.deployment.as_ref().map(|it| it.elsewhere().unwrap_or(LOCAL));
    vec![
        cell(glyph.role(), view.look.sign(glyph)),
        cell(Role::Strong, server.server.name.as_str()),
        cell(glyph.role(), word),
        cell(Role::Text, specimen(active)),
        cell(Role::Dim, specimen(target.unwrap_or("-"))),
        cell(Role::Text, server.tools.len().to_string()),
        cell(role, verdict),
        cell(Role::Dim, render::since(server, view.now)),
    ]
}

fn key(view: &ServerView, column: usize) -> Key {
    let text = |text: Option<&str>| Key::Text(text.unwrap_or("").to_lowercase());
    match SERVERS.get(column).map_or("", |column| column.title) {
        "STATE" => text(Some(render::server_state(view).1)),
        "ACTIVE" => text(view.server.active.as_ref().map(|version| version.as_str())),
        "WHERE" => text(view.deployment.as_ref().map(|it| it.elsewhere().unwrap_or(LOCAL))),
        // The most, the worst and the newest first.
        "TOOLS" => Key::Number(-i64::try_from(view.tools.len()).unwrap_or(i64::MAX)),
        "VERDICT" => Key::Number(match view.verdict {
            Some(Verdict::Block) => 0,
            Some(Verdict::Hold) => 1,
            Some(Verdict::Warn) => 2,
            Some(Verdict::Pass) => 3,
            None => 4,
        }),
        "SINCE" => {
            let running = view.status.as_ref().and_then(|status| status.since);
            let at = running.or(view.deployment.as_ref().map(|deployment| deployment.activated));
            Key::Number(-at.unwrap_or(view.server.created).millis())
        }
        _ => text(Some(view.server.name.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    fn names(by: By) -> Vec<String> {
        let all = [fixtures::serving(), fixtures::stopped(), fixtures::held()];
        let mut servers: Vec<&ServerView> = all.iter().collect();
        by.order(&mut servers);
        servers.iter().map(|view| view.server.name.to_string()).collect()
    }

    #[test]
    fn every_column_with_a_title_orders_and_the_last_one_ends_that() {
        let (mut by, mut columns) = (By::default().next(), Vec::new());
        while let Some((column, down)) = by.shown() {
            assert!(!down);
            columns.push(SERVERS[column].title);
            by = by.next();
        }
        assert_eq!(columns, ["SERVER", "STATE", "ACTIVE", "WHERE", "TOOLS", "VERDICT", "SINCE"]);
    }

    #[test]
    fn the_other_way_round_is_the_other_way_round() {
        let mut names_down = names(By::default().reversed());
        let names_up = names(By::default().reversed().reversed());
        names_down.reverse();
        assert_eq!(names_down, names_up);
        assert!(names_up.is_sorted(), "{names_up:?}");
    }

    #[test]
    fn what_has_the_most_tools_comes_first() {
        let tools = SERVERS.iter().position(|column| column.title == "TOOLS").unwrap();
        let serving = fixtures::serving();
        assert_eq!(names(By(Some((tools, false))))[0], serving.server.name.to_string());
    }
}
