//! How often documents are asked for: each caller counts once for a server and day.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::Sigyl;
use crate::domain::{Caller, DocumentName, Download, KeyId};
use crate::registry::Shelf;
use crate::store::{Change, Store};

/// Downloads that may wait to be written down.
const BACKLOG: usize = 4_096;
/// Downloads that are written down together.
const BATCH: usize = 256;
/// Downloads of a day that are counted; who has many addresses could fill the disk with more.
const COUNTED: usize = 100_000;
/// Stands for no key: hashes of callers are told apart from those of secrets by it.
const NO_KEY: &str = "0000000000000000";

impl Sigyl {
    /// Counts that a caller was given a document. It never waits for the disk, and no answer fails for it: what is not
    /// counted is in the log.
    pub async fn note_download(&self, caller: &Caller, name: &str) {
        let server = DocumentName::parse(name).ok().and_then(|name| Shelf::source_of(&name));
        // Nothing is released under such a name, so that nothing shows its count.
        let (Some(server), Ok(no_key)) = (server, KeyId::parse(NO_KEY)) else { return };
        let who = match (caller.account(), caller.address()) {
            (Some(account), _) => format!("account {account}"),
            (None, Some(address)) => format!("address {}", network_of(address)),
            (None, None) => "somebody".to_owned(),
        };
        let who = match self.pepper().await {
            Ok(pepper) => pepper.hash(&no_key, &format!("download {who}")),
            Err(error) => return tracing::warn!(%error, "a download was not counted"),
        };
        let day = Download::day_of(self.inner.platform.clock.now());
        if self.inner.downloads.try_send(Download { server, day, who }).is_err() {
            tracing::warn!("too many documents are asked for at once: one was not counted");
        }
    }
}

/// The network that one host of IPv6 has whole; an address of IPv4 is one.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
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
        let day = batch.iter().map(|one: &Download| one.day).max().unwrap_or(today);
        if day != today {
            (seen, today) = (HashSet::new(), day);
        }
        let mut new = Vec::new();
        for one in batch.drain(..) {
            let mark = (one.server.clone(), *one.who.as_bytes(), one.day);
            if seen.len() < COUNTED && seen.insert(mark) {
                new.push(one);
            }
        }
        let count = new.len();
        if count == 0 {
            continue;
        }
        if seen.len() == COUNTED {
            tracing::warn!(COUNTED, "no more downloads are counted today");
        }
        if let Err(error) = store.apply(Change::Downloads(new)).await {
            tracing::warn!(%error, count, "downloads were not counted");
        }
    }
}
