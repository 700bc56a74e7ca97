//! Which version served before.

use crate::domain::{ServerName, Version};
use crate::store::{Page, Store, StoreError};

/// Returns the version that served before the present one, if another ever did.
pub async fn previous(store: &dyn Store, name: &ServerName) -> Result<Option<Version>, StoreError> {
    const PAGE: usize = 50;
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
