//! Progress and changes as numbered events: how everything long-lived tells what it does.
//!
//! Events leave through the [`Bus`]; the store keeps them, so a late reader sees the same truth.

mod bus;
mod event;

pub use bus::{Bus, Heard, Subscription};
pub use event::{Event, EventKind, UnknownKind};
