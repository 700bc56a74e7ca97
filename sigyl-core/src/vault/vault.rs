//! The vault: seals values and reveals them.

use std::path::Path;

use crate::domain::{SecretName, SecretValue, ServerName, Timestamp};
use crate::store::SealedSecret;

use super::VaultError;
use super::master_key::MasterKey;
use super::sealed::{Place, open, seal};

/// Seals secrets under the master key of one data directory.
#[derive(Debug)]
pub struct Vault {
    key: MasterKey,
}

impl Vault {
    /// Opens the vault with the key in `key_file`, making a key if there is no file. Blocks: it reads and writes files.
    pub fn open(key_file: &Path) -> Result<Self, VaultError> {
        MasterKey::open(key_file).map(|key| Self { key })
    }

    /// Seals a value for one name of one server.
    pub fn seal(
        &self,
        owner: &ServerName,
        name: &SecretName,
        value: &SecretValue,
        now: Timestamp,
    ) -> Result<SealedSecret, VaultError> {
        let sealed = seal(&self.key, &Place { owner, name }, value)?;
        Ok(SealedSecret { owner: owner.clone(), name: name.clone(), sealed, updated: now })
    }

    /// Reveals a value, if it was sealed with this key for this very server and name.
    pub fn reveal(&self, secret: &SealedSecret) -> Result<SecretValue, VaultError> {
        open(&self.key, &Place { owner: &secret.owner, name: &secret.name }, &secret.sealed)
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
