//! Sources that are sent here, for machines that Sigyl cannot read.

use super::Sigyl;
use super::audit::{Act, Told};
use crate::domain::{Action, Caller, Digest, Locator};
use crate::error::Error;
use crate::source::{Upload, Uploads};
use crate::wire::v1::Uploaded;

impl Told for Uploaded {
    fn told(&self) -> Option<String> {
        Some(format!("{} bytes as {}", self.bytes, self.source))
    }
}

impl Sigyl {
    /// Begins to take an archive that is to be released: `.tar.gz`, of [`Uploads::MOST`] bytes at most. It is handed in
    /// piece by piece, and then to [`Sigyl::keep_upload`].
    pub async fn begin_upload(&self, caller: &Caller) -> Result<Upload, Error> {
        caller.require(Action::Deploy)?;
        let now = self.inner.platform.clock.now();
        Ok(self.uploads().begin(&owner(caller), now).await?)
    }

    /// Keeps an archive for an hour, for its sender alone; `said` is its digest as the sender has it.
    pub async fn keep_upload(
        &self,
        caller: &Caller,
        upload: Upload,
        said: Option<Digest>,
    ) -> Result<Uploaded, Error> {
        let now = self.inner.platform.clock.now();
        let who = caller.clone();
        self.audited(caller, Act::on("upload", "a source", None), async move {
            who.require(Action::Deploy)?;
            let (id, bytes) = upload.finish(said, now).await?;
            Ok(Uploaded { source: Locator::Upload(id).to_string(), bytes, until: now.plus(Uploads::KEPT) })
        })
        .await
    }

    /// Refuses an upload that is not there, or that another one sent.
    pub(super) fn require_upload(&self, caller: &Caller, source: &Locator) -> Result<(), Error> {
        match source {
            Locator::Upload(id) => Ok(self.uploads().require(id, &owner(caller))?),
            _ => Ok(()),
        }
    }

    fn uploads(&self) -> Uploads {
        Uploads::new(self.inner.data_dir.join(super::open::UPLOADS))
    }
}

/// Whose an upload is: the account's, whichever of its keys was shown.
fn owner(caller: &Caller) -> String {
    caller.account().map_or_else(|| caller.name().to_owned(), ToString::to_string)
}
