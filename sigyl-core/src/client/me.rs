//! One's own account.

use super::call::Call;
use super::operation::{DELETE_ME, EXPORT_ME, PROVE_NAMESPACE, RENAME_ME};
use super::{Client, ClientError};
use crate::domain::{Account, Label, Login, ProvenNamespace};
use crate::wire::v1::{AccountExport, AccountProfile, SignedTime};

impl Client {
    /// Gives all that is on record of the account.
    pub async fn export_me(&self) -> Result<AccountExport, ClientError> {
        self.ask(Call::of(EXPORT_ME).long()).await
    }

    /// Changes what the account is called.
    pub async fn rename_me(&self, name: Option<Label>) -> Result<Account, ClientError> {
        self.ask(Call::of(RENAME_ME).json(&AccountProfile { name })?).await
    }

    /// Deletes the account; `confirm` is its login, typed by a person.
    pub async fn delete_me(&self, confirm: &Login) -> Result<(), ClientError> {
        self.done(Call::of(DELETE_ME).asks("confirm", confirm)).await
    }

    /// Proves that a domain belongs to the account.
    pub async fn prove_namespace(&self, proof: &SignedTime) -> Result<ProvenNamespace, ClientError> {
        self.ask(Call::of(PROVE_NAMESPACE).json(proof)?).await
    }
}
