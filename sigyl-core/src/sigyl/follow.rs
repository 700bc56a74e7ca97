//! Servers that follow branches: set, listed, ended, and what waits is released.

use std::sync::PoisonError;

use super::audit::{Act, Told};
use super::{Sigyl, told_back};
use crate::domain::{
    Action, Caller, CommitId, Denied, Follow, Kind, Locator, RepositoryName, RunId, Server, ServerName,
};
use crate::error::Error;
use crate::store::{Change, StoreError};
use crate::wire::v1::{FollowView, NewFollow, Redeploy};

impl Told for FollowView {
    fn told(&self) -> Option<String> {
        Some(format!("{} of {}, {}", self.branch, self.repository, self.policy))
    }
}

impl From<Follow> for FollowView {
    fn from(follow: Follow) -> Self {
        Self {
            server: follow.server,
            repository: follow.repository,
            branch: follow.branch,
            policy: follow.policy,
            by: follow.by,
            since: follow.since,
            seen: follow.seen.map(|seen| seen.commit),
            waiting: follow.waiting,
            run: follow.run,
            note: follow.note,
        }
    }
}

impl Sigyl {
    /// Has a server follow a branch of the repository that it was deployed from. Its releases are made with the key that is
    /// shown now, and with what that may do then.
    pub async fn set_follow(
        &self,
        caller: &Caller,
        name: &ServerName,
        new: NewFollow,
    ) -> Result<FollowView, Error> {
        let act = Act::on_server("follow", name);
        let (sigyl, who, name) = (self.clone(), caller.clone(), name.clone());
        let work = async move {
            let server = sigyl.known(&who, Action::Deploy, &name).await?;
            // Without a key on record it is released in the name of the owner: nobody else gets that.
            if who.key().is_none() && !who.is_local_owner() {
                return Err(Denied::new(&who, "have a branch followed without a key").into());
            }
            let (repository, folder) = sigyl.repository_of(&server)?;
            let _following = sigyl.inner.following.lock().await;
            let before = sigyl.inner.platform.store.follow(&name).await?;
            let before = before.filter(|it| it.is_known_as(&repository));
            let mut follow = Follow {
                server: name,
                repository,
                was: Vec::new(),
                id: None,
                branch: new.branch,
                folder,
                policy: new.policy,
                by: who.name().to_owned(),
                key: who.key().map(|holder| holder.key.id.clone()),
                since: sigyl.inner.platform.clock.now(),
                seen: None,
                past: Vec::new(),
                waiting: None,
                run: None,
                note: None,
            };
            if let Some(before) = before {
                follow.go_on_from(before);
            }
            sigyl.first_look(&mut follow).await?;
            sigyl.inner.platform.store.apply(Change::PutFollow(Box::new(follow.clone()))).await?;
            Ok(FollowView::from(follow))
        };
        self.audited(caller, act, work).await
    }

    /// Lists the servers that follow a branch, of those that the caller sees.
    pub async fn follows(&self, caller: &Caller) -> Result<Vec<FollowView>, Error> {
        caller.require(Action::Read)?;
        let mut shown = Vec::new();
        for follow in self.inner.platform.store.follows().await? {
            match self.known(caller, Action::Read, &follow.server).await {
                Ok(_) => shown.push(self.with_trouble(follow.into())),
                Err(Error::NoServer(_)) => {}
                Err(error) if error.kind() == Kind::Denied => {}
                Err(error) => return Err(error),
            }
        }
        Ok(shown)
    }

    /// Adds why a branch could not be looked at.
    fn with_trouble(&self, view: FollowView) -> FollowView {
        let troubles = self.inner.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        let trouble = troubles.get(&view.server).cloned();
        let notes: Vec<_> = view.note.into_iter().chain(trouble).collect();
        FollowView { note: Some(notes.join("; ")).filter(|note| !note.is_empty()), ..view }
    }

    /// Ends that a server follows a branch.
    pub async fn end_follow(&self, caller: &Caller, name: &ServerName) -> Result<(), Error> {
        let act = Act::on_server("end_follow", name);
        let (sigyl, who, name) = (self.clone(), caller.clone(), name.clone());
        let work = async move {
            sigyl.known(&who, Action::Deploy, &name).await?;
            let _following = sigyl.inner.following.lock().await;
            match sigyl.inner.platform.store.apply(Change::EndFollow(name.clone())).await {
                Err(StoreError::Missing { .. }) => Err(Error::NoFollow(name)),
                ended => Ok(ended.map(|_| ())?),
            }
        };
        self.audited(caller, act, work).await
    }

    /// Begins to release the commit that waits, in the name of the caller; only `commit`, when it is named.
    pub async fn release_followed(
        &self,
        caller: &Caller,
        name: &ServerName,
        commit: Option<CommitId>,
    ) -> Result<RunId, Error> {
        let act = Act::on_server("release_followed", name);
        let (sigyl, who, name) = (self.clone(), caller.clone(), name.clone());
        let work = async move { sigyl.release_waiting(&who, &name, commit).await };
        self.audited(caller, act, work).await
    }

    async fn release_waiting(
        &self,
        caller: &Caller,
        name: &ServerName,
        commit: Option<CommitId>,
    ) -> Result<RunId, Error> {
        let server = self.known(caller, Action::Deploy, name).await?;
        let _following = self.inner.following.lock().await;
        let store = &self.inner.platform.store;
        let mut follow = store.follow(name).await?.ok_or_else(|| Error::NoFollow(name.clone()))?;
        let waiting = follow.waiting.take().filter(|waits| commit.as_ref().is_none_or(|it| it == waits));
        let waiting = waiting.ok_or_else(|| Error::NothingWaits { server: name.clone(), asked: commit })?;
        if self.under_way(&follow).await?.is_some() {
            // Whichever of the two ended last would serve.
            return Err(Error::Busy(name.clone()));
        }
        let run = self.release_commit(caller, &server, &follow, &waiting).await?;
        follow.note = Some(format!("run {run} of {} began to release {}", caller.name(), waiting.short()));
        follow.run = Some(run.clone());
        store.apply(Change::PutFollow(Box::new(follow))).await?;
        self.when_over(name.clone(), waiting, run.clone());
        Ok(run)
    }

    /// Begins to release exactly one commit of what a server follows, and has GitHub told what comes of it.
    pub(super) async fn release_commit(
        &self,
        caller: &Caller,
        server: &Server,
        follow: &Follow,
        commit: &CommitId,
    ) -> Result<RunId, Error> {
        let redeploy = Redeploy {
            name: server.name.clone(),
            source: Some(self.followed(server, follow, commit.as_str())),
            env: Default::default(),
            secrets: Default::default(),
            grant: Vec::new(),
            revoke: Vec::new(),
            waive: Vec::new(),
            allow_scripts: Vec::new(),
            deep: false,
            review: false,
            canary: None,
            audience: None,
        };
        let run = self.redeploy_followed(caller, redeploy).await?;
        let about = told_back::Told {
            server: server.name.clone(),
            repository: follow.repository.clone(),
            folder: follow.folder.clone(),
            commit: commit.clone(),
        };
        self.tell_back(about, run.clone());
        Ok(run)
    }

    /// Returns where a reference of what a server follows is fetched. A repository that was renamed is not fetched by its old
    /// name, which another may have by now.
    pub(super) fn followed(&self, server: &Server, follow: &Follow, reference: &str) -> Locator {
        let web = &self.inner.github.web_url;
        let recorded = match Locator::parse(&server.locator) {
            Ok(Locator::GitHub { .. }) => {
                let (reference, subdir) = (Some(reference.to_owned()), follow.folder.clone());
                return Locator::GitHub { repository: follow.repository.clone(), reference, subdir };
            }
            Ok(Locator::Git { url, .. }) => Some(url),
            _ => None,
        };
        let same = recorded.filter(|url| RepositoryName::at(web, url).as_ref() == Some(&follow.repository));
        let url = same.unwrap_or_else(|| format!("{}/{}.git", web.trim_end_matches('/'), follow.repository));
        Locator::Git { url, reference: Some(reference.to_owned()), subdir: follow.folder.clone() }
    }

    /// Finds the repository that a server was deployed from, and its folder there.
    fn repository_of(&self, server: &Server) -> Result<(RepositoryName, Option<String>), Error> {
        let no = |why| Error::NotFollowable { server: server.name.clone(), why };
        match Locator::parse(&server.locator) {
            Ok(Locator::GitHub { repository, subdir, .. }) => Ok((repository, subdir)),
            Ok(Locator::Git { url, subdir, .. }) => {
                let found = RepositoryName::at(&self.inner.github.web_url, &url);
                found
                    .map(|repository| (repository, subdir))
                    .ok_or_else(|| no("its repository is not at GitHub"))
            }
            Ok(_) => Err(no("it was not deployed from a repository")),
            Err(_) => Err(no("where it was deployed from cannot be read")),
        }
    }
}
