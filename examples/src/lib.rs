//! What the examples have in common: a configuration, as a program that embeds Sigyl would make it.

#[cfg(feature = "full")]
mod surroundings;

#[cfg(feature = "full")]
pub use surroundings::{Surroundings, source_or};
