//! The GitHub App of an installation: what it is asked for with (`manifest`), how GitHub hands out its keys (`convert`), what
//! it is there (`seen`), and whoever asks as it (`opens`).
//!
//! Invariants: a private key that cannot sign is refused before it is kept; no error holds a code, a key or a secret.

mod chance;
mod convert;
mod error;
mod key;
mod manifest;
mod opens;
mod seen;
#[cfg(test)]
mod tests;

pub use chance::{chance, is_same};
pub use convert::{Converted, convert};
pub use error::AppError;
pub use key::check_key;
#[cfg(feature = "github")]
pub(super) use key::pair;
pub use manifest::{AppPermission, AppPlan};
#[cfg(feature = "github")]
pub use opens::AppOpener;
pub use opens::{AppClients, OpensApp};
pub use seen::AppSeen;
