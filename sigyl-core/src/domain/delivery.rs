//! Deliveries of a webhook: each is acted on once.

use serde::{Deserialize, Serialize};

use super::text::checked_text;
use super::{Digest, Timestamp};

/// Longest id, in characters; those of GitHub have 36.
const MOST: usize = 100;

/// What GitHub calls a delivery by, also when it sends it again.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeliveryId(Box<str>);

/// Text that no delivery is called by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a delivery has 1 to {MOST} letters, digits and dashes")]
pub struct DeliveryIdError;

impl DeliveryId {
    /// Checks and takes an id.
    pub fn parse(text: &str) -> Result<Self, DeliveryIdError> {
        let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        match (1..=MOST).contains(&text.len()) && is_plain {
            true => Ok(Self(text.into())),
            false => Err(DeliveryIdError),
        }
    }
}

checked_text!(DeliveryId, DeliveryIdError);

/// A delivery that was taken. Its id is not signed, what it carried is: a second delivery of either is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// What it is called by.
    pub id: DeliveryId,
    /// Digest of what it carried, and as which event.
    pub content: Digest,
    /// When it came.
    pub at: Timestamp,
}

impl Delivery {
    /// Deliveries that are remembered at a time.
    pub const MOST: u64 = 100_000;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_holds_nothing_that_has_to_be_quoted() {
        assert!(DeliveryId::parse("72d3162e-cc78-11e3-81ab-4c9367dc0958").is_ok());
        for wrong in ["", "a b", "a/b", "a\n", "é", &"a".repeat(101)] {
            assert_eq!(DeliveryId::parse(wrong), Err(DeliveryIdError), "{wrong:?}");
        }
    }
}
