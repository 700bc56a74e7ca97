//! One's own account: what is known of it, what it is called, and its end.

use std::collections::BTreeMap;

use super::Sigyl;
use super::audit::Act;
use super::query::LOOKED_MOST;
use crate::domain::{
    Account, Action, ApiKey, AuditEntry, AuditHead, Caller, Denied, Label, Login, Role, Run, Scope,
    Workspace, WorkspaceName,
};
use crate::error::Error;
use crate::store::{Change, Page};
use crate::wire::v1::{AccountExport, KeyView};

/// Records that are read at a time.
const PAGE: usize = 1_000;
/// Servers that are named in a refusal.
const NAMED: usize = 20;

impl Sigyl {
    /// Changes what the caller's own account is called.
    pub async fn rename_me(&self, caller: &Caller, name: Option<Label>) -> Result<Account, Error> {
        let act = Act::on("rename_account", caller.name(), None);
        let (sigyl, who) = (self.clone(), caller.clone());
        let work = async move {
            let own = own_account(&who, "change its profile")?;
            who.require(Action::Keys)?;
            let _one_at_a_time = sigyl.inner.members.lock().await;
            let account = Account { name, ..sigyl.known_account(&own.login).await? };
            sigyl.inner.platform.store.apply(Change::PutAccount(Box::new(account.clone()))).await?;
            Ok(account)
        };
        self.audited(caller, act, work).await
    }

    /// Makes an account an administrator, or takes that from it; the last one stays.
    pub async fn set_administrator(
        &self,
        caller: &Caller,
        login: &Login,
        administrator: bool,
    ) -> Result<Account, Error> {
        let what = if administrator { "make_administrator" } else { "demote_administrator" };
        let act = Act::on(what, login, None);
        let (sigyl, who, login) = (self.clone(), caller.clone(), login.clone());
        let work = async move {
            who.require(Action::Administer)?;
            let _one_at_a_time = sigyl.inner.members.lock().await;
            let account = sigyl.known_account(&login).await?;
            if !administrator {
                sigyl.keep_an_administrator(&account).await?;
            }
            let account = Account { administrator, ..account };
            sigyl.inner.platform.store.apply(Change::PutAccount(Box::new(account.clone()))).await?;
            Ok(account)
        };
        self.audited(caller, act, work).await
    }

    /// Gives the caller all that is on record of their account. Of very long records the newest are looked at, and it says
    /// what was left out.
    pub async fn export_me(&self, caller: &Caller) -> Result<AccountExport, Error> {
        let account = own_account(caller, "export what is known of it")?;
        caller.require(Action::Keys)?;
        require_unbound(caller, "export what is known of its account")?;
        let store = &self.inner.platform.store;
        let keys = store.keys_of(&account.id).await?;
        let mut left_out = Vec::new();
        let runs = self.runs_of(caller, &mut left_out).await?;
        let audit = self.audit_of(account, &mut left_out).await?;
        Ok(AccountExport {
            at: self.inner.platform.clock.now(),
            roles: caller.key().map(|holder| holder.roles.clone()).unwrap_or_default(),
            keys: keys.into_iter().map(|key| KeyView::of(key, account)).collect(),
            account: account.clone(),
            runs,
            audit,
            left_out,
        })
    }

    /// Deletes the caller's own account; `confirm` is its login.
    pub async fn delete_me(&self, caller: &Caller, confirm: &str) -> Result<(), Error> {
        let login = own_account(caller, "delete it")?.login.clone();
        self.delete_account(caller, &login, confirm).await
    }

    /// Deletes an account: the caller's own, or as an administrator another one. It is refused while the account is the only
    /// owner of a workspace with servers or documents: first it has to be said where they go. `confirm` is its login.
    pub async fn delete_account(&self, caller: &Caller, login: &Login, confirm: &str) -> Result<(), Error> {
        let act = Act::on("delete_account", login, None);
        let (sigyl, who) = (self.clone(), caller.clone());
        let (login, confirm) = (login.clone(), confirm.to_owned());
        let work = async move {
            let is_own = who.key().is_some_and(|holder| holder.account.login == login);
            who.require(if is_own { Action::Keys } else { Action::Administer })?;
            if is_own {
                require_unbound(&who, "delete its account")?;
            }
            if confirm != login.as_str() {
                return Err(Error::AccountNotConfirmed { login, typed: confirm.chars().take(64).collect() });
            }
            let _one_at_a_time = sigyl.inner.members.lock().await;
            let account = sigyl.known_account(&login).await?;
            sigyl.keep_an_administrator(&account).await?;
            let workspaces = sigyl.workspaces_without(&account).await?;
            let store = &sigyl.inner.platform.store;
            let keys = store.keys_of(&account.id).await?.into_iter().map(|key: ApiKey| key.id).collect();
            let gone = Change::DeleteAccount { account: Box::new(account), keys, workspaces };
            store.apply(gone).await?;
            Ok(())
        };
        self.audited(caller, act, work).await
    }

    /// Returns the workspaces of an account as they are without it; fails on those whose servers would be nobody's.
    async fn workspaces_without(&self, account: &Account) -> Result<Vec<Workspace>, Error> {
        let mut found: BTreeMap<WorkspaceName, Workspace> = BTreeMap::new();
        let (mut after, mut orphaned) = (None, Vec::new());
        loop {
            let page = self.inner.platform.store.workspaces(Page { after, limit: PAGE }).await?;
            after = page.last().filter(|_| page.len() == PAGE).map(|last| last.name.clone());
            for mut workspace in page {
                let Some(role) = workspace.members.remove(&account.id) else { continue };
                if role == Role::Owner && !workspace.members.values().any(|role| *role == Role::Owner) {
                    orphaned.push(workspace.name.clone());
                }
                found.insert(workspace.name.clone(), workspace);
            }
            if after.is_none() {
                break;
            }
        }
        let mut held = self.servers_of(&orphaned).await?;
        let documents = self.inner.platform.shelf.names_in(&orphaned);
        let documents = documents.into_iter().map(|(name, of)| (name.to_string(), of));
        // What was released here has a document of its own name.
        let others: Vec<_> = documents.filter(|one| !held.contains(one)).collect();
        held.extend(others);
        if !held.is_empty() {
            return Err(Error::HoldsServers { login: account.login.clone(), servers: shown(&held) });
        }
        Ok(found.into_values().collect())
    }

    async fn servers_of(&self, workspaces: &[WorkspaceName]) -> Result<Vec<(String, WorkspaceName)>, Error> {
        let (mut after, mut found) = (None, Vec::new());
        while !workspaces.is_empty() {
            let page = self.inner.platform.store.servers(Page { after, limit: PAGE }).await?;
            after = page.last().filter(|_| page.len() == PAGE).map(|last| last.name.clone());
            let theirs = page.into_iter().filter(|server| workspaces.contains(&server.workspace));
            found.extend(theirs.map(|server| (server.name.to_string(), server.workspace)));
            if after.is_none() {
                break;
            }
        }
        Ok(found)
    }

    async fn runs_of(&self, caller: &Caller, left_out: &mut Vec<String>) -> Result<Vec<Run>, Error> {
        let (mut after, mut looked, mut found) = (None, 0, Vec::new());
        while looked < LOOKED_MOST {
            let page = self.inner.platform.store.runs(Page { after, limit: PAGE }).await?;
            looked += page.len();
            after = page.last().filter(|_| page.len() == PAGE).map(|last| last.id.clone());
            let theirs = page.into_iter().filter(|run| run.account.is_some() && run.is_of(caller));
            found.extend(theirs.map(|run| Run { seen: None, ..super::query::shown_to(caller, run) }));
            if after.is_none() {
                return Ok(found);
            }
        }
        left_out.push(format!("runs before the last {LOOKED_MOST}"));
        Ok(found)
    }

    async fn audit_of(
        &self,
        account: &Account,
        left_out: &mut Vec<String>,
    ) -> Result<Vec<AuditEntry>, Error> {
        let head: AuditHead = self.inner.platform.store.audit_head().await?;
        let mut after = head.number.saturating_sub(LOOKED_MOST as u64);
        if after > 0 {
            left_out.push(format!("entries of the audit up to number {after}"));
        }
        let mut found = Vec::new();
        while after < head.number {
            let page = self.inner.platform.store.audit(Page { after: Some(after), limit: PAGE }).await?;
            let Some(last) = page.last() else { break };
            after = last.number;
            found.extend(
                page.into_iter().filter(|entry| entry.fact.who.account.as_ref() == Some(&account.id)),
            );
        }
        Ok(found)
    }
}

/// Refuses a key that is for less than its account: what concerns the whole account is not for such a key.
fn require_unbound(caller: &Caller, what: &str) -> Result<(), Error> {
    let is_unbound = caller.key().is_some_and(|holder| {
        holder.key.workspace.is_none() && holder.key.scopes.contains(&Scope::EVERYTHING)
    });
    if is_unbound {
        Ok(())
    } else {
        Err(Denied::new(caller, format!("{what} with a key that is for less")).into())
    }
}

fn own_account<'a>(caller: &'a Caller, what: &str) -> Result<&'a Account, Denied> {
    let own = caller.key().map(|holder| &holder.account);
    own.ok_or_else(|| Denied::new(caller, format!("{what}: that takes a key of an account")))
}

fn shown(held: &[(String, WorkspaceName)]) -> String {
    let named: Vec<_> =
        held.iter().take(NAMED).map(|(name, of)| format!("{name} (workspace {of})")).collect();
    match held.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
