//! What the console wants done outside of itself.

use std::path::PathBuf;

use serde::Serialize;
use sigyl_core::wire::v1::{Request, ServerView};

use super::outside::Outside;

/// Which question an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub(super) struct Ticket(pub(super) u64);

/// One thing to do.
#[derive(Debug)]
pub(super) enum Effect {
    /// Ask whoever answers.
    Ask(Ticket, Box<Request>),
    /// Listen no longer to what was asked.
    Forget(Ticket),
    /// Read a small text file of the operator.
    Read(Ticket, PathBuf),
    /// Write text into a file that is not there yet.
    Write(Ticket, PathBuf, String),
    /// Look at something of this machine.
    See(Ticket, Outside),
    /// Give back the memory of what was shown before: of many servers that takes longer than a frame may.
    Discard(Vec<ServerView>),
    /// Put text into the clipboard of the terminal.
    Copy(String),
    /// Let the operator's editor change a text.
    Edit(String),
    /// Give the terminal back to the shell until it is this program's again.
    Suspend,
    /// End.
    Quit,
}
