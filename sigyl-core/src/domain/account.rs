//! Accounts: who holds keys and belongs to workspaces.

use serde::{Deserialize, Serialize};

use super::text::checked_text;
use super::{AccountId, Label, Proof, Timestamp};

/// The name that a person or a program signs in by; one account has it at a time.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Login(Box<str>);

/// Text that is not a login.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a login: it has 1 to 64 of a-z, 0-9, `-`, `_`, `.`, and starts with a letter or digit")]
pub struct LoginError(String);

impl Login {
    /// Checks and takes a login. Upper case is refused, so that no two logins differ by it alone.
    pub fn parse(text: &str) -> Result<Self, LoginError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !starts || text.len() > 64 || !text.bytes().all(plain) {
            return Err(LoginError(text.chars().take(64).collect()));
        }
        Ok(Self(text.into()))
    }
}

checked_text!(Login, LoginError);

/// How a system that people sign in by knows somebody: it never changes there, whatever they are called.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "IdentityParts", into = "IdentityParts")]
pub struct Identity {
    issuer: Box<str>,
    subject: Box<str>,
}

/// The same, unchecked.
#[derive(Serialize, Deserialize)]
struct IdentityParts {
    issuer: String,
    subject: String,
}

/// An issuer and a subject that name nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an identity has an issuer of 1 to {most} bytes and a subject of as many, without control characters", most = Identity::MOST)]
pub struct IdentityError;

impl Identity {
    /// Bytes of each part.
    pub const MOST: usize = 512;

    /// Checks and takes both parts.
    pub fn new(issuer: &str, subject: &str) -> Result<Self, IdentityError> {
        let sound =
            |text: &str| !text.is_empty() && text.len() <= Self::MOST && !text.contains(char::is_control);
        if !sound(issuer) || !sound(subject) {
            return Err(IdentityError);
        }
        Ok(Self { issuer: issuer.into(), subject: subject.into() })
    }

    /// Returns the address of the system.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns what somebody is there.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

impl TryFrom<IdentityParts> for Identity {
    type Error = IdentityError;

    fn try_from(parts: IdentityParts) -> Result<Self, Self::Error> {
        Self::new(&parts.issuer, &parts.subject)
    }
}

impl From<Identity> for IdentityParts {
    fn from(identity: Identity) -> Self {
        Self { issuer: identity.issuer.into(), subject: identity.subject.into() }
    }
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its identity, which never changes.
    pub id: AccountId,
    /// What it signs in by.
    pub login: Login,
    /// What people call it.
    pub name: Option<Label>,
    /// Whether it may do everything in every workspace, and with the installation itself.
    #[serde(default)]
    pub administrator: bool,
    /// When it was made.
    pub created: Timestamp,
    /// Since when it may do nothing.
    pub disabled: Option<Timestamp>,
    /// By what it can sign in without a key; each belongs to one account.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<Identity>,
    /// Namespaces that it proved to be its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<ProvenNamespace>,
}

/// A namespace that an account proved to be its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvenNamespace {
    /// What stands before the `/` of names, such as `com.example`; its case counts.
    pub space: String,
    /// How it was proven.
    pub by: Proof,
    /// When.
    pub at: Timestamp,
}

impl Account {
    /// Namespaces that an account may have.
    pub const MOST_NAMESPACES: usize = 200;

    /// Tells how a namespace was proven, if it was. Who holds a domain in DNS holds what is below it.
    pub fn proof_of(&self, space: &str) -> Option<Proof> {
        let is_below = |proven: &ProvenNamespace| {
            let rest = space.strip_prefix(&proven.space);
            proven.by == Proof::Dns && rest.is_some_and(|rest| rest.starts_with('.'))
        };
        let mut all = self.namespaces.iter();
        let itself = all.find(|proven| proven.space == space);
        itself.or_else(|| self.namespaces.iter().find(|proven| is_below(proven))).map(|proven| proven.by)
    }

    /// Takes proven namespaces beside those of before: with `instead`, instead of all that were proven in the same way; else
    /// instead of those that have the same name too.
    pub fn prove(
        &mut self,
        by: Proof,
        instead: bool,
        spaces: impl IntoIterator<Item = String>,
        at: Timestamp,
    ) {
        let spaces: Vec<_> = spaces.into_iter().take(Self::MOST_NAMESPACES).collect();
        let is_over = |old: &ProvenNamespace| old.by == by && (instead || spaces.contains(&old.space));
        self.namespaces.retain(|old| !is_over(old));
        let room = Self::MOST_NAMESPACES.saturating_sub(self.namespaces.len());
        self.namespaces.extend(spaces.into_iter().take(room).map(|space| ProvenNamespace { space, by, at }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_has_two_parts_that_can_be_kept() {
        let good = Identity::new("https://github.com", "583231").unwrap();
        let text = serde_json::to_string(&good).unwrap();
        assert_eq!(serde_json::from_str::<Identity>(&text).unwrap(), good);
        for (issuer, subject) in [("", "1"), ("x", ""), ("x\0", "1"), ("x", "1\n"), ("x", &*"1".repeat(513))]
        {
            assert!(Identity::new(issuer, subject).is_err(), "{subject:?}");
        }
    }

    #[test]
    fn who_holds_a_domain_in_dns_holds_what_is_below_it() {
        let mut account: Account = serde_json::from_value(serde_json::json!({
            "id": "019aa1b2-0000-7000-8000-000000000000", "login": "ada", "name": null,
            "created": "2026-11-26T12:00:00Z", "disabled": null,
        }))
        .unwrap();
        let now = Timestamp::EPOCH;
        account.prove(Proof::Http, false, ["com.example".to_owned()], now);
        assert_eq!(
            (account.proof_of("com.example"), account.proof_of("com.example.mcp")),
            (Some(Proof::Http), None)
        );
        account.prove(Proof::Dns, false, ["com.example".to_owned()], now);
        assert_eq!(account.proof_of("com.example.mcp.x"), Some(Proof::Dns));
        assert_eq!((account.proof_of("com.examples"), account.proof_of("com")), (None, None));
        account.prove(Proof::Http, false, ["com.example".to_owned()], now);
        assert_eq!(account.namespaces.len(), 2, "one proof does not take the other away");
        account.prove(Proof::GitHub, true, ["io.github.ada".to_owned()], now);
        account.prove(Proof::GitHub, true, ["io.github.ada-l".to_owned()], now);
        assert_eq!((account.proof_of("io.github.ada"), account.namespaces.len()), (None, 3));
    }

    #[test]
    fn a_login_is_plain_and_of_one_case() {
        for login in ["ada", "ci-bot_2", "a.b", "0"] {
            assert_eq!(Login::parse(login).unwrap().as_str(), login);
        }
        for login in ["", "Ada", "-x", ".", "a b", "a/b", "é", "a\0", &"x".repeat(65)] {
            assert!(Login::parse(login).is_err(), "{login:?}");
        }
    }
}
