//! A line that a person types.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use tui_input::backend::crossterm::EventHandler as _;

use crate::console::view::View;
use crate::render::{Role, specimen};

/// Characters that a line holds at most.
const MOST: usize = 64 * 1024;

/// What is typed, with the place of the cursor.
#[derive(Clone, Debug, Default)]
pub(in crate::console) struct Entry {
    input: tui_input::Input,
    /// Whether it is shown as dots.
    hidden: bool,
}

impl Entry {
    /// A line that begins with this text.
    pub(in crate::console) fn with(text: &str) -> Self {
        Self { input: text.chars().take(MOST).collect::<String>().into(), hidden: false }
    }

    /// The same, shown as dots.
    pub(in crate::console) fn hidden(self) -> Self {
        Self { hidden: true, ..self }
    }

    /// What was typed.
    pub(in crate::console) fn text(&self) -> &str {
        self.input.value()
    }

    /// Takes a key; tells whether it was one for a line.
    pub(in crate::console) fn key(&mut self, key: KeyEvent) -> bool {
        // A full line takes no more letters, but still what takes letters away.
        let letter =
            matches!(key.code, KeyCode::Char(_)) && key.modifiers.difference(KeyModifiers::SHIFT).is_empty();
        if letter && self.text().chars().count() >= MOST {
            return false;
        }
        self.input.handle_event(&Event::Key(key)).is_some()
    }

    /// Takes pasted text; line breaks become blanks. Tells how many characters did not fit.
    pub(in crate::console) fn paste(&mut self, text: &str) -> usize {
        let flat = text.trim_end_matches(['\r', '\n']).replace("\r\n", " ").replace(['\r', '\n', '\t'], " ");
        let room = MOST.saturating_sub(self.text().chars().count());
        let (before, after): (Vec<_>, Vec<_>) =
            self.text().chars().enumerate().partition(|(at, _)| *at < self.input.cursor());
        let taken: String = flat.chars().take(room).collect();
        let left = flat.chars().count().saturating_sub(room);
        let cursor = before.len() + taken.chars().count();
        let whole: String = before
            .iter()
            .map(|(_, c)| *c)
            .chain(taken.chars())
            .chain(after.iter().map(|(_, c)| *c))
            .collect();
        self.input = tui_input::Input::new(whole).with_cursor(cursor);
        left
    }

    /// Draws it, and the cursor if it has the keys.
    pub(in crate::console) fn draw(&self, area: Rect, buf: &mut Buffer, focused: bool, view: &View<'_>) {
        let width = usize::from(area.width);
        if width == 0 {
            return;
        }
        let dot = if view.look.ascii { '*' } else { '•' };
        let cursor = self.input.cursor();
        let show = |c: char| if self.hidden { dot } else { c };
        // Of what stands before the cursor the end is shown, and of what stands behind it the beginning: a line can be long.
        let mut head = String::new();
        let all: Vec<char> = self.text().chars().take(cursor).collect();
        for c in all.iter().rev().take(width) {
            let longer = specimen(&show(*c).to_string()) + &head;
            if console::measure_text_width(&longer) >= width {
                break;
            }
            head = longer;
        }
        let after: String = self.text().chars().skip(cursor).take(width).map(show).collect();
        let after = specimen(&after);
        let at = u16::try_from(console::measure_text_width(&head)).unwrap_or(0);
        let style = view.theme.role(Role::Text);
        buf.set_stringn(area.x, area.y, &head, width, style);
        buf.set_stringn(area.x + at, area.y, &after, width - usize::from(at), style);
        if focused {
            let end = area.width - 1;
            let cell = &mut buf[(area.x + at.min(end), area.y)];
            cell.modifier.toggle(Modifier::REVERSED);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paste_goes_in_at_the_cursor_on_one_line_and_is_bounded() {
        let mut entry = Entry::with("ad");
        entry.input = entry.input.with_cursor(1);
        assert_eq!(entry.paste("b\r\nc\n"), 0);
        assert_eq!(entry.text(), "ab cd");
        assert_eq!(entry.paste(&"x".repeat(1 << 20)), (1 << 20) - (MOST - 5));
        assert_eq!(entry.text().chars().count(), MOST);
    }
}
