//! Workspaces: who may do what with which servers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::checked_text;
use super::{AccountId, Label, Timestamp};

/// Name of a workspace.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkspaceName(Box<str>);

/// Text that is not the name of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a workspace name: it has 1 to 64 of a-z, 0-9 and `-`, and starts with a letter or digit"
)]
pub struct WorkspaceNameError(String);

impl WorkspaceName {
    /// Checks and takes a name.
    pub fn parse(text: &str) -> Result<Self, WorkspaceNameError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if text.is_empty() || text.len() > 64 || text.starts_with('-') || !text.bytes().all(plain) {
            return Err(WorkspaceNameError(text.chars().take(64).collect()));
        }
        Ok(Self(text.into()))
    }
}

impl Default for WorkspaceName {
    /// The workspace that every store has, and that everything is in which was recorded before there were others.
    fn default() -> Self {
        Self("default".into())
    }
}

checked_text!(WorkspaceName, WorkspaceNameError);

/// What a member may do in a workspace; each role may all that those before it may. [`super::Action`] says which role
/// an action takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// Sees what is there.
    Viewer,
    /// Publishes, deploys, calls.
    Member,
    /// Decides held runs, deletes, and says who is a member.
    Admin,
    /// Appoints and removes owners too.
    Owner,
}

/// Text that is not a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a role: it is viewer, member, admin or owner")]
pub struct RoleError(String);

impl Role {
    /// Every role, from least to most.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Member, Self::Admin, Self::Owner];

    /// Reads a role.
    pub fn parse(text: &str) -> Result<Self, RoleError> {
        let found = Self::ALL.into_iter().find(|role| role.word() == text);
        found.ok_or_else(|| RoleError(text.chars().take(64).collect()))
    }

    fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

impl std::str::FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// A workspace with its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its name.
    pub name: WorkspaceName,
    /// What people call it.
    pub title: Option<Label>,
    /// When it was made.
    pub created: Timestamp,
    /// Who belongs to it, and as what.
    pub members: BTreeMap<AccountId, Role>,
}

/// A membership cannot be changed like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemberError {
    /// It would have no owner left.
    #[error("workspace {0} would have no owner left: make another member its owner first")]
    LastOwner(WorkspaceName),
    /// The account is no member.
    #[error("the account is no member of workspace {0}")]
    NoMember(WorkspaceName),
    /// There are too many.
    #[error("workspace {0} has {most} members, and may not have more", most = Workspace::MOST_MEMBERS)]
    TooMany(WorkspaceName),
}

impl Workspace {
    /// Members that a workspace may have.
    pub const MOST_MEMBERS: usize = 1_000;

    /// Gives an account a role, whatever it had before. The last owner stays owner.
    pub fn assign(&mut self, account: &AccountId, role: Role) -> Result<(), MemberError> {
        if role < Role::Owner {
            self.keep_an_owner(account)?;
        }
        if !self.members.contains_key(account) && self.members.len() >= Self::MOST_MEMBERS {
            return Err(MemberError::TooMany(self.name.clone()));
        }
        self.members.insert(account.clone(), role);
        Ok(())
    }

    /// Takes a member out. The last owner stays.
    pub fn remove(&mut self, account: &AccountId) -> Result<Role, MemberError> {
        self.keep_an_owner(account)?;
        self.members.remove(account).ok_or_else(|| MemberError::NoMember(self.name.clone()))
    }

    fn keep_an_owner(&self, without: &AccountId) -> Result<(), MemberError> {
        let mut owners = self.members.iter().filter(|(_, role)| **role == Role::Owner);
        let is_last = owners.next().is_some_and(|(account, _)| account == without) && owners.next().is_none();
        if is_last { Err(MemberError::LastOwner(self.name.clone())) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn account(at: usize) -> AccountId {
        AccountId::parse(&format!("a{at}")).unwrap()
    }

    fn workspace() -> Workspace {
        let members = [(account(0), Role::Owner)].into();
        Workspace { name: WorkspaceName::default(), title: None, created: Timestamp::EPOCH, members }
    }

    #[test]
    fn names_are_plain() {
        for name in ["default", "a", "team-2", "0"] {
            assert_eq!(WorkspaceName::parse(name).unwrap().as_str(), name);
        }
        for name in ["", "-x", "A", "a_b", "a/b", "a.b", "é", &"x".repeat(65)] {
            assert!(WorkspaceName::parse(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn roles_are_ordered_and_read_back() {
        assert!(Role::ALL.is_sorted());
        for role in Role::ALL {
            assert_eq!(Role::parse(&role.to_string()), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.to_string());
        }
        assert!(Role::parse("root").is_err());
    }

    #[test]
    fn members_are_bounded() {
        let mut full = workspace();
        for at in 1..Workspace::MOST_MEMBERS {
            full.assign(&account(at), Role::Viewer).unwrap();
        }
        assert!(matches!(full.assign(&account(9_999), Role::Viewer), Err(MemberError::TooMany(_))));
        full.assign(&account(1), Role::Member).unwrap();
    }

    proptest! {
        #[test]
        fn a_workspace_never_loses_its_last_owner(
            steps in prop::collection::vec((0..4_usize, prop::option::of(0..4_usize)), 0..40)
        ) {
            let mut workspace = workspace();
            for (at, role) in steps {
                let before = workspace.clone();
                let done = match role {
                    Some(role) => workspace.assign(&account(at), Role::ALL[role]),
                    None => workspace.remove(&account(at)).map(|_| ()),
                };
                if done.is_err() {
                    prop_assert_eq!(&workspace, &before);
                }
                prop_assert!(workspace.members.values().any(|role| *role == Role::Owner));
            }
        }
    }
}
