//! What people say of servers: how they are presented, and how good they are.

use super::call::Call;
use super::operation::{EDIT_SERVER, LIST_RATINGS, RATE_SERVER, TAKE_RATING};
use super::{Client, ClientError};
use crate::domain::{ProfilePatch, ServerName};
use crate::wire::v1::{NewRating, RatingsView, ServerView};

impl Client {
    /// Changes how a server is presented: what the patch does not name stays as it is.
    pub async fn edit(&self, name: &ServerName, patch: &ProfilePatch) -> Result<ServerView, ClientError> {
        self.ask(Call::of(EDIT_SERVER).part(name).json(patch)?).await
    }

    /// Lists the ratings of a server, the newest first.
    pub async fn ratings(&self, name: &ServerName) -> Result<RatingsView, ClientError> {
        self.ask(Call::of(LIST_RATINGS).part(name)).await
    }

    /// Rates a server.
    pub async fn rate(&self, name: &ServerName, rating: &NewRating) -> Result<(), ClientError> {
        self.done(Call::of(RATE_SERVER).part(name).json(rating)?).await
    }

    /// Takes the rating of the key's account back.
    pub async fn take_rating(&self, name: &ServerName) -> Result<(), ClientError> {
        self.done(Call::of(TAKE_RATING).part(name)).await
    }
}
