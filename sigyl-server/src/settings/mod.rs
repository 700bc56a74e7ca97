//! Settings of the program: flags win over variables, these over the file, that over the defaults. Each knows where it
//! comes from.

mod arguments;
mod error;
mod file;
mod knative;
mod listen;
mod otel;
mod policy;
mod print;
mod rates;
mod resolve;
mod set;
mod sign_in;
mod trust;

pub use arguments::Arguments;
pub use error::SettingsError;
pub use knative::ClusterSettings;
pub use otel::OtelSettings;
pub use resolve::{LogFormat, Settings, TlsFiles};
pub use set::{Origin, Set};
pub use sign_in::{GitHub, Login, Oidc, SignInSettings};
pub use trust::Trusted;
