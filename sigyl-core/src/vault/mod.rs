//! Seals the secrets of servers, so that what is stored is worth nothing without the master key.
//!
//! The vault holds no secrets: it turns values into [`SealedSecret`](crate::store::SealedSecret)s and back. Each value has
//! a data key of its own, which the master key seals. The master key comes from a file, a variable, a passphrase or a
//! program; it is in no backup, and on record is only what identifies it.

mod command;
mod error;
mod handover;
mod key_file;
mod master_key;
mod passphrase;
mod ring;
mod sealed;
mod source;
mod spec;
#[cfg(test)]
mod tests;
mod unlock;
#[expect(clippy::module_inception, reason = "the room's own noun is its main part")]
mod vault;

pub use command::KeyCommand;
pub use error::VaultError;
pub use source::KeySource;
pub use spec::{KeySpec, KeySpecError, Which};
pub use unlock::{Keys, sealed_under};
pub use vault::Vault;
