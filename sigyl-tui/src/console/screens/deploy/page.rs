//! The pages.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::view::View;
use crate::console::widgets::put;
use crate::render::{Glyph, Role};

/// One decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Page {
    /// Where the code is.
    #[default]
    Source,
    /// What it is, and what was found.
    Look,
    /// What it needs to know, and may touch.
    Settings,
    /// Where it goes, and everything that is rarely said.
    Place,
    /// What will happen.
    Summary,
}

impl Page {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Source, "source"),
        (Self::Look, "look"),
        (Self::Settings, "settings"),
        (Self::Place, "place"),
        (Self::Summary, "summary"),
    ];

    fn at(self) -> usize {
        Self::ALL.iter().position(|(page, _)| *page == self).unwrap_or(0)
    }

    /// The page after this one; the last stays.
    pub(super) fn next(self) -> Self {
        Self::ALL.get(self.at() + 1).map_or(self, |(page, _)| *page)
    }

    /// The page before this one, if there is one.
    pub(super) fn previous(self) -> Option<Self> {
        self.at().checked_sub(1).map(|at| Self::ALL[at].0)
    }

    /// Draws where one is on the way.
    pub(super) fn draw(self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let mut x = area.x + 1;
        for (at, (page, title)) in Self::ALL.iter().enumerate() {
            let (sign, style) = match page.cmp(&self) {
                std::cmp::Ordering::Less => (view.look.sign(Glyph::Done), view.theme.role(Role::Ok)),
                std::cmp::Ordering::Equal if view.look.ascii => (">", view.theme.accent),
                std::cmp::Ordering::Equal => ("▸", view.theme.accent),
                std::cmp::Ordering::Greater => (" ", view.theme.role(Role::Dim)),
            };
            x = put(buf, area, x, area.y, &format!("{sign}{} {title}", at + 1), style) + 2;
        }
    }
}
