//! What an instance says of its releases, so that others can check it without asking: signed statements and lists of
//! components.
//!
//! A statement is of in-toto, its predicate is SLSA provenance, its envelope is DSSE, and its signature is Ed25519: the
//! tools of the field read each of them. The key is made at first need, is sealed by the vault, and never leaves it.

mod bom;
mod envelope;
mod error;
#[cfg(feature = "testing")]
pub mod fuzz;
mod key;
mod links;
mod made;
mod public;
mod signer;

pub use bom::bom;
pub use envelope::{MOST_BYTES, open, parse};
pub use error::AttestError;
pub use key::SigningKey;
pub use links::{Opened, offline};
pub use made::attest;
pub use public::PublicKey;
pub use signer::Signer;
