//! The keys that work here, from the table that dispatches them.

use std::cell::Cell;
use std::rc::Rc;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Layer, Taken};
use crate::console::command::Command;
use crate::console::keymap::{Binding, Keymap, Scope};
use crate::console::screens::Screen;
use crate::console::turn::Turn;
use crate::console::view::View;
use crate::console::widgets::{Entry, popup, put, within};
use crate::render::Role;

/// All keys of a screen.
pub(in crate::console) struct Help {
    keys: Rc<Keymap>,
    /// Rows of keys that do something now, or the keys of a screen that one types on, with their words.
    scopes: Vec<Scope>,
    without: Vec<Command>,
    own: Option<Vec<(&'static str, &'static str)>>,
    types: bool,
    wanted: Entry,
    first: usize,
    /// Where it was drawn.
    place: Cell<Rect>,
}

impl Help {
    /// Help for a screen: what its keys do now, and where one types, which keys are no text.
    pub(in crate::console) fn new(keys: Rc<Keymap>, screen: &dyn Screen) -> Self {
        let scopes = screen.scopes();
        let rows = keys.rows(&scopes).map(|row| row.command);
        let without = rows.filter(|command| !screen.offers(*command)).collect();
        let own = screen.own_keys();
        let types = screen.types();
        Self { keys, scopes, without, own, types, wanted: Entry::default(), first: 0, place: Cell::default() }
    }

    /// Whether a key is a letter where one types, and does nothing else there.
    fn is_text(&self, row: &Binding) -> bool {
        self.types && row.keys.iter().all(|key| key.is_text())
    }

    /// Lines: titles of scopes, and rows of keys with their words.
    fn lines(&self, ascii: bool) -> Vec<(Option<String>, String)> {
        let wanted = self.wanted.text().to_lowercase();
        let mut lines = Vec::new();
        let fits = |keys: &str, words: &str| {
            wanted.is_empty() || format!("{keys} {words}").to_lowercase().contains(&wanted)
        };
        for (keys, words) in self.own.iter().flatten().filter(|(keys, words)| fits(keys, words)) {
            if lines.is_empty() {
                lines.push((None, "Here".to_owned()));
            }
            lines.push((Some((*keys).to_owned()), (*words).to_owned()));
        }
        let mut last = None;
        for row in self.keys.rows(&self.scopes) {
            // Tabs are numbered on the screen: one row says it for all of them.
            let (first, other) = (row.command == Command::Tab(0), matches!(row.command, Command::Tab(_)));
            if self.without.contains(&row.command) || self.is_text(row) || other && !first {
                continue;
            }
            let keys: Vec<_> = row.keys.iter().map(|key| key.name(ascii)).collect();
            let keys = if first { format!("{} …", keys.join(" ")) } else { keys.join(" ") };
            let words = if first { "the tab with this number" } else { row.words };
            if !fits(&keys, words) {
                continue;
            }
            if last.replace(row.scope) != Some(row.scope) {
                if !lines.is_empty() {
                    lines.push((None, String::new()));
                }
                lines.push((None, row.scope.title().to_owned()));
            }
            lines.push((Some(keys), words.to_owned()));
        }
        lines
    }
}

impl Layer for Help {
    fn key(&mut self, key: KeyEvent, _turn: &mut Turn<'_>) -> Taken {
        match key.code {
            KeyCode::Esc | KeyCode::F(1) => return Taken::Close,
            KeyCode::Down => self.first += 1,
            KeyCode::Up => self.first = self.first.saturating_sub(1),
            KeyCode::PageDown => self.first += 10,
            KeyCode::PageUp => self.first = self.first.saturating_sub(10),
            KeyCode::Char('?') if self.wanted.text().is_empty() => return Taken::Close,
            _ => {
                self.wanted.key(key);
                self.first = 0;
            }
        }
        self.first = self.first.min(self.lines(true).len().saturating_sub(1));
        Taken::Yes
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        &[("type", "to narrow"), ("↑↓", "scroll"), ("Esc", "close")]
    }

    fn scrolls(&self) -> bool {
        true
    }

    fn click(&mut self, at: (u16, u16), _turn: &mut Turn<'_>) -> Taken {
        if within(self.place.get(), at).is_some() { Taken::Yes } else { Taken::Close }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let lines = self.lines(view.look.ascii);
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(4);
        let inner = popup(area, buf, (64, height), "keys", view);
        self.place.set(inner);
        let x = put(buf, inner, inner.x, inner.y, "/", view.theme.accent);
        self.wanted.draw(
            Rect { x, height: 1, width: inner.right().saturating_sub(x), ..inner },
            buf,
            true,
            view,
        );
        let rows = usize::from(inner.height.saturating_sub(2));
        let first = self.first.min(lines.len().saturating_sub(rows));
        for (y, (keys, words)) in (inner.y + 2..inner.bottom()).zip(&lines[first..]) {
            match keys {
                Some(keys) => {
                    put(buf, inner, inner.x + 2, y, keys, view.theme.accent);
                    put(buf, inner, inner.x + 20, y, words, view.theme.role(Role::Text));
                }
                None => {
                    put(buf, inner, inner.x, y, words, view.theme.role(Role::Strong));
                }
            }
        }
    }
}
