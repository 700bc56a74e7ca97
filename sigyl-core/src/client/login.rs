//! Signing in without a key.

use super::call::Call;
use super::operation::{BEGIN_LOGIN, EXCHANGE_TOKEN, POLL_LOGIN};
use super::{Client, ClientError};
use crate::wire::v1::{DeviceLogin, LoginState, MadeKey, SignedToken, Ticket};

impl Client {
    /// Begins to sign in at a terminal: by the issuer with a name, or `oidc` for the only one; by GitHub when absent.
    pub async fn begin_login(&self, by: Option<&str>) -> Result<DeviceLogin, ClientError> {
        self.ask(Call::of(BEGIN_LOGIN).may_ask("by", by)).await
    }

    /// Asks how such a sign-in stands.
    pub async fn poll_login(&self, ticket: &Ticket) -> Result<LoginState, ClientError> {
        self.ask(Call::of(POLL_LOGIN).json(ticket)?).await
    }

    /// Gives the token of a job for a key of a quarter of an hour.
    pub async fn exchange_token(&self, token: &SignedToken) -> Result<MadeKey, ClientError> {
        self.ask(Call::of(EXCHANGE_TOKEN).json(token)?).await
    }
}
