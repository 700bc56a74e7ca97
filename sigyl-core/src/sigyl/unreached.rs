//! What a quarantine covers at other places and does not stop, since they cannot be reached or let it stay: it is told, never
//! taken for stopped, and tried again.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::Duration;

use super::Sigyl;
use crate::deploy::{LOCAL, Suspended, TargetError};
use crate::domain::{Action, Audience, Caller, Deployment, ServerName, Version};
use crate::error::Error;
use crate::event::EventKind;
use crate::pipeline::left_open;
use crate::store::Page;
use crate::wire::v1::{Affected, Unreached};

/// Earlier activations of a server whose instances may still be ending.
const ENDING: usize = 50;
/// How long another place may take to stop an instance.
const ELSEWHERE: Duration = Duration::from_secs(30);

/// Why something is left that could be reached.
const STAYS: &str = "it goes when the server is deleted";

/// Where instances are stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// Wherever there may be some.
    All,
    /// At other places than this machine.
    OtherPlaces,
}

impl Sigyl {
    /// Ends the instances of some versions of a server. What could not be reached at another place, or stays there, is returned, and told;
    /// what does not end on this machine is a failure, once all else was tried.
    pub(super) async fn end_instances(
        &self,
        name: &ServerName,
        versions: &[Version],
        at: At,
    ) -> Result<Vec<Unreached>, Error> {
        let (mut left, mut failed) = (Vec::<Unreached>::new(), None);
        let now = self.inner.platform.store.deployment(name).await?;
        for deployment in self.may_run(name, versions, at).await? {
            let place = deployment.elsewhere();
            // Whom an earlier one let in at the same place may be let in by that of now.
            let is_past = now
                .as_ref()
                .is_some_and(|now| now.elsewhere() == place && now.revision != deployment.revision);
            let barred = if is_past {
                Audience::default()
            } else {
                let store = &self.inner.platform.store;
                deployment.audience.union(&left_open(&**store, name, place).await?)
            };
            let (stays, why) = match (self.suspend(&deployment, &barred).await, place) {
                (Ok(Suspended::Stopped), _) => continue,
                (Ok(Suspended::NotCalled), _) => (true, STAYS.to_owned()),
                (Err(error), Some(_)) => (false, error.to_string()),
                (Err(error), None) => {
                    failed.get_or_insert(error);
                    continue;
                }
            };
            let place = place.unwrap_or(LOCAL).to_owned();
            let is_told = |one: &Unreached| (&one.version, &one.place) == (&deployment.version, &place);
            // What may still run is told before what is known to stay.
            if let Some(told) = left.iter_mut().find(|one| is_told(one)) {
                told.stays &= stays;
                continue;
            }
            let why = self.inner.platform.masks.of(name).text(&why).into_owned();
            left.push(Unreached { version: deployment.version, place, why, stays });
        }
        self.tell_left(name, &left);
        failed.map_or(Ok(left), |error| Err(error.into()))
    }

    /// Lists the instances of some versions that may run: that of now, and earlier ones that may still be ending.
    async fn may_run(
        &self,
        name: &ServerName,
        versions: &[Version],
        at: At,
    ) -> Result<Vec<Deployment>, Error> {
        let store = &self.inner.platform.store;
        let now = store.deployment(name).await?.into_iter();
        let earlier = store.activations(name, Page::first(ENDING)).await?;
        let mut seen = BTreeSet::new();
        let mut all: Vec<_> = now.chain(earlier.into_iter().map(|(_, deployment)| deployment)).collect();
        all.retain(|it| {
            versions.contains(&it.version)
                && (at == At::All || it.elsewhere().is_some())
                && seen.insert((it.target.clone(), it.revision.clone()))
        });
        Ok(all)
    }

    async fn suspend(&self, deployment: &Deployment, barred: &Audience) -> Result<Suspended, TargetError> {
        let platform = &self.inner.platform;
        let target = platform.targets.of(deployment.target.as_deref())?;
        let ended = async {
            // Where it stays, those who come past the endpoint would go on calling it.
            if !barred.is_empty() {
                target.open_to(&deployment.server, &Audience::default(), barred).await?;
            }
            target.suspend(&deployment.server, &deployment.revision, platform.settings.grace).await
        };
        if deployment.elsewhere().is_none() {
            return ended.await;
        }
        let late = || TargetError::Timeout { what: "to stop it there".to_owned(), limit: ELSEWHERE };
        tokio::time::timeout(ELSEWHERE, ended).await.unwrap_or_else(|_| Err(late()))
    }

    /// Tries again to stop at other places what is under quarantine. What fails for one server keeps no other from being
    /// stopped; it is a failure once all else was tried.
    pub(super) async fn stop_elsewhere(&self) -> Result<(), Error> {
        let mut failed = None;
        if self.in_force().await?.is_empty() {
            return Ok(());
        }
        for name in self.names().await? {
            if let Err(error) = self.stop_one_elsewhere(&name).await {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn stop_one_elsewhere(&self, name: &ServerName) -> Result<(), Error> {
        let server = self.inner.platform.store.server(name).await?;
        if server.is_none_or(|server| server.targets.is_empty()) {
            return Ok(());
        }
        // Nothing is put under quarantine or let out of it meanwhile; who decides waits for one server at most.
        let _deciding = self.inner.deciding.lock().await;
        let all = self.in_force().await?;
        if all.is_empty() {
            return Ok(());
        }
        let records = self.records(name).await?.into_iter();
        let covered = records.filter(|record| all.of_version(record).is_some());
        let covered: Vec<Version> = covered.map(|record| record.version).collect();
        self.end_instances(name, &covered, At::OtherPlaces).await.map(|_| ())
    }

    /// Shows and tells what may still run of a server that is under quarantine, where that changed.
    fn tell_left(&self, name: &ServerName, left: &[Unreached]) {
        // Everybody who sees the server reads it: why may name accounts and files of the installation.
        let note = left.iter().map(Unreached::what).collect::<Vec<_>>().join("; ");
        let before = {
            let mut unreached = self.inner.unreached.lock().unwrap_or_else(PoisonError::into_inner);
            match left {
                [] => unreached.remove(name),
                _ => unreached.insert(name.clone(), note.clone()),
            }
        };
        let mut health = self.inner.health.lock().unwrap_or_else(PoisonError::into_inner);
        let told = match (&before, left) {
            (Some(before), _) if *before == note => return,
            (None, []) => return,
            (Some(before), []) => {
                if health.get(name) == Some(before) {
                    health.remove(name);
                }
                "nothing of it that is under quarantine is left elsewhere".to_owned()
            }
            _ => {
                for one in left {
                    tracing::warn!(server.name = %name, "what is under quarantine: {one}");
                }
                health.insert(name.clone(), note.clone());
                note
            }
        };
        let kind = EventKind::Health { healthy: false, note: told };
        self.inner.platform.emitter.emit(None, Some(name), kind);
    }

    /// Forgets what was told of a server that is under quarantine no more.
    pub(super) fn forget_left(&self, name: &ServerName) {
        let before = self.inner.unreached.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        let mut health = self.inner.health.lock().unwrap_or_else(PoisonError::into_inner);
        if before.is_some() && health.get(name) == before.as_ref() {
            health.remove(name);
        }
    }
}

/// Leaves out what names accounts and files of the installation, for who does not operate it.
pub(super) fn shown_to(caller: &Caller, affected: &mut [Affected]) {
    if caller.may(Action::Operate) {
        return;
    }
    for one in affected.iter_mut().flat_map(|affected| &mut affected.unreached).filter(|one| !one.stays) {
        "the place cannot be asked now".clone_into(&mut one.why);
    }
}
