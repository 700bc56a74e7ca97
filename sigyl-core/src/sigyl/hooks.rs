//! Deliveries of GitHub's webhooks: checked, taken once, and acted on.

use std::time::Duration;

use super::Sigyl;
use super::audit::joined;
use super::pushed::Acted;
use crate::domain::{Caller, Delivery, SecretValue, Timestamp};
use crate::error::Error;
use crate::github::webhook::{Delivered, Happened, HookError};
use crate::store::{Change, StoreError};
use crate::wire::v1::{HookOutcome, HookTaken};

/// How long a delivery is remembered: as long as GitHub offers to send it again.
const KEPT: Duration = Duration::from_secs(3 * 24 * 3_600);

impl Sigyl {
    /// Tells whether deliveries of GitHub are taken at all: it takes a webhook secret.
    pub fn takes_hooks(&self) -> bool {
        self.webhook_secret().is_some()
    }

    /// What deliveries are signed with: the secret that is configured, or that of the App that is kept.
    fn webhook_secret(&self) -> Option<SecretValue> {
        self.inner.github.webhook_secret.clone().or_else(|| self.inner.desk.webhook_secret())
    }

    /// Takes a delivery of GitHub. Whoever sends it needs no key: it is believed because it is signed with the webhook
    /// secret, and refused else. One that was taken before changes nothing. `_caller` is whoever sends it.
    pub async fn take_hook(&self, _caller: &Caller, delivered: Delivered<'_>) -> Result<HookTaken, Error> {
        let secret = self.webhook_secret().ok_or(HookError::NotSetUp)?;
        let now = self.inner.platform.clock.now();
        let (delivery, event, happened) = delivered.check(&secret, now)?;
        let taken = |acted: Acted| HookTaken {
            event: event.to_owned(),
            outcome: acted.outcome,
            note: acted.notes.join("; "),
            runs: acted.runs,
        };
        match happened {
            Happened::Ping => {
                return Ok(taken(Acted::ignored("the webhook is set up, and its secret is right")));
            }
            Happened::Nothing(why) => return Ok(taken(Acted::ignored(why))),
            _ => {}
        }
        let sigyl = self.clone();
        // Whoever sent it may leave: what was begun is not left half done.
        let whole = tokio::spawn(async move { sigyl.act_once(delivery, happened).await });
        Ok(taken(joined(whole.await)?))
    }

    /// Does what follows from what happened, unless it was done before. It is remembered afterwards, and only when somebody
    /// follows it: what ends half-way may come again, and what was done already is then seen to be nothing new.
    async fn act_once(&self, delivery: Delivery, happened: Happened) -> Result<Acted, Error> {
        let store = &self.inner.platform.store;
        let since = Timestamp::from_millis(delivery.at.millis().saturating_sub(KEPT.as_millis() as i64));
        if store.has_taken(&delivery, since).await? {
            let again = Acted::ignored("it was taken before, and is not acted on again");
            return Ok(Acted { outcome: HookOutcome::Repeated, ..again });
        }
        let acted = self.act_on(happened).await?;
        if acted.outcome != HookOutcome::Taken {
            return Ok(acted);
        }
        match store.apply(Change::TakeDelivery { delivery: Box::new(delivery), since }).await {
            // The same came twice at once: the second found nothing new.
            Ok(_) | Err(StoreError::Taken { .. }) => Ok(acted),
            Err(error) => Err(error.into()),
        }
    }

    /// Does what follows from what happened.
    async fn act_on(&self, happened: Happened) -> Result<Acted, Error> {
        match happened {
            Happened::Pushed(push) => self.pushed(push).await,
            Happened::Renamed(renamed) => self.renamed(renamed).await,
            Happened::Gone(repository) => self.gone(repository).await,
            Happened::Installed(installed) => self.installed(installed).await,
            Happened::Released(release) => {
                Ok(Acted::ignored(format!("no server follows releases of {}", release.repository.name)))
            }
            Happened::Ping | Happened::Nothing(_) => Ok(Acted::ignored("there is nothing to do")),
        }
    }
}
