//! Streams that are open: whoever loses the right to one loses the stream.

use std::time::Duration;

use super::Sigyl;
use crate::access::{self, AccessError};
use crate::domain::{Action, Caller, Denied, RunId, ServerName};
use crate::error::Error;

/// How long an open stream goes on at most before its right is looked at again, though nobody told of a change.
pub(super) const LOOK: Duration = Duration::from_secs(5);

/// What a stream is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Held {
    /// Nothing in particular.
    Nothing,
    /// A server.
    Server(ServerName),
    /// A run.
    Run(RunId),
}

impl Sigyl {
    /// Waits until the caller of an open stream may have it no more, and returns why: the key is revoked or has expired,
    /// its account is disabled, a role is gone. It takes a moment where that was done here, and some seconds elsewhere.
    pub async fn lost(&self, caller: &Caller, action: Action, about: &Held) -> Error {
        let mut rights = self.inner.rights.subscribe();
        if caller.key().is_none() {
            // Whom the operating system let in loses nothing that a record says.
            return std::future::pending().await;
        }
        loop {
            if let Err(error) = self.still_may(caller, action, about).await {
                return error;
            }
            self.wait_for_rights(&mut rights).await;
        }
    }

    /// Waits until rights changed here, or until they are to be looked at anyhow.
    pub(super) async fn wait_for_rights(&self, rights: &mut tokio::sync::watch::Receiver<()>) {
        // The sender lives as long as this handle; a time-out says to look as well.
        tokio::time::timeout(LOOK, rights.changed()).await.ok();
    }

    async fn still_may(&self, caller: &Caller, action: Action, about: &Held) -> Result<(), Error> {
        let caller = self.as_of_now(caller).await?;
        match about {
            Held::Nothing => Ok(caller.require(action)?),
            Held::Server(name) => self.known(&caller, action, name).await.map(|_| ()),
            Held::Run(run) => self.known_run(&caller, action, run).await.map(|_| ()),
        }
    }

    /// Refuses a caller who lost a right since they came in: what they ask for can take its time to arrive.
    pub(super) async fn require_as_before(&self, caller: &Caller) -> Result<(), Error> {
        let Some(before) = caller.key() else { return Ok(()) };
        let now = self.as_of_now(caller).await?;
        match now.key() {
            Some(now) if now.rights().hold(&before.rights()) => Ok(()),
            _ => {
                Err(Denied::new(caller, "go on: its rights changed while the request was on its way").into())
            }
        }
    }

    /// Returns a caller with what they may now, or says why their key is good no more.
    pub(super) async fn as_of_now(&self, caller: &Caller) -> Result<Caller, Error> {
        let Some(before) = caller.key() else { return Ok(caller.clone()) };
        let platform = &self.inner.platform;
        let holder = platform.store.holder(&before.key.id).await?.ok_or(AccessError::UnknownKey)?;
        let now = platform.clock.now();
        match access::refusal(&*platform.store, &holder, now, caller.address()).await? {
            Some(why) => Err(AccessError::NotGood { holder: Box::new(holder), why }.into()),
            None => Ok(Caller::holder(holder, caller.address())),
        }
    }
}
