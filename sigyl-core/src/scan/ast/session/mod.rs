//! Who takes the id of a session for a login: outside of tools, where a server asks who calls.
//!
//! It reads each function by itself: where an id that the client sends is looked up, what comes of that being there, and
//! whether anything else is asked for.

mod names;
mod reading;
mod walk;

pub(super) use names::may_decide;
pub(super) use walk::decisions;
