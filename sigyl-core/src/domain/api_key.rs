//! API keys as they are on record: never the secret, only a keyed hash of it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::text::checked_text;
use super::{Account, AccountId, Digest, Label, Network, Role, Scope, Shows, Timestamp, WorkspaceName};

/// The public part of a key, by which it is found and named.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(Box<str>);

/// Text that is not the id of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not the id of a key: it has {} of a-z and 0-9", KeyId::LENGTH)]
pub struct KeyIdError;

impl KeyId {
    /// Characters of an id.
    pub const LENGTH: usize = 16;

    /// Checks and takes an id.
    pub fn parse(text: &str) -> Result<Self, KeyIdError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        // What does not read may be a whole key in the wrong place: it is not said again.
        if text.len() == Self::LENGTH && text.bytes().all(plain) {
            Ok(Self(text.into()))
        } else {
            Err(KeyIdError)
        }
    }
}

checked_text!(KeyId, KeyIdError);

/// A keyed hash of a key's secret: silent in `Debug`, and worth nothing without the pepper.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyHash(Digest);

impl KeyHash {
    /// Takes the 32 bytes of a hash.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Digest::from_bytes(bytes))
    }

    /// Returns the 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

/// A key as it is on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its public part.
    pub id: KeyId,
    /// Whose it is.
    pub account: AccountId,
    /// The only workspace that it is for; every workspace of the account when absent.
    pub workspace: Option<WorkspaceName>,
    /// What it is for.
    pub label: Label,
    /// What it may be used for, of what its account may do.
    pub scopes: Vec<Scope>,
    /// Where it may be used from; everywhere when empty.
    pub networks: Vec<Network>,
    /// When it was made.
    pub created: Timestamp,
    /// Until when it is good; for good when absent.
    pub expires: Option<Timestamp>,
    /// Since when it is good for nothing.
    pub revoked: Option<Timestamp>,
    /// When it was last used, as far as that is written down yet.
    pub last_used: Option<Timestamp>,
    /// How often it was used, as far as that is written down yet.
    pub uses: u64,
    /// The keyed hash of its secret.
    pub hash: KeyHash,
    /// The key that somebody signed in with, when this one stands for a browser that is signed in: it is good only while
    /// that one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<KeyId>,
    /// Whether somebody got it by signing in: it is forgotten once it is over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sign_in: bool,
    /// What of the registry it shows, when it is the address of a view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<Shows>,
}

/// Why a key is not good now, though its secret is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyRefusal {
    /// It was revoked.
    Revoked,
    /// Its time is over.
    Expired,
    /// It is not for where it came from.
    Elsewhere,
    /// Its account is disabled.
    Disabled,
}

impl fmt::Display for KeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Revoked => "it was revoked",
            Self::Expired => "it has expired",
            Self::Elsewhere => "it may not be used from this address",
            Self::Disabled => "its account is disabled",
        })
    }
}

impl ApiKey {
    /// Scopes that a key may have.
    pub const MOST_SCOPES: usize = 64;
    /// Networks that a key may have.
    pub const MOST_NETWORKS: usize = 64;

    /// Tells what speaks against the use of this key now, from `address`. A key that is bound to networks is not good
    /// where nobody knows the address.
    pub fn refusal(&self, now: Timestamp, address: Option<IpAddr>) -> Option<KeyRefusal> {
        let is_within = |address: IpAddr| self.networks.iter().any(|network| network.contains(address));
        if self.revoked.is_some() {
            Some(KeyRefusal::Revoked)
        } else if self.expires.is_some_and(|expires| expires <= now) {
            Some(KeyRefusal::Expired)
        } else if !self.networks.is_empty() && !address.is_some_and(is_within) {
            Some(KeyRefusal::Elsewhere)
        } else {
            None
        }
    }
}

/// A key with everything that decides what it may be used for, as it is on record at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The key.
    pub key: ApiKey,
    /// Whose it is.
    pub account: Account,
    /// What the account is in each of its workspaces.
    pub roles: BTreeMap<WorkspaceName, Role>,
}

impl Holder {
    /// Tells what speaks against the use of this key now, from `address`.
    pub fn refusal(&self, now: Timestamp, address: Option<IpAddr>) -> Option<KeyRefusal> {
        let disabled = self.account.disabled.map(|_| KeyRefusal::Disabled);
        disabled.or_else(|| self.key.refusal(now, address))
    }

    /// Returns what it may do at this moment.
    pub fn rights(&self) -> Rights {
        Rights {
            administrator: self.account.administrator,
            roles: self.roles.clone(),
            scopes: self.key.scopes.clone(),
            workspace: self.key.workspace.clone(),
            networks: self.key.networks.clone(),
        }
    }

    /// Returns the role in a workspace, as far as the key reaches there.
    pub fn role_in(&self, workspace: &WorkspaceName) -> Option<Role> {
        let reaches = self.key.workspace.as_ref().is_none_or(|only| only == workspace);
        self.roles.get(workspace).copied().filter(|_| reaches)
    }
}

/// What a key may do at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    administrator: bool,
    roles: BTreeMap<WorkspaceName, Role>,
    scopes: Vec<Scope>,
    workspace: Option<WorkspaceName>,
    networks: Vec<Network>,
}

impl Rights {
    /// Tells whether these hold all that the same key might at another moment.
    pub fn hold(&self, other: &Self) -> bool {
        let bounds = |it: &Self| (it.scopes.clone(), it.workspace.clone(), it.networks.clone());
        let roles = other.roles.iter().all(|(of, role)| self.roles.get(of).is_some_and(|now| now >= role));
        bounds(self) == bounds(other) && roles && self.administrator >= other.administrator
    }
}

/// Uses of a key that are written down together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// The key.
    pub id: KeyId,
    /// How often it was used since the last time.
    pub uses: u64,
    /// When it was used last.
    pub last: Timestamp,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::Login;

    /// A key without bounds of `ada`, who is `role` in the default workspace.
    pub(crate) fn holder(role: Role, scopes: &[&str]) -> Holder {
        let account = Account {
            id: AccountId::parse("a1").unwrap(),
            login: Login::parse("ada").unwrap(),
            name: None,
            administrator: false,
            created: Timestamp::EPOCH,
            disabled: None,
            identities: Vec::new(),
            namespaces: Vec::new(),
        };
        let key = ApiKey {
            id: KeyId::parse("0123456789abcdef").unwrap(),
            account: account.id.clone(),
            workspace: None,
            label: Label::parse("test").unwrap(),
            scopes: scopes.iter().map(|scope| Scope::parse(scope).unwrap()).collect(),
            networks: Vec::new(),
            created: Timestamp::EPOCH,
            expires: None,
            revoked: None,
            last_used: None,
            uses: 0,
            hash: KeyHash::new([7; 32]),
            parent: None,
            sign_in: false,
            view: None,
        };
        Holder { key, account, roles: [(WorkspaceName::default(), role)].into() }
    }

    #[test]
    fn rights_hold_what_they_held_until_one_is_lost() {
        let before = holder(Role::Member, &["read", "call"]);
        let with = |change: fn(&mut Holder)| {
            let mut now = before.clone();
            change(&mut now);
            now.rights().hold(&before.rights())
        };
        assert!(with(|_| {}));
        assert!(with(|now| now.key.uses = 7));
        assert!(with(|now| now.account.administrator = true));
        assert!(with(|now| {
            now.roles.insert(WorkspaceName::default(), Role::Owner);
        }));
        assert!(!with(|now| {
            now.roles.insert(WorkspaceName::default(), Role::Viewer);
        }));
        assert!(!with(|now| now.roles.clear()));
        assert!(!with(|now| drop(now.key.scopes.pop())));
        assert!(!with(|now| now.key.workspace = Some(WorkspaceName::default())));
        let administrator =
            Holder { account: Account { administrator: true, ..before.account.clone() }, ..before.clone() };
        assert!(!before.rights().hold(&administrator.rights()));
    }

    #[test]
    fn a_key_is_refused_for_each_reason() {
        let at = Timestamp::from_millis;
        let good = holder(Role::Member, &["*"]);
        let home = Some([10, 0, 0, 1].into());
        assert_eq!(good.refusal(at(5), None), None);
        let mut bad = good.clone();
        bad.key.expires = Some(at(5));
        assert_eq!(bad.refusal(at(4), home), None);
        assert_eq!(bad.refusal(at(5), home), Some(KeyRefusal::Expired));
        bad.key.revoked = Some(at(1));
        assert_eq!(bad.refusal(at(4), home), Some(KeyRefusal::Revoked));
        let mut bound = good.clone();
        bound.key.networks = vec![Network::parse("10.0.0.0/8").unwrap()];
        assert_eq!(bound.refusal(at(5), home), None);
        assert_eq!(bound.refusal(at(5), Some([11, 0, 0, 1].into())), Some(KeyRefusal::Elsewhere));
        assert_eq!(bound.refusal(at(5), None), Some(KeyRefusal::Elsewhere));
        let mut disabled = good;
        disabled.account.disabled = Some(at(1));
        assert_eq!(disabled.refusal(at(5), home), Some(KeyRefusal::Disabled));
    }

    #[test]
    fn what_is_no_id_is_not_said_again() {
        let error = KeyId::parse("sigyl_0123456789abcdef_TOPSECRET").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("TOPSECRET"));
        assert!(KeyId::parse("0123456789ABCDEF").is_err());
    }

    #[test]
    fn a_hash_stays_silent() {
        let shown = format!("{:?}", holder(Role::Viewer, &[]));
        assert!(shown.contains("KeyHash(…)") && !shown.contains("0707"), "{shown}");
    }
}
