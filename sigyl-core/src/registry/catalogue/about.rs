//! What is said of a name, whatever its version.

use crate::domain::{Overlay, Profile, RatingTotal, Timestamp};
use crate::wire::registry::Rated;

/// What people say of a server that was released here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// How it is presented.
    pub overlay: Option<Overlay>,
    /// What its ratings come to.
    pub ratings: RatingTotal,
}

impl About {
    /// Returns how it is presented.
    pub(super) fn profile(&self) -> Option<&Profile> {
        self.overlay.as_ref().map(|overlay| &overlay.profile)
    }

    /// Returns when that last changed.
    pub(super) fn updated(&self) -> Option<Timestamp> {
        self.overlay.as_ref().map(|overlay| overlay.updated)
    }

    /// Returns what its ratings come to, if there are any.
    pub(super) fn rated(&self) -> Option<Rated> {
        Rated::of(self.ratings)
    }

    /// Returns the title and description to search by.
    pub(super) fn said(&self) -> [&str; 2] {
        let profile = self.profile();
        let title = profile.and_then(|it| it.title.as_ref()).map_or("", |it| it.as_str());
        let description = profile.and_then(|it| it.description.as_ref()).map_or("", |it| it.as_str());
        [title, description]
    }

    /// Returns tags and category to search by.
    pub(super) fn words(&self) -> impl Iterator<Item = String> {
        let profile = self.profile();
        let tags = profile.into_iter().flat_map(|it| it.tags.iter().chain(&it.category));
        tags.map(|tag| tag.as_str().to_owned())
    }
}
