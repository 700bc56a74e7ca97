//! The audit: what changes something is written down with its outcome, whatever becomes of who asked.

use std::collections::VecDeque;

use super::Sigyl;
use super::query::LOOKED_MOST;
use crate::access::{self, AccessError};
use crate::domain::{
    Action, AuditEntry, AuditFact, AuditHead, AuditOutcome, Caller, Holder, KeyId, Kind, RunId, SecretName,
    ServerName, WorkspaceName,
};
use crate::error::Error;
use crate::store::{Page, StoreError};
use crate::wire::v1::{AuditChecked, AuditFrom, Part};

/// Entries that are read at a time.
const PAGE: usize = 1_000;
/// Entries that can be asked for at once.
const MOST: usize = 10_000;

/// What may take a right from somebody who has a stream open.
const RIGHTS: [&str; 8] = [
    "revoke_key",
    "close_session",
    "disable_account",
    "demote_administrator",
    "delete_account",
    "set_member",
    "remove_member",
    "transfer",
];

/// What is to be audited.
pub(super) struct Act {
    what: &'static str,
    on: String,
    about: About,
}

enum About {
    Server(ServerName),
    Run(RunId),
    Workspace(Option<WorkspaceName>),
    Key(KeyId),
}

impl Act {
    /// Something done to a server.
    pub(super) fn on_server(what: &'static str, name: &ServerName) -> Self {
        Self { what, on: name.to_string(), about: About::Server(name.clone()) }
    }

    /// Something done to a secret of a server.
    pub(super) fn on_secret(what: &'static str, name: &ServerName, secret: &SecretName) -> Self {
        Self { what, on: format!("{name} {secret}"), about: About::Server(name.clone()) }
    }

    /// Something done to a run.
    pub(super) fn on_run(what: &'static str, run: &RunId) -> Self {
        Self { what, on: run.to_string(), about: About::Run(run.clone()) }
    }

    /// Something done to a key.
    pub(super) fn on_key(what: &'static str, key: &KeyId) -> Self {
        Self { what, on: key.to_string(), about: About::Key(key.clone()) }
    }

    /// Something done in a workspace, or to the installation.
    pub(super) fn on(what: &'static str, on: impl ToString, workspace: Option<&WorkspaceName>) -> Self {
        Self { what, on: on.to_string(), about: About::Workspace(workspace.cloned()) }
    }
}

/// What the audit says of a result besides its outcome.
pub(super) trait Told {
    /// Returns it.
    fn told(&self) -> Option<String> {
        None
    }
}

impl Told for () {}

impl Told for RunId {
    fn told(&self) -> Option<String> {
        Some(format!("run {self}"))
    }
}

impl Sigyl {
    /// Does `work` and writes its outcome down; both go on when whoever asked has gone. What is answered as done is in
    /// the audit: when it cannot be written there, that is the answer.
    pub(super) async fn audited<T, F>(&self, caller: &Caller, act: Act, work: F) -> Result<T, Error>
    where
        T: Told + Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let (sigyl, caller) = (self.clone(), caller.clone());
        let whole = tokio::spawn(async move {
            let workspace = sigyl.workspace_of(&act.about).await;
            let workspace = workspace.or_else(|| caller.key().and_then(home_of));
            let done = match sigyl.require_as_before(&caller).await {
                Ok(()) => joined(tokio::spawn(work).await),
                Err(error) => Err(error),
            };
            if done.is_ok() && RIGHTS.contains(&act.what) {
                sigyl.inner.rights.send_replace(());
            }
            let (outcome, note) = outcome_of(&done);
            if outcome == AuditOutcome::Refused {
                sigyl.tell_refusal(&caller, act.what, act.on, workspace, note.unwrap_or_default()).await?;
            // Anybody could fill the disk with what nobody in particular failed at.
            } else if outcome == AuditOutcome::Done || !caller.is_anonymous() {
                sigyl.append(&caller, act.what, act.on, workspace, outcome, note).await?;
            }
            done
        });
        joined(whole.await)
    }

    pub(super) async fn append(
        &self,
        caller: &Caller,
        what: &str,
        on: String,
        workspace: Option<WorkspaceName>,
        outcome: AuditOutcome,
        note: Option<String>,
    ) -> Result<(), Error> {
        let fact = AuditFact {
            at: self.inner.platform.clock.now(),
            who: caller.actor(),
            what: what.to_owned(),
            on,
            workspace,
            from: caller.address(),
            outcome,
            note,
        };
        self.inner.audit.append(fact).await?;
        Ok(())
    }

    /// Finds the workspace that something is about, before it is done: a deletion leaves none. What cannot be looked up
    /// is left out; the work fails for the same reason.
    async fn workspace_of(&self, about: &About) -> Option<WorkspaceName> {
        let store = &self.inner.platform.store;
        match about {
            About::Server(name) => store.server(name).await.ok().flatten().map(|server| server.workspace),
            About::Run(id) => store.run(id).await.ok().flatten().map(|run| run.workspace),
            About::Workspace(name) => name.clone(),
            About::Key(id) => store.holder(id).await.ok().flatten().and_then(|holder| home_of(&holder)),
        }
    }

    /// Lists the audit after an entry, or its last entries; oldest first, at most `limit`. Those who administer see all of
    /// it, those who manage workspaces what is about these. Who sees few of them is given what is among the
    /// `LOOKED_MOST` that are looked at, and where to go on.
    pub async fn audit(
        &self,
        caller: &Caller,
        from: AuditFrom,
        limit: usize,
    ) -> Result<Part<AuditEntry, AuditFrom>, Error> {
        if !caller.may(Action::Administer) {
            caller.require(Action::Manage)?;
        }
        let limit = limit.min(MOST);
        match from {
            AuditFrom::After(after) => self.audit_after(caller, after, limit).await,
            AuditFrom::Before(_) | AuditFrom::End => {
                // There is nothing to look through behind the last entry, whatever was asked for.
                let past = self.inner.platform.store.audit_head().await?.number.saturating_add(1);
                let end = if let AuditFrom::Before(end) = from { end.min(past) } else { past };
                self.audit_before(caller, end, limit).await
            }
        }
    }

    async fn audit_after(
        &self,
        caller: &Caller,
        after: u64,
        limit: usize,
    ) -> Result<Part<AuditEntry, AuditFrom>, Error> {
        let (mut after, mut looked, mut items) = (after, 0, Vec::new());
        loop {
            let page = Page { after: Some(after), limit: PAGE.min(limit - items.len()) };
            let whole = page.limit;
            let entries = self.inner.platform.store.audit(page).await?;
            looked += entries.len();
            let is_end = entries.len() < whole;
            after = entries.last().map_or(after, |last| last.number);
            items.extend(entries.into_iter().filter(|entry| may_see(caller, entry)));
            if is_end || items.len() >= limit || looked >= LOOKED_MOST {
                let next = (!is_end).then_some(AuditFrom::After(after));
                return Ok(Part { items, next });
            }
        }
    }

    /// Reads back from the entry before `end`.
    async fn audit_before(
        &self,
        caller: &Caller,
        end: u64,
        limit: usize,
    ) -> Result<Part<AuditEntry, AuditFrom>, Error> {
        let (mut end, mut looked, mut items) = (end, 0, VecDeque::new());
        while end > 1 && items.len() < limit && looked < LOOKED_MOST {
            let start = (end - 1).saturating_sub(PAGE.min(limit - items.len()) as u64);
            let page = Page { after: Some(start), limit: (end - 1 - start) as usize };
            let entries = self.inner.platform.store.audit(page).await?;
            looked += entries.len();
            for entry in entries.into_iter().rev().filter(|entry| may_see(caller, entry)) {
                items.push_front(entry);
            }
            end = start + 1;
        }
        let next = (end > 1).then_some(AuditFrom::Before(end));
        Ok(Part { items: items.into(), next })
    }

    /// Checks the whole audit: no entry was changed, removed or put in, and none is missing before an end that was
    /// `kept` elsewhere.
    pub async fn verify_audit(
        &self,
        caller: &Caller,
        kept: Option<AuditHead>,
    ) -> Result<AuditChecked, Error> {
        caller.require(Action::Administer)?;
        let head = access::verify_chain(&*self.inner.platform.store, kept).await?;
        Ok(AuditChecked { head })
    }
}

fn outcome_of<T: Told>(done: &Result<T, Error>) -> (AuditOutcome, Option<String>) {
    match done {
        Ok(value) => (AuditOutcome::Done, value.told()),
        Err(error) if error.kind() == Kind::Denied => (AuditOutcome::Refused, Some(error.failure().message)),
        Err(error) => (AuditOutcome::Failed, Some(error.failure().message)),
    }
}

/// The workspace that a key is for, or the only one that its account belongs to.
pub(super) fn home_of(holder: &Holder) -> Option<WorkspaceName> {
    let mut roles = holder.roles.keys();
    let only = roles.next().filter(|_| roles.next().is_none() && !holder.account.administrator);
    holder.key.workspace.clone().or_else(|| only.cloned())
}

fn may_see(caller: &Caller, entry: &AuditEntry) -> bool {
    let manages = |workspace| caller.may_in(Action::Manage, workspace);
    caller.may(Action::Administer) || entry.fact.workspace.as_ref().is_some_and(manages)
}

/// What a task came to, or that it did not end.
pub(super) fn joined<T>(done: Result<Result<T, Error>, tokio::task::JoinError>) -> Result<T, Error> {
    done.unwrap_or_else(|error| Err(AccessError::Store(StoreError::Engine(error.to_string())).into()))
}
