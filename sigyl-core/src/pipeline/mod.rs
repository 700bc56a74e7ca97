//! Runs plans: typed steps in order, each with its undo, every change of state a stored event.
//!
//! A failure unwinds what was done in reverse order. After a crash the [`Tracker`] completes or unwinds what the
//! last owner left open.

mod context;
mod emitter;
mod failure;
mod lanes;
mod masks;
mod plan;
mod promotion;
mod rules;
mod run;
mod step;
mod steps;
mod tracker;

pub use context::{Front, Order, Platform, Quiet, Review, Reviewed, Settings};
pub use emitter::Emitter;
pub(crate) use failure::store_code;
pub use failure::{StepError, failure};
pub use lanes::Lanes;
pub use masks::Masks;
pub use plan::steps_of;
pub use promotion::NotPromoted;
pub use rules::Rules;
#[cfg(all(feature = "sled", feature = "gateway"))]
pub(crate) use run::new_id;
pub use run::{Started, start};
#[cfg(all(feature = "sled", feature = "gateway"))]
pub(crate) use steps::{bound_secrets, declared_by, left_open, since as drift_since, tools_changed};
pub use tracker::Tracker;

#[cfg(test)]
pub(crate) mod tests;
