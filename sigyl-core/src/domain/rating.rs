//! What accounts think of a server.

use serde::{Deserialize, Serialize};

use super::{AccountId, Blurb, Timestamp};

/// One to five stars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Stars(u8);

/// A number that is none of stars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rating is 1 to 5 stars")]
pub struct StarsError;

impl Stars {
    /// Checks and takes a number.
    pub fn new(stars: u8) -> Result<Self, StarsError> {
        if (1..=5).contains(&stars) { Ok(Self(stars)) } else { Err(StarsError) }
    }

    /// Returns how many.
    pub fn count(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Stars {
    type Error = StarsError;

    fn try_from(stars: u8) -> Result<Self, Self::Error> {
        Self::new(stars)
    }
}

impl From<Stars> for u8 {
    fn from(stars: Stars) -> Self {
        stars.0
    }
}

/// A rating on record. An account has one for each server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// The account; nothing for whoever owns the data directory.
    pub account: Option<AccountId>,
    /// What it is called.
    pub by: String,
    /// How good it is.
    pub stars: Stars,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Blurb>,
    /// When.
    pub at: Timestamp,
}

/// What all ratings of a server come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatingTotal {
    /// How many there are.
    pub count: u64,
    /// Their stars together.
    pub stars: u64,
}

impl RatingTotal {
    /// Returns the total with another rating in the place of what the same account said before.
    pub fn with(self, before: Option<Stars>, now: Option<Stars>) -> Self {
        let stars = |of: Option<Stars>| of.map_or(0, |stars| u64::from(stars.count()));
        Self {
            count: (self.count + u64::from(now.is_some())).saturating_sub(u64::from(before.is_some())),
            stars: (self.stars + stars(now)).saturating_sub(stars(before)),
        }
    }

    /// Returns the average, to a hundredth; nothing when nobody rated.
    pub fn average(self) -> Option<f64> {
        (self.count > 0).then(|| (self.stars as f64 / self.count as f64 * 100.0).round() / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rating_is_one_to_five() {
        for (stars, fits) in [(0, false), (1, true), (5, true), (6, false)] {
            assert_eq!(Stars::new(stars).is_ok(), fits, "{stars}");
            assert_eq!(serde_json::from_str::<Stars>(&stars.to_string()).is_ok(), fits);
        }
        assert!(serde_json::from_str::<Stars>("4.5").is_err());
    }

    #[test]
    fn a_total_follows_what_is_said_changed_and_taken_back() {
        let stars = |count| Some(Stars::new(count).unwrap());
        let total = RatingTotal::default().with(None, stars(5)).with(None, stars(2)).with(None, stars(4));
        assert_eq!((total.count, total.average()), (3, Some(3.67)));
        let total = total.with(stars(2), stars(3)).with(stars(5), None);
        assert_eq!((total.count, total.average()), (2, Some(3.5)));
        assert_eq!(RatingTotal::default().average(), None);
    }
}
