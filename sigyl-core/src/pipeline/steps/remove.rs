//! Removes what is left of a server: records in one fact, then its files.

use async_trait::async_trait;

use super::super::context::Context;
use super::super::failure::StepError;
use super::super::step::{Outcome, Step};
use super::fetch_source::forget;
use crate::domain::{Digest, ServerName, StepId, Version};
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
        let versions = versions(cx, &name).await?;
        let secrets = cx.platform.store.secrets(&name).await?;
        let earlier = cx.platform.store.tombstone(&name).await?;
        let mut buried = earlier.map(|stone| stone.versions).unwrap_or_default();
        buried
            .extend(versions.iter().filter(|version| !buried.contains(version)).cloned().collect::<Vec<_>>());
        let tombstone = Tombstone {
            server: name.clone(),
            deleted: cx.platform.clock.now(),
            run: cx.run.id.clone(),
            versions: buried.clone(),
        };
        cx.platform.store.apply(Change::DeleteServer { name: name.clone(), tombstone }).await?;
        cx.results.removed.push(format!("{} version(s) with their tools and reports", versions.len()));
        if !secrets.is_empty() {
            cx.results.removed.push(format!("{} sealed secret(s)", secrets.len()));
        }
        for path in cx.platform.target.purge(&name).await? {
            cx.results.removed.push(path.display().to_string());
        }
        // Those of an earlier try too: its records are gone, and its trees may still be there.
        for (_, digest) in &buried {
            forget(cx, *digest).await?;
        }
        cx.platform.emitter.emit(Some(&cx.run.id), Some(&name), EventKind::Deleted);
        Ok(Outcome::done(format!("{} gone", cx.results.removed.len())))
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
