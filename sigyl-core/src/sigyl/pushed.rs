//! What follows from what GitHub told: releases of what was pushed, and notes.

use super::Sigyl;
use crate::domain::{
    AuditOutcome, Caller, CommitId, Follow, FollowPolicy, KeyId, RepositoryName, RunId, Seen, Weight,
};
use crate::error::Error;
use crate::event::EventKind;
use crate::github::webhook::{Installed, Pushed, Renamed, Repository};
use crate::store::Change;
use crate::wire::v1::HookOutcome;

/// What the audit calls whoever tells of pushes.
const GITHUB: &str = "GitHub";

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
        let Pushed { repository, branch, after, at } = push;
        let mut done = Vec::new();
        for follow in self.followers(&repository).await? {
            if follow.branch.as_str() != branch {
                continue;
            }
            let server = follow.server.clone();
            let (note, run) = match after.clone() {
                Some(commit) => self.take_push(follow, Some(repository.id), Seen { commit, at }).await?,
                None => (self.note(follow, "the branch was deleted at GitHub".to_owned()).await?, None),
            };
            done.push((format!("{server}: {note}"), run));
        }
        Ok(Acted::of(done, format!("no server follows this branch of {}", repository.name)))
    }

    /// Does what a push leads to for one server; returns what that was.
    pub(super) async fn take_push(
        &self,
        mut follow: Follow,
        id: Option<u64>,
        push: Seen,
    ) -> Result<(String, Option<RunId>), Error> {
        let id = id.or(follow.id);
        match follow.weigh(id, &push) {
            Weight::New => {}
            Weight::Known => return Ok(("it was seen before".to_owned(), None)),
            Weight::Old => {
                return Ok(("a later push was seen before, or it was not followed then".to_owned(), None));
            }
            Weight::Stranger => {
                let note = format!(
                    "another repository is called {} now: nothing of it is released",
                    follow.repository
                );
                return Ok((self.note(follow, note).await?, None));
            }
        }
        follow.id = id;
        self.act_on_commit(follow, push).await
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
            return self.take_push(follow, Some(id), Seen { commit: head, at }).await;
        }
        follow.id = Some(id);
        self.act_on_commit(follow, Seen { commit: head, at }).await
    }

    async fn act_on_commit(&self, mut follow: Follow, push: Seen) -> Result<(String, Option<RunId>), Error> {
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
        Ok((self.note(follow, note).await?, run))
    }

    /// Begins to release a commit with the key of who set that it is followed. When that is refused, the commit waits.
    async fn release_push(
        &self,
        follow: &mut Follow,
        commit: &CommitId,
    ) -> Result<(String, Option<RunId>), Error> {
        match self.release_as_set(follow, commit).await {
            Ok(run) => {
                follow.waiting = None;
                follow.run = Some(run.clone());
                Ok((format!("{} is released by run {run}", commit.short()), Some(run)))
            }
            Err(Error::Store(error)) => Err(error.into()),
            Err(error) => {
                follow.waiting = Some(commit.clone());
                Ok((
                    format!(
                        "{} could not be released and waits: {}",
                        commit.short(),
                        error.failure().message
                    ),
                    None,
                ))
            }
        }
    }

    async fn release_as_set(&self, follow: &Follow, commit: &CommitId) -> Result<RunId, Error> {
        let caller = self.as_set(follow.key.as_ref()).await?;
        let found = self.inner.platform.store.server(&follow.server).await?;
        let server = found.ok_or_else(|| Error::NoServer(follow.server.clone()))?;
        self.release_commit(&caller, &server, follow, commit).await
    }

    /// Returns who set something, with what their key may do now.
    async fn as_set(&self, key: Option<&KeyId>) -> Result<Caller, Error> {
        let Some(key) = key else { return Ok(Caller::local_owner()) };
        let holder = self.inner.platform.store.holder(key).await?;
        let holder = holder.ok_or_else(|| Error::NoKey(key.clone()))?;
        self.as_of_now(&Caller::holder(holder, None)).await
    }

    /// Keeps what became of something followed, tells it, and writes it down.
    async fn note(&self, mut follow: Follow, note: String) -> Result<String, Error> {
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
        let Renamed { repository, was, moved } = renamed;
        let mut done = Vec::new();
        for mut follow in self.inner.platform.store.follows().await? {
            // A rename of long ago that is told again does not lead back.
            let is_it =
                was.as_ref() == Some(&follow.repository) && follow.id.is_none_or(|id| id == repository.id);
            if !is_it {
                continue;
            }
            let mut note = format!("the repository is called {} now", repository.name);
            if moved && follow.policy == FollowPolicy::Auto {
                follow.policy = FollowPolicy::Ask;
                note += ", and belongs to somebody else: what is pushed waits from now on";
            }
            (follow.repository, follow.id) = (repository.name.clone(), Some(repository.id));
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
