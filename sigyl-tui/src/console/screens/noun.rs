//! What a list has to know of the things in it.

use sigyl_core::domain::{Failure, Timestamp};
use sigyl_core::wire::v1::{Frame, Request, Response};

use crate::console::command::{Command, Place};
use crate::console::keymap::Scope;
use crate::console::state::State;
use crate::console::turn::{Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Cell, Column};
use crate::render::Look;

/// What rows are ordered by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::console) enum Key {
    /// A number, a time.
    Number(i64),
    /// Text, whatever its case.
    Text(String),
}

/// Things of one kind.
pub(in crate::console) trait Noun: 'static {
    /// One of them.
    type Item;

    /// What they are called.
    fn title(&self) -> String;
    /// The scopes of their keys, beside those of every list.
    fn scopes(&self) -> &'static [Scope];
    /// Which of the places they are, if they are one.
    fn place(&self) -> Option<Place> {
        None
    }
    /// Their columns.
    fn columns(&self) -> &'static [Column];
    /// What asks for them; nothing when they are taken from what is known.
    fn request(&self) -> Option<Request>;
    /// Takes them from an answer.
    fn items(&self, response: Response) -> Result<Vec<Self::Item>, Failure>;
    /// Takes them from what is known.
    fn known(&self, _state: &State) -> Option<Vec<Self::Item>> {
        None
    }
    /// Takes one that is told before the end of an answer.
    fn told(&self, _frame: Frame) -> Option<Self::Item> {
        None
    }
    /// What is said below them as things stand.
    fn aside(&self, _state: &State) -> Option<&'static str> {
        None
    }
    /// Whether they are asked for again when servers or runs change.
    fn renews(&self) -> bool {
        false
    }
    /// What tells it from all others, and is copied.
    fn id(&self, item: &Self::Item) -> String;
    /// What stands in its row.
    fn cells(&self, item: &Self::Item, view: &View<'_>) -> Vec<Cell>;
    /// What it is ordered by in a column.
    fn key(&self, item: &Self::Item, column: usize) -> Key;
    /// The text that a filter looks at.
    fn words(&self, item: &Self::Item) -> String;
    /// Whether a filter, in small letters, leaves it.
    fn fits(&self, item: &Self::Item, wanted: &str) -> bool {
        self.words(item).to_lowercase().contains(wanted)
    }
    /// What asks for those that a filter finds, where it looks at more than what is here; nothing where what is here answers it.
    fn search(&mut self, _filter: &str) -> Option<Request> {
        None
    }
    /// What a search found is here now.
    fn searched(&mut self) {}
    /// What actions on it begin with.
    fn values(&self, item: Option<&Self::Item>) -> Values;
    /// Whether a command that its keys have makes sense for it now.
    fn offers(&self, _item: Option<&Self::Item>, _command: Command) -> bool {
        true
    }
    /// Whether calls have to be counted while they are looked at.
    fn counts(&self) -> bool {
        false
    }
    /// Shows more of one that was found by these words.
    fn open_at(&self, item: &Self::Item, _words: &str, turn: &mut Turn<'_>) {
        self.open(item, turn);
    }

    /// Shows more of it.
    fn open(&self, _item: &Self::Item, _turn: &mut Turn<'_>) {}
    /// All of it, as text for this many columns.
    fn whole(&self, _item: &Self::Item, _look: &Look, _now: Timestamp) -> Option<String> {
        None
    }
    /// Where those behind these begin, as an answer tells it.
    fn cursor(&self, _response: &Response) -> Option<String> {
        None
    }
    /// What asks for those behind these, and where one is then; nothing where there are none, or they are no such list.
    fn next(&self, _items: &[Self::Item], _cursor: Option<&str>) -> Option<(Request, Option<String>)> {
        None
    }
    /// How many there are in all, where these tell it.
    fn total(&self, _items: &[Self::Item]) -> Option<usize> {
        None
    }
    /// Where those are that are not among this many.
    fn more(&self, _count: usize) -> Option<&'static str> {
        None
    }
    /// What to say where there are none.
    fn none(&self) -> &'static str;
}
