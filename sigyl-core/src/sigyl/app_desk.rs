//! The GitHub App at work: what asks as it, made of what is kept, and changed while everything goes on.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;

use super::GitHubWork;
use crate::domain::{CommitId, GitHubApp, GitHubAppKeys, Kind, RepositoryName, SecretValue};
use crate::error::Error;
use crate::github::api::{Directory, Repositories};
use crate::github::app::{AppClients, AppError, OpensApp, check_key};
use crate::source::{ArchiveError, Archives};
use crate::store::{KeptApp, Store};
use crate::vault::Vault;

/// Asks as the App that is kept, where the configuration names nobody who asks.
#[derive(Debug)]
pub(super) struct AppDesk {
    opens: Option<Arc<dyn OpensApp>>,
    web_url: String,
    api_url: String,
    /// Held while what is kept changes, so that each change sees the one before.
    pub(super) changing: tokio::sync::Mutex<()>,
    now: RwLock<Now>,
}

/// What asks now, or why nothing does.
#[derive(Debug, Default)]
pub(super) struct Now {
    at_work: Option<AtWork>,
    note: Option<String>,
}

impl Now {
    fn not(why: String) -> Self {
        Self { at_work: None, note: Some(why) }
    }
}

#[derive(Clone, Debug)]
struct AtWork {
    clients: AppClients,
    webhook_secret: Option<SecretValue>,
}

impl AppDesk {
    /// Takes what the configuration says, and the App that is kept. One that cannot be used is told, and stops nothing: no
    /// more is reached without it.
    pub(super) async fn open(
        work: &GitHubWork,
        store: &dyn Store,
        vault: &Vault,
    ) -> Result<Arc<Self>, Error> {
        let is_named = work.api.is_some() || work.archives.is_some();
        let opens = work.app.clone().filter(|_| !is_named);
        let (web_url, api_url) = (work.web_url.clone(), work.api_url.clone());
        let desk =
            Self { opens, web_url, api_url, changing: tokio::sync::Mutex::default(), now: RwLock::default() };
        if let Some(kept) = store.github_app().await? {
            let keys = keys_of(vault, &kept);
            desk.put(keys.and_then(|keys| desk.made(&kept.app, &keys)).unwrap_or_else(|error| {
                let why = error.failure().message;
                tracing::warn!(app = kept.app.slug, why, "the GitHub App that is kept is not used");
                Now::not(why)
            }));
        }
        Ok(Arc::new(desk))
    }

    /// Makes what asks as an App, or says why nothing does; nothing is changed yet.
    pub(super) fn made(&self, app: &GitHubApp, keys: &GitHubAppKeys) -> Result<Now, Error> {
        check_key(&keys.private_key)?;
        let Some(opens) = &self.opens else {
            let why =
                "the configuration names who asks GitHub, and that wins, or this process does not ask GitHub";
            return Ok(Now::not(why.to_owned()));
        };
        // An address that nobody could ask at is refused, whatever is configured.
        let clients = opens.open(app, keys)?;
        if !app.is_at(&self.web_url) {
            let why = format!("it is an App of {}, and {} is configured", app.web_url, self.web_url);
            return Ok(Now::not(why));
        }
        // Whoever may keep an App does not choose what this installation asks, or whom it believes.
        if !app.is_asked_at(&self.api_url) {
            let why = format!("it is asked at {}, and {} is configured", app.api_url, self.api_url);
            return Ok(Now::not(why));
        }
        let webhook_secret = keys.webhook_secret.clone().filter(|_| app.hook_url.is_some());
        Ok(Now { at_work: Some(AtWork { clients, webhook_secret }), note: None })
    }

    /// Asks as no App any more.
    pub(super) fn let_go(&self) {
        self.put(Now::default());
    }

    /// Returns what asks about repositories.
    pub(super) fn api(&self) -> Option<Arc<dyn Repositories>> {
        self.at_work().map(|it| it.clients.api)
    }

    /// Returns what lists what is at GitHub.
    pub(super) fn directory(&self) -> Option<Arc<dyn Directory>> {
        self.at_work().map(|it| it.clients.directory)
    }

    /// Returns what deliveries to the App are signed with.
    pub(super) fn webhook_secret(&self) -> Option<SecretValue> {
        self.at_work()?.webhook_secret
    }

    /// Tells why the App that is kept is not used.
    pub(super) fn note(&self) -> Option<String> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).note.clone()
    }

    /// Tells whether an App can come to be used while this process lives.
    pub(super) fn may_open(&self) -> bool {
        self.opens.is_some()
    }

    fn at_work(&self) -> Option<AtWork> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).at_work.clone()
    }

    /// Asks so from now on.
    pub(super) fn put(&self, now: Now) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

/// Opens the keys of an App that is kept.
pub(super) fn keys_of(vault: &Vault, kept: &KeptApp) -> Result<GitHubAppKeys, Error> {
    let value = vault.reveal(&kept.sealed)?;
    // The reader's words could hold a part of it.
    Ok(serde_json::from_str(value.reveal()).map_err(|_| AppError::Unreadable)?)
}

#[async_trait]
impl Archives for AppDesk {
    fn is_open(&self) -> bool {
        self.at_work().is_some()
    }

    async fn commit(
        &self,
        repository: &RepositoryName,
        reference: Option<&str>,
    ) -> Result<CommitId, ArchiveError> {
        self.at_work().ok_or_else(closed)?.clients.archives.commit(repository, reference).await
    }

    async fn archive(
        &self,
        repository: &RepositoryName,
        commit: &CommitId,
        into: &Path,
        most: u64,
    ) -> Result<(), ArchiveError> {
        self.at_work().ok_or_else(closed)?.clients.archives.archive(repository, commit, into, most).await
    }
}

fn closed() -> ArchiveError {
    ArchiveError { kind: Kind::NotFound, is_closed: true, why: Box::new(AppError::None) }
}
