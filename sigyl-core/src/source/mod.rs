//! Turns what the operator named into a [`SourceTree`]: bounded, normalised, digested. Nothing of it is executed.

mod tree;

pub use tree::{Entry, Limits, Lock, LockKind, SourceError, SourceTree};
