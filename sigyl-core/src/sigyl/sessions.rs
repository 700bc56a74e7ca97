//! Browsers that are signed in: each is a key of its own that may only look, for a while, and ends with the key that
//! somebody signed in with.

use std::time::Duration;

use super::Sigyl;
use super::audit::Act;
use crate::access::{AccessError, KeyTerms};
use crate::domain::{AccountId, Action, ApiKey, Caller, Denied, Holder, Label, Timestamp};
use crate::error::Error;
use crate::store::Change;
use crate::wire::v1::{KeyView, MadeKey};

/// How long a browser stays signed in.
const LASTS: Duration = Duration::from_secs(12 * 3_600);
/// Browsers of one account that are signed in at a time; one more ends the oldest.
const MOST: usize = 20;
/// What a browser may do of what its key may: the pages only show.
const ACTIONS: [Action; 2] = [Action::Browse, Action::Read];
/// What its key is called in lists.
const LABEL: &str = "browser";

impl Sigyl {
    /// Signs a browser in for the key that the caller showed. What comes back is shown to the browser alone, once.
    pub async fn open_session(&self, caller: &Caller) -> Result<MadeKey, Error> {
        let holder = caller.key().filter(|holder| holder.key.parent.is_none()).cloned();
        let holder = holder.ok_or_else(|| Denied::new(caller, "sign a browser in: that takes a key"));
        let act = Act::on("open_session", caller.name(), None);
        let sigyl = self.clone();
        self.audited(caller, act, async move { sigyl.keep_session(holder?).await }).await
    }

    /// Signs the browser out whose session the caller showed.
    pub async fn close_session(&self, caller: &Caller) -> Result<(), Error> {
        let session = caller.key().filter(|holder| holder.key.parent.is_some()).cloned();
        let session = session.ok_or_else(|| Denied::new(caller, "sign out: no browser is signed in by this"));
        let act = Act::on("close_session", caller.name(), None);
        let sigyl = self.clone();
        let work = async move {
            sigyl.inner.platform.store.apply(Change::ForgetKey(session?.key.id)).await?;
            Ok(())
        };
        self.audited(caller, act, work).await
    }

    async fn keep_session(&self, holder: Holder) -> Result<MadeKey, Error> {
        let _one_at_a_time = self.inner.members.lock().await;
        let now = self.inner.platform.clock.now();
        self.make_room(&holder.account.id, MOST, now, |key| key.parent.is_some()).await?;
        let end = now.plus(LASTS);
        let mut scopes: Vec<_> = holder.key.scopes.iter().flat_map(|scope| scope.only(&ACTIONS)).collect();
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() {
            let why = "the key may neither browse nor read, and a browser does nothing else".to_owned();
            return Err(AccessError::Terms(why).into());
        }
        let terms = KeyTerms {
            account: holder.account.id.clone(),
            workspace: holder.key.workspace,
            label: Label::parse(LABEL).map_err(|error| AccessError::Terms(error.to_string()))?,
            scopes,
            networks: holder.key.networks,
            expires: Some(holder.key.expires.map_or(end, |expires| expires.min(end))),
            parent: Some(holder.key.id),
            sign_in: false,
            view: holder.key.view,
        };
        let (key, plain) = self.keep_new_key(terms, now).await?;
        Ok(MadeKey { key: KeyView::of(key, &holder.account), plain })
    }

    /// Forgets keys of a kind that are over, and ends the oldest when an account has `most` of them.
    pub(super) async fn make_room(
        &self,
        account: &AccountId,
        most: usize,
        now: Timestamp,
        is_one: impl Fn(&ApiKey) -> bool,
    ) -> Result<(), Error> {
        let store = &self.inner.platform.store;
        let keys = store.keys_of(account).await?;
        let sessions = keys.into_iter().filter(is_one);
        let is_over = |key: &ApiKey| key.revoked.is_some() || key.expires.is_some_and(|end| end <= now);
        let (over, mut open): (Vec<_>, Vec<_>) = sessions.partition(is_over);
        open.sort_by_key(|key| std::cmp::Reverse(key.created));
        for key in over.into_iter().chain(open.into_iter().skip(most.saturating_sub(1))) {
            store.apply(Change::ForgetKey(key.id)).await?;
        }
        Ok(())
    }
}
