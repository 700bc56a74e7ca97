//! How it looks: a box with a line to type in, the list, and what was found in what is selected.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sigyl_core::domain::GitHubAsker;

use super::Chooser;
use super::level::{Level, Row};
use crate::console::view::View;
use crate::console::widgets::{popup, put};
use crate::render::{Role, github_files, specimen, wrap};

/// What is said where nobody asks GitHub.
const NOBODY: &str = "Nobody is named who asks GitHub. Run `sigyl setup github`, or put `token_env`, or `app_id` and `private_key_env`, into the table \
     [github] of the configuration of whoever answers. Public repositories are found without: type the login of an owner here, \
     and Enter lists them; or leave this, and type github:OWNER/REPO.";
const NO_INSTALLATION: &str = "The App is installed nowhere: its page at GitHub has \"Install\".";
const NOT_HERE: &str = "Nothing is called so.";
const SOMEBODY: &str =
    "The App is installed at nobody who is called so: Enter lists what they show everybody.";
const EMPTY: &str = "There is nothing, as far as may be seen.";

impl Chooser {
    /// Draws it over a page.
    pub(in super::super) fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let Some(level) = self.levels.last() else { return };
        let inner = popup(area, buf, (100, area.height), &level.title(), view);
        let x = put(buf, inner, inner.x, inner.y, "/ ", view.theme.accent);
        let entry = Rect { x, height: 1, width: inner.right().saturating_sub(x), ..inner };
        level.filter.draw(entry, buf, true, view);
        let look = view.look_of(inner.width);
        let below: Vec<(Role, String)> = self
            .below(level, view)
            .into_iter()
            .flat_map(|(role, text)| {
                let lines: Vec<_> =
                    wrap(&text, &look, 0).lines().map(|line| (role, line.to_owned())).collect();
                lines
            })
            .collect();
        let kept = u16::try_from(below.len()).unwrap_or(0).min(inner.height.saturating_sub(3));
        let list = Rect { y: inner.y + 2, height: inner.height.saturating_sub(3 + kept), ..inner };
        self.draw_list(level, list, buf, view);
        for (y, (role, line)) in (inner.bottom().saturating_sub(kept)..inner.bottom()).zip(below) {
            put(buf, inner, inner.x, y, &line, view.theme.role(role));
        }
    }

    fn draw_list(&self, level: &Level, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let rows = level.rows(Some(view.now));
        if rows.is_empty() {
            let Some(words) = nothing(level) else { return };
            let look = view.look_of(area.width);
            for (y, line) in (area.y..area.bottom()).zip(wrap(words, &look, 0).lines()) {
                put(buf, area, area.x, y, line, view.theme.role(Role::Dim));
            }
            return;
        }
        let height = usize::from(area.height).max(1);
        let first = (level.at + 1).saturating_sub(height);
        for (y, (at, row)) in (area.y..area.bottom()).zip(rows.iter().enumerate().skip(first)) {
            draw_row(row, Rect { y, height: 1, ..area }, buf, view);
            if at == level.at {
                buf.set_style(Rect { y, height: 1, ..area }, view.theme.selection);
            }
        }
    }

    /// What stands below the list: what was cut, what was found, and what is wrong.
    fn below(&self, level: &Level, view: &View<'_>) -> Vec<(Role, String)> {
        let cut = level.cut().map(|cut| (Role::Warn, cut));
        let wrong = self.wrong.as_ref().map(|wrong| (Role::Error, specimen(wrong)));
        let says = wrong.or_else(|| level.says(view.now));
        cut.into_iter().chain(self.found(view)).chain(says).collect()
    }

    fn found(&self, view: &View<'_>) -> Option<(Role, String)> {
        let selected = self.selected()?;
        let (inside, files) = self.inside.as_ref()?;
        if *inside != selected {
            return Some((Role::Dim, "looking inside…".to_owned()));
        }
        if let Some(files) = files.get() {
            return Some((Role::Text, format!("at its root: {}", github_files(files))));
        }
        files.says(view.now).map(|(role, says)| match role {
            Role::Error => (role, format!("it could not be looked into: {says}")),
            role => (role, "looking inside…".to_owned()),
        })
    }
}

/// Says why there is no line.
fn nothing(level: &Level) -> Option<&'static str> {
    let is_typed = !level.filter.text().trim().is_empty();
    match level.asker() {
        Some(GitHubAsker::Nobody) => Some(NOBODY),
        Some(_) if is_typed && level.typed().is_some() => Some(SOMEBODY),
        Some(_) if !is_typed => Some(NO_INSTALLATION),
        _ if is_typed => Some(NOT_HERE),
        _ => level.is_known().then_some(EMPTY),
    }
}

fn draw_row(row: &Row, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let beside = specimen(&row.beside);
    let width = console::measure_text_width(&beside);
    let room = usize::from(area.width).saturating_sub(width + 2);
    let name = view.look.cut(&specimen(&row.name), room);
    put(buf, area, area.x, area.y, &name, view.theme.role(Role::Text));
    let x = area.right().saturating_sub(u16::try_from(width).unwrap_or(area.width));
    put(buf, area, x, area.y, &beside, view.theme.role(row.role));
}
