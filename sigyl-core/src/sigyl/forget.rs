//! The way out when the master key is lost: what it sealed is given up, and nothing else.

use super::open::{master_keys, open_store};
use super::{Config, Sigyl};
use crate::access::AuditLog;
use crate::domain::{Action, AuditFact, AuditOutcome, Caller, KeyId, RunId, RunState};
use crate::error::Error;
use crate::store::{Change, Page, SealedSecret, Store};
use crate::vault::{Vault, VaultError, sealed_under};
use crate::wire::v1::{Forgotten, ForgottenSecret};

/// Records that are read at a time.
const PAGE: usize = 500;

impl Sigyl {
    /// Gives up what is sealed under a master key that nobody has any more, on a data directory that no process has open:
    /// each secret stays on record by its name and has to be set anew, and keys are revoked, since what they are hashed under
    /// was sealed too. Nothing else is lost. It is refused while the key that is configured is the right one, or may be: when
    /// it cannot be read. `confirm` is the id of the lost key.
    pub async fn forget_sealed(config: &Config, caller: &Caller, confirm: &str) -> Result<Forgotten, Error> {
        caller.require(Action::Operate)?;
        let store = open_store(&config.data_dir).await?;
        let lost = lost_key(config, &*store).await?;
        let (secrets, keys) = (secrets_of(&*store).await?, good_keys(&*store).await?);
        if confirm != lost.key {
            let (secrets, keys) = (secrets.len(), keys.len());
            return Err(Error::NotGivenUp { key: lost.key, why: lost.why, secrets, keys });
        }
        let held = held_with_secrets(&*store).await?;
        let told = Forgotten {
            key: lost.key.clone(),
            secrets: secrets.iter().map(ForgottenSecret::from).collect(),
            keys: keys.len(),
            held,
        };
        let secrets = secrets.into_iter().map(|secret| SealedSecret { sealed: Vec::new(), ..secret });
        let at = config.clock.now();
        let note = format!("{} secrets, {} keys", told.secrets.len(), told.keys);
        store.apply(Change::ForgetSealed { secrets: secrets.collect(), keys, at }).await?;
        let fact = AuditFact {
            at,
            who: caller.actor(),
            what: "forget_sealed".to_owned(),
            on: lost.key,
            workspace: None,
            from: caller.address(),
            outcome: AuditOutcome::Done,
            note: Some(note),
        };
        AuditLog::start(store).append(fact).await?;
        Ok(told)
    }
}

/// A key that is not there any more.
struct Lost {
    key: String,
    why: String,
}

/// Returns the key that everything is sealed under, if it is lost.
async fn lost_key(config: &Config, store: &dyn Store) -> Result<Lost, Error> {
    let keys = master_keys(config, &config.data_dir);
    let why = match Vault::unlock(&keys, store, config.clock.now()).await {
        Ok(_) => return Err(Error::NotLost),
        Err(
            error @ (VaultError::WrongKey { .. }
            | VaultError::Missing { .. }
            | VaultError::NotAKey { .. }
            | VaultError::Salt { .. }
            | VaultError::Handover),
        ) => error.to_string(),
        // The right one may be there.
        Err(error) => return Err(error.into()),
    };
    Ok(Lost { key: sealed_under(store).await?.ok_or(Error::NotLost)?, why })
}

async fn secrets_of(store: &dyn Store) -> Result<Vec<SealedSecret>, Error> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.servers(Page { after, limit: PAGE }).await?;
        for server in &page {
            found.extend(store.secrets(&server.name).await?);
        }
        match page.last() {
            Some(server) => after = Some(server.name.clone()),
            None => return Ok(found),
        }
    }
}

async fn good_keys(store: &dyn Store) -> Result<Vec<KeyId>, Error> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.accounts(Page { after, limit: PAGE }).await?;
        for account in &page {
            let keys = store.keys_of(&account.id).await?.into_iter();
            found.extend(keys.filter(|key| key.revoked.is_none()).map(|key| key.id));
        }
        match page.last() {
            Some(account) => after = Some(account.login.clone()),
            None => return Ok(found),
        }
    }
}

/// Lists runs that wait with secrets sealed in their order: these fail once they are let pass.
async fn held_with_secrets(store: &dyn Store) -> Result<Vec<RunId>, Error> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.runs(Page { after, limit: PAGE }).await?;
        let held =
            page.iter().filter(|run| run.state == RunState::Held && super::master_key::keeps_secrets(run));
        found.extend(held.map(|run| run.id.clone()));
        match page.last() {
            Some(run) => after = Some(run.id.clone()),
            None => return Ok(found),
        }
    }
}
