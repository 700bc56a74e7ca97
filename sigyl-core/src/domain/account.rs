//! Accounts: who holds keys and belongs to workspaces.

use serde::{Deserialize, Serialize};

use super::text::checked_text;
use super::{AccountId, Label, Timestamp};

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
}

#[cfg(test)]
mod tests {
    use super::*;

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
