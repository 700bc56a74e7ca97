//! A question that is answered by one key.

use std::cell::Cell;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Layer, Taken};
use crate::console::turn::{Do, Turn};
use crate::console::view::View;
use crate::console::widgets::{popup, put, within};
use crate::render::{Role, wrap};

/// Whether to end although something would stop.
pub(in crate::console) struct Confirm {
    lines: String,
    /// Where its answers were drawn.
    place: Cell<Rect>,
}

/// The answers, and the columns of them.
const ANSWERS: &str = "y end   n stay";
const END: u16 = 5;
const STAY: u16 = 8;

impl Confirm {
    /// Asks before these servers stop.
    pub(in crate::console) fn end(names: &[String]) -> Self {
        let shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        let more = names.len().saturating_sub(5);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let lines = format!(
            "{shown}{more} would stop: they run in this process.\n`sigyl serve --detach` instead keeps servers running.\n\nEnd all the same?"
        );
        Self { lines, place: Cell::default() }
    }
}

impl Layer for Confirm {
    fn key(&mut self, key: KeyEvent, turn: &mut Turn<'_>) -> Taken {
        match key.code {
            KeyCode::Char('y') if key.modifiers.is_empty() => turn.todo.push(Do::Quit),
            KeyCode::Char('n') | KeyCode::Esc => return Taken::Close,
            _ => {}
        }
        Taken::Yes
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        &[("y", "end"), ("n", "stay")]
    }

    fn click(&mut self, at: (u16, u16), turn: &mut Turn<'_>) -> Taken {
        match within(self.place.get(), at) {
            Some((0..END, 0)) => turn.todo.push(Do::Quit),
            Some((STAY.., 0)) => return Taken::Close,
            _ => {}
        }
        Taken::Yes
    }

    fn question(&self) -> Option<&str> {
        Some(&self.lines)
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let text = wrap(&self.lines, &view.look_of(56), 0);
        let height = u16::try_from(text.lines().count()).unwrap_or(4) + 4;
        let inner = popup(area, buf, (62, height), "quit", view);
        for (y, line) in (inner.y..inner.bottom()).zip(text.lines()) {
            put(buf, inner, inner.x, y, line, view.theme.role(Role::Text));
        }
        let y = inner.bottom().saturating_sub(1);
        put(buf, inner, inner.x, y, ANSWERS, view.theme.accent);
        let width = u16::try_from(ANSWERS.len()).unwrap_or(0).min(inner.width);
        self.place.set(Rect { y, width, height: 1, ..inner });
    }
}
