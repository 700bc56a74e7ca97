//! How often documents are asked for: each caller counts once for a server and day.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::Sigyl;
use crate::domain::{Caller, DocumentName, Download, KeyId};
use crate::error::Error;
use crate::registry::Shelf;
use crate::store::{Change, Store};

/// Downloads that may wait to be written down.
const BACKLOG: usize = 4_096;
/// Downloads that are written down together.
const BATCH: usize = 256;
/// Downloads of a day that are remembered, so that the store is not asked again.
const REMEMBERED: usize = 100_000;
/// Stands for no key: hashes of callers are told apart from those of secrets by it.
const NO_KEY: &str = "0000000000000000";

impl Sigyl {
    /// Counts that a caller was given a document. It never waits for the disk; when too many come at once, some are not
    /// counted, and the log says so.
    pub async fn note_download(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        let server = DocumentName::parse(name).ok().and_then(|name| Shelf::source_of(&name));
        // Nothing is released under such a name, so that nothing shows its count.
        let Some(server) = server else { return Ok(()) };
        let Ok(no_key) = KeyId::parse(NO_KEY) else { return Ok(()) };
        let who = match (caller.account(), caller.address()) {
            (Some(account), _) => format!("account {account}"),
            (None, Some(address)) => format!("address {address}"),
            (None, None) => "somebody".to_owned(),
        };
        let who = self.pepper().await?.hash(&no_key, &format!("download {who}"));
        let day = Download::day_of(self.inner.platform.clock.now());
        if self.inner.downloads.try_send(Download { server, day, who }).is_err() {
            tracing::warn!("too many documents are asked for at once: one was not counted");
        }
        Ok(())
    }
}

/// Starts the writer, which ends when nobody can send any more.
pub(super) fn record(store: Arc<dyn Store>) -> mpsc::Sender<Download> {
    let (sender, receiver) = mpsc::channel(BACKLOG);
    tokio::spawn(write(store, receiver));
    sender
}

async fn write(store: Arc<dyn Store>, mut receiver: mpsc::Receiver<Download>) {
    let (mut seen, mut today, mut batch) = (HashSet::new(), 0, Vec::new());
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        let day = batch.iter().map(|one| one.day).max().unwrap_or(today);
        if day != today || seen.len() > REMEMBERED {
            (seen, today) = (HashSet::new(), day);
        }
        let new: Vec<Download> = batch
            .drain(..)
            .filter(|one| seen.insert((one.server.clone(), *one.who.as_bytes(), one.day)))
            .collect();
        if new.is_empty() {
            continue;
        }
        let count = new.len();
        if let Err(error) = store.apply(Change::Downloads(new)).await {
            tracing::warn!(%error, count, "downloads were not counted");
        }
    }
}
