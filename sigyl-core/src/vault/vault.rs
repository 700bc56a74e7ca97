//! The vault: seals values, reveals them, and changes the key that it does so with.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::{SecretName, SecretValue, ServerName, Timestamp};
use crate::store::{Change, Handover, KeyRecord, SealedSecret, Store};

use super::master_key::MasterKey;
use super::ring::Ring;
use super::sealed::{self, Place};
use super::{KeySource, VaultError, handover, key_file};

/// Seals secrets under the master key of one data directory.
#[derive(Debug)]
pub struct Vault {
    source: KeySource,
    ring: RwLock<Arc<Ring>>,
}

impl Vault {
    /// Opens the vault with the key in `key_file`, making a key if there is no file, whatever may be sealed already. Blocks:
    /// it reads and writes files.
    pub fn open(key_file: &Path) -> Result<Self, VaultError> {
        let key = key_file::open(key_file)?;
        Ok(Self::with(KeySource::File(key_file.to_owned()), Ring::of(key)))
    }

    /// A vault whose keys are known.
    pub(super) fn with(source: KeySource, ring: Ring) -> Self {
        Self { source, ring: RwLock::new(Arc::new(ring)) }
    }

    /// Seals a value for one name of one server, as set for the first time and by nobody in particular.
    pub fn seal(
        &self,
        owner: &ServerName,
        name: &SecretName,
        value: &SecretValue,
        now: Timestamp,
    ) -> Result<SealedSecret, VaultError> {
        let sealed = sealed::seal(self.ring().current(), &Place { owner, name }, value)?;
        Ok(SealedSecret {
            owner: owner.clone(),
            name: name.clone(),
            sealed,
            updated: now,
            by: None,
            version: 1,
        })
    }

    /// Reveals a value, if it was sealed with a key at hand for this very server and name.
    pub fn reveal(&self, secret: &SealedSecret) -> Result<SecretValue, VaultError> {
        if secret.is_given_up() {
            return Err(VaultError::GivenUp { owner: secret.owner.clone(), name: secret.name.clone() });
        }
        sealed::open(&self.ring(), &Place { owner: &secret.owner, name: &secret.name }, &secret.sealed)
    }

    /// Seals anew, under the key that seals now, what is sealed under another or in an older form. Nothing when there is
    /// nothing to do. The value itself is not touched, unless it is in the oldest form.
    pub fn reseal(&self, secret: &SealedSecret) -> Result<Option<SealedSecret>, VaultError> {
        let ring = self.ring();
        if secret.is_given_up() || sealed::is_current(&ring, &secret.sealed) {
            return Ok(None);
        }
        let place = Place { owner: &secret.owner, name: &secret.name };
        let sealed = sealed::reseal(&ring, &place, &secret.sealed)?;
        Ok(Some(SealedSecret { sealed, ..secret.clone() }))
    }

    /// Returns what identifies the key that seals now.
    pub fn key_id(&self) -> String {
        self.ring().current().id().to_string()
    }

    /// Tells where the key comes from.
    pub fn source(&self) -> &KeySource {
        &self.source
    }

    /// Begins to let another key take over: it is had from where the present one came from, put on record, and seals from
    /// then on. Both open what is sealed until [`Vault::finish`].
    pub async fn hand_over(&self, store: &dyn Store, now: Timestamp) -> Result<Handover, VaultError> {
        let record = store.master_key().await?;
        if let Some(KeyRecord { handover: Some(Handover { from, to, .. }), .. }) = record {
            return Err(VaultError::Busy { from, to });
        }
        let from = self.ring().current().clone();
        let to = match &self.source {
            KeySource::File(_) => MasterKey::random()?,
            KeySource::Command(command) => command.key().await?,
            given => return Err(VaultError::NoNewKey(given.to_string())),
        };
        if to.id() == from.id() {
            return Err(VaultError::NoNewKey(self.source.to_string()));
        }
        let handover = handover::begin(&from, &to, now)?;
        let salt = record.as_ref().and_then(|record| record.salt.clone());
        let since = record.map_or(now, |record| record.since);
        let record = KeyRecord { key: handover.from.clone(), salt, handover: Some(handover.clone()), since };
        store.apply(Change::PutMasterKey(Box::new(record))).await?;
        self.take(Ring::of(to).with(from));
        Ok(handover)
    }

    /// Ends a handover, once nothing is sealed under the old key any more: from now on it opens nothing here. Returns where
    /// the old key is kept, when that is a file.
    pub async fn finish(&self, store: &dyn Store, now: Timestamp) -> Result<Option<PathBuf>, VaultError> {
        let Some(record) = store.master_key().await? else { return Ok(None) };
        let current = self.ring().current().clone();
        let kept = match &self.source {
            KeySource::File(path) => {
                let (path, key) = (path.clone(), current.clone());
                let replaced = tokio::task::spawn_blocking(move || key_file::replace(&path, &key)).await;
                replaced.unwrap_or_else(|error| Err(VaultError::Ended(error.to_string())))?
            }
            // What would not open anything at the next start must not be all there is.
            other => {
                let given = other.key(record.salt.as_deref(), false).await?;
                if given.id() != current.id() {
                    let (sealed, ours) = (current.id().to_string(), given.id().to_string());
                    return Err(VaultError::WrongKey { sealed, ours, source_of_ours: other.to_string() });
                }
                None
            }
        };
        let record = KeyRecord { key: current.id().to_string(), handover: None, since: now, ..record };
        store.apply(Change::PutMasterKey(Box::new(record))).await?;
        self.take(Ring::of(current));
        Ok(kept)
    }

    fn ring(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take(&self, ring: Ring) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vault_opened_again_reveals_what_was_sealed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("master.key");
        let (owner, name) = (ServerName::parse("notes").unwrap(), SecretName::parse("TOKEN").unwrap());
        let value = SecretValue::new("hunter2");
        let sealed = Vault::open(&file).unwrap().seal(&owner, &name, &value, Timestamp::EPOCH).unwrap();
        assert_eq!(Vault::open(&file).unwrap().reveal(&sealed).unwrap(), value);
        let mut stolen = sealed.clone();
        stolen.owner = ServerName::parse("other").unwrap();
        assert!(matches!(Vault::open(&file).unwrap().reveal(&stolen), Err(VaultError::Changed { .. })));
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(Vault::open(&file).unwrap().reveal(&sealed), Err(VaultError::OtherKey { .. })));
    }
}
