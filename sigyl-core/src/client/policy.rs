//! What findings are judged by.

use super::call::Call;
use super::operation::{RESCAN, SHOW_POLICY, TEST_POLICY};
use super::{Client, ClientError};
use crate::domain::Policy;
use crate::wire::v1::{PolicyTest, PolicyText, Rescan, Rescanned, RescannedVersions};

impl Client {
    /// Shows the policy that the server judges by.
    pub async fn policy(&self) -> Result<Policy, ClientError> {
        self.ask(Call::of(SHOW_POLICY)).await
    }

    /// Tells what another policy would make of the versions on record.
    pub async fn test_policy(&self, policy: &PolicyText) -> Result<PolicyTest, ClientError> {
        self.ask(Call::of(TEST_POLICY).json(policy)?).await
    }

    /// Judges kept sources by the rules and the policy of today.
    pub async fn rescan(&self, which: &Rescan) -> Result<Vec<Rescanned>, ClientError> {
        self.ask::<RescannedVersions>(Call::of(RESCAN).json(which)?.long()).await.map(|it| it.versions)
    }
}
