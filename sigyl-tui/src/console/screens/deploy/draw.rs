//! How the pages look.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Wizard;
use super::page::Page;
use crate::console::screens::Screen as _;
use crate::console::view::View;
use crate::console::widgets::{Line, put};
use crate::render::{Glyph, Role, specimen, wrap};

/// What stands below the first page, before anything is completed.
const EXAMPLES: [&str; 7] = [
    "examples",
    "  examples/servers/clock          a folder; Tab completes it",
    "  npm:some-mcp-server@1.2.3       a package of npm, or pypi:NAME@VERSION",
    "  github:octo-org/weather#main    a repository at GitHub; ^G chooses one",
    "  git:https://host/team/it#main   a repository, at a branch, tag or commit",
    "",
    "It is looked at first; nothing is sent or started before the last page.",
];

impl Wizard {
    /// Draws the page that is shown.
    pub(super) fn draw_page(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        self.page.draw(Rect { height: 1, ..area }, buf, view);
        let body = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
        let inner = Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body };
        if self.is_typed() {
            return self.draw_typed(inner, buf, view);
        }
        // What keeps one here stands in the last rows, below the text.
        let says = self.says().map(|(role, says)| (role, wrap(&says, &view.look_of(inner.width), 0)));
        let rows = says.as_ref().map_or(0, |(_, says)| u16::try_from(says.lines().count()).unwrap_or(1));
        let text = Rect { height: body.height.saturating_sub(rows), ..body };
        match &self.sheet {
            Some(sheet) => sheet.draw(text, buf, view),
            None => self.draw_look(inner, buf, view),
        }
        if let Some((role, says)) = says {
            for (y, line) in (text.bottom()..body.bottom()).zip(says.lines()) {
                put(buf, inner, inner.x, y, line, view.theme.role(role));
            }
        }
    }

    fn says(&self) -> Option<(Role, String)> {
        if let Some(wrong) = &self.wrong {
            return Some((Role::Error, specimen(wrong)));
        }
        let words = match self.page {
            Page::Source => &self.source.words,
            Page::Settings => &self.settings.lines.get(self.at)?.line.words,
            Page::Place => &self.more.get(self.at)?.words,
            Page::Look | Page::Summary => return None,
        };
        Some((Role::Dim, words.clone()))
    }

    fn draw_lines(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let lines: Vec<&Line> = match self.page {
            Page::Source => vec![&self.source],
            Page::Settings => self.settings.lines.iter().map(|setting| &setting.line).collect(),
            _ => self.more.iter().collect(),
        };
        let widest = lines.iter().map(|line| console::measure_text_width(&line.name)).max().unwrap_or(0);
        let names = u16::try_from(widest).unwrap_or(u16::MAX).saturating_add(3).clamp(10, area.width / 2);
        // Of more lines than there is room for, those around the one that has the keys.
        let first = (self.at + 1).saturating_sub(usize::from(area.height));
        for (y, (at, line)) in (area.y..area.bottom()).zip(lines.iter().enumerate().skip(first)) {
            line.draw(Rect { y, height: 1, ..area }, buf, names, at == self.at, view);
        }
    }

    /// What stands below the lines: names that could be meant, or what cannot be filled in.
    fn below(&self) -> Vec<String> {
        match self.page {
            Page::Source if !self.names.is_empty() => {
                let last = |name: &String| {
                    let whole = name.trim_end_matches('/');
                    let at = whole.rfind('/').map_or(0, |at| at + 1);
                    specimen(&name[at..])
                };
                self.names.iter().map(last).collect()
            }
            Page::Source => EXAMPLES.map(str::to_owned).to_vec(),
            Page::Settings => {
                let nothing = self.settings.lines.is_empty().then(|| match self.manifest() {
                    Some(_) => "It needs no settings and asks for nothing: Enter goes on.".to_owned(),
                    None => "What it needs is not known: the next page takes settings by name.".to_owned(),
                });
                let kept = self.kept();
                let kept: Vec<_> = kept.iter().map(ToString::to_string).collect();
                let kept = (!kept.is_empty())
                    .then(|| format!("It has already, and keeps when empty: {}", kept.join(", ")));
                nothing.into_iter().chain(kept).chain(self.settings.notes.iter().cloned()).collect()
            }
            _ => Vec::new(),
        }
    }

    fn draw_typed(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let look = view.look_of(area.width);
        let says = self.says();
        let told = says.as_ref().map_or_else(String::new, |(_, says)| wrap(says, &look, 0));
        let rows = |text: &str| u16::try_from(text.lines().count()).unwrap_or(0);
        let below = self.below();
        let room = area.height.saturating_sub(rows(&told) + 1);
        let count = u16::try_from(self.count()).unwrap_or(u16::MAX).min(room);
        self.draw_lines(Rect { height: count, ..area }, buf, view);
        let mut y = area.y + count + 1;
        if let Some((role, _)) = says {
            for line in told.lines().take(usize::from(area.bottom().saturating_sub(y))) {
                put(buf, area, area.x, y, line, view.theme.role(role));
                y += 1;
            }
        }
        let below = below.iter().flat_map(|line| match line.is_empty() {
            true => vec![String::new()],
            false => wrap(line, &look, 4).lines().map(str::to_owned).collect(),
        });
        for (y, line) in (y + 1..area.bottom()).zip(below) {
            put(buf, area, area.x, y, &line, view.theme.role(Role::Dim));
        }
    }

    fn draw_look(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let Some((role, says)) = self.looked.says(view.now) else { return };
        let look = view.look_of(area.width);
        let lines = match role {
            Role::Error => format!(
                "{} It could not be looked at:\n\n{}\n\n^R looks again, Esc goes back. Enter goes on all the same: the run looks for itself, and stops where something is wrong.",
                view.look.sign(Glyph::Failed),
                says
            ),
            _ => format!("{} fetching it and looking at it: {says}", view.look.sign(Glyph::Starting)),
        };
        for (y, line) in (area.y..area.bottom()).zip(wrap(&lines, &look, 0).lines()) {
            put(buf, area, area.x, y, line, view.theme.role(role));
        }
    }
}
