//! The way to the store: the handle in this process, or the owner of the data directory in another one. Both answer
//! the same requests with the same frames, so a command cannot tell them apart.

mod answer;
mod open;

pub(crate) use answer::Answer;
pub(crate) use open::Link;
