//! How a server is presented: beside what its versions say, and without altering any of them.

use super::Sigyl;
use super::audit::{Act, Told};
use crate::domain::{Action, Caller, Overlay, ProfilePatch, ServerName};
use crate::error::Error;
use crate::event::EventKind;
use crate::store::Change;
use crate::wire::v1::ServerView;

impl Told for ServerView {}

impl Sigyl {
    /// Changes how a server is presented: what the patch does not name stays as it is.
    pub async fn edit(
        &self,
        caller: &Caller,
        name: &ServerName,
        patch: ProfilePatch,
    ) -> Result<ServerView, Error> {
        let act = Act::on_server("edit", name);
        let (sigyl, who, name) = (self.clone(), caller.clone(), name.clone());
        self.audited(caller, act, async move { sigyl.put_overlay(&who, &name, patch).await }).await
    }

    async fn put_overlay(
        &self,
        caller: &Caller,
        name: &ServerName,
        patch: ProfilePatch,
    ) -> Result<ServerView, Error> {
        let server = self.known(caller, Action::Publish, name).await?;
        let platform = &self.inner.platform;
        let _one_at_a_time = self.inner.saying.lock().await;
        let before = platform.store.overlay(name).await?.map(|before| before.profile);
        let profile = before.unwrap_or_default().patched(patch)?;
        let overlay = (!profile.is_empty()).then(|| {
            let (by, updated) = (caller.name().to_owned(), platform.clock.now());
            Box::new(Overlay { profile, by, updated })
        });
        platform.store.apply(Change::PutOverlay { name: name.clone(), overlay }).await?;
        platform.shelf.follow(name).await;
        platform.emitter.emit(None, Some(name), EventKind::Edited);
        self.look(caller, server).await
    }
}
