//! Secrets and the master key, as operations take and show them.

use serde::{Deserialize, Serialize};

use crate::domain::{RunId, SecretName, SecretValue, ServerName, Timestamp};
use crate::store::SealedSecret;

/// A secret as lists show it: never its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretView {
    /// Its name: the variable that the server reads it from.
    pub name: SecretName,
    /// When its value was set.
    pub updated: Timestamp,
    /// Who set it; nothing when that was before it was kept.
    pub by: Option<String>,
    /// How often it was set.
    pub version: u64,
    /// Whether its value was given up with a lost master key: it has to be set anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub given_up: bool,
}

impl From<SealedSecret> for SecretView {
    fn from(it: SealedSecret) -> Self {
        let given_up = it.is_given_up();
        Self { name: it.name, updated: it.updated, by: it.by, version: it.version, given_up }
    }
}

/// What was given up with a lost master key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    /// The id of the key.
    pub key: String,
    /// Secrets that have to be set anew.
    pub secrets: Vec<ForgottenSecret>,
    /// How many keys were revoked.
    pub keys: usize,
    /// Runs that wait with secrets in their order, and fail once they are let pass.
    pub held: Vec<RunId>,
}

/// A secret whose value was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgottenSecret {
    /// The server.
    pub server: ServerName,
    /// The secret.
    pub name: SecretName,
}

impl From<&SealedSecret> for ForgottenSecret {
    fn from(it: &SealedSecret) -> Self {
        Self { server: it.owner.clone(), name: it.name.clone() }
    }
}

/// Secrets of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// They, never their values.
    pub secrets: Vec<SecretView>,
    /// Where to go on, when there is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Which master key another takes over from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateMasterKey {
    /// Identifies the key that seals now.
    pub from: String,
}

/// A value for a secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSecret {
    /// The value.
    pub value: SecretValue,
}

/// A secret was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetSecret {
    /// What is on record.
    pub secret: SecretView,
    /// What whoever set it should know, such as that the server does not ask for it.
    pub notices: Vec<String>,
    /// The run that starts the server anew with it, when that was asked for.
    pub run: Option<RunId>,
}

/// The master key as it is shown: never the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterKeyView {
    /// Identifies the key that seals.
    pub key: String,
    /// Where it comes from.
    pub source: String,
    /// Since when it is the only one.
    pub since: Option<Timestamp>,
    /// How it takes over from another, as long as it does.
    pub change: Option<KeyChange>,
    /// What should be mended about it.
    pub warning: Option<String>,
}

/// One master key takes over from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChange {
    /// Identifies the old key, which opens what is not sealed anew yet.
    pub from: String,
    /// Identifies the new key.
    pub to: String,
    /// Since when.
    pub began: Timestamp,
}
