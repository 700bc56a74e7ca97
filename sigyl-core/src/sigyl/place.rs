//! Where something belongs, and whether a caller may do it there: asked before anything is done.

use std::collections::BTreeMap;

use super::Sigyl;
use crate::domain::{Action, Caller, Denied, Kind, Run, RunId, Server, ServerName, WorkspaceName};
use crate::error::Error;
use crate::pipeline::Order;

impl Sigyl {
    /// Finds a server that this caller may do `action` to. One that they may not even see is not there for them.
    pub(super) async fn known(
        &self,
        caller: &Caller,
        action: Action,
        name: &ServerName,
    ) -> Result<Server, Error> {
        caller.require(action)?;
        let found = self.inner.platform.store.server(name).await?;
        let is_shown = |server: &Server| {
            caller.sees(&server.workspace, name) || caller.may_on(action, &server.workspace, name)
        };
        let server = found.filter(is_shown).ok_or_else(|| Error::NoServer(name.clone()))?;
        caller.require_on(action, &server.workspace, name)?;
        Ok(server)
    }

    /// Finds a run that this caller may do `action` to. One that they may not even see is not there for them.
    pub(super) async fn known_run(&self, caller: &Caller, action: Action, id: &RunId) -> Result<Run, Error> {
        caller.require(action)?;
        let found = self.inner.platform.store.run(id).await?;
        let is_shown = |run: &Run| may_on_run(caller, Action::Read, run) || may_on_run(caller, action, run);
        let run = found.filter(is_shown).ok_or_else(|| Error::NoRun(id.clone()))?;
        if may_on_run(caller, action, &run) {
            return Ok(run);
        }
        let what = format!("{action}, as for run {id} in workspace {}", run.workspace);
        Err(Denied::new(caller, what).into())
    }

    /// Settles for which workspace and which names an order is, from what the caller named and may. Refuses what is
    /// plain already; a name that is known only later is checked by the run itself.
    pub(super) async fn placed(
        &self,
        caller: &Caller,
        action: Action,
        workspace: Option<WorkspaceName>,
        name: Option<&ServerName>,
    ) -> Result<Order, Error> {
        caller.require(action)?;
        let store = &self.inner.platform.store;
        let found = match name {
            Some(name) => store.server(name).await?,
            None => None,
        };
        let seen = found.as_ref().filter(|it| caller.sees(&it.workspace, &it.name));
        let workspace = match (workspace, seen) {
            (Some(named), _) if named == WorkspaceName::default() => named,
            (Some(named), _) => self.known_workspace(caller, &named).await?.name,
            (None, Some(server)) => server.workspace.clone(),
            (None, None) => only_workspace(caller, action)?,
        };
        caller.require_in(action, &workspace)?;
        if let Some(name) = name {
            caller.require_on(action, &workspace, name)?;
        }
        if let Some(server) = found.filter(|server| server.workspace != workspace) {
            return Err(Error::NotOurs(server.name));
        }
        Ok(Order {
            workspace,
            within: caller.names_for(action),
            any_grave: caller.may(Action::Administer),
            ..Order::default()
        })
    }

    /// Returns what tells of servers whether their records are shown to this caller.
    pub(super) fn sight(&self, caller: &Caller) -> Sight<'_> {
        let rights = self.inner.rights.subscribe();
        Sight { sigyl: self, caller: caller.clone(), rights, known: BTreeMap::new() }
    }
}

/// Tells whether a caller may do `action` to a run: as to its server, once it has one.
pub(super) fn may_on_run(caller: &Caller, action: Action, run: &Run) -> bool {
    match &run.server {
        Some(server) => caller.may_on(action, &run.workspace, server),
        // What it will be about nobody knows: a key for some servers may not do it, but for its own account's run.
        None => {
            caller.may_in(action, &run.workspace) && (caller.names_for(action).is_none() || run.is_of(caller))
        }
    }
}

/// The workspace that is meant when none is named.
fn only_workspace(caller: &Caller, action: Action) -> Result<WorkspaceName, Error> {
    let usual = WorkspaceName::default();
    let Some(holder) = caller.key() else { return Ok(usual) };
    if let Some(only) = &holder.key.workspace {
        return Ok(only.clone());
    }
    let mut able = holder.roles.keys().filter(|name| caller.may_in(action, name));
    match (able.next(), able.next()) {
        (Some(only), None) => Ok(only.clone()),
        _ if caller.may_in(action, &usual) => Ok(usual),
        _ => Err(Error::WhichWorkspace),
    }
}

/// Remembers which servers are shown, until rights change.
pub(super) struct Sight<'a> {
    sigyl: &'a Sigyl,
    caller: Caller,
    rights: tokio::sync::watch::Receiver<()>,
    known: BTreeMap<ServerName, bool>,
}

impl Sight<'_> {
    /// Tells whether the records of a server are shown; those of a server that is gone are not, but to whoever sees
    /// everything.
    pub(super) async fn shows(&mut self, name: &ServerName) -> Result<bool, Error> {
        if self.rights.has_changed().unwrap_or(true) {
            self.rights.mark_unchanged();
            self.caller = self.sigyl.as_of_now(&self.caller).await?;
            self.known.clear();
        }
        if let Some(known) = self.known.get(name) {
            return Ok(*known);
        }
        let shown = match self.sigyl.known(&self.caller, Action::Read, name).await {
            Ok(_) => true,
            Err(Error::NoServer(_)) => self.caller.key().is_none(),
            Err(error) if error.kind() == Kind::Denied => false,
            Err(error) => return Err(error),
        };
        self.known.insert(name.clone(), shown);
        Ok(shown)
    }
}
