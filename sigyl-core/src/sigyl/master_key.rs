//! The master key: how it stands, and how another takes over while servers run.

use std::path::Path;
use std::sync::PoisonError;
use std::time::Duration;

use serde::Deserialize as _;
use serde_json::Value;

use super::Sigyl;
use super::audit::{Act, Told};
use crate::domain::{Action, AuditOutcome, Caller, Run, RunState};
use crate::error::Error;
use crate::pipeline::Started;
use crate::store::{Change, Page, SealedSecret, StoreError};
use crate::vault::{KeySource, VaultError};
use crate::wire::v1::{KeyChange, MasterKeyView};

/// Records that are read at a time.
const PAGE: usize = 500;
/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(60);

impl Told for MasterKeyView {
    fn told(&self) -> Option<String> {
        self.change.as_ref().map(|change| format!("from key {} to {}", change.from, change.to))
    }
}

impl Sigyl {
    /// Tells what should be mended about the master key, as long as it is so: it is in no copy of the data directory only
    /// when it is not in the data directory.
    pub fn key_warning(&self) -> Option<String> {
        let KeySource::File(path) = self.inner.platform.vault.source() else { return None };
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        real.starts_with(&self.inner.data_dir).then(|| beside_records(&real))
    }

    /// Tells how the master key stands.
    pub async fn master_key(&self, caller: &Caller) -> Result<MasterKeyView, Error> {
        caller.require(Action::Administer)?;
        self.key_view().await
    }

    async fn key_view(&self) -> Result<MasterKeyView, Error> {
        let platform = &self.inner.platform;
        let record = platform.store.master_key().await?;
        Ok(MasterKeyView {
            key: platform.vault.key_id(),
            source: platform.vault.source().to_string(),
            since: record.as_ref().map(|record| record.since),
            change: record.and_then(|record| record.handover).map(|handover| KeyChange {
                from: handover.from,
                to: handover.to,
                began: handover.began,
            }),
            warning: self.key_warning(),
        })
    }

    /// Lets a new master key take over: it seals from now on. What is sealed under the old one opens still, and is sealed
    /// anew by and by; [`Sigyl::master_key`] tells when that is done. A crash in between loses nothing: the next owner goes
    /// on. With `from` named, it does so only when that key seals still: who asks twice changes it once.
    pub async fn rotate_master_key(
        &self,
        caller: &Caller,
        from: Option<String>,
    ) -> Result<MasterKeyView, Error> {
        let act = Act::on("rotate_master_key", self.inner.platform.vault.key_id(), None);
        let (sigyl, who) = (self.clone(), caller.clone());
        let work = async move {
            who.require(Action::Administer)?;
            let runs = {
                // Whoever seals meanwhile is done before the keys change, and what they sealed is on record.
                let _nobody_seals = sigyl.inner.sealing.write().await;
                let platform = &sigyl.inner.platform;
                if let Some(other) = from.filter(|from| *from != platform.vault.key_id()) {
                    let shown = other.chars().take(40).collect();
                    return Err(VaultError::NotSealing(shown).into());
                }
                platform.vault.hand_over(&*platform.store, platform.clock.now()).await?;
                sigyl.at_work()
            };
            let view = sigyl.key_view().await?;
            sigyl.seal_anew(who, runs);
            Ok(view)
        };
        self.audited(caller, act, work).await
    }

    /// Waits until no key takes over from another.
    pub async fn key_settled(&self) {
        let mut settled = self.inner.key_settled.subscribe();
        // The sender lives as long as this.
        settled.wait_for(|settled| *settled).await.ok();
    }

    /// Goes on with what a process that is gone left: everything is sealed under the new key.
    pub(super) async fn go_on_with_key(&self) -> Result<(), Error> {
        let record = self.inner.platform.store.master_key().await?;
        if record.is_some_and(|record| record.handover.is_some()) {
            self.seal_anew(Caller::local_owner(), self.at_work());
        }
        Ok(())
    }

    fn at_work(&self) -> Vec<Started> {
        self.inner.runs.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Seals everything under the new key, once `runs` are over that may have sealed under the old one. Nobody waits.
    fn seal_anew(&self, caller: Caller, runs: Vec<Started>) {
        let sigyl = self.clone();
        sigyl.inner.key_settled.send_replace(false);
        tokio::spawn(async move {
            for mut run in runs {
                tokio::select! {
                    () = sigyl.inner.stop.cancelled() => return,
                    () = run.wait() => {}
                }
            }
            while let Err(error) = sigyl.change_over(&caller).await {
                tracing::error!(error = %error.failure().message, "what is sealed under the old master key is still");
                tokio::select! {
                    () = sigyl.inner.stop.cancelled() => return,
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
            sigyl.inner.key_settled.send_replace(true);
        });
    }

    async fn change_over(&self, caller: &Caller) -> Result<(), Error> {
        let platform = &self.inner.platform;
        self.change_over_own().await?;
        for name in self.names().await? {
            for secret in platform.store.secrets(&name).await? {
                if let Some(now) = platform.vault.reseal(&secret)? {
                    platform.store.apply(Change::Reseal { was: secret.sealed, now }).await?;
                }
            }
        }
        self.change_over_runs().await?;
        let kept = platform.vault.finish(&*platform.store, platform.clock.now()).await?;
        let note =
            kept.map(|path| format!("the old key is kept in {} for backups of its time", path.display()));
        if let Some(note) = &note {
            tracing::info!("another master key took over: {note}");
        }
        let on = platform.vault.key_id();
        self.append(caller, "end_master_key_rotation", on, None, AuditOutcome::Done, note).await
    }

    /// Seals anew what is the installation's own: pepper, signing key and GitHub App.
    async fn change_over_own(&self) -> Result<(), Error> {
        let platform = &self.inner.platform;
        if let Some(pepper) = platform.store.pepper().await?
            && let Some(anew) = platform.vault.reseal(&pepper)?
        {
            platform.store.apply(Change::PutPepper(anew)).await?;
        }
        if let Some(key) = platform.store.signing_key().await?
            && let Some(anew) = platform.vault.reseal(&key)?
        {
            platform.store.apply(Change::PutSigningKey(anew)).await?;
        }
        self.reseal_github_app().await
    }

    /// Seals anew what runs keep: secrets that a held run binds once it passes, and what could not be taken back.
    async fn change_over_runs(&self) -> Result<(), Error> {
        let store = &self.inner.platform.store;
        let mut after = None;
        loop {
            let page = store.runs(Page { after, limit: PAGE }).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id.clone());
            for run in page.iter().filter(|run| keeps_secrets(run)) {
                // Nobody decides on it meanwhile.
                let _deciding = self.inner.deciding.lock().await;
                let Some(mut run) = store.run(&run.id).await?.filter(|run| run.state != RunState::Running)
                else {
                    continue;
                };
                if self.reseal_within(&mut run.request)? {
                    store.apply(Change::PutRun(Box::new(run))).await?;
                }
            }
        }
    }

    /// Seals anew every secret in what a run keeps of its order; tells whether there was one.
    fn reseal_within(&self, value: &mut Value) -> Result<bool, Error> {
        if let Some(secret) = value.is_object().then(|| SealedSecret::deserialize(&*value).ok()).flatten() {
            let Some(anew) = self.inner.platform.vault.reseal(&secret)? else { return Ok(false) };
            *value = serde_json::to_value(anew)
                .map_err(|error| StoreError::Corrupt { key: "order".into(), why: error.to_string() })?;
            return Ok(true);
        }
        let mut changed = false;
        match value {
            Value::Array(items) => {
                for item in items {
                    changed |= self.reseal_within(item)?;
                }
            }
            Value::Object(members) => {
                for name in ["sealed", "before"] {
                    if let Some(member) = members.get_mut(name) {
                        changed |= self.reseal_within(member)?;
                    }
                }
            }
            _ => {}
        }
        Ok(changed)
    }
}

/// Tells whether a run that is not at work keeps sealed secrets in its order.
pub(super) fn keeps_secrets(run: &Run) -> bool {
    let some =
        |name: &str| run.request.get(name).and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    run.state != RunState::Running && (some("sealed") || some("before"))
}

fn beside_records(path: &Path) -> String {
    format!(
        "the master key {} lies in the data directory: whoever copies that can open its secrets. Move it elsewhere, and name \
         it with --master-key-file",
        path.display()
    )
}
