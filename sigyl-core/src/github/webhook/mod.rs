//! What GitHub tells by itself: deliveries, believed only when they are signed.

mod delivered;
mod error;
#[cfg(feature = "testing")]
pub mod fuzz;
mod happened;
mod signature;

pub use delivered::Delivered;
pub use error::HookError;
pub use happened::{Happened, Installed, Pushed, Released, Renamed, Repository};
