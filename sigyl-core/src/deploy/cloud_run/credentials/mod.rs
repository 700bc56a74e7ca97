//! Who calls Google: a key of a service account, a user of `gcloud`, another identity provider, or the machine itself.
//! Tokens are kept until shortly before they end, and never shown.

mod assertion;
mod file;
mod machine;
mod place;
mod token;

pub use file::CredentialsError;
pub use place::Place;
pub use token::Credentials;
