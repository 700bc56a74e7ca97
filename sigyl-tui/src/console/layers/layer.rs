//! What a layer is.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::turn::Turn;
use crate::console::view::View;

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::console) enum Taken {
    /// It was for this layer.
    Yes,
    /// It closes this layer.
    Close,
}

/// Something in front.
pub(in crate::console) trait Layer {
    /// Takes a key.
    fn key(&mut self, key: KeyEvent, turn: &mut Turn<'_>) -> Taken;

    /// Takes pasted text.
    fn paste(&mut self, _text: &str, _turn: &mut Turn<'_>) {}

    /// Takes a text that comes back from the editor.
    fn edited(&mut self, _text: &str) {}

    /// Whether what is typed now is nobody's to see.
    fn hides(&self) -> bool {
        false
    }

    /// The keys that it takes, for the footer.
    fn keys(&self) -> &'static [(&'static str, &'static str)];

    /// What it asks before the end: that is answered on a screen of any size.
    fn question(&self) -> Option<&str> {
        None
    }

    /// Whether the wheel scrolls it.
    fn scrolls(&self) -> bool {
        false
    }

    /// Takes a click, in columns and rows of the terminal, on what it drew last.
    fn click(&mut self, _at: (u16, u16), _turn: &mut Turn<'_>) -> Taken {
        Taken::Yes
    }

    /// Draws it over the body of the screen.
    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>);
}
