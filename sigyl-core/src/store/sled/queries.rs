//! The queries, and the trait on top of writer and records.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde::de::DeserializeOwned;

use crate::domain::{
    Account, AccountId, ApiKey, Attested, AuditEntry, AuditHead, Bookmark, Delivery, Deployment, Digest,
    DocumentName, DocumentVersion, Follow, Holder, Identity, KeyId, Listing, Login, Once, OnceName, Overlay,
    Quarantine, Rating, RatingTotal, Report, ReportId, RevisionId, Run, RunId, SecretName, Seq, Server,
    ServerName, Timestamp, Version, VersionRecord, Workspace, WorkspaceName,
};
use crate::event::Event;
use crate::store::key::{Key, Shown, Span, descending_seq_of, seq_of};
use crate::store::{
    CallRecord, Change, JournalEntry, KeptApp, KeyRecord, Page, SealedSecret, Store, StoreError, Tombstone,
};

use super::access;
use super::open::SledStore;
use super::records::{Reader, Records};

impl SledStore {
    /// Runs a query off the runtime.
    async fn ask<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let records = Arc::clone(&self.records);
        off_runtime(move || query(&records.read()?)).await
    }
}

/// Runs blocking work on a thread for it.
async fn off_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(StoreError::Engine(format!("a query did not end: {error}"))),
    }
}

#[async_trait]
impl Store for SledStore {
    async fn apply(&self, change: Change) -> Result<Seq, StoreError> {
        self.writer.apply(&self.records, change).await
    }

    async fn server(&self, name: &ServerName) -> Result<Option<Server>, StoreError> {
        let name = name.clone();
        self.ask(move |reader| reader.get(&Key::Server(&name))).await
    }

    async fn servers(&self, page: Page<ServerName>) -> Result<Vec<Server>, StoreError> {
        self.ask(move |reader| {
            let after = page.after.as_ref().map(Key::Server);
            values(reader.list(&Span::Servers, after.as_ref(), page.limit))
        })
        .await
    }

    async fn version(
        &self,
        name: &ServerName,
        version: &Version,
    ) -> Result<Option<VersionRecord>, StoreError> {
        let (name, version) = (name.clone(), version.clone());
        self.ask(move |reader| Ok(recorded(reader, &name, &version)?.map(|(_, record)| record))).await
    }

    async fn versions(
        &self,
        name: &ServerName,
        page: Page<Version>,
    ) -> Result<Vec<VersionRecord>, StoreError> {
        let name = name.clone();
        self.ask(move |reader| {
            let seen = match &page.after {
                None => None,
                Some(version) => match recorded(reader, &name, version)? {
                    Some((seq, _)) => Some(seq),
                    None => return Err(StoreError::Missing { what: format!("version {version} of {name}") }),
                },
            };
            let after = seen.map(|seq| Key::VersionAt(&name, seq));
            let listed = reader.list::<Version>(&Span::VersionsAt(&name), after.as_ref(), page.limit)?;
            listed.iter().map(|(_, version)| indexed(reader, &name, version)).collect()
        })
        .await
    }

    async fn version_of(
        &self,
        name: &ServerName,
        source: Digest,
    ) -> Result<Option<VersionRecord>, StoreError> {
        let name = name.clone();
        self.ask(move |reader| {
            let version = reader.get::<Version>(&Key::VersionOf(&name, source))?;
            version.map(|version| indexed(reader, &name, &version)).transpose()
        })
        .await
    }

    async fn report(&self, id: ReportId) -> Result<Option<Report>, StoreError> {
        self.ask(move |reader| reader.get(&Key::Report(id))).await
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, StoreError> {
        let id = id.clone();
        self.ask(move |reader| reader.get(&Key::Run(&id))).await
    }

    async fn runs(&self, page: Page<RunId>) -> Result<Vec<Run>, StoreError> {
        self.ask(move |reader| {
            let after = page.after.as_ref().map(Key::Run);
            values(reader.list(&Span::Runs, after.as_ref(), page.limit))
        })
        .await
    }

    async fn open_runs(&self) -> Result<Vec<Run>, StoreError> {
        self.ask(|reader| {
            let prefix = Span::OpenRuns.prefix().len();
            let runs = reader.scan(&Span::OpenRuns, None).map(|item| {
                let key = item?.0;
                let id = key.get(prefix..key.len().saturating_sub(1)).unwrap_or_default();
                let id = std::str::from_utf8(id).ok().and_then(|id| RunId::parse(id).ok());
                let id = id.ok_or_else(|| dangling(&key))?;
                reader.get::<Run>(&Key::Run(&id))?.ok_or_else(|| dangling(&key))
            });
            runs.collect()
        })
        .await
    }

    async fn events(&self, run: Option<&RunId>, page: Page<Seq>) -> Result<Vec<Event>, StoreError> {
        let run = run.cloned();
        self.ask(move |reader| {
            let Some(run) = run else {
                let after = page.after.map(Key::Event);
                return values(reader.list(&Span::Events, after.as_ref(), page.limit));
            };
            let after = page.after.map(|seq| Key::RunEvent(&run, seq));
            let marks = reader.scan(&Span::RunEvents(&run), after.as_ref()).take(page.limit);
            let events = marks.map(|item| {
                let key = item?.0;
                let seq = seq_of(&key).ok_or_else(|| dangling(&key))?;
                reader.get::<Event>(&Key::Event(seq))?.ok_or_else(|| dangling(&key))
            });
            events.collect()
        })
        .await
    }

    async fn last_seq(&self) -> Result<Seq, StoreError> {
        self.ask(|reader| reader.last_seq()).await
    }

    async fn deployment(&self, name: &ServerName) -> Result<Option<Deployment>, StoreError> {
        let name = name.clone();
        self.ask(move |reader| reader.get(&Key::Deployment(&name))).await
    }

    async fn deployments(&self) -> Result<Vec<Deployment>, StoreError> {
        self.ask(|reader| values(reader.list(&Span::Deployments, None, usize::MAX))).await
    }

    async fn activations(
        &self,
        name: &ServerName,
        page: Page<Seq>,
    ) -> Result<Vec<(Seq, Deployment)>, StoreError> {
        let name = name.clone();
        self.ask(move |reader| {
            let after = page.after.map(|seq| Key::Activation(&name, seq));
            newest_first(reader.list(&Span::Activations(&name), after.as_ref(), page.limit))
        })
        .await
    }

    async fn secret(
        &self,
        owner: &ServerName,
        name: &SecretName,
    ) -> Result<Option<SealedSecret>, StoreError> {
        let (owner, name) = (owner.clone(), name.clone());
        self.ask(move |reader| reader.get(&Key::Secret(&owner, &name))).await
    }

    async fn secrets(&self, owner: &ServerName) -> Result<Vec<SealedSecret>, StoreError> {
        let owner = owner.clone();
        self.ask(move |reader| values(reader.list(&Span::Secrets(&owner), None, usize::MAX))).await
    }

    async fn calls(&self, name: &ServerName, page: Page<Seq>) -> Result<Vec<(Seq, CallRecord)>, StoreError> {
        let name = name.clone();
        self.ask(move |reader| {
            let after = page.after.map(|seq| Key::Call(&name, seq));
            newest_first(reader.list(&Span::Calls(&name), after.as_ref(), page.limit))
        })
        .await
    }

    async fn tombstone(&self, name: &ServerName) -> Result<Option<Tombstone>, StoreError> {
        let name = name.clone();
        self.ask(move |reader| reader.get(&Key::Tombstone(&name))).await
    }

    async fn journal(&self, page: Page<Seq>) -> Result<Vec<JournalEntry>, StoreError> {
        self.ask(move |reader| {
            let seen = page.after.unwrap_or_default();
            let mut entries = Vec::new();
            for item in reader.scan(&Span::Journal, page.after.map(Key::Journal).as_ref()) {
                if entries.len() >= page.limit {
                    break;
                }
                let (key, value) = item?;
                let lines = reader.open::<Vec<JournalEntry>>(&key, &value)?;
                entries.extend(lines.into_iter().filter(|line| line.seq > seen));
            }
            entries.truncate(page.limit);
            Ok(entries)
        })
        .await
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Account>, StoreError> {
        let id = id.clone();
        self.ask(move |reader| reader.get(&Key::Account(&id))).await
    }

    async fn account_of(&self, login: &Login) -> Result<Option<Account>, StoreError> {
        let login = login.clone();
        self.ask(move |reader| {
            let id = reader.get::<AccountId>(&Key::Login(&login))?;
            id.map(|id| access::account(reader, &id)).transpose()
        })
        .await
    }

    async fn account_by(&self, identity: &Identity) -> Result<Option<Account>, StoreError> {
        let identity = identity.clone();
        self.ask(move |reader| {
            let id = reader.get::<AccountId>(&Key::Identity(&identity))?;
            id.map(|id| access::account(reader, &id)).transpose()
        })
        .await
    }

    async fn accounts(&self, page: Page<Login>) -> Result<Vec<Account>, StoreError> {
        self.ask(move |reader| {
            let after = page.after.as_ref().map(Key::Login);
            let ids = reader.list::<AccountId>(&Span::Logins, after.as_ref(), page.limit)?;
            ids.iter().map(|(_, id)| access::account(reader, id)).collect()
        })
        .await
    }

    async fn workspace(&self, name: &WorkspaceName) -> Result<Option<Workspace>, StoreError> {
        let name = name.clone();
        self.ask(move |reader| reader.get(&Key::Workspace(&name))).await
    }

    async fn workspaces(&self, page: Page<WorkspaceName>) -> Result<Vec<Workspace>, StoreError> {
        self.ask(move |reader| {
            let after = page.after.as_ref().map(Key::Workspace);
            values(reader.list(&Span::Workspaces, after.as_ref(), page.limit))
        })
        .await
    }

    async fn holder(&self, id: &KeyId) -> Result<Option<Holder>, StoreError> {
        let id = id.clone();
        self.ask(move |reader| access::holder(reader, &id)).await
    }

    async fn keys_of(&self, account: &AccountId) -> Result<Vec<ApiKey>, StoreError> {
        let account = account.clone();
        self.ask(move |reader| access::keys_of(reader, &account)).await
    }

    async fn audit(&self, page: Page<u64>) -> Result<Vec<AuditEntry>, StoreError> {
        self.ask(move |reader| {
            let after = page.after.map(Key::Audit);
            values(reader.list(&Span::Audit, after.as_ref(), page.limit))
        })
        .await
    }

    async fn audit_head(&self) -> Result<AuditHead, StoreError> {
        self.ask(|reader| Ok(reader.get(&Key::AuditHead)?.unwrap_or(AuditHead::NONE))).await
    }

    async fn pepper(&self) -> Result<Option<SealedSecret>, StoreError> {
        self.ask(|reader| reader.get(&Key::Pepper)).await
    }

    async fn signing_key(&self) -> Result<Option<SealedSecret>, StoreError> {
        self.ask(|reader| reader.get(&Key::Signing)).await
    }

    async fn github_app(&self) -> Result<Option<KeptApp>, StoreError> {
        self.ask(|reader| reader.get(&Key::GitHubApp)).await
    }

    async fn attested(
        &self,
        name: &ServerName,
        revision: &RevisionId,
    ) -> Result<Option<Attested>, StoreError> {
        let (name, revision) = (name.clone(), revision.clone());
        self.ask(move |reader| reader.get(&Key::Attested(&name, &revision))).await
    }

    async fn master_key(&self) -> Result<Option<KeyRecord>, StoreError> {
        self.ask(|reader| reader.get(&Key::Sealing)).await
    }

    async fn listing(
        &self,
        name: &DocumentName,
        version: &DocumentVersion,
    ) -> Result<Option<Listing>, StoreError> {
        let (name, version) = (name.clone(), version.clone());
        self.ask(move |reader| reader.get(&Key::Listing(&name, &version))).await
    }

    async fn listings(
        &self,
        page: Page<(DocumentName, DocumentVersion)>,
    ) -> Result<Vec<Listing>, StoreError> {
        self.ask(move |reader| {
            let after = page.after.as_ref().map(|(name, version)| Key::Listing(name, version));
            values(reader.list(&Span::Listings, after.as_ref(), page.limit))
        })
        .await
    }

    async fn listings_of(&self, name: &DocumentName) -> Result<Vec<Listing>, StoreError> {
        let name = name.clone();
        self.ask(move |reader| values(reader.list(&Span::ListingsOf(&name), None, usize::MAX))).await
    }

    async fn overlay(&self, name: &ServerName) -> Result<Option<Overlay>, StoreError> {
        let name = name.clone();
        self.ask(move |reader| reader.get(&Key::Overlay(&name))).await
    }

    async fn ratings(&self, name: &ServerName) -> Result<Vec<Rating>, StoreError> {
        let name = name.clone();
        self.ask(move |reader| values(reader.list(&Span::Ratings(&name), None, usize::MAX))).await
    }

    async fn rating_total(&self, name: &ServerName) -> Result<RatingTotal, StoreError> {
        let name = name.clone();
        self.ask(move |reader| Ok(reader.get(&Key::RatingTotal(&name))?.unwrap_or_default())).await
    }

    async fn downloads(&self, name: &ServerName) -> Result<u64, StoreError> {
        let name = name.clone();
        self.ask(move |reader| Ok(reader.get(&Key::DownloadTotal(&name))?.unwrap_or(0))).await
    }

    async fn once(&self, key: &KeyId, name: &OnceName) -> Result<Option<Once>, StoreError> {
        let (key, name) = (key.clone(), name.clone());
        self.ask(move |reader| reader.get(&Key::Once(&key, &name))).await
    }

    async fn has_taken(&self, delivery: &Delivery, since: Timestamp) -> Result<bool, StoreError> {
        let (id, content) = (delivery.id.clone(), delivery.content);
        self.ask(move |reader| {
            let by_id = reader.get::<Delivery>(&Key::Delivery(&id))?;
            let by_content = reader.get::<Delivery>(&Key::DeliveryOf(content))?;
            Ok([by_id, by_content].into_iter().flatten().any(|before| before.at >= since))
        })
        .await
    }

    async fn follow(&self, name: &ServerName) -> Result<Option<Follow>, StoreError> {
        let name = name.clone();
        self.ask(move |reader| reader.get(&Key::Follow(&name))).await
    }

    async fn follows(&self) -> Result<Vec<Follow>, StoreError> {
        self.ask(|reader| values(reader.list(&Span::Follows, None, usize::MAX))).await
    }

    async fn quarantines(&self) -> Result<Vec<Quarantine>, StoreError> {
        self.ask(|reader| values(reader.list(&Span::Quarantines, None, usize::MAX))).await
    }

    async fn bookmark(&self, source: &str) -> Result<Option<Bookmark>, StoreError> {
        let source = Digest::of(source.as_bytes());
        self.ask(move |reader| reader.get(&Key::Bookmark(source))).await
    }

    async fn backup(&self, target: &Path) -> Result<u64, StoreError> {
        let (records, target): (Arc<Records>, PathBuf) = (Arc::clone(&self.records), target.to_owned());
        off_runtime(move || super::backup::backup(&records, &target)).await
    }
}

fn recorded(
    reader: &Reader<'_>,
    name: &ServerName,
    version: &Version,
) -> Result<Option<(Seq, VersionRecord)>, StoreError> {
    reader.get(&Key::Version(name, version))
}

/// Reads a version that an index names.
fn indexed(reader: &Reader<'_>, name: &ServerName, version: &Version) -> Result<VersionRecord, StoreError> {
    let found = recorded(reader, name, version)?;
    found.map(|(_, record)| record).ok_or_else(|| dangling(&Key::Version(name, version).encode()))
}

fn values<T: DeserializeOwned>(
    listed: Result<Vec<(::sled::IVec, T)>, StoreError>,
) -> Result<Vec<T>, StoreError> {
    Ok(listed?.into_iter().map(|(_, record)| record).collect())
}

fn newest_first<T>(listed: Result<Vec<(::sled::IVec, T)>, StoreError>) -> Result<Vec<(Seq, T)>, StoreError> {
    let with_seq = |(key, record): (::sled::IVec, T)| match descending_seq_of(&key) {
        Some(seq) => Ok((seq, record)),
        None => Err(dangling(&key)),
    };
    listed?.into_iter().map(with_seq).collect()
}

pub(super) fn dangling(key: &[u8]) -> StoreError {
    let why = "an index and what it names do not agree".to_owned();
    StoreError::Corrupt { key: Shown(key).to_string(), why }
}
