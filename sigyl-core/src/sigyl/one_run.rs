//! One run of what a server follows at a time: whatever is pushed meanwhile waits, and the newest goes on after it.

use super::Sigyl;
use crate::domain::{Caller, CommitId, Follow, FollowPolicy, KeyId, RunId, RunState, Seq, ServerName};
use crate::error::Error;
use crate::store::Change;

impl Sigyl {
    /// Begins to release a commit with the key of who set that it is followed. When that is refused, the commit waits, and
    /// so it does while the run of one before it is under way: whichever of the two ended last would serve.
    pub(super) async fn release_push(
        &self,
        follow: &mut Follow,
        commit: &CommitId,
    ) -> Result<(String, Option<RunId>), Error> {
        let short = commit.short();
        // On record before its run begins: whatever happens between, it is neither lost nor released twice.
        follow.waiting = Some(commit.clone());
        self.inner.platform.store.apply(Change::PutFollow(Box::new(follow.clone()))).await?;
        if let Some(before) = self.under_way(follow).await? {
            return Ok((format!("{short} waits until run {before} is over"), None));
        }
        match self.release_as_set(follow, commit).await {
            Ok(run) => {
                follow.waiting = None;
                follow.run = Some(run.clone());
                Ok((format!("run {run} began to release {short}"), Some(run)))
            }
            Err(Error::Store(error)) => Err(error.into()),
            Err(error) => {
                let why = error.failure().message;
                Ok((format!("{short} could not be released and waits: {why}"), None))
            }
        }
    }

    /// Returns the last run of something followed, if it works or is held.
    pub(super) async fn under_way(&self, follow: &Follow) -> Result<Option<RunId>, Error> {
        let Some(run) = &follow.run else { return Ok(None) };
        let record = self.inner.platform.store.run(run).await?;
        Ok(record.filter(|record| !record.state.is_over()).map(|record| record.id))
    }

    /// Has what waits released when a run is over. Nobody waits for it; what waits stays on record.
    pub(super) fn when_over(&self, server: ServerName, commit: CommitId, run: RunId) {
        let sigyl = self.clone();
        tokio::spawn(async move {
            if let Err(error) = sigyl.after_run(&server, commit, &run).await {
                tracing::warn!(%error, %server, %run, "what waits for the end of a run is not released by itself");
            }
        });
    }

    /// Releases the commit that came while a run was under way. When there is none and the run did not end well, its own
    /// commit waits again.
    async fn after_run(&self, server: &ServerName, commit: CommitId, run: &RunId) -> Result<(), Error> {
        // Nobody reads the frames: only the end matters.
        let (frames, _) = tokio::sync::mpsc::channel(1);
        let end = self.watch(&Caller::local_owner(), run, Seq(0), &frames).await?.run;
        let _following = self.inner.following.lock().await;
        let follow = self.inner.platform.store.follow(server).await?;
        let Some(mut follow) = follow.filter(|it| it.run.as_ref() == Some(run) && end.state.is_over()) else {
            return Ok(());
        };
        let is_done = end.state == RunState::Done;
        match follow.waiting.clone() {
            Some(next) if follow.policy == FollowPolicy::Auto => {
                let (note, begun) = self.release_push(&mut follow, &next).await?;
                self.note(follow, note).await?;
                if let Some(begun) = begun {
                    self.when_over(server.clone(), next, begun);
                }
            }
            None if !is_done => {
                let why = end.failure.map_or_else(|| format!("{:?}", end.state), |failure| failure.message);
                let note = format!("run {run} did not release {}, which waits: {why}", commit.short());
                follow.waiting = Some(commit);
                self.note(follow, note).await?;
            }
            Some(_) | None => {}
        }
        Ok(())
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
}
