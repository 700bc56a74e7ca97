//! Secrets of servers: set and removed without a release, listed without their values, revealed on the record.

use std::time::Duration;

use super::Sigyl;
use super::audit::{Act, Told};
use super::reach::require_plain;
use crate::domain::{Action, Caller, SecretName, SecretValue, Server, ServerName};
use crate::error::Error;
use crate::manifest::Manifest;
use crate::store::{Change, SealedSecret, StoreError};
use crate::wire::v1::{Reconfigure, SecretView, SetSecret, Settings};

/// Secrets that a server may have.
const MOST: usize = 48;
/// Bytes that a value may have: with all the others it has to fit into the environment of a process.
const LONGEST: usize = 32 << 10;
/// How long a run that works on the server is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

impl Told for SetSecret {
    fn told(&self) -> Option<String> {
        Some(format!("version {}", self.secret.version))
    }
}

impl Told for SecretValue {}

impl Sigyl {
    /// Lists the secrets of a server by name, without their values.
    pub async fn secrets(&self, caller: &Caller, name: &ServerName) -> Result<Vec<SecretView>, Error> {
        self.known(caller, Action::Read, name).await?;
        let sealed = self.inner.platform.store.secrets(name).await?;
        Ok(sealed.into_iter().map(SecretView::from).collect())
    }

    /// Sets a secret of a server. A running server gets it at its next start; with `restart`, the version that serves is
    /// started anew at once, beside itself, and takes over from itself as a release would.
    pub async fn set_secret(
        &self,
        caller: &Caller,
        name: &ServerName,
        secret: &SecretName,
        value: SecretValue,
        restart: bool,
    ) -> Result<SetSecret, Error> {
        let act = Act::on_secret("set_secret", name, secret);
        let (sigyl, who, name, secret) = (self.clone(), caller.clone(), name.clone(), secret.clone());
        let work = async move {
            let server = sigyl.known(&who, Action::Secrets, &name).await?;
            require_plain(&who, secret.as_str())?;
            if restart {
                who.require_on(Action::Deploy, &server.workspace, &name)?;
            }
            let mut set = sigyl.keep_secret(&who, &server, secret, &value).await?;
            match server.active.filter(|_| restart) {
                Some(_) if sigyl.inner.front.upstream(&name).is_some() => {
                    let anew = Reconfigure { name, settings: Settings::default() };
                    set.run = Some(sigyl.reconfigure(&who, anew).await?);
                }
                _ if restart => {
                    set.notices.push(format!("{name} does not run: it gets the value when it starts"))
                }
                _ => {}
            }
            Ok(set)
        };
        self.audited(caller, act, work).await
    }

    async fn keep_secret(
        &self,
        caller: &Caller,
        server: &Server,
        name: SecretName,
        value: &SecretValue,
    ) -> Result<SetSecret, Error> {
        check_value(&name, value)?;
        let notices = self.require_fit(server, &name, value).await?;
        let platform = &self.inner.platform;
        // A run that fails puts back what it found.
        let lane = tokio::time::timeout(PATIENCE, platform.lanes.enter(&server.name)).await;
        let _lane = lane.map_err(|_| Error::Busy(server.name.clone()))?;
        let _sealing = self.inner.sealing.read().await;
        let kept = platform.store.secrets(&server.name).await?;
        let before = kept.iter().find(|kept| kept.name == name);
        if before.is_none() && kept.len() >= MOST {
            return Err(Error::Secret { name, why: format!("{} has {MOST} secrets already", server.name) });
        }
        let sealed = platform.vault.seal(&server.name, &name, value, platform.clock.now())?;
        let version = before.map_or(1, |before| before.version.saturating_add(1));
        let sealed = SealedSecret { by: Some(caller.name().to_owned()), version, ..sealed };
        platform.store.apply(Change::PutSecret(sealed.clone())).await?;
        Ok(SetSecret { secret: sealed.into(), notices, run: None })
    }

    /// Holds a value against the manifest of the version that serves, or of the latest.
    async fn require_fit(
        &self,
        server: &Server,
        name: &SecretName,
        value: &SecretValue,
    ) -> Result<Vec<String>, Error> {
        let version = server.active.as_ref().unwrap_or(&server.latest);
        let Some(record) = self.inner.platform.store.version(&server.name, version).await? else {
            return Ok(Vec::new());
        };
        let Ok(manifest) = serde_json::from_value::<Manifest>(record.manifest) else {
            return Ok(vec![format!("the manifest of {version} cannot be read back: nothing was checked")]);
        };
        let fit = manifest.fit(name, value);
        if fit.faults.is_empty() {
            return Ok(fit.notices);
        }
        Err(Error::Secret { name: name.clone(), why: fit.faults.join("; ") })
    }

    /// Takes a secret from a server. A running server keeps it until it ends.
    pub async fn remove_secret(
        &self,
        caller: &Caller,
        name: &ServerName,
        secret: &SecretName,
    ) -> Result<(), Error> {
        let act = Act::on_secret("remove_secret", name, secret);
        let (sigyl, who, name, secret) = (self.clone(), caller.clone(), name.clone(), secret.clone());
        let work = async move {
            sigyl.known(&who, Action::Secrets, &name).await?;
            let platform = &sigyl.inner.platform;
            let lane = tokio::time::timeout(PATIENCE, platform.lanes.enter(&name)).await;
            let _lane = lane.map_err(|_| Error::Busy(name.clone()))?;
            let change = Change::DeleteSecret { owner: name.clone(), name: secret.clone() };
            match platform.store.apply(change).await {
                Err(StoreError::Missing { .. }) => Err(Error::NoSecret { server: name, name: secret }),
                done => Ok(done.map(|_| ())?),
            }
        };
        self.audited(caller, act, work).await
    }

    /// Reveals the value of a secret. That it was read is on record before it is.
    pub async fn reveal_secret(
        &self,
        caller: &Caller,
        name: &ServerName,
        secret: &SecretName,
    ) -> Result<SecretValue, Error> {
        let act = Act::on_secret("reveal_secret", name, secret);
        let (sigyl, who, name, secret) = (self.clone(), caller.clone(), name.clone(), secret.clone());
        let work = async move {
            sigyl.known(&who, Action::Reveal, &name).await?;
            let platform = &sigyl.inner.platform;
            let sealed = platform.store.secret(&name, &secret).await?;
            let sealed = sealed.ok_or_else(|| Error::NoSecret { server: name, name: secret })?;
            Ok(platform.vault.reveal(&sealed)?)
        };
        self.audited(caller, act, work).await
    }
}

/// Refuses what no process can be given.
pub(super) fn check_value(name: &SecretName, value: &SecretValue) -> Result<(), Error> {
    let text = value.reveal();
    let why = match text.len() {
        0 => "its value is empty".to_owned(),
        long if long > LONGEST => format!("its value has {long} bytes, and {LONGEST} are allowed"),
        _ if text.contains('\0') => "its value holds a zero byte, which no variable can".to_owned(),
        _ => return Ok(()),
    };
    Err(Error::Secret { name: name.clone(), why })
}
