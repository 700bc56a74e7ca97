//! The rules of recorded versions: which version a source becomes, which one ranks highest, which one served before.

mod history;
mod publish;

pub use history::{last_served, previous};
pub use publish::{Choice, Offer, PublishError, choose_version, latest};
