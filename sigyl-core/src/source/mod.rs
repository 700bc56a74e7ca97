//! Turns what the operator named into a [`SourceTree`]: bounded, normalised, digested. Nothing of it is executed.

mod progress;
mod tree;

pub use progress::{Progress, Silent};
pub use tree::{Entry, Limits, Lock, LockKind, SourceError, SourceTree};
