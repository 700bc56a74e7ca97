//! Branches that are followed, looked at where no webhook tells of a push.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Sigyl;
use super::schedule::jittered;
use crate::domain::{CommitId, Follow, FollowPolicy, Seen, ServerName};
use crate::error::Error;
use crate::github::api::{ApiError, Repositories, RepositoryFacts};

/// Why branches could not be looked at, by the server that follows them.
pub(super) type Troubles = Mutex<BTreeMap<ServerName, String>>;

/// Looks at every branch that is followed until the task is dropped.
pub(super) async fn poll_forever(sigyl: Sigyl) {
    if sigyl.github_api().is_none() && !sigyl.inner.desk.may_open() {
        return;
    }
    loop {
        tokio::time::sleep(jittered(sigyl.inner.github.poll_every)).await;
        // An App may have come, or be gone, meanwhile.
        let Some(api) = sigyl.github_api() else { continue };
        if let Err(error) = sigyl.poll(&*api).await {
            tracing::error!(%error, "could not look at the branches that are followed");
        }
    }
}

impl Sigyl {
    /// Returns what asks GitHub about repositories: what is configured, or the App that is kept.
    pub(super) fn github_api(&self) -> Option<Arc<dyn Repositories>> {
        self.inner.github.api.clone().or_else(|| self.inner.desk.api())
    }

    /// Looks at every branch that is followed, once, and does what a push leads to where one moved.
    pub(super) async fn poll(&self, api: &dyn Repositories) -> Result<(), Error> {
        for follow in self.inner.platform.store.follows().await? {
            if follow.policy == FollowPolicy::Never {
                continue;
            }
            let (server, looked) = (follow.server.clone(), self.look_at(api, follow).await);
            let trouble = match looked {
                Ok(()) => None,
                Err(Error::Api(error)) => Some(Error::Api(error).failure().message),
                Err(error) => return Err(error),
            };
            let mut troubles = self.inner.troubles.lock().unwrap_or_else(PoisonError::into_inner);
            match trouble {
                Some(why) => {
                    if troubles.get(&server) != Some(&why) {
                        tracing::warn!(%server, why, "the branch that is followed could not be looked at");
                    }
                    troubles.insert(server, why);
                }
                None => drop(troubles.remove(&server)),
            }
        }
        Ok(())
    }

    async fn look_at(&self, api: &dyn Repositories, follow: Follow) -> Result<(), Error> {
        let head = api.head(&follow.repository, &follow.branch).await?;
        if follow.seen.as_ref().is_some_and(|seen| seen.commit == head) {
            return Ok(());
        }
        // Another repository may have the name by now.
        let facts = api.facts(&follow.repository).await?;
        let _following = self.inner.following.lock().await;
        // A webhook may have told of it meanwhile, or it is not followed any more.
        match self.inner.platform.store.follow(&follow.server).await? {
            Some(now) if now.repository == follow.repository && now.branch == follow.branch => {
                self.take_head(now, facts.id, head).await.map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// Asks where a branch is, before it is followed: one that is not there is not followed.
    pub(super) async fn first_look(&self, follow: &mut Follow) -> Result<(), Error> {
        let Some(api) = self.github_api() else { return Ok(()) };
        let (RepositoryFacts { id, .. }, commit) = both(&api, follow).await?;
        if follow.id.is_some_and(|known| known != id) {
            let why = "another repository has its name by now; end that it follows the old one first";
            return Err(Error::NotFollowable { server: follow.server.clone(), why });
        }
        follow.id = Some(id);
        if follow.seen.is_none() {
            follow.seen = Some(Seen { commit, at: follow.since });
        }
        Ok(())
    }
}

async fn both(api: &Arc<dyn Repositories>, follow: &Follow) -> Result<(RepositoryFacts, CommitId), ApiError> {
    Ok((api.facts(&follow.repository).await?, api.head(&follow.repository, &follow.branch).await?))
}
