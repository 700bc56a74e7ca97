//! The audit.

use super::call::Call;
use super::operation::{READ_AUDIT, VERIFY_AUDIT};
use super::{Client, ClientError};
use crate::domain::{AuditEntry, AuditHead};
use crate::wire::v1::{Audit, AuditChecked};

impl Client {
    /// Lists entries of the audit, oldest first: from one on, or the last there are.
    pub async fn audit(&self, after: Option<u64>, limit: usize) -> Result<Vec<AuditEntry>, ClientError> {
        let call = Call::of(READ_AUDIT).may_ask("after", after).asks("limit", limit);
        self.ask::<Audit>(call).await.map(|it| it.entries)
    }

    /// Checks that the audit is whole, and holds an end of it that was kept elsewhere.
    pub async fn verify_audit(&self, kept: Option<AuditHead>) -> Result<AuditChecked, ClientError> {
        self.ask(Call::of(VERIFY_AUDIT).may_ask("kept", kept)).await
    }
}
