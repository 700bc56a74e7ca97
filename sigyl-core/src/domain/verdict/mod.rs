//! From a report to a verdict, and from a verdict to the proof that a release needs.
//!
//! Invariant: only this room makes an [`Admission`]. Nothing unscanned is recorded or released, because the calls
//! that record and release take one.

mod admission;
mod clause;
mod gap;
mod glob;
mod hold;
mod judgement;
#[cfg(feature = "runtime")]
mod live;
mod policy;
#[cfg(test)]
mod specimen;
mod suppression;
mod waiver;

pub use admission::{Admission, Approval, Basis, Refusal};
pub use clause::{Clause, Condition};
pub use glob::{Glob, GlobError};
pub use hold::Hold;
#[cfg(feature = "runtime")]
pub(crate) use judgement::Waived;
pub use judgement::{Judgement, JudgementRecord};
#[cfg(feature = "runtime")]
pub(crate) use live::LiveJudgement;
pub use policy::{Policy, Suppressions, Verdict};
pub use suppression::{Baseline, BaselineEntry, Objection};
pub use waiver::{StandingWaiver, Waiver, WaiverError};
