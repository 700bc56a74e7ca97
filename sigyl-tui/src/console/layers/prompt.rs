//! One line that a screen asks for.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Layer, Taken};
use crate::console::turn::{Do, Tag, Turn};
use crate::console::view::View;
use crate::console::widgets::{Entry, popup, put};
use crate::render::{Role, specimen, wrap};

/// What is asked, and for which question of the screen.
pub(in crate::console) struct Prompt {
    /// Which question it is.
    pub(in crate::console) tag: Tag,
    title: &'static str,
    words: &'static str,
    entry: Entry,
    wrong: Option<String>,
}

impl Prompt {
    /// A line that is empty.
    pub(in crate::console) fn new(tag: Tag, title: &'static str, words: &'static str) -> Self {
        Self { tag, title, words, entry: Entry::default(), wrong: None }
    }

    /// The same again, with what was typed and what is wrong with it.
    pub(in crate::console) fn again(self, text: &str, wrong: String) -> Self {
        Self { entry: Entry::with(text), wrong: Some(wrong), ..self }
    }
}

impl Layer for Prompt {
    fn key(&mut self, key: KeyEvent, turn: &mut Turn<'_>) -> Taken {
        match key.code {
            KeyCode::Esc => return Taken::Close,
            KeyCode::Enter => {
                turn.todo.push(Do::Typed(self.tag, self.entry.text().trim().to_owned()));
                return Taken::Close;
            }
            _ => {
                self.entry.key(key);
                self.wrong = None;
            }
        }
        Taken::Yes
    }

    fn paste(&mut self, text: &str, _turn: &mut Turn<'_>) {
        self.entry.paste(text);
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        &[("↵", "go"), ("Esc", "leave")]
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let (role, says) = match &self.wrong {
            Some(wrong) => (Role::Error, specimen(wrong)),
            None => (Role::Dim, self.words.to_owned()),
        };
        let says = wrap(&says, &view.look_of(area.width.min(72).saturating_sub(6)), 0);
        let height = u16::try_from(says.lines().count()).unwrap_or(1) + 4;
        let inner = popup(area, buf, (72, height), self.title, view);
        self.entry.draw(Rect { height: 1, ..inner }, buf, true, view);
        for (y, line) in (inner.y + 2..inner.bottom()).zip(says.lines()) {
            put(buf, inner, inner.x, y, line, view.theme.role(role));
        }
    }
}
