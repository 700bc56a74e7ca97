//! What was said before.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Layer, Taken};
use crate::console::turn::Turn;
use crate::console::view::View;
use crate::console::widgets::{popup, put};
use crate::render::{Role, age, wrap};

/// The messages so far, the newest first.
#[derive(Default)]
pub(in crate::console) struct Messages {
    first: usize,
}

impl Layer for Messages {
    fn key(&mut self, key: KeyEvent, turn: &mut Turn<'_>) -> Taken {
        match key.code {
            KeyCode::Down | KeyCode::Char('j') => self.first += 1,
            KeyCode::Up | KeyCode::Char('k') => self.first = self.first.saturating_sub(1),
            _ => return Taken::Close,
        }
        self.first = self.first.min(turn.state.said.len().saturating_sub(1));
        Taken::Yes
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        &[("↑↓", "scroll"), ("Esc", "close")]
    }

    fn scrolls(&self) -> bool {
        true
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let inner = popup(area, buf, (area.width, area.height), "messages", view);
        let look = view.look_of(inner.width.saturating_sub(12));
        let mut y = inner.y;
        for said in view.state.said.iter().rev().skip(self.first) {
            put(buf, inner, inner.x, y, &age(said.at, view.now), view.theme.role(Role::Dim));
            for line in wrap(&said.text, &look, 0).lines() {
                put(buf, inner, inner.x + 11, y, line, view.theme.role(said.role));
                y += 1;
            }
            if y >= inner.bottom() {
                return;
            }
        }
        if view.state.said.is_empty() {
            put(buf, inner, inner.x, y, "Nothing was said yet.", view.theme.role(Role::Dim));
        }
    }
}
