//! One line of a form: what it is called, and how it is filled.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Entry, put};
use crate::console::view::View;
use crate::render::{Role, specimen};

/// How a line is filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::console) enum Fill {
    /// By typing.
    Text,
    /// By typing what nobody may see.
    Hidden,
    /// By choosing.
    Choice(Vec<String>),
    /// By switching it on.
    Switch,
}

/// A line that is filled.
#[derive(Clone, Debug)]
pub(in crate::console) struct Line {
    /// What it is called.
    pub(in crate::console) name: String,
    /// What it is, for a person.
    pub(in crate::console) words: String,
    /// How it is filled.
    pub(in crate::console) fill: Fill,
    /// Whether nothing goes without it.
    pub(in crate::console) needed: bool,
    entry: Entry,
}

impl Line {
    /// A line that holds this text.
    pub(in crate::console) fn new(
        name: impl Into<String>,
        words: impl Into<String>,
        fill: Fill,
        text: &str,
    ) -> Self {
        let entry = Entry::with(text);
        let entry = if fill == Fill::Hidden { entry.hidden() } else { entry };
        Self { name: name.into(), words: words.into(), fill, needed: false, entry }
    }

    /// The same, which has to be filled.
    pub(in crate::console) fn needed(self, needed: bool) -> Self {
        Self { needed, ..self }
    }

    /// What it holds.
    pub(in crate::console) fn text(&self) -> &str {
        self.entry.text()
    }

    /// Whether it holds nothing but blanks.
    pub(in crate::console) fn is_empty(&self) -> bool {
        self.text().trim().is_empty()
    }

    /// Lets it hold something else.
    pub(in crate::console) fn set(&mut self, text: &str) {
        let entry = Entry::with(text);
        self.entry = if self.fill == Fill::Hidden { entry.hidden() } else { entry };
    }

    /// Takes a key.
    pub(in crate::console) fn key(&mut self, key: KeyEvent) {
        match &self.fill {
            Fill::Choice(choices) => {
                if let Some(chosen) = chosen(choices, self.entry.text(), key) {
                    self.entry = Entry::with(chosen);
                }
            }
            Fill::Switch => {
                let on = self.entry.text() == "yes";
                match key.code {
                    KeyCode::Char(' ' | 'x') | KeyCode::Left | KeyCode::Right => {
                        self.entry = Entry::with(if on { "" } else { "yes" });
                    }
                    KeyCode::Char('y') => self.entry = Entry::with("yes"),
                    KeyCode::Char('n') => self.entry = Entry::default(),
                    _ => {}
                }
            }
            Fill::Text | Fill::Hidden => {
                self.entry.key(key);
            }
        }
    }

    /// Takes pasted text; tells how many characters did not fit.
    pub(in crate::console) fn paste(&mut self, text: &str) -> usize {
        match self.fill {
            Fill::Choice(_) | Fill::Switch => 0,
            Fill::Text | Fill::Hidden => self.entry.paste(text),
        }
    }

    /// Draws it, with this many columns for the name.
    pub(in crate::console) fn draw(
        &self,
        area: Rect,
        buf: &mut Buffer,
        names: u16,
        focused: bool,
        view: &View<'_>,
    ) {
        let name = if focused { view.theme.accent } else { view.theme.role(Role::Dim) };
        let star = if self.needed { "*" } else { " " };
        let shown = view.look.cut(&specimen(&self.name), usize::from(names.saturating_sub(1)));
        put(buf, area, area.x, area.y, &format!("{star}{shown}"), name);
        let place = Rect { x: area.x + names, width: area.width.saturating_sub(names), ..area };
        match &self.fill {
            Fill::Choice(choices) => {
                let mut x = place.x;
                for choice in choices {
                    let chosen = *choice == self.text();
                    let style = if chosen { view.theme.selection } else { view.theme.role(Role::Dim) };
                    let choice = specimen(choice);
                    let shown = if chosen { format!("[{choice}]") } else { format!(" {choice} ") };
                    x = put(buf, place, x, place.y, &shown, style) + 1;
                }
            }
            Fill::Switch => {
                let shown = if self.text() == "yes" { "[x] yes" } else { "[ ] no" };
                let style = if focused { view.theme.selection } else { view.theme.role(Role::Text) };
                put(buf, place, place.x, place.y, shown, style);
            }
            Fill::Text | Fill::Hidden => {
                self.entry.draw(place, buf, focused, view);
                if self.is_empty() && !focused {
                    // In parentheses nobody takes it for what was typed, whatever the colours.
                    let words = view.look.cut(&format!("({})", self.words), usize::from(place.width));
                    put(buf, place, place.x, place.y, &words, view.theme.border);
                }
            }
        }
    }
}

/// What a key chooses. Nothing is chosen for anybody: the first key chooses.
fn chosen<'a>(choices: &'a [String], text: &str, key: KeyEvent) -> Option<&'a str> {
    let at = choices.iter().position(|choice| choice == text);
    let count = choices.len();
    let next = match key.code {
        KeyCode::Left => at.map_or(count.saturating_sub(1), |at| (at + count - 1) % count),
        KeyCode::Right | KeyCode::Char(' ') => at.map_or(0, |at| (at + 1) % count),
        KeyCode::Char(c) => choices.iter().position(|choice| choice.starts_with(c)).or(at)?,
        _ => return None,
    };
    choices.get(next).map(String::as_str)
}
