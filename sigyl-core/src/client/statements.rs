//! What is signed of releases.

use super::call::Call;
use super::operation::{SHOW_PUBLIC_KEY, SHOW_SBOM, SHOW_STATEMENT, VERIFY_SERVER};
use super::{Client, ClientError};
use crate::domain::{Attested, Envelope, ServerName};
use crate::wire::v1::{PublicKeyView, Verification};

impl Client {
    /// Returns the key that checks what the instance signs.
    pub async fn public_key(&self) -> Result<PublicKeyView, ClientError> {
        self.ask(Call::of(SHOW_PUBLIC_KEY)).await
    }

    /// Returns the signed statement of what serves a server.
    pub async fn statement(&self, name: &ServerName) -> Result<Envelope, ClientError> {
        self.ask(Call::of(SHOW_STATEMENT).part(name)).await
    }

    /// Returns the signed list of what serves a server is made of.
    pub async fn sbom(&self, name: &ServerName) -> Result<Envelope, ClientError> {
        self.ask(Call::of(SHOW_SBOM).part(name)).await
    }

    /// Returns both; a release between the two shows in that they name different ones.
    pub async fn attested(&self, name: &ServerName) -> Result<Attested, ClientError> {
        Ok(Attested { statement: self.statement(name).await?, sbom: self.sbom(name).await? })
    }

    /// Has the chain of what serves a server checked, link by link.
    pub async fn verify(&self, name: &ServerName) -> Result<Verification, ClientError> {
        self.ask(Call::of(VERIFY_SERVER).part(name)).await
    }
}
