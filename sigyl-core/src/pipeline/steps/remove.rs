//! Removes what is left of a server: records in one fact, then its files.

use async_trait::async_trait;

use super::super::context::Context;
use super::super::failure::StepError;
use super::super::run;
use super::super::step::{Outcome, Step};
use super::fetch_source::forget;
use crate::domain::{Digest, Run, RunState, ServerName, StepId, Version};
use crate::event::EventKind;
use crate::store::{Change, Page, Tombstone};

pub(crate) struct Remove;

#[async_trait]
impl Step for Remove {
    fn id(&self) -> StepId {
        StepId::Remove
    }

    /// A removal only goes forward.
    fn may_stop(&self) -> bool {
        false
    }

    async fn run(&self, cx: &mut Context) -> Result<Outcome, StepError> {
        let missing = || StepError::Defect { step: StepId::Remove, why: "the order names no server".into() };
        let name = cx.order.name.clone().ok_or_else(missing)?;
        let waited = end_held(cx, &name).await?;
        // What lies on other machines goes before the record of where: a second try finds what the first left.
        let server = cx.platform.store.server(&name).await?;
        for target in server.iter().flat_map(|server| &server.targets) {
            let removed = cx.platform.targets.of(Some(target))?.purge(&name).await?;
            cx.results.removed.extend(removed);
        }
        // What was told so far is on record before it is removed.
        cx.platform.emitter.flush().await;
        let runs = runs(cx, &name).await?;
        let versions = versions(cx, &name).await?;
        let secrets = cx.platform.store.secrets(&name).await?;
        let called = !cx.platform.store.calls(&name, Page::first(1)).await?.is_empty();
        let earlier = cx.platform.store.tombstone(&name).await?;
        let mut buried = earlier.map(|stone| stone.versions).unwrap_or_default();
        buried
            .extend(versions.iter().filter(|version| !buried.contains(version)).cloned().collect::<Vec<_>>());
        let tombstone = Tombstone {
            server: name.clone(),
            deleted: cx.platform.clock.now(),
            run: cx.run.id.clone(),
            versions: buried.clone(),
            workspace: Default::default(),
        };
        cx.platform.store.apply(Change::DeleteServer { name: name.clone(), tombstone }).await?;
        cx.platform.shelf.follow(&name).await;
        cx.platform.masks.forget(&name);
        cx.results.removed.push(format!("{} version(s) with their tools and reports", versions.len()));
        if runs > 0 {
            cx.results.removed.push(format!("{runs} run(s) with their settings and events"));
        }
        if called {
            cx.results.removed.push("the records of its calls".to_owned());
        }
        if !secrets.is_empty() {
            cx.results.removed.push(format!("{} sealed secret(s)", secrets.len()));
        }
        let removed = cx.platform.targets.own().purge(&name).await?;
        cx.results.removed.extend(removed);
        // Those of an earlier try too: its records are gone, and its trees may still be there.
        for digest in buried.iter().map(|(_, digest)| *digest).chain(waited) {
            forget(cx, digest).await?;
        }
        cx.platform.emitter.emit(Some(&cx.run.id), Some(&name), EventKind::Deleted);
        Ok(Outcome::done(format!("{} gone", cx.results.removed.len())))
    }
}

/// Ends what waits for a decision about the server, so that nobody can let it pass any more. Returns the sources that
/// were kept for it.
async fn end_held(cx: &Context, name: &ServerName) -> Result<Vec<Digest>, StepError> {
    let mut kept = Vec::new();
    for open in cx.platform.store.open_runs().await? {
        if open.state == RunState::Held && open.server.as_ref() == Some(name) {
            kept.extend(open.source);
            let mut held = run::reopen(cx.platform.clone(), open)?;
            run::void(&mut held, &StepError::Cancelled).await;
        }
    }
    Ok(kept)
}

/// Counts the runs of the server that are over.
async fn runs(cx: &Context, name: &ServerName) -> Result<usize, StepError> {
    const PAGE: usize = 200;
    let (mut count, mut after) = (0, None);
    loop {
        let page = cx.platform.store.runs(Page { after, limit: PAGE }).await?;
        let over = |run: &&Run| run.server.as_ref() == Some(name) && run.state.is_over();
        count += page.iter().filter(over).count();
        match page.last() {
            Some(run) if page.len() == PAGE => after = Some(run.id.clone()),
            _ => return Ok(count),
        }
    }
}

async fn versions(cx: &Context, name: &ServerName) -> Result<Vec<(Version, Digest)>, StepError> {
    const PAGE: usize = 200;
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = cx.platform.store.versions(name, Page { after, limit: PAGE }).await?;
        all.extend(page.iter().map(|record| (record.version.clone(), record.source.digest)));
        match page.last() {
            Some(record) if page.len() == PAGE => after = Some(record.version.clone()),
            _ => return Ok(all),
        }
    }
}
