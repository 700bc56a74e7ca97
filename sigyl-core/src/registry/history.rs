//! Which version served before.

use crate::domain::{Deployment, ServerName, Version};
use crate::store::{Page, Store, StoreError};

/// Activations that are read at a time.
const PAGE: usize = 50;

/// Returns how `version` last served, if it ever did.
pub async fn last_served(
    store: &dyn Store,
    name: &ServerName,
    version: &Version,
) -> Result<Option<Deployment>, StoreError> {
    let mut after = None;
    loop {
        let page = store.activations(name, Page { after, limit: PAGE }).await?;
        let last = page.last().map(|(seq, _)| *seq).filter(|_| page.len() == PAGE);
        let found = page.into_iter().map(|(_, deployment)| deployment).find(|it| it.version == *version);
        match (found, last) {
            (None, Some(seq)) => after = Some(seq),
            (found, _) => return Ok(found),
        }
    }
}

/// Returns the version that served before the present one, if another ever did.
pub async fn previous(store: &dyn Store, name: &ServerName) -> Result<Option<Version>, StoreError> {
    let mut after = None;
    let mut present = None;
    loop {
        let page = store.activations(name, Page { after, limit: PAGE }).await?;
        for (_, deployment) in &page {
            match &present {
                None => present = Some(deployment.version.clone()),
                Some(now) if *now != deployment.version => return Ok(Some(deployment.version.clone())),
                Some(_) => {}
            }
        }
        match page.last() {
            Some((seq, _)) if page.len() == PAGE => after = Some(*seq),
            _ => return Ok(None),
        }
    }
}
