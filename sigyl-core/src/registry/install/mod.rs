//! From a document to the configuration of a client: what to put in, where, and how to take it out again.
//!
//! Pure: it reads and writes no files, starts nothing, and knows no secret. What only a user can say becomes a prompt of
//! the client, the name of a variable, or a mark to replace.

mod client;
mod entry;
mod jsonc;
mod listed;
mod merge;
mod risk;
mod toml;
mod value;
mod way;
mod word;

pub use client::{Client, Form};
pub use entry::{Entry, InstallError, entry};
pub use merge::{MergeError, Merged, merge, remove, snippet};
pub use risk::{Power, Risk};
pub use way::{Choice, Way};
pub use word::shell_word;
