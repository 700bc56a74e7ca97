//! What a screen is.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sigyl_core::domain::Failure;
use sigyl_core::wire::v1::{Frame, Response};

use crate::console::command::{Command, Place};
use crate::console::keymap::Scope;
use crate::console::outside::Seen;
use crate::console::turn::{Tag, Turn, Values};
use crate::console::view::View;

/// One thing that is shown.
pub(in crate::console) trait Screen {
    /// What stands in the line that says where one is.
    fn title(&self) -> String;

    /// Where its keys are in the table, the most special first.
    fn scopes(&self) -> Vec<Scope>;

    /// Which of the places it is, if it is one.
    fn place(&self) -> Option<Place> {
        None
    }

    /// Asks for what it shows; again when the operator wants that.
    fn ask(&mut self, turn: &mut Turn<'_>);

    /// Takes the end of an answer.
    fn answered(&mut self, tag: Tag, answer: Result<Response, Failure>, turn: &mut Turn<'_>);

    /// Takes what comes before the end of an answer.
    fn told(&mut self, _tag: Tag, _frame: Frame, _turn: &mut Turn<'_>) {}

    /// Takes what was looked at.
    fn seen(&mut self, _tag: Tag, _seen: Seen, _turn: &mut Turn<'_>) {}

    /// Takes a key before it means anything else; tells whether it was typed here.
    fn key(&mut self, _key: KeyEvent, _turn: &mut Turn<'_>) -> bool {
        false
    }

    /// Takes pasted text.
    fn paste(&mut self, _text: &str, _turn: &mut Turn<'_>) {}

    /// Takes a line that it asked for.
    fn typed(&mut self, _tag: Tag, _text: &str, _turn: &mut Turn<'_>) {}

    /// Whether what is typed now is nobody's to see.
    fn hides(&self) -> bool {
        false
    }

    /// The keys that it takes by itself, for the footer; nothing where those of the table are all.
    fn own_keys(&self) -> Option<Vec<(&'static str, &'static str)>> {
        None
    }

    /// Whether letters are text here now.
    fn types(&self) -> bool {
        false
    }

    /// It is not in sight any more: what it follows may rest.
    fn hidden(&mut self, _turn: &mut Turn<'_>) {}

    /// It is in sight again.
    fn in_sight(&mut self, _turn: &mut Turn<'_>) {}

    /// Whoever answers speaks again after it was lost: what was cut off is asked for again.
    fn heard(&mut self, _turn: &mut Turn<'_>) {}

    /// Servers or runs are others now.
    fn news(&mut self, _turn: &mut Turn<'_>) {}

    /// Takes a command; tells whether it was one for this screen.
    fn command(&mut self, command: Command, turn: &mut Turn<'_>) -> bool;

    /// Whether a command that its keys have makes sense now.
    fn offers(&self, _command: Command) -> bool {
        true
    }

    /// Whether calls have to be counted while it is looked at.
    fn counts(&self) -> bool {
        matches!(self.place(), Some(Place::Dashboard | Place::Traffic))
    }

    /// Whether what it shows may not stay once one went back from it.
    fn is_secret(&self) -> bool {
        false
    }

    /// What is known of the fields of an action that is started here.
    fn values(&self, _turn: &Turn<'_>) -> Values {
        Values::new()
    }

    /// The same of each that is marked.
    fn marked(&self) -> Vec<Values> {
        Vec::new()
    }

    /// Takes all marks away.
    fn unmark(&mut self) {}

    /// The text that narrows what is shown; nothing where there is nothing to narrow.
    fn filter(&self) -> Option<&str> {
        None
    }

    /// Narrows what is shown.
    fn set_filter(&mut self, _text: &str, _turn: &mut Turn<'_>) {}

    /// Whether the mouse takes hold of a border there, in columns and rows of its own area.
    fn grabs(&self, _at: (u16, u16)) -> bool {
        false
    }

    /// Moves the border that is held to a place.
    fn pull(&mut self, _to: (u16, u16)) {}

    /// Takes a click, in columns and rows of its own area.
    fn click(&mut self, _at: (u16, u16), _turn: &mut Turn<'_>) {}

    /// Draws it.
    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>);
}
