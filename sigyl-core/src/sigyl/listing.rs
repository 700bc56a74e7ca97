//! The registry: documents that are published, imported, found and shown.

use std::sync::Arc;

use super::Sigyl;
use super::audit::{Act, Told};
use crate::domain::{
    Action, Bookmark, Caller, Denied, DocumentName, Proof, ServerName, Shows, Timestamp, WorkspaceName,
};
use crate::error::Error;
use crate::registry::{Browse, Document, Endpoint, ListingError, Publication, Query, Shelf};
use crate::store::Change;
use crate::wire::registry::{
    AllVersions, Finds, ImportReport, ImportRow, ServerList, ServerResponse, StatusUpdate, Validation,
};

/// Longest address of another registry, in bytes.
const SOURCE_MAX: usize = 2_048;

impl Sigyl {
    /// Lists documents by name and version.
    pub fn listings(&self, caller: &Caller, query: Query) -> Result<ServerList, Error> {
        caller.require(Action::Browse)?;
        Ok(self.shelf().list(&self.view_of(caller), query, self.endpoint_of_clients().as_ref())?)
    }

    /// Lists the versions of a name, the newest publication first.
    pub fn listing_versions(
        &self,
        caller: &Caller,
        name: &str,
        include_deleted: bool,
    ) -> Result<ServerList, Error> {
        caller.require(Action::Browse)?;
        Ok(self.shelf().versions(
            &self.view_of(caller),
            name,
            include_deleted,
            self.endpoint_of_clients().as_ref(),
        )?)
    }

    /// Finds a version of a name; `latest` is that which ranks highest.
    pub fn listing(
        &self,
        caller: &Caller,
        name: &str,
        version: &str,
        include_deleted: bool,
    ) -> Result<ServerResponse, Error> {
        caller.require(Action::Browse)?;
        Ok(self.shelf().version(
            &self.view_of(caller),
            name,
            version,
            include_deleted,
            self.endpoint_of_clients().as_ref(),
        )?)
    }

    /// Finds names by words, the best first; words may be cut short or mistyped.
    pub fn search(&self, caller: &Caller, words: &str, limit: usize) -> Result<Finds, Error> {
        caller.require(Action::Browse)?;
        Ok(self.shelf().search(&self.view_of(caller), words, limit, self.endpoint_of_clients().as_ref())?)
    }

    /// Shows a page of names to a person, each with its latest version, and tells how many there are.
    pub fn browse(&self, caller: &Caller, browse: &Browse) -> Result<Finds, Error> {
        caller.require(Action::Browse)?;
        Ok(self.shelf().browse(&self.view_of(caller), browse, self.endpoint_of_clients().as_ref())?)
    }

    /// Returns a number that is another one after every change of the registry, for answers that are kept elsewhere. It
    /// begins anew with each process.
    pub fn registry_revision(&self, caller: &Caller) -> Result<u64, Error> {
        caller.require(Action::Browse)?;
        Ok(self.shelf().revision())
    }

    /// Tells what a publication of this document would come to.
    pub async fn validate_listing(&self, caller: &Caller, document: Vec<u8>) -> Result<Validation, Error> {
        caller.require(Action::Browse)?;
        checked(move || Ok(Document::validate(&document))).await
    }

    /// Publishes a document.
    pub async fn publish_listing(&self, caller: &Caller, document: Vec<u8>) -> Result<ServerResponse, Error> {
        let document = self.publishable(caller, document).await;
        let on = document.as_ref().map_or_else(
            |_| "a document".to_owned(),
            |document| shown(document.name().as_str(), Some(document.version().as_str())),
        );
        let workspace = document.as_ref().ok().and_then(|document| self.shelf().workspace(document.name()));
        let act = Act::on("publish_listing", on, workspace.as_ref());
        let (sigyl, who) = (self.clone(), caller.clone());
        self.audited(caller, act, async move { sigyl.publish(&who, document?).await }).await
    }

    async fn publish(&self, caller: &Caller, document: Document) -> Result<ServerResponse, Error> {
        let workspace = self.may_change(caller, document.name())?;
        self.may_follow_on(caller, document.name(), &workspace).await?;
        let proof = proof(caller, document.name());
        let at = self.inner.platform.clock.now();
        let publication = Publication { document, workspace, by: caller.name().to_owned(), proof, at };
        Ok(self.shelf().publish(publication).await?)
    }

    /// Puts a document in its place: its content must be what is there, and it may stand otherwise.
    pub async fn put_listing(
        &self,
        caller: &Caller,
        name: &str,
        version: &str,
        document: Vec<u8>,
        status: Option<StatusUpdate>,
    ) -> Result<ServerResponse, Error> {
        let document = self.publishable(caller, document).await;
        let (place, version) = (name.to_owned(), version.to_owned());
        self.change(caller, "put_listing", name, Some(&version.clone()), move |sigyl, at| async move {
            Ok(sigyl.shelf().put(&place, &version, document?, status, at).await?)
        })
        .await
    }

    /// Lets one version stand otherwise.
    pub async fn set_listing_status(
        &self,
        caller: &Caller,
        name: &str,
        version: &str,
        update: StatusUpdate,
    ) -> Result<ServerResponse, Error> {
        let (place, version) = (name.to_owned(), version.to_owned());
        self.change(caller, "set_listing_status", name, Some(&version.clone()), move |sigyl, at| async move {
            Ok(sigyl.shelf().set_status(&place, &version, update, at).await?)
        })
        .await
    }

    /// Lets every version of a name stand otherwise, all at once.
    pub async fn set_status_of_all(
        &self,
        caller: &Caller,
        name: &str,
        update: StatusUpdate,
    ) -> Result<AllVersions, Error> {
        let place = name.to_owned();
        self.change(caller, "set_listing_status", name, None, move |sigyl, at| async move {
            Ok(sigyl.shelf().set_all(&place, update, at).await?)
        })
        .await
    }

    /// Takes a version out of sight. It can be restored: [`Sigyl::set_listing_status`] lets it be active again.
    pub async fn delete_listing(
        &self,
        caller: &Caller,
        name: &str,
        version: &str,
    ) -> Result<ServerResponse, Error> {
        let (place, version) = (name.to_owned(), version.to_owned());
        self.change(caller, "delete_listing", name, Some(&version.clone()), move |sigyl, at| async move {
            Ok(sigyl.shelf().delete(&place, &version, at).await?)
        })
        .await
    }

    /// Takes in documents that were published elsewhere. `source` says where, without credentials. What cannot be taken
    /// is told and left out; the others are on record when this returns.
    pub async fn import(
        &self,
        caller: &Caller,
        source: &str,
        rows: Vec<ImportRow>,
    ) -> Result<ImportReport, Error> {
        let workspace = own_workspace(caller);
        let act = Act::on("import", shown(source, None), Some(&workspace));
        let (sigyl, who, source) = (self.clone(), caller.clone(), source.to_owned());
        self.audited(caller, act, async move {
            who.require(Action::Administer)?;
            let at = sigyl.inner.platform.clock.now();
            Ok(sigyl.shelf().import(&source, rows, workspace, at).await?)
        })
        .await
    }

    /// Tells up to when the registry at `source` was read: importing can go on from there.
    pub async fn bookmark(&self, caller: &Caller, source: &str) -> Result<Option<Timestamp>, Error> {
        caller.require(Action::Administer)?;
        Ok(self.inner.platform.store.bookmark(source).await?.map(|bookmark| bookmark.until))
    }

    /// Keeps up to when the registry at `source` was read whole.
    pub async fn set_bookmark(&self, caller: &Caller, source: &str, until: Timestamp) -> Result<(), Error> {
        let act = Act::on("set_bookmark", shown(source, None), None);
        let (sigyl, who, source) = (self.clone(), caller.clone(), source.to_owned());
        self.audited(caller, act, async move {
            who.require(Action::Administer)?;
            if source.is_empty() || source.len() > SOURCE_MAX {
                return Err(ListingError::Source { bytes: source.len(), most: SOURCE_MAX }.into());
            }
            sigyl.inner.platform.store.apply(Change::PutBookmark(Bookmark { source, until })).await?;
            Ok(())
        })
        .await
    }

    /// Changes what is on record under a name, if the caller may, and writes it down.
    async fn change<T, F>(
        &self,
        caller: &Caller,
        what: &'static str,
        name: &str,
        version: Option<&str>,
        work: impl FnOnce(Self, Timestamp) -> F + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Told + Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let place = DocumentName::parse(name);
        let workspace = place.as_ref().ok().and_then(|place| self.shelf().workspace(place));
        let act = Act::on(what, shown(name, version), workspace.as_ref());
        let (sigyl, who) = (self.clone(), caller.clone());
        self.audited(caller, act, async move {
            who.require(Action::Publish)?;
            sigyl.may_change(&who, &place.map_err(ListingError::from)?)?;
            let at = sigyl.inner.platform.clock.now();
            work(sigyl, at).await
        })
        .await
    }

    /// Reads a document that is to be published, for a caller who may publish at all.
    async fn publishable(&self, caller: &Caller, document: Vec<u8>) -> Result<Document, Error> {
        caller.require(Action::Publish)?;
        checked(move || Document::publish(&document).map_err(ListingError::Invalid)).await
    }

    /// What a caller is shown of the registry: what its view shows; everything to who administers it; to all others what
    /// the operator settled.
    fn view_of(&self, caller: &Caller) -> Shows {
        let view = caller.key().and_then(|holder| holder.key.view.clone());
        let usual = || match caller.may(Action::Administer) {
            true => Shows::default(),
            false => self.inner.shows.clone(),
        };
        view.unwrap_or_else(usual)
    }

    fn shelf(&self) -> &Arc<Shelf> {
        &self.inner.platform.shelf
    }

    /// Where clients reach the endpoint, and whether they need a key there.
    fn endpoint_of_clients(&self) -> Option<Endpoint> {
        let reached = self.inner.front.reached();
        let keyed = reached.as_ref().is_some_and(|endpoint| endpoint.keyed);
        let public = self.inner.public_url.clone().map(|base| Endpoint { base, keyed });
        public.or(reached)
    }

    /// Refuses unless the caller may change the documents of a name, and returns the workspace that it belongs to, or
    /// will. Whose it is, is told to nobody else.
    fn may_change(&self, caller: &Caller, name: &DocumentName) -> Result<WorkspaceName, Error> {
        let owner = self.shelf().workspace(name);
        let is_foreign = owner.as_ref().is_some_and(|owner| !belongs(caller, owner));
        let workspace = owner.unwrap_or_else(|| own_workspace(caller));
        match ServerName::parse(name.as_str()) {
            Ok(server) if is_foreign && !caller.may_on(Action::Publish, &workspace, &server) => {
                return Err(Denied::new(caller, format!("publish {name}: the name is taken")).into());
            }
            Ok(server) => caller.require_on(Action::Publish, &workspace, &server)?,
            // No scope can name it.
            Err(_) => caller.require(Action::Administer)?,
        }
        Ok(workspace)
    }
}

impl Sigyl {
    /// Refuses a name whose deleted server belonged to another workspace: its clients may still trust it.
    async fn may_follow_on(
        &self,
        caller: &Caller,
        name: &DocumentName,
        workspace: &WorkspaceName,
    ) -> Result<(), Error> {
        let Ok(server) = ServerName::parse(name.as_str()) else { return Ok(()) };
        let grave = self.inner.platform.store.tombstone(&server).await?;
        match grave.filter(|grave| grave.workspace != *workspace) {
            Some(_) if !caller.may(Action::Administer) => Err(Error::NotOurs(server)),
            _ => Ok(()),
        }
    }
}

impl Told for ServerResponse {}

impl Told for AllVersions {
    fn told(&self) -> Option<String> {
        Some(format!("{} version(s)", self.updated_count))
    }
}

impl Told for ImportReport {
    fn told(&self) -> Option<String> {
        Some(format!("{} added, {} updated, {} refused", self.added, self.updated, self.refused))
    }
}

/// A name, and a version of it, as the audit writes them: bounded, without what would break a line.
fn shown(name: &str, version: Option<&str>) -> String {
    let plain = |c: char| if c.is_control() { '?' } else { c };
    let words = [Some(name), version].into_iter().flatten();
    let words: Vec<String> = words.map(|word| word.chars().map(plain).take(256).collect()).collect();
    words.join(" ")
}

/// Tells whether a caller is of a workspace, so that its name may be told.
fn belongs(caller: &Caller, workspace: &WorkspaceName) -> bool {
    match caller.key() {
        Some(holder) => holder.role_in(workspace).is_some(),
        None => caller.may(Action::Publish),
    }
}

/// The workspace that new names of a caller belong to.
fn own_workspace(caller: &Caller) -> WorkspaceName {
    let Some(holder) = caller.key() else { return WorkspaceName::default() };
    let mut roles = holder.roles.keys();
    let only = roles.next().filter(|_| roles.next().is_none());
    holder.key.workspace.as_ref().or(only).cloned().unwrap_or_default()
}

/// What a caller's right to a namespace rests on: what their account proved, or it is granted when an administrator
/// publishes. A key that was made for a namespace proves nothing, since its holder may have made it.
fn proof(caller: &Caller, name: &DocumentName) -> Proof {
    if caller.may(Action::Administer) {
        return Proof::Granted;
    }
    let account = caller.key().map(|holder| &holder.account);
    let proven = account.zip(name.namespace()).and_then(|(account, space)| account.proof_of(space));
    proven.unwrap_or(Proof::Unproven)
}

/// Checks a document off the runtime: the largest take a while.
async fn checked<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ListingError> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| ListingError::CutOff(error.to_string()))??)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Kind, ListingStatus};
    use crate::sigyl::Config;
    use crate::store::Page;

    const CLOCK: &str = include_str!("../../tests/data/registry/clock.json");

    async fn sigyl(folder: &std::path::Path) -> Sigyl {
        let at = |name: &str| folder.join(name);
        let config = Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
        Sigyl::open(config).await.unwrap()
    }

    #[tokio::test]
    async fn a_document_is_published_found_deprecated_and_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let sigyl = sigyl(folder.path()).await;
        let owner = Caller::local_owner();
        assert!(sigyl.validate_listing(&owner, CLOCK.into()).await.unwrap().valid);
        let published = sigyl.publish_listing(&owner, CLOCK.into()).await.unwrap();
        assert_eq!(published.meta.sigyl.namespace, Proof::Granted);
        assert_eq!(sigyl.search(&owner, "zones clock", 5).unwrap().servers, std::slice::from_ref(&published));
        assert_eq!(sigyl.listings(&owner, Query::default()).unwrap().servers, [published]);
        let name = "com.example/clock";
        let update = StatusUpdate { status: ListingStatus::Deprecated, status_message: None };
        sigyl.set_status_of_all(&owner, name, update).await.unwrap();
        sigyl.delete_listing(&owner, name, "1.2.0").await.unwrap();
        assert_eq!(sigyl.listing(&owner, name, "latest", false).unwrap_err().code(), "E1103");
        assert_eq!(sigyl.listing_versions(&owner, name, true).unwrap().servers.len(), 1);
        let again = sigyl.publish_listing(&owner, CLOCK.into()).await.unwrap_err();
        assert_eq!((again.kind(), again.code()), (Kind::Conflict, "E1102"));
        sigyl.shutdown().await;
    }

    #[tokio::test]
    async fn who_only_browses_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let sigyl = sigyl(folder.path()).await;
        let reader = Caller::anonymous(None);
        let denied = |error: Error| assert_eq!(error.kind(), Kind::Denied, "{error}");
        let (name, gone) =
            ("com.example/clock", StatusUpdate { status: ListingStatus::Deleted, status_message: None });
        denied(sigyl.publish_listing(&reader, b"not even JSON".to_vec()).await.unwrap_err());
        denied(sigyl.put_listing(&reader, name, "1.2.0", CLOCK.into(), None).await.unwrap_err());
        denied(sigyl.set_listing_status(&reader, name, "1.2.0", gone.clone()).await.unwrap_err());
        denied(sigyl.set_status_of_all(&reader, name, gone).await.unwrap_err());
        denied(sigyl.delete_listing(&reader, name, "1.2.0").await.unwrap_err());
        denied(sigyl.import(&reader, "x", Vec::new()).await.unwrap_err());
        assert!(sigyl.listings(&reader, Query::default()).unwrap().servers.is_empty());
        sigyl.shutdown().await;
    }

    #[tokio::test]
    async fn what_changes_the_registry_is_in_the_audit_with_its_outcome() {
        let folder = tempfile::tempdir().unwrap();
        let sigyl = sigyl(folder.path()).await;
        let (owner, reader) = (Caller::local_owner(), Caller::limited("ci", [Action::Browse]));
        sigyl.publish_listing(&owner, CLOCK.into()).await.unwrap();
        sigyl.publish_listing(&owner, CLOCK.into()).await.unwrap_err();
        sigyl.delete_listing(&reader, "com.example/clock", "1.2.0").await.unwrap_err();
        sigyl.import(&owner, "a\nfile", Vec::new()).await.unwrap();
        let entries = sigyl.inner.platform.store.audit(Page::first(9)).await.unwrap();
        let told: Vec<_> = entries
            .iter()
            .map(|entry| {
                let fact = &entry.fact;
                format!("{} {} {} {:?}", fact.who.name, fact.what, fact.on, fact.outcome)
            })
            .collect();
        assert_eq!(
            told,
            [
                "local owner publish_listing com.example/clock 1.2.0 Done",
                "local owner publish_listing com.example/clock 1.2.0 Failed",
                "ci delete_listing com.example/clock 1.2.0 Refused",
                "local owner import a?file Done",
            ]
        );
        sigyl.shutdown().await;
    }

    #[tokio::test]
    async fn what_was_imported_under_no_legal_name_is_for_administrators() {
        let folder = tempfile::tempdir().unwrap();
        let sigyl = sigyl(folder.path()).await;
        let owner = Caller::local_owner();
        let row = ImportRow { line: 1, text: r#"{"name": "Gmail", "version": "1.0.0"}"#.to_owned() };
        let report = sigyl.import(&owner, "servers.jsonl", vec![row]).await.unwrap();
        assert_eq!((report.added, report.problems.len()), (1, 1));
        let publisher = Caller::limited("ci", [Action::Publish]);
        let denied = sigyl.delete_listing(&publisher, "Gmail", "1.0.0").await.unwrap_err();
        assert_eq!(denied.kind(), Kind::Denied);
        sigyl.delete_listing(&owner, "Gmail", "1.0.0").await.unwrap();
        sigyl.shutdown().await;
    }
}
