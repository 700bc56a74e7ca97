//! Publishes documents, and changes how they stand.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::ListingError;
use super::shelf::Shelf;
use crate::domain::{
    DocumentName, DocumentVersion, Listing, ListingStatus, Origin, Proof, Standing, Timestamp, WorkspaceName,
};
use crate::registry::document::Document;
use crate::store::{Change, StoreError};
use crate::wire::registry::{AllVersions, ServerResponse, StatusUpdate};

/// Most versions of one name.
const MOST_VERSIONS: usize = 10_000;

/// A document that somebody publishes.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The document.
    pub document: Document,
    /// The workspace that its name belongs to, or will.
    pub workspace: WorkspaceName,
    /// Who publishes it.
    pub by: String,
    /// What their right to its namespace rests on.
    pub proof: Proof,
    /// When.
    pub at: Timestamp,
}

impl Shelf {
    /// Publishes a document under a version that nobody has published.
    pub async fn publish(self: &Arc<Self>, publication: Publication) -> Result<ServerResponse, ListingError> {
        self.to_the_end(move |shelf| async move {
            let Publication { document, workspace, by, proof, at } = publication;
            let (name, version) = (document.name().clone(), document.version().clone());
            shelf.check_new(&document, &workspace)?;
            let listing = Listing {
                name: name.clone(),
                version: version.clone(),
                workspace,
                document: document.raw().clone(),
                digest: document.digest(),
                standing: Standing::active(at),
                published: at,
                updated: at,
                origin: Origin::Published { by },
                proof,
                others: Default::default(),
            };
            shelf.store.apply(Change::PublishListing(Box::new(listing))).await.map_err(refused)?;
            shelf.refresh(&name).await?;
            shelf.shown(&name, &version)
        })
        .await
    }

    /// Puts a document in its place: its content must be what is there, and it may stand otherwise.
    pub async fn put(
        self: &Arc<Self>,
        name: &str,
        version: &str,
        document: Document,
        status: Option<StatusUpdate>,
        at: Timestamp,
    ) -> Result<ServerResponse, ListingError> {
        let (name, version) = (DocumentName::parse(name)?, DocumentVersion::parse(version)?);
        if (document.name(), document.version()) != (&name, &version) {
            let (name, version) = (document.name().clone(), document.version().clone());
            return Err(ListingError::ElseWhere { name, version });
        }
        let listing = self.listed(&name, &version)?;
        if listing.digest != document.digest() {
            return Err(ListingError::Taken { name, version });
        }
        match status {
            Some(update) => match self.set_status(name.as_str(), version.as_str(), update, at).await {
                Err(ListingError::NoChange { .. }) => self.shown(&name, &version),
                other => other,
            },
            None => self.shown(&name, &version),
        }
    }

    /// Lets one version stand otherwise.
    pub async fn set_status(
        self: &Arc<Self>,
        name: &str,
        version: &str,
        update: StatusUpdate,
        at: Timestamp,
    ) -> Result<ServerResponse, ListingError> {
        let (name, version) = (DocumentName::parse(name)?, DocumentVersion::parse(version)?);
        let standing = Standing::new(update.status, update.status_message, at)?;
        self.to_the_end(move |shelf| async move {
            let listing = shelf.listed(&name, &version)?;
            if listing.standing.says_the_same(&standing) {
                return Err(ListingError::NoChange { name, status: standing.status });
            }
            let versions = vec![version.clone()];
            shelf.store.apply(Change::SetStanding { name: name.clone(), versions, standing }).await?;
            shelf.refresh(&name).await?;
            shelf.shown(&name, &version)
        })
        .await
    }

    /// Lets every version of a name stand otherwise, all at once.
    pub async fn set_all(
        self: &Arc<Self>,
        name: &str,
        update: StatusUpdate,
        at: Timestamp,
    ) -> Result<AllVersions, ListingError> {
        let name = DocumentName::parse(name)?;
        let standing = Standing::new(update.status, update.status_message, at)?;
        self.to_the_end(move |shelf| async move {
            let versions = shelf.changing(&name, &standing)?;
            let change = Change::SetStanding { name: name.clone(), versions: versions.clone(), standing };
            shelf.store.apply(change).await?;
            shelf.refresh(&name).await?;
            let servers = versions.iter().map(|version| shelf.shown(&name, version));
            Ok(AllVersions { updated_count: versions.len(), servers: servers.collect::<Result<_, _>>()? })
        })
        .await
    }

    /// Takes a version out of sight; who asks for deleted versions still sees it, and it can be restored.
    pub async fn delete(
        self: &Arc<Self>,
        name: &str,
        version: &str,
        at: Timestamp,
    ) -> Result<ServerResponse, ListingError> {
        let update = StatusUpdate { status: ListingStatus::Deleted, status_message: None };
        self.set_status(name, version, update, at).await
    }

    /// Does a write in its turn, and to its end even when the caller leaves.
    pub(super) async fn to_the_end<T, F>(
        self: &Arc<Self>,
        work: impl FnOnce(Arc<Self>) -> F + Send + 'static,
    ) -> Result<T, ListingError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ListingError>> + Send + 'static,
    {
        let shelf = Arc::clone(self);
        let task = tokio::spawn(async move {
            let turn = shelf.turn.lock().await;
            let done = work(Arc::clone(&shelf)).await;
            drop(turn);
            done
        });
        task.await.map_err(|error| ListingError::CutOff(error.to_string()))?
    }

    /// Refuses what is taken: the name, the version, an address, or the last place under a name.
    fn check_new(&self, document: &Document, workspace: &WorkspaceName) -> Result<(), ListingError> {
        let (name, version) = (document.name(), document.version());
        let catalogue = self.read();
        if catalogue.entries(name).filter_map(|entry| entry.workspace()).any(|owner| owner != workspace) {
            return Err(ListingError::Owned(name.clone()));
        }
        let versions: BTreeSet<_> = catalogue.entries(name).map(|entry| entry.version()).collect();
        let listed = catalogue.entries(name).any(|it| it.version() == version && it.listing().is_some());
        if listed {
            return Err(ListingError::Taken { name: name.clone(), version: version.clone() });
        }
        if versions.len() >= MOST_VERSIONS {
            return Err(ListingError::TooMany { name: name.clone(), most: MOST_VERSIONS });
        }
        for (_, remote) in document.remotes() {
            if let Some(owner) = catalogue.other_owner(&remote.url, name) {
                return Err(ListingError::UrlTaken { url: remote.url, name: owner.clone() });
            }
        }
        Ok(())
    }

    /// Finds the versions of a name that do not stand so yet.
    fn changing(
        &self,
        name: &DocumentName,
        standing: &Standing,
    ) -> Result<Vec<DocumentVersion>, ListingError> {
        let catalogue = self.read();
        if catalogue.entries(name).next().is_none() {
            return Err(ListingError::NoName(name.clone()));
        }
        let listings: Vec<_> = catalogue.entries(name).filter_map(|entry| entry.listing()).collect();
        if listings.is_empty() {
            return Err(ListingError::Released(name.clone()));
        }
        let changing: Vec<_> = listings
            .iter()
            .filter(|listing| !listing.standing.says_the_same(standing))
            .map(|listing| listing.version.clone())
            .collect();
        if changing.is_empty() {
            return Err(ListingError::NoChange { name: name.clone(), status: standing.status });
        }
        Ok(changing)
    }

    /// Finds the document of a version.
    fn listed(&self, name: &DocumentName, version: &DocumentVersion) -> Result<Listing, ListingError> {
        let catalogue = self.read();
        let Some(entry) = catalogue.entries(name).find(|entry| entry.version() == version) else {
            return Err(ListingError::NoVersion { name: name.clone(), version: version.to_string() });
        };
        entry.listing().cloned().ok_or_else(|| ListingError::Released(name.clone()))
    }

    fn shown(&self, name: &DocumentName, version: &DocumentVersion) -> Result<ServerResponse, ListingError> {
        let found = self.read().any_version(name, version);
        found.ok_or_else(|| ListingError::NoVersion { name: name.clone(), version: version.to_string() })
    }
}

/// Tells a quarantine apart from a store that fails.
fn refused(error: StoreError) -> ListingError {
    match error {
        StoreError::Quarantined(refused) => refused.into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests;
