//! Accounts, workspaces, keys and the audit: what changes do to them, and how they are found.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use crate::domain::{
    Account, AccountId, ApiKey, AuditEntry, AuditHead, Holder, KeyId, KeyUse, Role, Timestamp, Workspace,
    WorkspaceName,
};
use crate::store::key::{Key, Span, last_text_of};
use crate::store::{KeptApp, KeyRecord, SealedSecret, StoreError};

use super::apply::{Journalled, missing};
use super::draft::Draft;
use super::queries::dangling;
use super::records::Reader;

pub(super) fn put_account(draft: &mut Draft<'_>, account: &Account) -> Journalled {
    draft.next_seq();
    let (key, login) = (Key::Account(&account.id), Key::Login(&account.login));
    if draft.get::<AccountId>(&login)?.is_some_and(|owner| owner != account.id) {
        return Err(StoreError::Taken { what: format!("the login {}", account.login) });
    }
    if let Some(before) = draft.get::<Account>(&key)?.filter(|before| before.login != account.login) {
        draft.remove(&Key::Login(&before.login))?;
    }
    let before = draft.get::<Account>(&key)?.map(|before| before.identities).unwrap_or_default();
    for gone in before.iter().filter(|identity| !account.identities.contains(identity)) {
        draft.remove(&Key::Identity(gone))?;
    }
    for identity in &account.identities {
        let at = Key::Identity(identity);
        if draft.get::<AccountId>(&at)?.is_some_and(|owner| owner != account.id) {
            return Err(StoreError::Taken { what: format!("the identity {}", identity.subject()) });
        }
        draft.put(&at, &account.id)?;
    }
    draft.put(&login, &account.id)?;
    draft.put(&key, account)?;
    Ok(("put_account", account.id.to_string()))
}

pub(super) fn delete_account(
    draft: &mut Draft<'_>,
    account: &Account,
    keys: &[KeyId],
    workspaces: &[Workspace],
) -> Journalled {
    draft.next_seq();
    for workspace in workspaces {
        put_workspace(draft, workspace)?;
    }
    for key in keys {
        forget_key(draft, key)?;
    }
    if let Some(known) = draft.get::<Account>(&Key::Account(&account.id))? {
        for identity in &known.identities {
            draft.remove(&Key::Identity(identity))?;
        }
        draft.remove(&Key::Login(&known.login))?;
        draft.remove(&Key::Account(&known.id))?;
    }
    Ok(("delete_account", account.id.to_string()))
}

pub(super) fn put_workspace(draft: &mut Draft<'_>, workspace: &Workspace) -> Journalled {
    draft.next_seq();
    let key = Key::Workspace(&workspace.name);
    let before = draft.get::<Workspace>(&key)?.map(|before| before.members).unwrap_or_default();
    for account in before.keys().filter(|account| !workspace.members.contains_key(*account)) {
        draft.remove(&Key::Member(account, &workspace.name))?;
    }
    for (account, role) in workspace.members.iter().filter(|(id, role)| before.get(*id) != Some(role)) {
        if !draft.has(&Key::Account(account))? {
            return Err(missing(format!("account {account}")));
        }
        draft.put(&Key::Member(account, &workspace.name), role)?;
    }
    draft.put(&key, workspace)?;
    Ok(("put_workspace", workspace.name.to_string()))
}

pub(super) fn put_key(draft: &mut Draft<'_>, key: &ApiKey) -> Journalled {
    draft.next_seq();
    if draft.has(&Key::Api(&key.id))? {
        return Err(StoreError::Taken { what: format!("the key {}", key.id) });
    }
    if !draft.has(&Key::Account(&key.account))? {
        return Err(missing(format!("account {}", key.account)));
    }
    draft.mark(&Key::ApiOf(&key.account, &key.id));
    draft.create(&Key::Api(&key.id), key)?;
    Ok(("put_key", key.id.to_string()))
}

pub(super) fn revoke_key(draft: &mut Draft<'_>, id: &KeyId, at: Timestamp) -> Journalled {
    draft.next_seq();
    let Some(key) = draft.get::<ApiKey>(&Key::Api(id))? else { return Err(missing(format!("key {id}"))) };
    let revoked = key.revoked.or(Some(at));
    draft.put(&Key::Api(id), &ApiKey { revoked, ..key })?;
    Ok(("revoke_key", id.to_string()))
}

pub(super) fn forget_key(draft: &mut Draft<'_>, id: &KeyId) -> Journalled {
    draft.next_seq();
    if let Some(key) = draft.get::<ApiKey>(&Key::Api(id))? {
        draft.remove(&Key::ApiOf(&key.account, id))?;
        draft.remove(&Key::Api(id))?;
    }
    Ok(("forget_key", id.to_string()))
}

pub(super) fn key_uses(draft: &mut Draft<'_>, uses: &[KeyUse]) -> Journalled {
    draft.next_seq();
    for used in uses {
        let Some(key) = draft.get::<ApiKey>(&Key::Api(&used.id))? else { continue };
        let last_used = key.last_used.max(Some(used.last));
        let uses = key.uses.saturating_add(used.uses);
        draft.put(&Key::Api(&used.id), &ApiKey { last_used, uses, ..key })?;
    }
    Ok(("key_uses", uses.first().map(|used| used.id.to_string()).unwrap_or_default()))
}

pub(super) fn audit(draft: &mut Draft<'_>, entries: &[AuditEntry]) -> Journalled {
    draft.next_seq();
    let mut head = draft.get::<AuditHead>(&Key::AuditHead)?.unwrap_or(AuditHead::NONE);
    for entry in entries {
        if !entry.follows(&head) {
            return Err(StoreError::AuditFork { head, offered: entry.number });
        }
        draft.create(&Key::Audit(entry.number), entry)?;
        head = entry.head();
    }
    draft.put(&Key::AuditHead, &head)?;
    Ok(("audit", head.number.to_string()))
}

pub(super) fn put_pepper(draft: &mut Draft<'_>, sealed: &SealedSecret) -> Journalled {
    draft.next_seq();
    draft.put(&Key::Pepper, sealed)?;
    Ok(("put_pepper", String::new()))
}

pub(super) fn put_signing_key(draft: &mut Draft<'_>, sealed: &SealedSecret) -> Journalled {
    draft.next_seq();
    draft.put(&Key::Signing, sealed)?;
    Ok(("put_signing_key", String::new()))
}

pub(super) fn put_github_app(draft: &mut Draft<'_>, kept: &KeptApp) -> Journalled {
    draft.next_seq();
    draft.put(&Key::GitHubApp, kept)?;
    Ok(("put_github_app", kept.app.slug.clone()))
}

pub(super) fn forget_github_app(draft: &mut Draft<'_>) -> Journalled {
    let Some(kept) = draft.get::<KeptApp>(&Key::GitHubApp)? else {
        return Err(missing("a GitHub App".to_owned()));
    };
    draft.next_seq();
    draft.remove(&Key::GitHubApp)?;
    Ok(("forget_github_app", kept.app.slug))
}

pub(super) fn put_master_key(draft: &mut Draft<'_>, record: &KeyRecord) -> Journalled {
    draft.next_seq();
    draft.put(&Key::Sealing, record)?;
    Ok(("put_master_key", record.key.clone()))
}

pub(super) fn forget_sealed(
    draft: &mut Draft<'_>,
    secrets: &[SealedSecret],
    keys: &[KeyId],
    at: Timestamp,
) -> Journalled {
    draft.next_seq();
    for secret in secrets {
        draft.put(&Key::Secret(&secret.owner, &secret.name), secret)?;
    }
    for id in keys {
        let Some(key) = draft.get::<ApiKey>(&Key::Api(id))? else { return Err(missing(format!("key {id}"))) };
        draft.put(&Key::Api(id), &ApiKey { revoked: key.revoked.or(Some(at)), ..key })?;
    }
    draft.remove(&Key::Pepper)?;
    draft.remove(&Key::Signing)?;
    draft.remove(&Key::GitHubApp)?;
    draft.remove(&Key::Sealing)?;
    Ok(("forget_sealed", String::new()))
}

/// Reads an account that something names.
pub(super) fn account(reader: &Reader<'_>, id: &AccountId) -> Result<Account, StoreError> {
    named(reader, &Key::Account(id))
}

pub(super) fn holder(reader: &Reader<'_>, id: &KeyId) -> Result<Option<Holder>, StoreError> {
    let Some(key) = reader.get::<ApiKey>(&Key::Api(id))? else { return Ok(None) };
    let account = account(reader, &key.account)?;
    let mut roles = BTreeMap::new();
    for item in reader.scan(&Span::Memberships(&account.id), None) {
        let (at, value) = item?;
        let name = last_text_of(&at).and_then(|text| WorkspaceName::parse(text).ok());
        roles.insert(name.ok_or_else(|| dangling(&at))?, reader.open::<Role>(&at, &value)?);
    }
    Ok(Some(Holder { key, account, roles }))
}

pub(super) fn keys_of(reader: &Reader<'_>, account: &AccountId) -> Result<Vec<ApiKey>, StoreError> {
    let marks = reader.scan(&Span::KeysOf(account), None).map(|item| {
        let at = item?.0;
        let id = last_text_of(&at).and_then(|text| KeyId::parse(text).ok());
        named(reader, &Key::Api(&id.ok_or_else(|| dangling(&at))?))
    });
    marks.collect()
}

/// Reads a record that an index names.
fn named<T: DeserializeOwned>(reader: &Reader<'_>, key: &Key<'_>) -> Result<T, StoreError> {
    reader.get(key)?.ok_or_else(|| dangling(&key.encode()))
}
