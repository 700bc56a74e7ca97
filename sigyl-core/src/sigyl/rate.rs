//! What accounts think of servers: one rating for each of both.

use super::Sigyl;
use super::audit::Act;
use crate::domain::{Action, Blurb, Caller, Rating, ServerName, Stars};
use crate::error::Error;
use crate::event::EventKind;
use crate::store::{Change, StoreError};
use crate::wire::registry::Rated;
use crate::wire::v1::RatingsView;

/// Characters of a comment.
const COMMENT_MAX: usize = 500;
/// Ratings that are listed: the newest.
const LISTED: usize = 1_000;

impl Sigyl {
    /// Rates a server that the caller sees, whatever they said of it before.
    pub async fn rate(
        &self,
        caller: &Caller,
        name: &ServerName,
        stars: Stars,
        comment: Option<Blurb>,
    ) -> Result<(), Error> {
        let act = Act::on_server("rate", name);
        let (sigyl, who, name) = (self.clone(), caller.clone(), name.clone());
        let work = async move {
            sigyl.known(&who, Action::Read, &name).await?;
            if comment.as_ref().is_some_and(|text| text.as_str().chars().count() > COMMENT_MAX) {
                return Err(Error::LongComment(COMMENT_MAX));
            }
            let at = sigyl.inner.platform.clock.now();
            let rating =
                Rating { account: who.account().cloned(), by: who.name().to_owned(), stars, comment, at };
            let change = Change::PutRating { name: name.clone(), rating: Box::new(rating) };
            sigyl.keep_rating(&name, change).await
        };
        self.audited(caller, act, work).await
    }

    /// Takes the caller's rating of a server back.
    pub async fn take_rating(&self, caller: &Caller, name: &ServerName) -> Result<(), Error> {
        let act = Act::on_server("take_rating", name);
        let (sigyl, who, name) = (self.clone(), caller.clone(), name.clone());
        let work = async move {
            sigyl.known(&who, Action::Read, &name).await?;
            let change = Change::DeleteRating { name: name.clone(), account: who.account().cloned() };
            match sigyl.keep_rating(&name, change).await {
                Err(Error::Store(StoreError::Missing { .. })) => Err(Error::NoRating(name)),
                done => done,
            }
        };
        self.audited(caller, act, work).await
    }

    async fn keep_rating(&self, name: &ServerName, change: Change) -> Result<(), Error> {
        let platform = &self.inner.platform;
        platform.store.apply(change).await?;
        platform.shelf.follow(name).await;
        let total = platform.store.rating_total(name).await?;
        let (count, average) = (total.count, total.average());
        platform.emitter.emit(None, Some(name), EventKind::Rated { count, average });
        Ok(())
    }

    /// Lists the ratings of a server, the newest first, with what all of them come to.
    pub async fn ratings(&self, caller: &Caller, name: &ServerName) -> Result<RatingsView, Error> {
        self.known(caller, Action::Read, name).await?;
        let store = &self.inner.platform.store;
        let mut ratings = store.ratings(name).await?;
        ratings.sort_by(|one, other| other.at.cmp(&one.at).then_with(|| one.account.cmp(&other.account)));
        let omitted = ratings.len().saturating_sub(LISTED);
        ratings.truncate(LISTED);
        Ok(RatingsView { total: Rated::of(store.rating_total(name).await?), ratings, omitted })
    }
}
