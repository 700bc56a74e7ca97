//! The places, each with its key.

use std::cell::Cell;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Layer, Taken};
use crate::console::command::{Command, Place};
use crate::console::turn::{Do, Turn};
use crate::console::view::View;
use crate::console::widgets::{popup, put, within};
use crate::render::Role;

/// Where one can go.
#[derive(Default)]
pub(in crate::console) struct GoTo {
    /// Where it was drawn.
    place: Cell<Rect>,
}

impl Layer for GoTo {
    fn key(&mut self, key: KeyEvent, turn: &mut Turn<'_>) -> Taken {
        if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
            return Taken::Close;
        }
        // `gg` goes to the first row, as in an editor.
        if key.code == KeyCode::Char('g') {
            turn.todo.push(Do::Command(Command::Top));
        }
        if let Some((place, ..)) =
            Place::ALL.iter().find(|(_, letter, ..)| key.code == KeyCode::Char(*letter))
        {
            turn.todo.push(Do::Command(Command::Place(*place)));
        }
        Taken::Close
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        &[("g", "first row"), ("Esc", "stay")]
    }

    fn click(&mut self, at: (u16, u16), turn: &mut Turn<'_>) -> Taken {
        if let Some((_, y)) = within(self.place.get(), at)
            && let Some((place, ..)) = Place::ALL.get(usize::from(y))
        {
            turn.todo.push(Do::Command(Command::Place(*place)));
        }
        Taken::Close
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let height = u16::try_from(Place::ALL.len()).unwrap_or(0) + 2;
        let inner = popup(area, buf, (62, height), "go to", view);
        self.place.set(inner);
        for (y, (_, letter, title, words)) in (inner.y..inner.bottom()).zip(Place::ALL) {
            put(buf, inner, inner.x, y, &letter.to_string(), view.theme.accent);
            put(buf, inner, inner.x + 3, y, title, view.theme.role(Role::Strong));
            put(buf, inner, inner.x + 16, y, words, view.theme.role(Role::Dim));
        }
    }
}
