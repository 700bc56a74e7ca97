//! Signing in without a key.

use super::call::Call;
use super::operation::{BEGIN_LOGIN, EXCHANGE_TOKEN, POLL_LOGIN};
use super::{Client, ClientError};
use crate::wire::v1::{DeviceLogin, LoginState, MadeKey, SignedToken, Ticket};

impl Client {
    /// Begins to sign in by GitHub at a terminal.
    pub async fn begin_login(&self) -> Result<DeviceLogin, ClientError> {
        self.ask(Call::of(BEGIN_LOGIN)).await
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
