//! Refusals in the audit: each is told once, and counted for a minute.

use std::sync::Arc;
use std::time::Duration;

use super::Sigyl;
use super::audit::home_of;
use crate::access::{Again, Refused};
use crate::domain::{Action, AuditOutcome, Caller, WorkspaceName};
use crate::error::Error;

/// How long what follows on a refusal is counted, before that is told.
const TOLD_AFTER: Duration = Duration::from_secs(60);

impl Sigyl {
    /// Refuses who may not do `action` at all, for a front end that asks before it reads what is wanted. It is written
    /// down as the library's own refusals are.
    pub async fn admit(&self, caller: &Caller, action: Action) -> Result<(), Error> {
        let Err(denied) = caller.require(action) else { return Ok(()) };
        let workspace = caller.key().and_then(home_of);
        self.tell_refusal(caller, action.word(), String::new(), workspace, denied.to_string()).await?;
        Err(denied.into())
    }

    /// Writes a refusal down, unless the same was written within a minute: then it is counted, and the count is written
    /// when the minute is over.
    pub(super) async fn tell_refusal(
        &self,
        caller: &Caller,
        what: &str,
        on: String,
        workspace: Option<WorkspaceName>,
        why: String,
    ) -> Result<(), Error> {
        // Anybody could fill the disk with what nobody in particular was refused.
        if caller.is_anonymous() {
            return Ok(());
        }
        if let Some(holder) = caller.key() {
            let refused = Refused { key: holder.key.id.clone(), what: what.to_owned(), on: on.clone() };
            let Some(counted) = self.inner.door.note(refused, caller) else { return Ok(()) };
            self.tell_more_later(counted);
        }
        self.append(caller, what, on, workspace, AuditOutcome::Refused, Some(why)).await
    }

    fn tell_more_later(&self, counted: Option<Refused>) {
        let inner = Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            tokio::time::sleep(TOLD_AFTER).await;
            let Some(inner) = inner.upgrade() else { return };
            if let Some(again) = inner.door.end(&counted) {
                (Self { inner }).tell_again(again).await;
            }
        });
    }

    /// Writes down what was counted and not told yet.
    pub(super) async fn tell_refusals(&self) {
        for again in self.inner.door.end_all() {
            self.tell_again(again).await;
        }
    }

    async fn tell_again(&self, again: Again) {
        let Again { refused, caller, times } = again;
        if times == 0 {
            return;
        }
        let note = Some(format!("{times} more times within a minute"));
        let told = match refused {
            Some(Refused { what, on, .. }) => {
                let workspace = caller.key().and_then(home_of);
                self.append(&caller, &what, on, workspace, AuditOutcome::Refused, note).await
            }
            None => {
                let several = Caller::limited("several keys", []);
                self.append(&several, "refused", String::new(), None, AuditOutcome::Refused, note).await
            }
        };
        if let Err(error) = told {
            tracing::warn!(%error, times, "refusals could not be written into the audit");
        }
    }
}
