//! What servers are seen to declare after they were let through: it is kept, and what is under quarantine by it stops.

use std::sync::{Arc, Weak};

use tokio::sync::mpsc;

use super::{Inner, Sigyl};
use crate::domain::{Quarantine, ServerName, Version, VersionRecord};
use crate::error::Error;
use crate::event::EventKind;
use crate::gateway::Sighting;
use crate::mcp::Probe;
use crate::pipeline::declared_by;
use crate::store::Change;
use crate::wire::v1::Affected;

/// Sightings that may wait; of what finds no place, the next is told.
const WAITING: usize = 256;

/// Keeps what clients of the endpoint are shown, as long as there is a handle.
pub(super) fn follow(inner: &Arc<Inner>) {
    let (told, mut sightings) = mpsc::channel(WAITING);
    inner.front.gateway().tell_declared(told);
    let inner = Arc::downgrade(inner);
    tokio::spawn(async move {
        while let Some(sighting) = sightings.recv().await {
            let Some(inner) = Weak::upgrade(&inner) else { return };
            let name = sighting.server.clone();
            if let Err(error) = (Sigyl { inner }).observe(sighting).await {
                tracing::error!(server.name = %name, %error, "what a server declares could not be kept");
            }
        }
    });
}

impl Sigyl {
    /// Keeps what a probe found, and refuses what is under quarantine by it.
    pub(super) async fn observe_probe(
        &self,
        name: &ServerName,
        version: &Version,
        probe: &Probe,
    ) -> Result<(), Error> {
        let (server, version) = (name.clone(), version.clone());
        let found = self.observe(Sighting { server, version, digests: declared_by(probe)? }).await?;
        found.map_or(Ok(()), |found| Err(found.refuse(name).into()))
    }

    /// Keeps what a version was seen to declare. If it is under quarantine by that, it is stopped, and the answer says by
    /// which.
    pub(super) async fn observe(&self, seen: Sighting) -> Result<Option<Quarantine>, Error> {
        let store = &self.inner.platform.store;
        let Some(mut record) = store.version(&seen.server, &seen.version).await? else { return Ok(None) };
        if record.saw(&seen.digests) {
            let Sighting { server, version, digests } = seen;
            store.apply(Change::Observe { server, version, digests }).await?;
        }
        if self.in_force().await?.of_version(&record).is_none() {
            return Ok(None);
        }
        // Nothing is put under quarantine or let out of it meanwhile.
        let _deciding = self.inner.deciding.lock().await;
        let found = self.in_force().await?.of_version(&record).cloned();
        if let Some(found) = &found {
            self.stop_seen(found, record).await?;
        }
        Ok(found)
    }

    /// Stops what a quarantine covers that stood before. What was stopped already is left alone.
    async fn stop_seen(&self, quarantine: &Quarantine, record: VersionRecord) -> Result<(), Error> {
        let platform = &self.inner.platform;
        if self.inner.front.gateway().refuses(&record.server, &record.version) {
            return Ok(());
        }
        let Some(server) = platform.store.server(&record.server).await? else { return Ok(()) };
        let active = server.active.as_ref() == Some(&record.version);
        let (name, versions) = (record.server, vec![record.version]);
        let (server, workspace, unreached) = (name.clone(), server.workspace, Vec::new());
        let mut one = [Affected { server, workspace, versions, active, unreached }];
        let stopped = self.stop_covered(quarantine, &mut one).await;
        platform.shelf.follow_quarantine(&quarantine.what).await?;
        let kind =
            EventKind::Quarantined { what: quarantine.what.clone(), reason: quarantine.reason.clone() };
        platform.emitter.emit(None, Some(&name), kind);
        stopped
    }
}
