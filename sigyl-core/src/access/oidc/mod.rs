//! OpenID Connect: signed statements of another server about who somebody is. Only RS256, ES256 and EdDSA are signatures
//! here; `none` and shared secrets are refused, whatever a token says of itself.

mod claims;
mod flow;
mod issuer;
mod keys;
mod provider;
mod token;

#[cfg(test)]
pub(crate) use token::tests;

pub use claims::{Claims, Expected};
pub use flow::{CameBack, DeviceAnswer, Sent};
pub use issuer::Issuer;
pub use keys::KeySet;
pub use provider::{Provider, Providers};
#[cfg(all(feature = "sled", feature = "gateway"))]
pub(crate) use token::issuer_named;
pub use token::{TokenError, verify};
