//! Who signs: the key is opened once, when it is first needed.

use std::fmt;
use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::domain::Timestamp;
use crate::store::Store;
use crate::vault::Vault;

use super::{AttestError, SigningKey};

/// Signs for one instance. Cloning it is cheap; every clone has the same key.
#[derive(Clone)]
pub struct Signer {
    store: Arc<dyn Store>,
    vault: Arc<Vault>,
    key: Arc<OnceCell<SigningKey>>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signer").field(&self.key.get()).finish()
    }
}

impl Signer {
    /// Signs with the key of a store; it is not opened yet.
    pub fn new(store: Arc<dyn Store>, vault: Arc<Vault>) -> Self {
        Self { store, vault, key: Arc::default() }
    }

    /// Returns the key that is there; nothing where none was needed yet.
    pub async fn known(&self) -> Result<Option<&SigningKey>, AttestError> {
        if let Some(key) = self.key.get() {
            return Ok(Some(key));
        }
        let Some(key) = SigningKey::find(&*self.store, &self.vault).await? else { return Ok(None) };
        Ok(Some(self.key.get_or_init(|| std::future::ready(key)).await))
    }

    /// Returns the key, which is made where there is none.
    pub async fn key(&self, now: Timestamp) -> Result<&SigningKey, AttestError> {
        self.key.get_or_try_init(|| SigningKey::ensure(&*self.store, &self.vault, now)).await
    }
}
