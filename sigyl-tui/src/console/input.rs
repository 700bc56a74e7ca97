//! What happens to the console.

use crossterm::event::{KeyEvent, MouseEvent};
use serde::Serialize;
use sigyl_core::domain::{Failure, Timestamp};
use sigyl_core::wire::v1::{Frame, Response};

use super::effect::Ticket;
use super::outside::Seen;

/// One thing that happened, in the order in which it is taken.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub(super) enum Input {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The terminal has another size.
    Resized(u16, u16),
    /// The way to the store is open, or could not be opened.
    Linked(Result<Linked, Failure>),
    /// Something came before the end of an answer.
    Told(Ticket, Box<Frame>),
    /// An answer ended.
    Answered(Ticket, Result<Box<Response>, Failure>),
    /// A file was read.
    Read(Ticket, Result<String, Failure>),
    /// Something was looked at.
    Seen(Ticket, Seen),
    /// A file was written: what is said of that.
    Wrote(Ticket, Result<String, Failure>),
    /// The operator's editor ended: the text, or why there is none.
    Edited(Result<String, String>),
    /// The program notes something about itself.
    Note(String),
    /// Time passed.
    Tick(Timestamp),
    /// A signal or another process asks this one to end.
    AskedToEnd,
}

/// What stands between a data directory and the process that owns it.
const OF_PROCESS: &str = " of process ";

/// What the console works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub(super) struct Linked {
    /// Where that is.
    pub(super) place: String,
    /// As what.
    pub(super) kind: LinkKind,
    /// What the operator should know, such as that another port was taken.
    pub(super) notice: Option<String>,
}

impl Linked {
    /// The owner of a data directory, as it is shown.
    pub(super) fn owned(folder: &str, pid: u32) -> String {
        format!("{folder}{OF_PROCESS}{pid}")
    }

    /// The same data directory has another owner now.
    pub(super) fn owned_by(&mut self, pid: u32) {
        let folder = self.place.rsplit_once(OF_PROCESS).map_or(&*self.place, |(folder, _)| folder);
        self.place = Self::owned(folder, pid);
    }
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub(super) enum LinkKind {
    /// This process: what it runs ends with it.
    Own,
    /// The owner of the data directory, in another process.
    Owner,
    /// A server that was named.
    Server,
}

impl LinkKind {
    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Own => "local",
            Self::Owner => "owner",
            Self::Server => "server",
        }
    }
}
