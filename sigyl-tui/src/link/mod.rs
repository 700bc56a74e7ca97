//! The way to the store: the handle in this process, the owner of the data directory in another one, or a server that was
//! named. All answer the same requests with the same frames, so a command cannot tell them apart.

mod answer;
mod local;
mod nothing;
mod open;
mod remote;
mod server;

pub(crate) use answer::Answer;
pub(crate) use local::{Local, Serving};
pub(crate) use nothing::answer as answer_of_nothing;
pub(crate) use open::Link;
pub(crate) use remote::{owner, require_endpoint};
