//! Secrets of servers, whose values go in and never come out, and the key that seals them.

use super::call::Call;
use super::operation::{LIST_SECRETS, REMOVE_SECRET, ROTATE_MASTER_KEY, SET_SECRET, SHOW_MASTER_KEY};
use super::{Client, ClientError};
use crate::domain::{SecretName, ServerName};
use crate::wire::v1::{MasterKeyView, NewSecret, RotateMasterKey, SecretView, Secrets, SetSecret};

impl Client {
    /// Lists the secrets of a server, never their values.
    pub async fn secrets(&self, name: &ServerName) -> Result<Vec<SecretView>, ClientError> {
        self.all(Call::of(LIST_SECRETS).part(name), |part: Secrets| (part.secrets, part.next)).await
    }

    /// Sets a secret; with `restart`, a running server is started anew with it.
    pub async fn set_secret(
        &self,
        name: &ServerName,
        secret: &SecretName,
        new: &NewSecret,
        restart: bool,
    ) -> Result<SetSecret, ClientError> {
        self.ask(Call::of(SET_SECRET).part(name).part(secret).asks("restart", restart).json(new)?).await
    }

    /// Takes a secret from a server.
    pub async fn remove_secret(&self, name: &ServerName, secret: &SecretName) -> Result<(), ClientError> {
        self.done(Call::of(REMOVE_SECRET).part(name).part(secret)).await
    }

    /// Tells where the master key comes from, never the key.
    pub async fn master_key(&self) -> Result<MasterKeyView, ClientError> {
        self.ask(Call::of(SHOW_MASTER_KEY)).await
    }

    /// Lets a new master key take over from the one that is named.
    pub async fn rotate_master_key(&self, from: &str) -> Result<MasterKeyView, ClientError> {
        let wanted = RotateMasterKey { from: from.to_owned() };
        self.ask(Call::of(ROTATE_MASTER_KEY).json(&wanted)?).await
    }
}
