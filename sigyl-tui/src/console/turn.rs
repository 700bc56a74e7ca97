//! What a screen or a layer asks of the console while it takes an input.

use std::collections::BTreeMap;

use sigyl_core::domain::Timestamp;
use sigyl_core::wire::v1::Request;

use super::layers::Prompt;
use super::outside::Outside;
use super::screens::Screen;
use super::state::State;

/// Which of its questions an answer is for, in the words of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tag(pub(super) u16);

/// Fields by name.
pub(super) type Values = BTreeMap<&'static str, String>;

/// One thing that is to be done.
pub(super) enum Do {
    /// Ask, and hand the answer back under this tag. An older question under the same tag is forgotten.
    Ask(Tag, Box<Request>),
    /// Look at something of this machine, and hand it back under this tag, likewise.
    See(Tag, Outside),
    /// Listen no longer to what was asked under this tag.
    Forget(Tag),
    /// Show a screen above this one.
    Open(Box<dyn Screen>),
    /// Show a screen in the place of this one.
    Instead(Box<dyn Screen>),
    /// Go back from this one, and show the form of an action again, with what was wrong.
    Again(&'static str, Values, String),
    /// Start an action with what is known of its fields.
    Act(&'static str, Values),
    /// Remember that something was done that nothing takes back.
    Lasting(String),
    /// Send an action whose fields are filled.
    Send(&'static str, Values),
    /// Send an action for several, each with its fields.
    SendEach(&'static str, Vec<Values>),
    /// Ask for one line.
    Prompt(Prompt),
    /// Hand a line that was asked for to the screen.
    Typed(Tag, String),
    /// Write text into a new file, and say how many lines that are.
    Save(String, String),
    /// Let the operator's editor change a text, and hand it to the layer in front.
    Edit(String),
    /// Do what a key would do.
    Command(super::command::Command),
    /// Narrow what is shown.
    Filter(String),
    /// Put text into the clipboard.
    Copy(String),
    /// The same, of text that no message repeats.
    CopySecret(String),
    /// End, without asking again.
    Quit,
}

/// One turn: what is known, and what is to be done.
pub(super) struct Turn<'a> {
    /// What is known.
    pub(super) state: &'a State,
    /// The present time.
    pub(super) now: Timestamp,
    /// Rows that a screen has.
    pub(super) height: u16,
    /// What is to be done, in order.
    pub(super) todo: Vec<Do>,
}

impl<'a> Turn<'a> {
    /// A turn in which nothing is to be done yet.
    pub(super) fn new(state: &'a State, now: Timestamp, height: u16) -> Self {
        Self { state, now, height, todo: Vec::new() }
    }

    /// Asks.
    pub(super) fn ask(&mut self, tag: Tag, request: Request) {
        self.todo.push(Do::Ask(tag, Box::new(request)));
    }

    /// Opens a screen.
    pub(super) fn open(&mut self, screen: impl Screen + 'static) {
        self.todo.push(Do::Open(Box::new(screen)));
    }
}
