//! What GitHub tells by itself: deliveries, believed only when they are signed.

mod delivered;
mod error;
mod happened;
mod signature;

pub use delivered::Delivered;
pub use error::HookError;
pub use happened::{Happened, Installed, Pushed, Released, Renamed, Repository};
