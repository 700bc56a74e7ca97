//! What a backend does: one atomic way in, a dozen queries out.

use async_trait::async_trait;

use crate::domain::{
    Account, AccountId, ApiKey, Attested, AuditEntry, AuditHead, Bookmark, Delivery, Deployment, Digest,
    DocumentName, DocumentVersion, Follow, Holder, Identity, KeyId, Listing, Login, Once, OnceName, Overlay,
    Quarantine, Rating, RatingTotal, Report, ReportId, RevisionId, Run, RunId, SecretName, Seq, Server,
    ServerName, Timestamp, Version, VersionRecord, Workspace, WorkspaceName,
};
use crate::event::Event;

use super::{CallRecord, Change, JournalEntry, KeptApp, KeyRecord, SealedSecret, StoreError, Tombstone};

/// A window into a listing: at most `limit` items that come after `after` in the listing's own order.
#[derive(Clone, Debug)]
pub struct Page<K> {
    /// The key of the last item already seen.
    pub after: Option<K>,
    /// How many items at most.
    pub limit: usize,
}

impl<K> Page<K> {
    /// The first `limit` items.
    pub fn first(limit: usize) -> Self {
        Self { after: None, limit }
    }
}

/// Storage for everything that Sigyl knows. Every backend passes the same contract suite.
#[async_trait]
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Applies one fact atomically and journals it; returns once it is durable.
    async fn apply(&self, change: Change) -> Result<Seq, StoreError>;

    /// Finds a server.
    async fn server(&self, name: &ServerName) -> Result<Option<Server>, StoreError>;
    /// Lists servers by name.
    async fn servers(&self, page: Page<ServerName>) -> Result<Vec<Server>, StoreError>;
    /// Finds a version.
    async fn version(
        &self,
        name: &ServerName,
        version: &Version,
    ) -> Result<Option<VersionRecord>, StoreError>;
    /// Lists versions, newest record first.
    async fn versions(
        &self,
        name: &ServerName,
        page: Page<Version>,
    ) -> Result<Vec<VersionRecord>, StoreError>;
    /// Finds the version of a server that was made from `source`.
    async fn version_of(
        &self,
        name: &ServerName,
        source: Digest,
    ) -> Result<Option<VersionRecord>, StoreError>;
    /// Finds a report.
    async fn report(&self, id: ReportId) -> Result<Option<Report>, StoreError>;
    /// Finds a run.
    async fn run(&self, id: &RunId) -> Result<Option<Run>, StoreError>;
    /// Lists runs, newest first.
    async fn runs(&self, page: Page<RunId>) -> Result<Vec<Run>, StoreError>;
    /// Lists every run that is not over, or that left something which could not be taken back, oldest first.
    async fn open_runs(&self) -> Result<Vec<Run>, StoreError>;
    /// Lists events after a position, of one run or of all.
    async fn events(&self, run: Option<&RunId>, page: Page<Seq>) -> Result<Vec<Event>, StoreError>;
    /// Tells the last number that was given out, to an event or another fact.
    async fn last_seq(&self) -> Result<Seq, StoreError>;
    /// Finds what serves a server's traffic.
    async fn deployment(&self, name: &ServerName) -> Result<Option<Deployment>, StoreError>;
    /// Lists everything that should be serving.
    async fn deployments(&self) -> Result<Vec<Deployment>, StoreError>;
    /// Lists earlier and present activations of a server, newest first, for rollback.
    async fn activations(
        &self,
        name: &ServerName,
        page: Page<Seq>,
    ) -> Result<Vec<(Seq, Deployment)>, StoreError>;
    /// Finds a sealed secret.
    async fn secret(&self, owner: &ServerName, name: &SecretName)
    -> Result<Option<SealedSecret>, StoreError>;
    /// Lists the sealed secrets of a server by name.
    async fn secrets(&self, owner: &ServerName) -> Result<Vec<SealedSecret>, StoreError>;
    /// Lists calls of a server's tools, newest first.
    async fn calls(&self, name: &ServerName, page: Page<Seq>) -> Result<Vec<(Seq, CallRecord)>, StoreError>;
    /// Finds what is left of a deleted server.
    async fn tombstone(&self, name: &ServerName) -> Result<Option<Tombstone>, StoreError>;
    /// Lists journalled facts after a position.
    async fn journal(&self, page: Page<Seq>) -> Result<Vec<JournalEntry>, StoreError>;
    /// Finds an account.
    async fn account(&self, id: &AccountId) -> Result<Option<Account>, StoreError>;
    /// Finds the account that has a login.
    async fn account_of(&self, login: &Login) -> Result<Option<Account>, StoreError>;
    /// Finds the account that signs in by an identity.
    async fn account_by(&self, identity: &Identity) -> Result<Option<Account>, StoreError>;
    /// Lists accounts by login.
    async fn accounts(&self, page: Page<Login>) -> Result<Vec<Account>, StoreError>;
    /// Finds a workspace.
    async fn workspace(&self, name: &WorkspaceName) -> Result<Option<Workspace>, StoreError>;
    /// Lists workspaces by name.
    async fn workspaces(&self, page: Page<WorkspaceName>) -> Result<Vec<Workspace>, StoreError>;
    /// Finds a key with its account and what that is in each workspace, all as of one moment.
    async fn holder(&self, id: &KeyId) -> Result<Option<Holder>, StoreError>;
    /// Lists the keys of an account by id, with those that are good no more.
    async fn keys_of(&self, account: &AccountId) -> Result<Vec<ApiKey>, StoreError>;
    /// Lists the audit after a number, oldest first.
    async fn audit(&self, page: Page<u64>) -> Result<Vec<AuditEntry>, StoreError>;
    /// Tells where the audit ends.
    async fn audit_head(&self) -> Result<AuditHead, StoreError>;
    /// Finds the sealed pepper of keys.
    async fn pepper(&self) -> Result<Option<SealedSecret>, StoreError>;
    /// Finds the sealed key that signs statements.
    async fn signing_key(&self) -> Result<Option<SealedSecret>, StoreError>;
    /// Finds the GitHub App that is kept.
    async fn github_app(&self) -> Result<Option<KeptApp>, StoreError>;
    /// Finds what was signed of an instance of a server.
    async fn attested(
        &self,
        name: &ServerName,
        revision: &RevisionId,
    ) -> Result<Option<Attested>, StoreError>;
    /// Finds what is on record of the master key.
    async fn master_key(&self) -> Result<Option<KeyRecord>, StoreError>;
    /// Finds a document.
    async fn listing(
        &self,
        name: &DocumentName,
        version: &DocumentVersion,
    ) -> Result<Option<Listing>, StoreError>;
    /// Lists documents by name and version.
    async fn listings(&self, page: Page<(DocumentName, DocumentVersion)>)
    -> Result<Vec<Listing>, StoreError>;
    /// Lists every document of a name, by version.
    async fn listings_of(&self, name: &DocumentName) -> Result<Vec<Listing>, StoreError>;
    /// Finds how a server is presented.
    async fn overlay(&self, name: &ServerName) -> Result<Option<Overlay>, StoreError>;
    /// Lists every rating of a server, by account.
    async fn ratings(&self, name: &ServerName) -> Result<Vec<Rating>, StoreError>;
    /// Tells what the ratings of a server come to.
    async fn rating_total(&self, name: &ServerName) -> Result<RatingTotal, StoreError>;
    /// Tells how often documents of a server were asked for, each caller counted once a day.
    async fn downloads(&self, name: &ServerName) -> Result<u64, StoreError>;
    /// Finds a request that is to be done once.
    async fn once(&self, key: &KeyId, name: &OnceName) -> Result<Option<Once>, StoreError>;
    /// Tells whether a delivery of a webhook, or one with the same content, was taken at `since` or later.
    async fn has_taken(&self, delivery: &Delivery, since: Timestamp) -> Result<bool, StoreError>;
    /// Finds what a server follows.
    async fn follow(&self, name: &ServerName) -> Result<Option<Follow>, StoreError>;
    /// Lists all that servers follow, by the name of the server.
    async fn follows(&self) -> Result<Vec<Follow>, StoreError>;
    /// Lists all that is under quarantine.
    async fn quarantines(&self) -> Result<Vec<Quarantine>, StoreError>;
    /// Tells how far the registry at an address was read.
    async fn bookmark(&self, source: &str) -> Result<Option<Bookmark>, StoreError>;
    /// Writes everything to `target` (a new file) as checked records, for `sigyl backup`.
    async fn backup(&self, target: &std::path::Path) -> Result<u64, StoreError>;
}
