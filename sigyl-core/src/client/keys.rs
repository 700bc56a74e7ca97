//! Keys, and who shows them.

use super::call::Call;
use super::operation::{CREATE_KEY, LIST_KEYS, REVOKE_KEY, WHO_AM_I};
use super::{Client, ClientError};
use crate::domain::{KeyId, Login};
use crate::wire::v1::{KeyView, Keys, MadeKey, NewKey, WhoAmI};

impl Client {
    /// Tells whose key is shown, and what it is for.
    pub async fn whoami(&self) -> Result<WhoAmI, ClientError> {
        self.ask(Call::of(WHO_AM_I)).await
    }

    /// Lists the keys of an account; the caller's own when none is named.
    pub async fn keys(&self, of: Option<&Login>) -> Result<Vec<KeyView>, ClientError> {
        let call = Call::of(LIST_KEYS).may_ask("account", of);
        self.all(call, |part: Keys| (part.keys, part.next)).await
    }

    /// Makes a key; this is the only time that it is shown.
    pub async fn create_key(&self, new: &NewKey) -> Result<MadeKey, ClientError> {
        self.ask(Call::of(CREATE_KEY).json(new)?).await
    }

    /// Makes a key good for nothing, at once.
    pub async fn revoke_key(&self, id: &KeyId) -> Result<(), ClientError> {
        self.done(Call::of(REVOKE_KEY).part(id)).await
    }
}
