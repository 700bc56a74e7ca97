//! What is removed: what no instance uses any more, and everything of a server.

use serde_json::Value;

use super::call::{Call, REVISIONS};
use super::cluster::{Cluster, KubeError};
use super::names::{INSTANCE, is_for};
use super::service::Thing;
use crate::deploy::image::Names;

impl Cluster {
    /// Removes the revisions of a server that nobody is led to, with their secrets: those that could not be removed when
    /// their time was over. Secrets without a revision may be for the next one, unless nobody else works on the server.
    pub(super) async fn tidy(&self, names: &Names, service: &Thing, is_alone: bool) -> Result<(), KubeError> {
        let (mut gone, mut used) = (Vec::new(), Vec::new());
        for revision in self.all(&REVISIONS, names).await? {
            let text = |pointer: &str| revision.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let (name, tag) = (text("/metadata/name"), text(&format!("/metadata/labels/{INSTANCE}")));
            if is_for(&revision, names) && !service.has_use_for(name) {
                self.gone(Call::delete(&REVISIONS, self.namespace(), name)).await?;
                gone.push(tag.to_owned());
            } else {
                used.push(tag.to_owned());
            }
        }
        if gone.is_empty() && !is_alone {
            return Ok(());
        }
        let has = |all: &[String], tag: &str| all.iter().any(|one| one == tag);
        let is_over = |tag: &str| !has(&used, tag) && (is_alone || has(&gone, tag));
        self.remove_secrets(names, is_over).await.map(|_| ())
    }

    /// Removes everything of a server that has no service (any more): in this order, a second try finds what the first
    /// left.
    pub(super) async fn clear(&self, names: &Names) -> Result<Vec<String>, KubeError> {
        let mut removed = self.remove_secrets(names, |_| true).await?;
        removed.extend(self.remove_account(names).await?);
        Ok(removed)
    }
}
