//! Reads the store into the catalogue, and answers from there.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use tokio::sync::Mutex;

use super::error::ListingError;
use super::released::{self, Releases};
use crate::domain::{
    DocumentName, DocumentVersion, Listing, Quarantines, ServerName, Shows, Suspect, WorkspaceName,
};
use crate::registry::catalogue::{Browse, Catalogue, Endpoint, Entry, Query};
use crate::store::{Page, Store, StoreError};
use crate::wire::registry::{Finds, ServerList, ServerResponse};

/// Documents that are read from the store at a time.
const PAGE: usize = 1_000;
/// Views that are held ready; with one more, all are put together anew when somebody looks.
const VIEWS: usize = 16;

/// All documents.
#[derive(Debug)]
pub struct Shelf {
    pub(super) store: Arc<dyn Store>,
    catalogue: RwLock<Catalogue>,
    /// What views show, each once somebody looked at it.
    views: RwLock<HashMap<Shows, Catalogue>>,
    /// Held from the check of a write until the catalogue shows it.
    pub(super) turn: Mutex<()>,
}

impl Shelf {
    /// A shelf over a store that holds no documents yet.
    pub fn empty(store: Arc<dyn Store>) -> Self {
        Self { store, catalogue: RwLock::default(), views: RwLock::default(), turn: Mutex::default() }
    }

    /// Reads everything in `store`.
    pub async fn load(store: Arc<dyn Store>) -> Result<Self, StoreError> {
        let quarantines = store.quarantines().await?.into_iter().collect();
        let mut releases = released::all(&*store, &quarantines).await?;
        let mut listed: BTreeMap<DocumentName, Vec<Listing>> = BTreeMap::new();
        let mut after = None;
        loop {
            let page = store.listings(Page { after, limit: PAGE }).await?;
            after = page.last().map(|last| (last.name.clone(), last.version.clone()));
            for listing in page {
                listed.entry(listing.name.clone()).or_default().push(listing);
            }
            if after.is_none() {
                break;
            }
        }
        let mut catalogue = Catalogue::default();
        for (name, listings) in listed {
            let own = releases.remove(&name).unwrap_or_default();
            catalogue.replace(&name, join(&name, listings, own, &quarantines));
        }
        for (name, own) in releases {
            catalogue.replace(&name, join(&name, Vec::new(), own, &quarantines));
        }
        Ok(Self {
            store,
            catalogue: RwLock::new(catalogue),
            views: RwLock::default(),
            turn: Mutex::default(),
        })
    }

    /// Reads a server back that was recorded, activated, moved or removed. That is on record already, so a failure is
    /// logged; the next write under the name, or the next start, shows it.
    pub async fn follow(&self, server: &ServerName) {
        let Ok(name) = released::document_name(server) else { return };
        let turn = self.turn.lock().await;
        if let Err(error) = self.refresh(&name).await {
            tracing::warn!(%error, server = %server, "the registry does not show what was just recorded");
        }
        drop(turn);
    }

    /// Reads back every name that a quarantine covers, once it was set or lifted.
    pub async fn follow_quarantine(&self, what: &Suspect) -> Result<(), StoreError> {
        let turn = self.turn.lock().await;
        for name in self.covered(what) {
            self.refresh(&name).await?;
        }
        drop(turn);
        Ok(())
    }

    /// Finds the names of documents that a quarantine may cover. What is declared is known by the records alone, so that
    /// a digest may mean any name that was released here.
    fn covered(&self, what: &Suspect) -> Vec<DocumentName> {
        match what {
            Suspect::Name(name) => {
                let plain = DocumentName::parse(name.as_str());
                plain.into_iter().chain(released::document_name(name)).collect()
            }
            Suspect::Digest(digest) => self.read().names_of(*digest),
        }
    }

    /// Lists documents by name and version; `endpoint` is where what runs here is reached.
    pub fn list(
        &self,
        shows: &Shows,
        query: Query,
        endpoint: Option<&Endpoint>,
    ) -> Result<ServerList, ListingError> {
        Ok(self.look(shows, |catalogue| catalogue.list(query, endpoint))?)
    }

    /// Lists the versions of a name, the newest publication first.
    pub fn versions(
        &self,
        shows: &Shows,
        name: &str,
        include_deleted: bool,
        endpoint: Option<&Endpoint>,
    ) -> Result<ServerList, ListingError> {
        let name = DocumentName::parse(name)?;
        let found = self.look(shows, |catalogue| catalogue.versions(&name, include_deleted, endpoint));
        found.ok_or(ListingError::NoName(name))
    }

    /// Finds a version of a name; `latest` is that which ranks highest.
    pub fn version(
        &self,
        shows: &Shows,
        name: &str,
        version: &str,
        include_deleted: bool,
        endpoint: Option<&Endpoint>,
    ) -> Result<ServerResponse, ListingError> {
        let name = DocumentName::parse(name)?;
        let wanted = match version {
            "latest" => None,
            exact => Some(DocumentVersion::parse(exact)?),
        };
        let version_of =
            |catalogue: &Catalogue| catalogue.version(&name, wanted.as_ref(), include_deleted, endpoint);
        let found = self.look(shows, version_of);
        found.ok_or_else(|| ListingError::NoVersion { name, version: version.to_owned() })
    }

    /// Finds names by words, the best first.
    pub fn search(
        &self,
        shows: &Shows,
        words: &str,
        limit: usize,
        endpoint: Option<&Endpoint>,
    ) -> Result<Finds, ListingError> {
        Ok(self.look(shows, |catalogue| catalogue.search(words, limit, endpoint))?)
    }

    /// Shows a page of names, each with its latest version.
    pub fn browse(
        &self,
        shows: &Shows,
        browse: &Browse,
        endpoint: Option<&Endpoint>,
    ) -> Result<Finds, ListingError> {
        Ok(self.look(shows, |catalogue| catalogue.browse(browse, endpoint))?)
    }

    /// Returns a number that is another one after every write, for answers that are kept elsewhere.
    pub fn revision(&self) -> u64 {
        self.read().revision()
    }

    /// Returns how many names and versions there are.
    pub fn counts(&self) -> (usize, usize) {
        self.read().counts()
    }

    /// Returns the server whose versions have documents under a name.
    pub fn source_of(name: &DocumentName) -> Option<ServerName> {
        released::server_name(name)
    }

    /// Returns the workspace that a name belongs to, if somebody has it.
    pub fn workspace(&self, name: &DocumentName) -> Option<WorkspaceName> {
        self.read().entries(name).find_map(|entry| entry.workspace().cloned())
    }

    /// Returns the names with documents that are not deleted which belong to these workspaces, with whose they are.
    pub fn names_in(&self, workspaces: &[WorkspaceName]) -> Vec<(DocumentName, WorkspaceName)> {
        self.read().names_in(workspaces)
    }

    /// Looks at what somebody is shown. A view is put together when it is looked at for the first time, and follows every
    /// write from then on.
    fn look<T>(&self, shows: &Shows, look: impl FnOnce(&Catalogue) -> T) -> T {
        if shows.is_everything() {
            return look(&self.read());
        }
        let known = self.views.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(view) = known.get(shows) {
            return look(view);
        }
        drop(known);
        let mut views = self.views.write().unwrap_or_else(PoisonError::into_inner);
        if views.len() >= VIEWS && !views.contains_key(shows) {
            views.clear();
        }
        // Writes take the two in this order too, so that none is missed in between.
        look(views.entry(shows.clone()).or_insert_with(|| self.read().showing(shows)))
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Catalogue> {
        self.catalogue.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a name back. The caller has the turn.
    pub(super) async fn refresh(&self, name: &DocumentName) -> Result<(), StoreError> {
        let listings = self.store.listings_of(name).await?;
        let quarantines = self.store.quarantines().await?.into_iter().collect();
        let releases = match released::server_name(name) {
            Some(server) => released::of(&*self.store, &server, &quarantines).await?,
            None => Releases::default(),
        };
        let entries = join(name, listings, releases, &quarantines);
        let mut views = self.views.write().unwrap_or_else(PoisonError::into_inner);
        for (shows, view) in views.iter_mut() {
            let shown = entries.iter().filter(|entry| entry.is_among(shows)).cloned();
            view.replace(name, shown.collect());
        }
        self.catalogue.write().unwrap_or_else(PoisonError::into_inner).replace(name, entries);
        Ok(())
    }
}

/// Makes the entries of a name: what is listed, what is released, and what is both.
fn join(
    name: &DocumentName,
    listings: Vec<Listing>,
    mut releases: Releases,
    quarantines: &Quarantines,
) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(listings.len());
    let names = released::server_name(name).into_iter().chain(ServerName::parse(name.as_str()));
    let all = names.into_iter().any(|name| quarantines.of_name(&name).is_some());
    for listing in listings {
        let (version, own) = (listing.version.clone(), releases.versions.remove(&listing.version));
        let hidden = all
            || quarantines.of_digest(listing.digest).is_some()
            || own.as_ref().is_some_and(|own| own.quarantined);
        let entry = Entry::of(name.clone(), version, Some(listing), own);
        entries.extend(entry.map(|entry| entry.hidden(hidden).with(&releases.about)));
    }
    for (version, own) in releases.versions {
        let hidden = all || own.quarantined;
        let entry = Entry::of(name.clone(), version, None, Some(own));
        entries.extend(entry.map(|entry| entry.hidden(hidden).with(&releases.about)));
    }
    entries
}
