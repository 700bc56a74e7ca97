//! The rules of recorded versions, and the documents that say how a server is installed.
//!
//! Which version a source becomes, which one ranks highest, which one served before; and the MCP Registry's documents,
//! published here, imported from elsewhere or made of what is released here.

pub mod catalogue;
pub mod document;
pub mod export;
mod foreign;
#[cfg(feature = "testing")]
pub mod fuzz;
mod history;
pub mod install;
mod keys;
mod publish;
#[cfg(feature = "gateway")]
mod pull;
pub mod schema;
mod search;
pub mod shelf;

pub use catalogue::{Browse, Catalogue, Endpoint, Order, Query, QueryError, Which};
pub use document::Document;
pub use history::{last_served, previous};
pub use keys::{OFFICIAL_KEY, PUBLISHER_KEY, RELEASED_NAMESPACE, SIGYL_KEY, is_reserved};
pub use publish::{Choice, Offer, PublishError, choose_version, latest};
#[cfg(feature = "gateway")]
pub use pull::{Pull, PullError};
pub use shelf::{ListingError, Publication, Rows, Shelf};
