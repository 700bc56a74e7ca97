//! The line that narrows what is shown, while it is typed.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Layer, Taken};
use crate::console::turn::{Do, Turn};
use crate::console::view::View;
use crate::console::widgets::{Entry, put};

/// The line of the filter.
pub(in crate::console) struct FilterLine {
    entry: Entry,
    before: String,
}

impl FilterLine {
    /// A line that begins with the present filter.
    pub(in crate::console) fn new(present: &str) -> Self {
        Self { entry: Entry::with(present), before: present.to_owned() }
    }
}

impl Layer for FilterLine {
    fn key(&mut self, key: KeyEvent, turn: &mut Turn<'_>) -> Taken {
        match key.code {
            KeyCode::Enter => Taken::Close,
            KeyCode::Esc => {
                turn.todo.push(Do::Filter(self.before.clone()));
                Taken::Close
            }
            _ => {
                if self.entry.key(key) {
                    turn.todo.push(Do::Filter(self.entry.text().to_owned()));
                }
                Taken::Yes
            }
        }
    }

    fn paste(&mut self, text: &str, turn: &mut Turn<'_>) {
        self.entry.paste(text);
        turn.todo.push(Do::Filter(self.entry.text().to_owned()));
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        &[("↵", "keep"), ("Esc", "as before"), ("^U", "empty")]
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        // In the row of messages, so that what the filter does can be read.
        let line = Rect { y: area.bottom(), height: 1, ..area };
        buf.set_style(line, view.theme.text);
        put(buf, line, line.x, line.y, &" ".repeat(usize::from(line.width)), view.theme.text);
        let x = put(buf, line, line.x + 1, line.y, "/", view.theme.accent);
        self.entry.draw(Rect { x, width: line.right().saturating_sub(x), ..line }, buf, true, view);
    }
}
