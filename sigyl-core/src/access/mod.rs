//! Who may come in: keys and how they are checked, the audit, and how often somebody may ask.
//!
//! A key is `sigyl_ID_SECRET`. The secret has 256 random bits and is shown once; on record is only an HMAC of it under
//! the [`Pepper`], which the vault seals. What a caller may do is decided by [`Caller`](crate::domain::Caller) alone.

mod audit_log;
mod domain_key;
mod door;
mod error;
mod gate;
mod key;
pub mod oidc;
mod pepper;
mod sign_in;
mod throttle;
mod uses;
mod waiting;

pub use audit_log::{AuditLog, verify_chain};
pub use domain_key::{DomainError, DomainKey, DomainKeyError, check_signed, of_domain};
pub use door::{Again, Door, Refused};
pub use error::{AccessError, ChainFault};
pub use gate::{authenticate, refusal};
pub use key::{KeyTerms, Minted, mint};
pub use pepper::Pepper;
pub use sign_in::{Proven, SignInError, SignInRules, Trust, code_challenge};
pub use throttle::{Allowance, Class, Rate, Rates, Throttle, TooMany, Who};
pub use uses::Uses;
pub use waiting::Waiting;
#[cfg(all(feature = "sled", feature = "gateway"))]
pub(crate) use waiting::secret as random_secret;
