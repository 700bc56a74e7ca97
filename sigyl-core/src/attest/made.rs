//! What is signed when a release begins to serve.

use serde_json::Value;

use crate::domain::{Attested, ReleaseFacts, Statement, Timestamp, bom_digest};

use super::envelope::sign;
use super::{AttestError, SigningKey};

/// Signs what is said of a release, and the list of what it is made of; `began` is when its run did.
pub fn attest(
    key: &SigningKey,
    facts: ReleaseFacts,
    bom: Value,
    began: Timestamp,
) -> Result<Attested, AttestError> {
    let subjects = facts.subjects();
    let statement = Statement::of(facts, key.public().id(), began, bom_digest(&bom)?);
    let list = Statement::of_bom(subjects, bom);
    Ok(Attested { statement: sign(key, &statement.bytes()?)?, sbom: sign(key, &list.bytes()?)? })
}
