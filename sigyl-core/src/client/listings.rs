//! Documents of the registry.

use super::call::Call;
use super::operation::{
    DELETE_DOCUMENT, IMPORT_DOCUMENTS, LIST_DOCUMENT_VERSIONS, LIST_DOCUMENTS, PUBLISH_DOCUMENT,
    PUT_DOCUMENT, SEARCH_DOCUMENTS, SET_BOOKMARK, SET_DOCUMENT_STATUS, SET_STATUS_OF_ALL, SHOW_BOOKMARK,
    SHOW_DOCUMENT, VALIDATE_DOCUMENT,
};
use super::{Client, ClientError};
use crate::domain::{ListingStatus, Timestamp};
use crate::wire::registry::{
    AllVersions, Finds, ImportReport, ListQuery, ServerList, ServerResponse, StatusUpdate, Validation,
};
use crate::wire::v1::{Bookmark, Import};

impl Client {
    /// Lists documents by name and version, a page at a time.
    pub async fn listings(&self, query: &ListQuery) -> Result<ServerList, ClientError> {
        let call = Call::of(LIST_DOCUMENTS)
            .may_ask("search", query.search.as_ref())
            .may_ask("updated_since", query.updated_since)
            .may_ask("version", query.version.as_ref())
            .may_ask("limit", query.limit)
            .may_ask("cursor", query.cursor.as_ref());
        let call = if query.include_deleted { call.asks("include_deleted", true) } else { call };
        let call = if query.complete_only { call.asks("complete_only", true) } else { call };
        self.ask(call).await
    }

    /// Lists the versions of a name, the newest publication first.
    pub async fn listing_versions(&self, name: &str, deleted: bool) -> Result<ServerList, ClientError> {
        self.ask(Call::of(LIST_DOCUMENT_VERSIONS).part(name).asks("include_deleted", deleted)).await
    }

    /// Shows a version of a name, or the `latest`.
    pub async fn listing(
        &self,
        name: &str,
        version: &str,
        deleted: bool,
    ) -> Result<ServerResponse, ClientError> {
        self.ask(Call::of(SHOW_DOCUMENT).part(name).part(version).asks("include_deleted", deleted)).await
    }

    /// Finds names by words, the best first.
    pub async fn search(&self, words: &str, limit: usize) -> Result<Finds, ClientError> {
        self.ask(Call::of(SEARCH_DOCUMENTS).asks("q", words).asks("limit", limit)).await
    }

    /// Publishes a document.
    pub async fn publish(&self, document: &str) -> Result<ServerResponse, ClientError> {
        self.ask(Call::of(PUBLISH_DOCUMENT).text(document)).await
    }

    /// Tells what the publication of a document would come to.
    pub async fn validate(&self, document: &str) -> Result<Validation, ClientError> {
        self.ask(Call::of(VALIDATE_DOCUMENT).text(document)).await
    }

    /// Puts a document in its place: it must be what is there, and may stand otherwise from now on.
    pub async fn put_listing(
        &self,
        name: &str,
        version: &str,
        document: &str,
        status: Option<ListingStatus>,
    ) -> Result<ServerResponse, ClientError> {
        let call = Call::of(PUT_DOCUMENT).part(name).part(version).may_ask("status", status);
        self.ask(call.text(document)).await
    }

    /// Takes a version out of sight.
    pub async fn delete_listing(&self, name: &str, version: &str) -> Result<ServerResponse, ClientError> {
        self.ask(Call::of(DELETE_DOCUMENT).part(name).part(version)).await
    }

    /// Lets a version stand otherwise.
    pub async fn set_listing_status(
        &self,
        name: &str,
        version: &str,
        update: &StatusUpdate,
    ) -> Result<ServerResponse, ClientError> {
        self.ask(Call::of(SET_DOCUMENT_STATUS).part(name).part(version).json(update)?).await
    }

    /// Lets every version of a name stand otherwise.
    pub async fn set_status_of_all(
        &self,
        name: &str,
        update: &StatusUpdate,
    ) -> Result<AllVersions, ClientError> {
        self.ask(Call::of(SET_STATUS_OF_ALL).part(name).json(update)?).await
    }

    /// Tells up to when the registry whose list is at `source` was read whole, if it was.
    pub async fn bookmark(&self, source: &str) -> Result<Option<Timestamp>, ClientError> {
        self.ask::<Bookmark>(Call::of(SHOW_BOOKMARK).asks("source", source)).await.map(|it| it.until)
    }

    /// Keeps up to when the registry whose list is at `source` was read whole.
    pub async fn set_bookmark(&self, source: &str, until: Timestamp) -> Result<(), ClientError> {
        let bookmark = Bookmark { source: source.to_owned(), until: Some(until) };
        self.done(Call::of(SET_BOOKMARK).json(&bookmark)?).await
    }

    /// Takes in documents that were published elsewhere.
    pub async fn import(&self, import: &Import) -> Result<ImportReport, ClientError> {
        self.ask(Call::of(IMPORT_DOCUMENTS).json(import)?.long()).await
    }
}
