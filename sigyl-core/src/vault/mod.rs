//! Seals the secrets of servers, so that what is stored is worth nothing without the master key.
//!
//! The vault holds no secrets: it turns values into [`SealedSecret`](crate::store::SealedSecret)s and back. The
//! master key is a file that only its owner may read; it is in no backup.

mod error;
mod master_key;
mod sealed;
#[expect(clippy::module_inception, reason = "the room's own noun is its main part")]
mod vault;

pub use error::VaultError;
pub use vault::Vault;
