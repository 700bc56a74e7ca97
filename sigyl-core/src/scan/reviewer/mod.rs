//! A language model of the operator's choice looks at what the rules looked at.
//!
//! Off until it is configured. Invariant: it may add findings or raise them, and nothing that it answers, or fails to
//! answer, lowers a verdict: a review that did not take place as a whole is told as a gap. What leaves this machine is
//! what [`ReviewWork`] holds: secrets are masked in it before anything else is done with it.

mod address;
mod answer;
mod ask;
mod budget;
mod cache;
mod courier;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod faults;
#[cfg(feature = "testing")]
pub(super) mod fuzz;
mod line;
mod merge;
mod piece;
mod prompt;
mod redact;
mod reply;
mod review;
mod settings;
mod split;
mod told;
mod trouble;
mod work;

pub use cache::{FolderCache, ReviewCache};
pub use review::Reviewer;
pub use settings::{ReviewWhen, ReviewerError, ReviewerSettings};
pub use work::ReviewWork;
