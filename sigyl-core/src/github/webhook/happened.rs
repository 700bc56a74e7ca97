//! What a delivery tells, as far as Sigyl cares.

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Error;

use crate::domain::{CommitId, RepositoryName, Timestamp};

/// Repositories of one delivery at most; GitHub sends fewer.
const REPOSITORIES: usize = 10_000;

/// What happened at GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Happened {
    /// Somebody set the webhook up.
    Ping,
    /// A branch was pushed to.
    Pushed(Pushed),
    /// A release was published.
    Released(Released),
    /// The App came to repositories, or left them.
    Installed(Installed),
    /// A repository has another name, or another owner.
    Renamed(Renamed),
    /// A repository is gone.
    Gone(Repository),
    /// Nothing that matters here, and why.
    Nothing(&'static str),
}

/// A repository by its name, and by the number that it keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Its name now.
    pub name: RepositoryName,
    /// Its number, which stays the same when it is renamed.
    pub id: u64,
}

/// A branch was pushed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Where.
    pub repository: Repository,
    /// The branch.
    pub branch: String,
    /// What it was at; nothing when it is new.
    pub before: Option<CommitId>,
    /// What it is at now; nothing when it is gone.
    pub after: Option<CommitId>,
    /// When, to the second.
    pub at: Timestamp,
}

/// A release was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// Where.
    pub repository: Repository,
    /// Its tag.
    pub tag: String,
}

/// The App came to repositories, or left them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// What was done, in the word of GitHub.
    pub action: String,
    /// The repositories that it can read from now on.
    pub added: Vec<RepositoryName>,
    /// The repositories that it cannot read any more.
    pub removed: Vec<RepositoryName>,
}

/// A repository has another name, or another owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// What it is now.
    pub repository: Repository,
    /// What it was called before, as far as the delivery says it.
    pub was: Option<RepositoryName>,
    /// Whether it belongs to somebody else.
    pub moved: bool,
}

impl Happened {
    /// Reads the body of an event.
    pub(super) fn read(event: &str, body: &[u8]) -> Result<Self, Error> {
        Ok(match event {
            "ping" => {
                // Only that it is JSON matters.
                serde_json::from_slice::<serde::de::IgnoredAny>(body)?;
                Self::Ping
            }
            "push" => serde_json::from_slice::<Push>(body)?.told()?,
            "release" => serde_json::from_slice::<Release>(body)?.told(),
            "installation" => serde_json::from_slice::<Installation>(body)?.told()?,
            "installation_repositories" => serde_json::from_slice::<Repositories>(body)?.told()?,
            "repository" => serde_json::from_slice::<Changed>(body)?.told(),
            _ => {
                serde_json::from_slice::<serde::de::IgnoredAny>(body)?;
                Self::Nothing("this event is not looked at")
            }
        })
    }
}

#[derive(Deserialize)]
struct Place {
    id: u64,
    full_name: RepositoryName,
    /// Seconds since 1970, in a push.
    #[serde(default)]
    pushed_at: serde_json::Value,
}

impl From<Place> for Repository {
    fn from(place: Place) -> Self {
        Self { name: place.full_name, id: place.id }
    }
}

#[derive(Deserialize)]
struct Push {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(default)]
    before: String,
    after: String,
    #[serde(default)]
    deleted: bool,
    repository: Place,
}

impl Push {
    fn told(self) -> Result<Happened, Error> {
        let Some(branch) = self.reference.strip_prefix("refs/heads/") else {
            return Ok(Happened::Nothing("it is about a tag, and branches are followed"));
        };
        let after = CommitId::parse(&self.after).ok().filter(|_| !self.deleted);
        if after.is_none() && !self.deleted {
            return Ok(Happened::Nothing("it names no commit"));
        }
        // Without it nobody could tell which of two pushes is the later.
        let seconds = self.repository.pushed_at.as_i64();
        let seconds = seconds.ok_or_else(|| Error::custom("`repository.pushed_at` is no time in seconds"))?;
        let at = Timestamp::from_millis(seconds.saturating_mul(1_000));
        let branch = branch.to_owned();
        let before = CommitId::parse(&self.before).ok();
        Ok(Happened::Pushed(Pushed { repository: self.repository.into(), branch, before, after, at }))
    }
}

#[derive(Deserialize)]
struct Release {
    action: String,
    release: Tagged,
    repository: Place,
}

#[derive(Deserialize)]
struct Tagged {
    tag_name: String,
}

impl Release {
    fn told(self) -> Happened {
        match self.action.as_str() {
            "published" => Happened::Released(Released {
                repository: self.repository.into(),
                tag: self.release.tag_name,
            }),
            _ => Happened::Nothing("only a release that is published is looked at"),
        }
    }
}

#[derive(Deserialize)]
struct Named {
    full_name: RepositoryName,
}

/// Takes the names of repositories; of more than are looked at none is passed over.
fn names(all: Vec<Named>) -> Result<Vec<RepositoryName>, Error> {
    if all.len() > REPOSITORIES {
        return Err(Error::custom(format!("it names more than {REPOSITORIES} repositories")));
    }
    Ok(all.into_iter().map(|one| one.full_name).collect())
}

#[derive(Deserialize)]
struct Installation {
    action: String,
    #[serde(default)]
    repositories: Option<Vec<Named>>,
}

impl Installation {
    fn told(self) -> Result<Happened, Error> {
        // GitHub names none where the App is for all of them.
        let all = names(self.repositories.unwrap_or_default())?;
        let (added, removed) = match self.action.as_str() {
            "created" | "unsuspend" => (all, Vec::new()),
            "deleted" | "suspend" => (Vec::new(), all),
            _ => (Vec::new(), Vec::new()),
        };
        Ok(Happened::Installed(Installed { action: self.action, added, removed }))
    }
}

#[derive(Deserialize)]
struct Repositories {
    action: String,
    repositories_added: Vec<Named>,
    repositories_removed: Vec<Named>,
}

impl Repositories {
    fn told(self) -> Result<Happened, Error> {
        let (added, removed) = (names(self.repositories_added)?, names(self.repositories_removed)?);
        Ok(Happened::Installed(Installed { action: self.action, added, removed }))
    }
}

#[derive(Deserialize)]
struct Changed {
    action: String,
    repository: Place,
    #[serde(default)]
    changes: Changes,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Changes {
    repository: Option<NameChange>,
    owner: Option<OwnerChange>,
}

#[derive(Deserialize)]
struct NameChange {
    name: Before<String>,
}

#[derive(Deserialize)]
struct OwnerChange {
    from: Owners,
}

#[derive(Deserialize)]
struct Before<T> {
    from: T,
}

#[derive(Deserialize)]
struct Owners {
    #[serde(default)]
    user: Option<Owner>,
    #[serde(default)]
    organization: Option<Owner>,
}

#[derive(Deserialize)]
struct Owner {
    login: String,
}

impl Changed {
    fn told(self) -> Happened {
        let repository = Repository::from(self.repository);
        match self.action.as_str() {
            "renamed" => {
                let before = self.changes.repository.map(|change| change.name.from);
                let was = before.and_then(|name| {
                    RepositoryName::parse(&format!("{}/{name}", repository.name.owner())).ok()
                });
                Happened::Renamed(Renamed { repository, was, moved: false })
            }
            "transferred" => {
                let before = self.changes.owner.map(|change| change.from);
                let before = before.and_then(|from| from.user.or(from.organization));
                let was = before.and_then(|owner| {
                    RepositoryName::parse(&format!("{}/{}", owner.login, repository.name.name())).ok()
                });
                Happened::Renamed(Renamed { repository, was, moved: true })
            }
            "deleted" => Happened::Gone(repository),
            _ => Happened::Nothing("this change of a repository does not matter here"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(event: &str, body: &str) -> Result<Happened, Error> {
        Happened::read(event, body.as_bytes())
    }

    #[test]
    fn a_push_tells_the_branch_and_its_commit() {
        let body = |reference: &str, after: &str, deleted: bool| {
            format!(
                r#"{{"ref":"{reference}","after":"{after}","deleted":{deleted},
                "repository":{{"id":7,"full_name":"octo/x","pushed_at":1700000000}}}}"#
            )
        };
        let commit = "0a".repeat(20);
        let Happened::Pushed(push) = read("push", &body("refs/heads/a/b", &commit, false)).unwrap() else {
            panic!("no push")
        };
        assert_eq!((push.branch.as_str(), push.repository.id), ("a/b", 7));
        assert_eq!(push.after.unwrap().as_str(), commit);
        assert_eq!(push.at, Timestamp::from_millis(1_700_000_000_000));
        let gone = read("push", &body("refs/heads/a", &"0".repeat(40), true)).unwrap();
        assert!(matches!(gone, Happened::Pushed(Pushed { after: None, .. })));
        for (reference, after) in [("refs/tags/v1", commit.as_str()), ("refs/heads/a", "0000")] {
            let nothing = read("push", &body(reference, after, false)).unwrap();
            assert!(matches!(nothing, Happened::Nothing(_)), "{nothing:?}");
        }
    }

    #[test]
    fn more_repositories_than_are_looked_at_are_refused_and_none_is_passed_over() {
        let of = |count: usize| {
            let all = vec![r#"{"full_name": "o/x"}"#; count].join(",");
            let body = format!(
                r#"{{"action": "added", "repositories_added": [{all}], "repositories_removed": []}}"#
            );
            read("installation_repositories", &body)
        };
        assert!(
            matches!(of(REPOSITORIES).unwrap(), Happened::Installed(it) if it.added.len() == REPOSITORIES)
        );
        assert!(of(REPOSITORIES + 1).unwrap_err().to_string().contains("more than 10000 repositories"));
    }

    #[test]
    fn what_has_another_form_is_refused_and_what_is_not_known_is_not() {
        let commit = "0a".repeat(20);
        let timeless = format!(
            r#"{{"ref":"refs/heads/a","after":"{commit}","repository":{{"id":7,"full_name":"octo/x"}}}}"#
        );
        assert!(read("push", &timeless).unwrap_err().to_string().contains("pushed_at"));
        for (event, body) in [("push", "{}"), ("push", "[]"), ("release", "{not json"), ("ping", "")] {
            assert!(read(event, body).is_err(), "{event} {body}");
        }
        assert!(matches!(read("star", r#"{"action":"created"}"#).unwrap(), Happened::Nothing(_)));
        assert!(read("star", "{").is_err());
    }
}
