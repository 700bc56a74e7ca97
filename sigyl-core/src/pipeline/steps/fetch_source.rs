//! Gets the code, resolves its dependencies, and keeps exactly those bytes.

use async_trait::async_trait;

use super::super::context::Context;
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use super::grants::scripts;
use crate::domain::{Digest, Plan, Run, ServerName, StepId, StepState, Version, VersionRecord};
use crate::manifest;
use crate::scan::TreeFiles;
use crate::source::SourceTree;
use crate::store::Page;

pub(crate) struct FetchSource;

#[async_trait]
impl Step for FetchSource {
    fn id(&self) -> StepId {
        StepId::FetchSource
    }

    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError> {
        let tree = match cx.run.source {
            Some(digest) => open_kept(cx, digest).await?,
            None => fetch(cx).await?,
        };
        cx.run.source = Some(tree.digest());
        // They were told while the lock was made; a run that goes on after a decision has them noted already.
        let noted = std::mem::take(&mut cx.results.notices);
        let new = tree.unread_locks().into_iter().filter(|line| !noted.contains(line));
        cx.results.notices = noted.iter().cloned().chain(new).collect();
        let note = format!("{} files, {}", tree.entries().len(), tree.digest().short());
        cx.results.tree = Some(tree);
        Ok(Outcome::done(note))
    }

    fn can_undo(&self, _state: StepState) -> bool {
        true
    }

    async fn undo(&self, cx: &mut Context) -> Result<(), StepError> {
        match cx.run.source {
            Some(digest) => forget(cx, digest).await,
            None => Ok(()),
        }
    }
}

async fn fetch(cx: &Context) -> Result<SourceTree, StepError> {
    let missing = || StepError::Defect { step: StepId::FetchSource, why: "the order names no source".into() };
    let locator = cx.order.source.clone().ok_or_else(missing)?;
    let progress = cx.progress(StepId::FetchSource);
    let fetcher = &cx.platform.fetcher;
    let tree = match cx.order.in_our_name {
        true => fetcher.fetch(&locator, &progress).await?,
        false => fetcher.anonymous().fetch(&locator, &progress).await?,
    };
    let (tree, allowed) = match subject(cx, &tree).await? {
        Some((name, version)) => {
            let server = cx.platform.store.server(&name).await?;
            (pinned_before(cx, tree, &name, version.as_ref()).await?, scripts(&cx.order, server.as_ref()))
        }
        None => (tree, scripts(&cx.order, None)),
    };
    let allowed: Vec<String> = allowed.into_iter().collect();
    let tree =
        cx.platform.fetcher.allowing(&allowed).resolve(tree, &progress).await.map_err(StepError::unpinned)?;
    let trees = cx.platform.settings.trees.clone();
    blocking(StepId::FetchSource, move || tree.keep(&trees)).await?.map_err(StepError::from)
}

/// Opens a tree that an earlier step or run kept.
pub(super) async fn open_kept(cx: &Context, digest: Digest) -> Result<SourceTree, StepError> {
    let trees = cx.platform.settings.trees.clone();
    blocking(StepId::FetchSource, move || SourceTree::open_kept(&trees, digest))
        .await?
        .map_err(StepError::from)
}

/// Reads which server and version this is; nothing where the manifest cannot be read, for the next step says why.
async fn subject(
    cx: &Context,
    tree: &SourceTree,
) -> Result<Option<(ServerName, Option<Version>)>, StepError> {
    let reading = tree.clone();
    let read = blocking(StepId::FetchSource, move || manifest::read(&TreeFiles(&reading))).await?;
    let named =
        |read: manifest::Read| (cx.order.name.clone().unwrap_or(read.manifest.name), read.manifest.version);
    Ok(read.ok().map(named))
}

/// Takes the locks that Sigyl made when the same files were recorded under the same version: dependencies are resolved
/// once, so that a version means the same bytes tomorrow. A redeploy pins anew what never served.
async fn pinned_before(
    cx: &Context,
    tree: SourceTree,
    name: &ServerName,
    version: Option<&Version>,
) -> Result<SourceTree, StepError> {
    let is_candidate = |record: &VersionRecord| {
        let same = match version {
            Some(version) => {
                [record.version.as_str(), record.version.without_source()].contains(&version.as_str())
            }
            None => record.version.is_snapshot(),
        };
        same && (cx.run.plan != Plan::Redeploy || !record.tools.is_empty())
    };
    let mut after = None;
    loop {
        let page = cx.platform.store.versions(name, Page { after, limit: 200 }).await?;
        for record in page.iter().filter(|record| is_candidate(record)) {
            if let Some(pinned) = pinned_as(cx, &tree, record).await? {
                return Ok(pinned);
            }
        }
        match page.last() {
            Some(record) => after = Some(record.version.clone()),
            None => return Ok(tree),
        }
    }
}

async fn pinned_as(
    cx: &Context,
    tree: &SourceTree,
    record: &VersionRecord,
) -> Result<Option<SourceTree>, StepError> {
    let (trees, tree, digest) = (cx.platform.settings.trees.clone(), tree.clone(), record.source.digest);
    let pinned = blocking(StepId::FetchSource, move || tree.pinned_as(&trees, digest)).await?;
    let line = match &pinned {
        Ok(None) => return Ok(None),
        Ok(Some(_)) => format!("the dependencies stay pinned as recorded for {}", record.version),
        Err(error) => format!("the lock made for {} cannot be read: {error}", record.version),
    };
    cx.log(StepId::FetchSource, line);
    Ok(pinned.ok().flatten())
}

/// Removes a kept tree that no version and no other open run names.
pub(super) async fn forget(cx: &Context, digest: Digest) -> Result<(), StepError> {
    let store = &cx.platform.store;
    let open = store.open_runs().await?;
    let may_use = |run: &Run| !run.state.is_over() && run.source.is_none_or(|source| source == digest);
    if open.iter().any(|run| run.id != cx.run.id && may_use(run)) {
        return Ok(());
    }
    let mut after = None;
    loop {
        let page = store.servers(Page { after, limit: 200 }).await?;
        for server in &page {
            if store.version_of(&server.name, digest).await?.is_some() {
                return Ok(());
            }
        }
        match page.last() {
            Some(server) => after = Some(server.name.clone()),
            None => break,
        }
    }
    let trees = cx.platform.settings.trees.clone();
    blocking(StepId::FetchSource, move || SourceTree::forget(&trees, digest)).await?.map_err(StepError::from)
}

/// Runs blocking work off the runtime.
pub(super) async fn blocking<T: Send + 'static>(
    step: StepId,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StepError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| StepError::Defect { step, why: error.to_string() })
}
