//! Texts that domains have on record: asked for by the whole name alone, within a bounded time, and never remembered.

mod dns;
#[cfg(feature = "dns")]
mod resolver;

pub use dns::{Dns, DnsError};
#[cfg(feature = "dns")]
pub use resolver::Resolver;
