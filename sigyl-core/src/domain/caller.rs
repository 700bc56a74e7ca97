//! Who asks, and what they may do.

use std::fmt;
use std::net::IpAddr;

use super::{
    AccountId, Action, Actor, Holder, KeyId, Namespace, Reach, Role, Scope, ServerName, WorkspaceName,
};

/// The identity behind a call, with what it may do.
///
/// Only this module makes callers, so an operation that takes `&Caller` cannot be reached without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    identity: Identity,
    address: Option<IpAddr>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Identity {
    LocalOwner,
    Limited { name: String, actions: Vec<Action> },
    Holder(Box<Holder>),
    Anonymous,
}

impl Caller {
    /// The person who owns the data directory: the operating system has already decided that they may.
    pub fn local_owner() -> Self {
        Self { identity: Identity::LocalOwner, address: None }
    }

    /// Tells whether this is the person who owns the data directory.
    pub fn is_local_owner(&self) -> bool {
        matches!(self.identity, Identity::LocalOwner)
    }

    /// A caller that may do only `actions`, in every workspace.
    pub fn limited(name: impl Into<String>, actions: impl Into<Vec<Action>>) -> Self {
        Self { identity: Identity::Limited { name: name.into(), actions: actions.into() }, address: None }
    }

    /// Whoever holds a key that was checked: it may do what its account may and its scopes say.
    pub fn holder(holder: Holder, address: Option<IpAddr>) -> Self {
        Self { identity: Identity::Holder(Box::new(holder)), address }
    }

    /// Somebody without a key: they may read what the registry shows to all.
    pub fn anonymous(address: Option<IpAddr>) -> Self {
        Self { identity: Identity::Anonymous, address }
    }

    /// Returns the name that approvals and runs record.
    pub fn name(&self) -> &str {
        match &self.identity {
            Identity::LocalOwner => "local owner",
            Identity::Limited { name, .. } => name,
            Identity::Holder(holder) => holder.account.login.as_str(),
            Identity::Anonymous => "anonymous",
        }
    }

    /// Returns the address that the call came from, when it came over the network.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Returns the key that was shown, with what it stands for.
    pub fn key(&self) -> Option<&Holder> {
        match &self.identity {
            Identity::Holder(holder) => Some(holder),
            Identity::LocalOwner | Identity::Limited { .. } | Identity::Anonymous => None,
        }
    }

    /// Returns the account behind the call.
    pub fn account(&self) -> Option<&AccountId> {
        self.key().map(|holder| &holder.account.id)
    }

    /// Tells whether nobody knows who this is.
    pub fn is_anonymous(&self) -> bool {
        self.identity == Identity::Anonymous
    }

    /// Returns who this is, as the audit writes it down.
    pub fn actor(&self) -> Actor {
        let key: Option<&KeyId> = self.key().map(|holder| &holder.key.id);
        Actor { name: self.name().to_owned(), account: self.account().cloned(), key: key.cloned() }
    }

    /// Tells whether this caller may do `action` at all: somewhere, on something.
    pub fn may(&self, action: Action) -> bool {
        self.is_able(
            action,
            |scope| scope.allows(action),
            |least, holder| {
                let reaches = |name: &&WorkspaceName| holder.role_in(name).is_some_and(|role| role >= least);
                holder.roles.keys().any(|name| reaches(&name))
            },
        )
    }

    /// Tells whether this caller may do `action` in a workspace, on something.
    pub fn may_in(&self, action: Action, workspace: &WorkspaceName) -> bool {
        self.is_able(
            action,
            |scope| scope.allows(action),
            |least, holder| holder.role_in(workspace).is_some_and(|role| role >= least),
        ) && self.reaches(action, workspace)
    }

    /// Tells whether this caller may do `action` on a server of a workspace.
    pub fn may_on(&self, action: Action, workspace: &WorkspaceName, server: &ServerName) -> bool {
        self.may_in(action, workspace)
            && self
                .key()
                .is_none_or(|holder| holder.key.scopes.iter().any(|scope| scope.allows_on(action, server)))
    }

    /// Tells whether the records of a server are shown to this caller. What is not shown does not exist for them.
    pub fn sees(&self, workspace: &WorkspaceName, server: &ServerName) -> bool {
        self.may_on(Action::Read, workspace, server)
    }

    /// Refuses unless this caller may do `action` at all.
    pub fn require(&self, action: Action) -> Result<(), Denied> {
        if self.may(action) { Ok(()) } else { Err(Denied::new(self, action.to_string())) }
    }

    /// Refuses unless this caller may do `action` in a workspace.
    pub fn require_in(&self, action: Action, workspace: &WorkspaceName) -> Result<(), Denied> {
        if self.may_in(action, workspace) {
            return Ok(());
        }
        Err(Denied::new(self, format!("{action} in workspace {workspace}")))
    }

    /// Refuses unless this caller may do `action` on a server of a workspace.
    pub fn require_on(
        &self,
        action: Action,
        workspace: &WorkspaceName,
        server: &ServerName,
    ) -> Result<(), Denied> {
        if self.may_on(action, workspace, server) {
            return Ok(());
        }
        Err(Denied::new(self, format!("{action} on {server} in workspace {workspace}")))
    }

    /// Refuses to give a scope to a key, unless this caller holds all of it: nobody grants more than they hold.
    pub fn require_grant(&self, scope: &Scope, workspace: Option<&WorkspaceName>) -> Result<(), Denied> {
        let holds = |action| match workspace {
            Some(workspace) => self.may_in(action, workspace),
            None => self.may(action),
        };
        let covered = self.key().is_none_or(|holder| {
            holder.key.scopes.iter().any(|own| own.covers(scope))
                && (holder.key.workspace.is_none() || holder.key.workspace.as_ref() == workspace)
        });
        if covered && scope.actions().all(holds) {
            return Ok(());
        }
        Err(Denied::new(self, format!("grant {scope}, which is more than it holds")))
    }

    /// Refuses to change a membership that is, or would be, above this caller's own.
    pub fn require_appoint(&self, role: Role, workspace: &WorkspaceName) -> Result<(), Denied> {
        self.require_in(Action::Manage, workspace)?;
        let own = self.key().filter(|holder| !holder.account.administrator);
        match own {
            Some(holder) if holder.role_in(workspace).is_none_or(|own| own < role) => {
                Err(Denied::new(self, format!("appoint or change an {role} of workspace {workspace}")))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Returns the names of servers that this caller may do `action` on, for work that learns the name later; nothing
    /// when its names are not narrowed.
    pub fn names_for(&self, action: Action) -> Option<Vec<Namespace>> {
        let scopes = &self.key()?.key.scopes;
        let names: Vec<_> =
            scopes.iter().filter(|scope| scope.allows(action)).map(|scope| scope.names().clone()).collect();
        (!names.contains(&Namespace::EVERYTHING)).then_some(names)
    }

    /// The one place that decides: `scoped` looks at the scopes of a key, `placed` at the roles of its account.
    fn is_able(
        &self,
        action: Action,
        scoped: impl Fn(&Scope) -> bool,
        placed: impl Fn(Role, &Holder) -> bool,
    ) -> bool {
        match &self.identity {
            Identity::LocalOwner => true,
            Identity::Limited { actions, .. } => actions.contains(&action),
            Identity::Anonymous => action.reach() == Reach::Registry,
            Identity::Holder(holder) => {
                let is_placed = match action.reach() {
                    Reach::Registry => true,
                    Reach::Workspace(least) => holder.account.administrator || placed(least, holder),
                    // A key for one workspace is for nothing beyond it.
                    Reach::Installation => holder.account.administrator && holder.key.workspace.is_none(),
                };
                is_placed && holder.key.scopes.iter().any(scoped)
            }
        }
    }

    /// Tells whether a key that is bound to one workspace reaches this one. What the registry shows has none.
    fn reaches(&self, action: Action, workspace: &WorkspaceName) -> bool {
        let bound = self.key().and_then(|holder| holder.key.workspace.as_ref());
        action.reach() == Reach::Registry || bound.is_none_or(|only| only == workspace)
    }
}

/// A caller asked for something it may not do.
#[derive(Debug, PartialEq, Eq)]
pub struct Denied {
    caller: String,
    what: String,
}

impl Denied {
    /// Says what a caller may not do, to be read after "may not".
    pub fn new(caller: &Caller, what: impl Into<String>) -> Self {
        Self { caller: caller.name().to_owned(), what: what.into() }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} may not {}", self.caller, self.what)
    }
}

impl std::error::Error for Denied {}

#[cfg(test)]
mod tests {
    use super::super::api_key::tests::holder;
    use super::*;

    fn name(text: &str) -> ServerName {
        ServerName::parse(text).unwrap()
    }

    fn workspace(text: &str) -> WorkspaceName {
        WorkspaceName::parse(text).unwrap()
    }

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    fn caller(role: Role, scopes: &[&str]) -> Caller {
        Caller::holder(holder(role, scopes), None)
    }

    #[test]
    fn a_limited_caller_is_refused_what_it_was_not_given() {
        let reader = Caller::limited("ci", [Action::Read]);
        assert!(reader.require(Action::Read).is_ok());
        assert_eq!(reader.require(Action::Delete).unwrap_err().to_string(), "ci may not delete servers");
    }

    #[test]
    fn each_kind_of_caller_may_what_the_table_says_and_no_more() {
        let here = WorkspaceName::default();
        for action in Action::ALL {
            assert!(Caller::local_owner().may_on(action, &here, &name("clock")));
            assert_eq!(Caller::anonymous(None).may(action), action == Action::Browse, "{action}");
            for role in Role::ALL {
                let may = match action.reach() {
                    Reach::Registry => true,
                    Reach::Workspace(least) => role >= least,
                    Reach::Installation => false,
                };
                let all = caller(role, &["*"]);
                assert_eq!(all.may(action), may, "{role} {action}");
                assert_eq!(all.may_on(action, &here, &name("clock")), may, "{role} {action}");
                assert!(!caller(role, &[]).may(action), "{role} {action} without a scope");
                let elsewhere = all.may_in(action, &workspace("other"));
                assert_eq!(elsewhere, action == Action::Browse, "{role} {action} in another workspace");
            }
        }
    }

    #[test]
    fn a_scope_narrows_to_its_servers() {
        let ci = caller(Role::Owner, &["deploy:com.example/*"]);
        let here = WorkspaceName::default();
        assert!(ci.may_on(Action::Deploy, &here, &name("com.example/clock")));
        assert!(!ci.may_on(Action::Deploy, &here, &name("com.other/clock")));
        assert!(!ci.may_on(Action::Delete, &here, &name("com.example/clock")));
        assert!(!ci.sees(&here, &name("com.example/clock")));
        let denied = ci.require_on(Action::Deploy, &here, &name("clock")).unwrap_err();
        assert_eq!(denied.to_string(), "ada may not deploy on clock in workspace default");
        assert_eq!(ci.names_for(Action::Deploy), Some(vec![Namespace::parse("com.example/*").unwrap()]));
        assert_eq!(ci.names_for(Action::Delete), Some(Vec::new()));
        assert_eq!(caller(Role::Owner, &["deploy:clock", "*"]).names_for(Action::Deploy), None);
    }

    #[test]
    fn a_key_for_one_workspace_reaches_no_other_even_of_an_administrator() {
        let mut bound = holder(Role::Owner, &["*"]);
        bound.roles.insert(workspace("other"), Role::Owner);
        bound.account.administrator = true;
        let free = Caller::holder(bound.clone(), None);
        bound.key.workspace = Some(workspace("other"));
        let bound = Caller::holder(bound, None);
        for action in Action::ALL {
            assert!(free.may_in(action, &workspace("third")), "{action}");
            let is_shown = action == Action::Browse;
            assert_eq!(bound.may_in(action, &WorkspaceName::default()), is_shown, "{action}");
            let beyond = action.reach() == Reach::Installation;
            assert_eq!(bound.may_in(action, &workspace("other")), !beyond, "{action}");
        }
    }

    #[test]
    fn nobody_grants_more_than_they_hold() {
        let here = WorkspaceName::default();
        let member = caller(Role::Member, &["keys", "read", "deploy:com.example/*"]);
        for granted in ["read", "deploy:com.example/clock", "keys"] {
            member.require_grant(&scope(granted), Some(&here)).unwrap();
        }
        for beyond in ["deploy", "deploy:com.other/*", "delete:com.example/*", "*", "*:com.example/*"] {
            let denied = member.require_grant(&scope(beyond), Some(&here)).unwrap_err();
            assert!(denied.to_string().contains(beyond), "{denied}");
        }
        // The scope covers it, the role does not.
        let viewer = caller(Role::Viewer, &["*"]);
        assert!(viewer.require_grant(&scope("deploy"), Some(&here)).is_err());
        assert!(viewer.require_grant(&scope("*"), Some(&here)).is_err());
        let mut bound = holder(Role::Owner, &["*"]);
        bound.key.workspace = Some(here.clone());
        let bound = Caller::holder(bound, None);
        bound.require_grant(&scope("deploy"), Some(&here)).unwrap();
        assert!(bound.require_grant(&scope("deploy"), None).is_err(), "a key without its bound");
        assert!(Caller::anonymous(None).require_grant(&scope("deploy"), Some(&here)).is_err());
    }

    #[test]
    fn nobody_appoints_above_themselves() {
        let here = WorkspaceName::default();
        for (own, role, may) in [
            (Role::Member, Role::Viewer, false),
            (Role::Admin, Role::Admin, true),
            (Role::Admin, Role::Owner, false),
            (Role::Owner, Role::Owner, true),
        ] {
            assert_eq!(caller(own, &["*"]).require_appoint(role, &here).is_ok(), may, "{own} {role}");
        }
        assert!(caller(Role::Owner, &["*"]).require_appoint(Role::Viewer, &workspace("other")).is_err());
        assert!(caller(Role::Owner, &["read"]).require_appoint(Role::Viewer, &here).is_err());
        Caller::local_owner().require_appoint(Role::Owner, &here).unwrap();
    }
}
