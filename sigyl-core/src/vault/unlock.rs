//! Opens the vault of a store: the key that is given has to be the one that sealed what is on record.

use std::collections::BTreeSet;

use crate::domain::Timestamp;
use crate::store::{Change, Handover, KeyRecord, Page, SealedSecret, Store};

use super::master_key::MasterKey;
use super::ring::Ring;
use super::vault::Vault;
use super::{KeySource, VaultError, handover, passphrase, sealed};

/// Servers that are looked at at a time.
const PAGE: usize = 500;

/// The keys that a vault is opened with.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Where the key comes from.
    pub source: KeySource,
    /// Where the key came from that this one takes over from.
    pub previous: Option<KeySource>,
}

impl Vault {
    /// Opens the vault of a store. A key is made only where nothing is sealed yet: a new one opens no secret, and what it
    /// seals the right one could not open once it is back. A wrong or missing key changes nothing on record.
    ///
    /// When one key was taking over from another, it goes on with both; who calls this has it finished.
    pub async fn unlock(keys: &Keys, store: &dyn Store, now: Timestamp) -> Result<Self, VaultError> {
        let record = store.master_key().await?;
        let sealed_by = match &record {
            Some(_) => BTreeSet::new(),
            None => keys_of(store).await?,
        };
        let is_used = record.is_some() || !sealed_by.is_empty();
        let mut salt = record.as_ref().and_then(|record| record.salt.clone());
        if salt.is_none() && keys.source.takes_salt() {
            salt = Some(passphrase::new_salt()?);
        }
        let key = keys.source.key(salt.as_deref(), !is_used).await?;
        let asked = Asked { keys, store, salt, now };
        let ring = match record {
            None => asked.unrecorded(key, sealed_by).await?,
            Some(KeyRecord { handover: Some(handover), .. }) => asked.midway(&handover, key).await?,
            Some(record) => asked.recorded(record, key).await?,
        };
        Ok(Self::with(keys.source.clone(), ring))
    }
}

/// What the vault is opened with.
struct Asked<'a> {
    keys: &'a Keys,
    store: &'a dyn Store,
    salt: Option<String>,
    now: Timestamp,
}

impl Asked<'_> {
    /// Nothing is on record of a key: a new store, or one of before there was such a record.
    async fn unrecorded(&self, key: MasterKey, sealed_by: BTreeSet<String>) -> Result<Ring, VaultError> {
        let id = key.id().to_string();
        match sealed_by.first() {
            Some(other) if !sealed_by.contains(&id) => self.after_previous(other, key, self.now).await,
            _ => {
                self.put(id, None, self.now).await?;
                Ok(Ring::of(key))
            }
        }
    }

    async fn recorded(&self, record: KeyRecord, key: MasterKey) -> Result<Ring, VaultError> {
        if key.id().to_string() != record.key {
            return self.after_previous(&record.key, key, record.since).await;
        }
        if record.salt != self.salt {
            self.put(record.key, None, record.since).await?;
        }
        Ok(Ring::of(key))
    }

    /// One key was taking over from another when this store was last open.
    async fn midway(&self, handover: &Handover, key: MasterKey) -> Result<Ring, VaultError> {
        let ours = key.id().to_string();
        let mut opened = handover::open(handover, key)?;
        if let (None, Some(previous)) = (&opened, &self.keys.previous) {
            opened = handover::open(handover, previous.key(self.salt.as_deref(), false).await?)?;
        }
        let (to, from) = opened.ok_or_else(|| self.wrong(&handover.from, ours))?;
        Ok(Ring::of(to).with(from))
    }

    /// Lets `key` take over from the one that everything is sealed under, if that was named as the previous one.
    async fn after_previous(
        &self,
        sealed: &str,
        key: MasterKey,
        since: Timestamp,
    ) -> Result<Ring, VaultError> {
        let wrong = || self.wrong(sealed, key.id().to_string());
        let previous = self.keys.previous.as_ref().ok_or_else(wrong)?;
        let from = previous.key(self.salt.as_deref(), false).await?;
        if from.id().to_string() != sealed {
            return Err(wrong());
        }
        let handover = handover::begin(&from, &key, self.now)?;
        self.put(handover.from.clone(), Some(handover), since).await?;
        Ok(Ring::of(key).with(from))
    }

    async fn put(&self, key: String, handover: Option<Handover>, since: Timestamp) -> Result<(), VaultError> {
        let record = KeyRecord { key, salt: self.salt.clone(), handover, since };
        self.store.apply(Change::PutMasterKey(Box::new(record))).await?;
        Ok(())
    }

    fn wrong(&self, sealed: &str, ours: String) -> VaultError {
        VaultError::WrongKey { sealed: sealed.to_owned(), ours, source_of_ours: self.keys.source.to_string() }
    }
}

/// Returns the id of the key that everything on record is sealed under; nothing when nothing is.
pub async fn sealed_under(store: &dyn Store) -> Result<Option<String>, VaultError> {
    Ok(match store.master_key().await? {
        Some(record) => Some(record.handover.map_or(record.key, |handover| handover.from)),
        None => keys_of(store).await?.into_iter().next(),
    })
}

/// Finds which keys sealed what is on record.
async fn keys_of(store: &dyn Store) -> Result<BTreeSet<String>, VaultError> {
    let id = |secret: SealedSecret| sealed::key_of(&secret.sealed).unwrap_or_else(|| "unknown".to_owned());
    // What was given up is sealed by none.
    let is_sealed = |secret: &SealedSecret| !secret.sealed.is_empty();
    let mut found: BTreeSet<_> = store.pepper().await?.map(id).into_iter().collect();
    found.extend(store.signing_key().await?.map(id));
    found.extend(store.github_app().await?.map(|kept| id(kept.sealed)));
    let mut after = None;
    loop {
        let page = store.servers(Page { after, limit: PAGE }).await?;
        for server in &page {
            found.extend(store.secrets(&server.name).await?.into_iter().filter(is_sealed).map(id));
        }
        match page.last() {
            Some(server) => after = Some(server.name.clone()),
            None => return Ok(found),
        }
    }
}
