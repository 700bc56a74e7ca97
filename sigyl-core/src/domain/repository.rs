//! Repositories at GitHub, and their commits.

use serde::{Deserialize, Serialize};

use super::text::checked_text;

/// Longest owner and longest name, in characters.
const OWNER_MOST: usize = 39;
const NAME_MOST: usize = 100;

/// A repository as GitHub calls it: `OWNER/NAME`. Letters count the same whether they are large or small.
#[derive(Clone, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryName(Box<str>);

/// Text that names no repository.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no repository: write OWNER/NAME, as GitHub does")]
pub struct RepositoryNameError(String);

impl RepositoryName {
    /// Checks and takes a name.
    pub fn parse(text: &str) -> Result<Self, RepositoryNameError> {
        let is_name = |part: &str| {
            (1..=NAME_MOST).contains(&part.len())
                && !matches!(part, "." | "..")
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        match text.split_once('/') {
            Some((owner, name)) if is_owner(owner) && is_name(name) => Ok(Self(text.into())),
            _ => Err(RepositoryNameError(shown(text))),
        }
    }

    /// Returns the owner.
    pub fn owner(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(owner, _)| owner)
    }

    /// Returns the name without the owner.
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }

    /// Finds the repository that an address leads to, at the GitHub that browsers reach at `web`.
    pub fn at(web: &str, address: &str) -> Option<Self> {
        let below = address.strip_prefix(web.trim_end_matches('/'))?.strip_prefix('/')?;
        let below = below.trim_end_matches('/');
        Self::parse(below.strip_suffix(".git").unwrap_or(below)).ok()
    }
}

impl PartialEq for RepositoryName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl std::hash::Hash for RepositoryName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.bytes().for_each(|byte| state.write_u8(byte.to_ascii_lowercase()));
    }
}

checked_text!(RepositoryName, RepositoryNameError);

/// A person or an organisation at GitHub, by login.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryOwner(Box<str>);

/// Text that names no owner.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names nobody at GitHub: write the login of a person or an organisation")]
pub struct RepositoryOwnerError(String);

impl RepositoryOwner {
    /// Checks and takes a login.
    pub fn parse(text: &str) -> Result<Self, RepositoryOwnerError> {
        match is_owner(text) {
            true => Ok(Self(text.into())),
            false => Err(RepositoryOwnerError(shown(text))),
        }
    }

    /// Tells whether a repository is theirs.
    pub fn owns(&self, repository: &RepositoryName) -> bool {
        self.0.eq_ignore_ascii_case(repository.owner())
    }
}

checked_text!(RepositoryOwner, RepositoryOwnerError);

fn is_owner(part: &str) -> bool {
    (1..=OWNER_MOST).contains(&part.len())
        && !part.starts_with('-')
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

/// The id of a commit: all of its 40 or 64 hex digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitId(Box<str>);

/// Text that is no whole id of a commit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no commit: all of its 40 or 64 hex digits are needed")]
pub struct CommitIdError(String);

impl CommitId {
    /// Checks and takes an id. The one that is all zeros stands for no commit, and is none.
    pub fn parse(text: &str) -> Result<Self, CommitIdError> {
        let is_hex = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let is_whole = matches!(text.len(), 40 | 64) && is_hex;
        match is_whole && text.bytes().any(|b| b != b'0') {
            true => Ok(Self(text.into())),
            false => Err(CommitIdError(shown(text))),
        }
    }

    /// Returns as much of it as people read.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

checked_text!(CommitId, CommitIdError);

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(150).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_an_owner_and_a_name_whatever_the_size_of_letters() {
        let found = RepositoryName::parse("Octo-Org/weather.js").unwrap();
        assert_eq!((found.owner(), found.name()), ("Octo-Org", "weather.js"));
        assert_eq!(found, RepositoryName::parse("octo-org/Weather.js").unwrap());
        for wrong in ["", "a", "a/", "/a", "a/b/c", "a/..", "-a/b", "a b/c", "a/b?c", "a/b\n"] {
            assert!(RepositoryName::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_address_leads_to_a_repository_of_one_github_alone() {
        let at = |address: &str| RepositoryName::at("https://github.com", address).map(String::from);
        assert_eq!(at("https://github.com/a/b.git").as_deref(), Some("a/b"));
        assert_eq!(at("https://github.com/a/b/").as_deref(), Some("a/b"));
        for elsewhere in [
            "https://github.com.example/a/b",
            "https://example.com/a/b",
            "https://github.com/a",
            "https://github.com/a/b/c",
            "ssh://git@github.com/a/b",
        ] {
            assert_eq!(at(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn an_owner_is_a_login_whatever_the_size_of_letters() {
        let owner = RepositoryOwner::parse("Octo-Org").unwrap();
        assert!(owner.owns(&RepositoryName::parse("octo-org/x").unwrap()));
        assert!(!owner.owns(&RepositoryName::parse("octo/x").unwrap()));
        for wrong in ["", "-a", "a/b", "a b", "..", &"a".repeat(40)] {
            assert!(RepositoryOwner::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_commit_is_named_whole() {
        let id = CommitId::parse(&"0a".repeat(20)).unwrap();
        assert_eq!(id.short(), "0a0a0a0a0a0a");
        assert!(CommitId::parse(&"0a".repeat(32)).is_ok());
        for wrong in [&"0".repeat(40), &"0A".repeat(20), "0a0a", "main", &"é".repeat(20)] {
            assert!(CommitId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
