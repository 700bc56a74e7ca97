//! Servers that follow a branch: a push to it is released, or waits for somebody who lets it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::text::checked_text;
use super::{CommitId, KeyId, RepositoryName, RunId, ServerName, Timestamp};

/// Longest name of a branch, in bytes.
const BRANCH_MOST: usize = 200;

/// The name of a branch, without `refs/heads/`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BranchName(Box<str>);

/// Text that names no branch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no branch: write it as git does, without `refs/heads/`")]
pub struct BranchNameError(String);

impl BranchName {
    /// Checks and takes a name, by the rules of git.
    pub fn parse(text: &str) -> Result<Self, BranchNameError> {
        let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
        let is_char = |c: char| !c.is_control() && !c.is_whitespace() && !"~^:?*[\\".contains(c);
        let is_name = (1..=BRANCH_MOST).contains(&text.len())
            && !text.starts_with('-')
            && !text.starts_with("refs/")
            && text != "@"
            && !text.ends_with('.')
            && !text.contains("..")
            && !text.contains("@{")
            && text.chars().all(is_char)
            && text.split('/').all(is_part);
        match is_name {
            true => Ok(Self(text.into())),
            false => Err(BranchNameError(text.chars().filter(|c| !c.is_control()).take(150).collect())),
        }
    }
}

checked_text!(BranchName, BranchNameError);

/// What a push to a branch leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FollowPolicy {
    /// It is released at once.
    Auto,
    /// It waits until somebody who may release it does.
    Ask,
    /// It is noted, and nothing else.
    Never,
}

/// Text that is no such policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what a push leads to is one of auto, ask and never")]
pub struct FollowPolicyError;

impl FollowPolicy {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Ask => "ask",
            Self::Never => "never",
        }
    }
}

impl fmt::Display for FollowPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for FollowPolicy {
    type Err = FollowPolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Auto, Self::Ask, Self::Never];
        all.into_iter().find(|one| one.word() == text).ok_or(FollowPolicyError)
    }
}

/// A server that follows a branch, as it is on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follow {
    /// The server.
    pub server: ServerName,
    /// The repository, as it is called now.
    pub repository: RepositoryName,
    /// What it was called before, the newest last: a server still names as its source what it was deployed from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub was: Vec<RepositoryName>,
    /// The number that it keeps, once something told it. Another repository may get its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// The branch.
    pub branch: BranchName,
    /// The folder of the server in the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// What a push leads to.
    pub policy: FollowPolicy,
    /// Who set it, by name.
    pub by: String,
    /// The key that they showed: a release is made with what it may do then. Nothing for whoever owns the data directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
    /// Since when.
    pub since: Timestamp,
    /// The newest push that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// Commits that were seen before it, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<CommitId>,
    /// The commit that waits for somebody who releases it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<CommitId>,
    /// The last run that a push led to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// What is wrong, or was done last, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A push that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// What the branch was at after it.
    pub commit: CommitId,
    /// When GitHub took it, to the second.
    pub at: Timestamp,
}

/// What a push is to a follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Weight {
    /// The branch is where it was not before.
    New,
    /// It was seen already.
    Known,
    /// One that came after it was seen before, or it is from before the branch was followed.
    Old,
    /// Another repository has the name that is followed.
    Stranger,
}

impl Follow {
    /// Commits of the past that are kept.
    pub const PAST_MAX: usize = 64;

    /// Seconds by which the clock of GitHub may be behind the one here.
    const CLOCKS_APART: i64 = 120;
    /// Names of the past that are kept.
    pub const NAMES_MAX: usize = 16;

    /// Tells whether the repository that is followed has this name, or had it.
    pub fn is_known_as(&self, name: &RepositoryName) -> bool {
        self.repository == *name || self.was.contains(name)
    }

    /// Goes on under the name that the repository has now, and tells what that changes. Under another owner nothing is
    /// released by itself any more.
    pub fn go_by(&mut self, name: &RepositoryName) -> Option<String> {
        if self.repository == *name {
            return None;
        }
        let moved = !self.repository.owner().eq_ignore_ascii_case(name.owner());
        let before = std::mem::replace(&mut self.repository, name.clone());
        self.was.retain(|one| one != name && *one != before);
        self.was.push(before);
        self.was.drain(..self.was.len().saturating_sub(Self::NAMES_MAX));
        let mut note = format!("the repository is called {name} now");
        if moved && self.policy == FollowPolicy::Auto {
            self.policy = FollowPolicy::Ask;
            note += ", and belongs to somebody else: what is pushed waits from now on";
        }
        Some(note)
    }

    /// Keeps what is known of the repository from when it was followed before, and of the branch if that is the same.
    pub fn go_on_from(&mut self, before: Self) {
        (self.repository, self.was, self.id) = (before.repository, before.was, before.id);
        if self.branch == before.branch {
            (self.seen, self.past, self.waiting) = (before.seen, before.past, before.waiting);
            (self.run, self.note) = (before.run, before.note);
        }
    }

    /// Weighs a push to its branch, of the repository with a number.
    pub fn weigh(&self, id: Option<u64>, push: &Seen) -> Weight {
        if self.id.is_some() && self.id != id {
            return Weight::Stranger;
        }
        match &self.seen {
            // Times of pushes are told to the second.
            None if push.at.seconds() + Self::CLOCKS_APART < self.since.seconds() => Weight::Old,
            None => Weight::New,
            Some(seen) if seen.commit == push.commit => Weight::Known,
            Some(seen) if push.at.seconds() < seen.at.seconds() => Weight::Old,
            Some(seen) if push.at.seconds() == seen.at.seconds() && self.past.contains(&push.commit) => {
                Weight::Old
            }
            Some(_) => Weight::New,
        }
    }

    /// Notes a push as the newest.
    pub fn saw(&mut self, push: Seen) {
        if let Some(before) = self.seen.replace(push) {
            self.passed(before.commit);
        }
    }

    /// Notes a commit that the branch was at before: one of the same second that is told late is not new.
    pub fn passed(&mut self, before: CommitId) {
        self.past.retain(|commit| *commit != before);
        if self.seen.as_ref().is_none_or(|seen| seen.commit != before) {
            self.past.push(before);
            self.past.drain(..self.past.len().saturating_sub(Self::PAST_MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(digit: char) -> CommitId {
        CommitId::parse(&digit.to_string().repeat(40)).unwrap()
    }

    fn push(digit: char, seconds: i64) -> Seen {
        Seen { commit: commit(digit), at: Timestamp::from_millis(seconds * 1_000) }
    }

    fn follow() -> Follow {
        Follow {
            server: ServerName::parse("clock").unwrap(),
            repository: RepositoryName::parse("octo/clock").unwrap(),
            was: Vec::new(),
            id: Some(7),
            branch: BranchName::parse("main").unwrap(),
            folder: None,
            policy: FollowPolicy::Auto,
            by: "ada".to_owned(),
            key: None,
            since: Timestamp::from_millis(10_900),
            seen: None,
            past: Vec::new(),
            waiting: None,
            run: None,
            note: None,
        }
    }

    #[test]
    fn a_branch_is_named_as_git_names_it() {
        for good in ["main", "feature/a-b", "v1.2", "ünï"] {
            BranchName::parse(good).unwrap();
        }
        for wrong in [
            "",
            "-x",
            "/a",
            "a/",
            "a//b",
            "a..b",
            "a b",
            "a~1",
            "a^",
            "a:b",
            "refs/heads/a",
            "a.lock",
            ".a",
            "a/.b",
            "@",
            "a@{1}",
            "a\n",
            "a.",
        ] {
            assert!(BranchName::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn pushes_that_come_out_of_order_or_twice_are_not_new() {
        let mut one = follow();
        one.since = Timestamp::from_millis(1_000_900);
        assert_eq!(one.weigh(Some(7), &push('a', 879)), Weight::Old, "from before it was followed");
        assert_eq!(one.weigh(Some(7), &push('a', 880)), Weight::New, "clocks are not the same");
        one.saw(push('a', 20));
        assert_eq!(one.weigh(Some(7), &push('a', 20)), Weight::Known);
        one.saw(push('b', 30));
        assert_eq!(one.weigh(Some(7), &push('a', 20)), Weight::Old);
        assert_eq!(one.weigh(Some(7), &push('c', 29)), Weight::Old, "never seen, and from before");
        assert_eq!(one.weigh(Some(7), &push('a', 30)), Weight::Old, "in one second with what came after");
        assert_eq!(one.weigh(Some(7), &push('a', 31)), Weight::New, "pushed back to where it was");
        assert_eq!(one.weigh(Some(8), &push('d', 40)), Weight::Stranger);
        one.passed(commit('d'));
        assert_eq!(one.weigh(Some(7), &push('d', 30)), Weight::Old, "what came after it told of it");
    }

    #[test]
    fn a_repository_is_known_by_the_names_that_it_had() {
        let name = |text: &str| RepositoryName::parse(text).unwrap();
        let mut one = follow();
        assert_eq!(one.go_by(&name("Octo/Clock")), None, "the same");
        assert!(one.go_by(&name("octo/tick")).is_some());
        assert_eq!((one.was.as_slice(), one.policy), (&[name("octo/clock")][..], FollowPolicy::Auto));
        assert!(one.go_by(&name("evil/tick")).unwrap().contains("somebody else"));
        assert_eq!(one.policy, FollowPolicy::Ask);
        one.go_by(&name("octo/clock"));
        assert_eq!(
            one.was,
            [name("octo/tick"), name("evil/tick")],
            "what it is called is not what it was called"
        );
        for at in 0..40 {
            one.go_by(&name(&format!("octo/n{at}")));
        }
        assert_eq!(one.was.len(), Follow::NAMES_MAX);
        assert!(one.is_known_as(&name("octo/n38")) && !one.is_known_as(&name("octo/tick")));
    }

    #[test]
    fn the_past_is_bounded() {
        let mut one = follow();
        for at in 0..200 {
            let commit = CommitId::parse(&format!("{:040}", at + 1)).unwrap();
            one.saw(Seen { commit, at: Timestamp::from_millis(at * 1_000) });
        }
        assert_eq!(one.past.len(), Follow::PAST_MAX);
        assert!(one.past.last().unwrap().as_str().ends_with("199"));
    }

    #[test]
    fn a_policy_reads_as_it_is_written() {
        for policy in [FollowPolicy::Auto, FollowPolicy::Ask, FollowPolicy::Never] {
            assert_eq!(policy.to_string().parse(), Ok(policy));
            assert_eq!(serde_json::to_value(policy).unwrap(), policy.word());
        }
        assert_eq!("always".parse::<FollowPolicy>(), Err(FollowPolicyError));
    }
}
