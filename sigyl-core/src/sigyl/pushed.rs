//! What follows from what GitHub told: releases of what was pushed, and notes.

use super::Sigyl;
use crate::domain::{
    AuditOutcome, Caller, CommitId, Follow, FollowPolicy, RepositoryName, RunId, Seen, Weight,
};
use crate::error::Error;
use crate::event::EventKind;
use crate::github::webhook::{Installed, Pushed, Renamed, Repository};
use crate::store::Change;
use crate::wire::v1::HookOutcome;

/// What the audit calls whoever tells of pushes.
const GITHUB: &str = "GitHub";
/// What is said of a push of a repository that is not the one that is followed.
const STRANGER: &str = "another repository has the name that is followed: nothing of it is released";

/// What was done for a delivery: in words, and the runs of it.
#[derive(Debug)]
pub(super) struct Acted {
    pub(super) outcome: HookOutcome,
    pub(super) notes: Vec<String>,
    pub(super) runs: Vec<RunId>,
}

impl Acted {
    pub(super) fn ignored(note: impl Into<String>) -> Self {
        Self { outcome: HookOutcome::Ignored, notes: vec![note.into()], runs: Vec::new() }
    }

    /// What was done for each follower, or that there is none.
    fn of(done: Vec<(String, Option<RunId>)>, nobody: impl Into<String>) -> Self {
        if done.is_empty() {
            return Self::ignored(nobody);
        }
        let (notes, runs): (Vec<_>, Vec<_>) = done.into_iter().unzip();
        Self { outcome: HookOutcome::Taken, notes, runs: runs.into_iter().flatten().collect() }
    }
}

impl Sigyl {
    /// Does what a push leads to, for each server that follows its branch.
    pub(super) async fn pushed(&self, push: Pushed) -> Result<Acted, Error> {
        let _following = self.inner.following.lock().await;
        let (mut done, mut failed) = (Vec::new(), None);
        for follow in self.followers(&push.repository).await? {
            if follow.branch.as_str() != push.branch {
                continue;
            }
            let server = follow.server.clone();
            match self.pushed_to(follow, &push).await {
                Ok((note, run)) => done.push((format!("{server}: {note}"), run)),
                Err(error) => {
                    tracing::error!(%error, %server, "a push could not be acted on");
                    failed = failed.or(Some(error));
                }
            }
        }
        // Those that could be served were; for the others it has to come again.
        match failed {
            Some(error) => Err(error),
            None => Ok(Acted::of(done, format!("no server follows this branch of {}", push.repository.name))),
        }
    }

    async fn pushed_to(&self, follow: Follow, push: &Pushed) -> Result<(String, Option<RunId>), Error> {
        match push.after.clone() {
            Some(commit) => {
                let (seen, before) = (Seen { commit, at: push.at }, push.before.clone());
                self.take_push(follow, &push.repository, seen, before).await
            }
            None if follow.id.is_some_and(|id| id != push.repository.id) => Ok((STRANGER.to_owned(), None)),
            None => Ok((self.note(follow, "the branch was deleted at GitHub".to_owned()).await?, None)),
        }
    }

    /// Does what a push leads to for one server; returns what that was.
    pub(super) async fn take_push(
        &self,
        mut follow: Follow,
        repository: &Repository,
        push: Seen,
        before: Option<CommitId>,
    ) -> Result<(String, Option<RunId>), Error> {
        match follow.weigh(Some(repository.id), &push) {
            Weight::New => {}
            Weight::Known => return Ok(("it was seen before".to_owned(), None)),
            Weight::Old if follow.seen.is_none() => {
                let note = "a push came from before it was followed: nothing of it is released";
                return Ok((self.note(follow, note.to_owned()).await?, None));
            }
            Weight::Old => {
                return Ok(("a later push was seen before".to_owned(), None));
            }
            Weight::Stranger => {
                let note = format!("{STRANGER} ({})", follow.repository);
                return Ok((self.note(follow, note).await?, None));
            }
        }
        follow.id = Some(repository.id);
        // A rename may have been missed.
        let renamed = follow.go_by(&repository.name);
        // What it was at cannot come after it.
        if let Some(before) = before.filter(|before| *before != push.commit) {
            follow.passed(before);
        }
        self.act_on_commit(follow, push, renamed).await
    }

    /// Does the same for what GitHub says a branch is at, which is never old.
    pub(super) async fn take_head(
        &self,
        mut follow: Follow,
        id: u64,
        head: CommitId,
    ) -> Result<(String, Option<RunId>), Error> {
        if follow.seen.as_ref().is_some_and(|seen| seen.commit == head) {
            return Ok(("it was seen before".to_owned(), None));
        }
        let at = follow.seen.as_ref().map_or(follow.since, |seen| seen.at);
        if follow.id.is_some_and(|known| known != id) {
            let stranger = Repository { name: follow.repository.clone(), id };
            return self.take_push(follow, &stranger, Seen { commit: head, at }, None).await;
        }
        follow.id = Some(id);
        self.act_on_commit(follow, Seen { commit: head, at }, None).await
    }

    async fn act_on_commit(
        &self,
        mut follow: Follow,
        push: Seen,
        renamed: Option<String>,
    ) -> Result<(String, Option<RunId>), Error> {
        let commit = push.commit.clone();
        follow.saw(push);
        let (note, run) = match follow.policy {
            FollowPolicy::Auto => self.release_push(&mut follow, &commit).await?,
            FollowPolicy::Ask => {
                follow.waiting = Some(commit.clone());
                (format!("{} waits for somebody who releases it", commit.short()), None)
            }
            FollowPolicy::Never => {
                (format!("{} is not released: the policy is `never`", commit.short()), None)
            }
        };
        let note = renamed.into_iter().chain([note]).collect::<Vec<_>>().join("; ");
        let (server, begun) = (follow.server.clone(), run.clone());
        let note = self.note(follow, note).await?;
        if let Some(run) = begun {
            self.when_over(server, commit, run);
        }
        Ok((note, run))
    }

    /// Keeps what became of something followed, tells it, and writes it down.
    pub(super) async fn note(&self, mut follow: Follow, note: String) -> Result<String, Error> {
        let (server, branch) = (follow.server.clone(), follow.branch.clone());
        follow.note = Some(note.clone());
        let platform = &self.inner.platform;
        platform.store.apply(Change::PutFollow(Box::new(follow))).await?;
        let kind = EventKind::Followed { branch, note: note.clone() };
        platform.emitter.emit(None, Some(&server), kind);
        let workspace = platform.store.server(&server).await?.map(|server| server.workspace);
        let (github, done) = (Caller::limited(GITHUB, []), AuditOutcome::Done);
        self.append(&github, "push", server.to_string(), workspace, done, Some(note.clone())).await?;
        Ok(note)
    }

    /// Finds what follows a repository: by its number where that is known, else by its name.
    async fn followers(&self, repository: &Repository) -> Result<Vec<Follow>, Error> {
        let all = self.inner.platform.store.follows().await?;
        let is_of = |one: &Follow| one.id == Some(repository.id) || one.repository == repository.name;
        Ok(all.into_iter().filter(is_of).collect())
    }

    /// Goes on under another name. One that belongs to somebody else now is not released by itself any more.
    pub(super) async fn renamed(&self, renamed: Renamed) -> Result<Acted, Error> {
        let _following = self.inner.following.lock().await;
        let Renamed { repository, was, .. } = renamed;
        let mut done = Vec::new();
        for mut follow in self.inner.platform.store.follows().await? {
            let is_it = match follow.id {
                Some(id) => id == repository.id,
                None => was.as_ref() == Some(&follow.repository),
            };
            // A rename of long ago that is told late does not lead back.
            let is_late = was.as_ref().is_some_and(|was| follow.was.contains(was));
            if !is_it || is_late {
                continue;
            }
            follow.id = Some(repository.id);
            let note = follow.go_by(&repository.name);
            let note = note.unwrap_or_else(|| format!("the repository is called {} now", repository.name));
            let server = follow.server.clone();
            done.push((format!("{server}: {}", self.note(follow, note).await?), None));
        }
        Ok(Acted::of(done, "no server follows this repository"))
    }

    /// Notes that a repository is gone: another that gets its name is another.
    pub(super) async fn gone(&self, repository: Repository) -> Result<Acted, Error> {
        let _following = self.inner.following.lock().await;
        let mut done = Vec::new();
        for mut follow in self.followers(&repository).await? {
            if follow.id.is_some_and(|id| id != repository.id) {
                continue;
            }
            follow.id = Some(repository.id);
            let server = follow.server.clone();
            let note = self.note(follow, "the repository was deleted at GitHub".to_owned()).await?;
            done.push((format!("{server}: {note}"), None));
        }
        Ok(Acted::of(done, "no server follows this repository"))
    }

    /// Notes whether the App can read what is followed.
    pub(super) async fn installed(&self, installed: Installed) -> Result<Acted, Error> {
        let _following = self.inner.following.lock().await;
        let has = |all: &[RepositoryName], one: &Follow| all.contains(&one.repository);
        let mut done = Vec::new();
        for follow in self.inner.platform.store.follows().await? {
            let note = match (has(&installed.removed, &follow), has(&installed.added, &follow)) {
                (true, _) => "the App cannot read the repository any more",
                (false, true) => "the App can read the repository",
                (false, false) => continue,
            };
            let server = follow.server.clone();
            let note = self.note(follow, format!("{note} ({})", installed.action)).await?;
            done.push((format!("{server}: {note}"), None));
        }
        Ok(Acted::of(done, "no server follows these repositories"))
    }
}
