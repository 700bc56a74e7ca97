//! Requests that are done once, however often they are sent: what came of the first is the answer to all.

use std::time::Duration;

use super::Sigyl;
use crate::domain::{Caller, Denied, Digest, Once, OnceAnswer, OnceName, Timestamp};
use crate::error::Error;
use crate::store::{Change, StoreError};

/// How long what came of a request is kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);

impl Sigyl {
    /// Begins a request that is to be done once, and returns what came of it if it was done already. `asked` is all of
    /// what is asked; under the same name, for the same key, it has to be the same. Only who shows a key has names.
    pub async fn begin_once(
        &self,
        caller: &Caller,
        name: &OnceName,
        asked: &[u8],
    ) -> Result<Option<OnceAnswer>, Error> {
        // Its body may have come slowly, and what the first was answered was for who might see it.
        let caller = self.as_of_now(caller).await?;
        let Some(holder) = caller.key() else { return Ok(None) };
        let key = holder.key.id.clone();
        // What was asked may hold secrets that are easy to guess, and a plain hash of it would tell them.
        let print = self.pepper().await?.hash(&key, &format!("once {}", Digest::of(asked)));
        let now = self.inner.platform.clock.now();
        let since = Timestamp::from_millis(now.millis().saturating_sub(KEPT.as_millis() as i64));
        let rights = Some(holder.rights());
        let once = Once { key, name: name.clone(), print, rights, at: now, answer: None };
        let change = Change::BeginOnce { once: Box::new(once.clone()), since };
        match self.inner.platform.store.apply(change).await {
            Ok(_) => Ok(None),
            Err(StoreError::Taken { .. }) => self.answer_to(&caller, &once).await.map(Some),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns what came of a request that was begun before, to who asks the same and may what they might then.
    async fn answer_to(&self, caller: &Caller, asked: &Once) -> Result<OnceAnswer, Error> {
        let open = || Error::OnceOpen(asked.name.clone());
        let found = self.inner.platform.store.once(&asked.key, &asked.name).await?;
        // It was forgotten in this very moment: whoever asks again begins anew.
        let found = found.ok_or_else(open)?;
        if found.print != asked.print {
            return Err(Error::OnceOther(asked.name.clone()));
        }
        match (&asked.rights, &found.rights) {
            (Some(now), Some(then)) if now.hold(then) => found.answer.ok_or_else(open),
            (_, Some(_)) => {
                let what = "be told again what it was told before: it might more then";
                Err(Denied::new(caller, what).into())
            }
            // An earlier Sigyl began it, and did not say what they might.
            (_, None) => Err(open()),
        }
    }

    /// Keeps what came of a request that was begun; without an answer nothing was done, and it may be sent again.
    pub async fn end_once(
        &self,
        caller: &Caller,
        name: &OnceName,
        answer: Option<OnceAnswer>,
    ) -> Result<(), Error> {
        let Some(holder) = caller.key() else { return Ok(()) };
        let (key, answer) = (holder.key.id.clone(), answer.map(Box::new));
        let change = Change::EndOnce { key, name: name.clone(), answer };
        self.inner.platform.store.apply(change).await?;
        Ok(())
    }
}
