//! Accounts, workspaces and who belongs to them.

use super::Sigyl;
use super::audit::{Act, Told};
use crate::domain::{
    Account, AccountId, Action, Caller, Identity, Login, Role, ServerName, Workspace, WorkspaceName,
};
use crate::error::Error;
use crate::event::EventKind;
use crate::pipeline::new_id;
use crate::store::{Change, Page, StoreError};
use crate::wire::v1::{Member, NewAccount, NewWorkspace, WorkspaceView};

/// Records that are read at a time.
const PAGE: usize = 500;

impl Told for Account {
    fn told(&self) -> Option<String> {
        self.administrator.then(|| "as an administrator".to_owned())
    }
}

impl Told for WorkspaceView {}

impl Sigyl {
    /// Lists accounts by login.
    pub async fn accounts(&self, caller: &Caller) -> Result<Vec<Account>, Error> {
        caller.require(Action::Administer)?;
        self.all_accounts().await
    }

    async fn all_accounts(&self) -> Result<Vec<Account>, Error> {
        let mut accounts = Vec::<Account>::new();
        loop {
            let after = accounts.last().map(|account| account.login.clone());
            let page = self.inner.platform.store.accounts(Page { after, limit: PAGE }).await?;
            let whole = page.len() == PAGE;
            accounts.extend(page);
            if !whole {
                return Ok(accounts);
            }
        }
    }

    /// Makes an account. It belongs to no workspace yet, and has no key.
    pub async fn create_account(&self, caller: &Caller, new: NewAccount) -> Result<Account, Error> {
        let act = Act::on("create_account", &new.login, None);
        let (sigyl, who) = (self.clone(), caller.clone());
        let work = async move {
            who.require(Action::Administer)?;
            let _one_at_a_time = sigyl.inner.members.lock().await;
            sigyl.keep_account(new).await
        };
        self.audited(caller, act, work).await
    }

    /// Disables an account, so that none of its keys is good, or enables it again.
    pub async fn disable_account(
        &self,
        caller: &Caller,
        login: &Login,
        disabled: bool,
    ) -> Result<Account, Error> {
        let act = Act::on(if disabled { "disable_account" } else { "enable_account" }, login, None);
        let (sigyl, who, login) = (self.clone(), caller.clone(), login.clone());
        let work = async move {
            who.require(Action::Administer)?;
            let _one_at_a_time = sigyl.inner.members.lock().await;
            let account = sigyl.known_account(&login).await?;
            if disabled {
                sigyl.keep_an_administrator(&account).await?;
            }
            let since =
                disabled.then(|| account.disabled.unwrap_or_else(|| sigyl.inner.platform.clock.now()));
            let account = Account { disabled: since, ..account };
            sigyl.inner.platform.store.apply(Change::PutAccount(Box::new(account.clone()))).await?;
            Ok(account)
        };
        self.audited(caller, act, work).await
    }

    /// Lists the accounts that may do everything, without those that are disabled.
    pub(super) async fn administrators(&self) -> Result<Vec<Account>, Error> {
        let accounts = self.all_accounts().await?;
        Ok(accounts.into_iter().filter(|it| it.administrator && it.disabled.is_none()).collect())
    }

    /// Refuses what would take away the last administrator. It goes on in a lock over accounts.
    pub(super) async fn keep_an_administrator(&self, going: &Account) -> Result<(), Error> {
        let others = self.administrators().await?.into_iter().any(|account| account.id != going.id);
        if others || !going.administrator || going.disabled.is_some() {
            return Ok(());
        }
        Err(Error::LastWayIn("the last administrator: make another account one first"))
    }

    /// Lists the workspaces that the caller belongs to; all of them for administrators.
    pub async fn workspaces(&self, caller: &Caller) -> Result<Vec<WorkspaceView>, Error> {
        caller.require(Action::Read)?;
        let (mut views, mut after) = (Vec::new(), None);
        loop {
            let page = self.inner.platform.store.workspaces(Page { after, limit: PAGE }).await?;
            after = page.last().filter(|_| page.len() == PAGE).map(|last| last.name.clone());
            let seen = page.into_iter().filter(|workspace| caller.may_in(Action::Read, &workspace.name));
            views.extend(seen.map(WorkspaceView::from));
            if after.is_none() {
                return Ok(views);
            }
        }
    }

    /// Makes a workspace with its first owner.
    pub async fn create_workspace(&self, caller: &Caller, new: NewWorkspace) -> Result<WorkspaceView, Error> {
        let act = Act::on("create_workspace", &new.name, Some(&new.name));
        let (sigyl, who) = (self.clone(), caller.clone());
        let work = async move {
            who.require(Action::Administer)?;
            let _one_at_a_time = sigyl.inner.members.lock().await;
            let store = &sigyl.inner.platform.store;
            if store.workspace(&new.name).await?.is_some() {
                return Err(StoreError::Taken { what: format!("the workspace {}", new.name) }.into());
            }
            let owner = sigyl.known_account(&new.owner).await?;
            let workspace = Workspace {
                name: new.name,
                title: new.title,
                created: sigyl.inner.platform.clock.now(),
                members: [(owner.id, Role::Owner)].into(),
            };
            store.apply(Change::PutWorkspace(Box::new(workspace.clone()))).await?;
            Ok(WorkspaceView::from(workspace))
        };
        self.audited(caller, act, work).await
    }

    /// Lists the members of a workspace by login.
    pub async fn members(&self, caller: &Caller, workspace: &WorkspaceName) -> Result<Vec<Member>, Error> {
        caller.require(Action::Read)?;
        let workspace = match self.known_workspace(caller, workspace).await {
            // Nobody has been let in yet: what is there anyhow has no record.
            Err(Error::NoWorkspace(name)) if is_unmade(caller, &name) => return Ok(Vec::new()),
            found => found?,
        };
        let mut members = Vec::with_capacity(workspace.members.len());
        for (id, role) in workspace.members {
            let account = self.inner.platform.store.account(&id).await?;
            let account = account.ok_or_else(|| StoreError::Missing { what: format!("account {id}") })?;
            let (login, name, disabled) = (account.login, account.name, account.disabled.is_some());
            members.push(Member { login, name, role, disabled });
        }
        members.sort_by(|a, b| a.login.cmp(&b.login));
        Ok(members)
    }

    /// Gives an account a role in a workspace, whatever it had before. Administrators may name a login that has no
    /// account yet, and make one by it.
    pub async fn set_member(
        &self,
        caller: &Caller,
        workspace: &WorkspaceName,
        login: &Login,
        role: Role,
    ) -> Result<(), Error> {
        let act = Act::on("set_member", format!("{login} as {role}"), Some(workspace));
        let (sigyl, who, workspace, login) = (self.clone(), caller.clone(), workspace.clone(), login.clone());
        let work = async move {
            if is_unmade(&who, &workspace) {
                sigyl.first_account().await?;
            }
            let _one_at_a_time = sigyl.inner.members.lock().await;
            let mut workspace = sigyl.managed(&who, &workspace).await?;
            who.require_appoint(role, &workspace.name)?;
            let store = &sigyl.inner.platform.store;
            let account = match store.account_of(&login).await? {
                None if who.may(Action::Administer) => {
                    sigyl.keep_account(NewAccount { login, name: None, administrator: false }).await?
                }
                found => found.ok_or_else(|| Error::NoAccount(login.to_string()))?,
            };
            if let Some(before) = workspace.members.get(&account.id) {
                who.require_appoint(*before, &workspace.name)?;
            }
            workspace.assign(&account.id, role)?;
            store.apply(Change::PutWorkspace(Box::new(workspace))).await?;
            Ok(())
        };
        self.audited(caller, act, work).await
    }

    /// Takes an account out of a workspace. Its keys are good for nothing there from then on.
    pub async fn remove_member(
        &self,
        caller: &Caller,
        workspace: &WorkspaceName,
        login: &Login,
    ) -> Result<(), Error> {
        let act = Act::on("remove_member", login, Some(workspace));
        let (sigyl, who, workspace, login) = (self.clone(), caller.clone(), workspace.clone(), login.clone());
        let work = async move {
            let _one_at_a_time = sigyl.inner.members.lock().await;
            let mut workspace = sigyl.managed(&who, &workspace).await?;
            let account = sigyl.known_account(&login).await?;
            if let Some(role) = workspace.members.get(&account.id) {
                who.require_appoint(*role, &workspace.name)?;
            }
            workspace.remove(&account.id)?;
            sigyl.inner.platform.store.apply(Change::PutWorkspace(Box::new(workspace))).await?;
            Ok(())
        };
        self.audited(caller, act, work).await
    }

    /// Gives a server to another workspace. It takes somebody who manages both.
    pub async fn transfer(
        &self,
        caller: &Caller,
        name: &ServerName,
        to: &WorkspaceName,
    ) -> Result<(), Error> {
        let act = Act::on_server("transfer", name);
        let (sigyl, who, name, to) = (self.clone(), caller.clone(), name.clone(), to.clone());
        let work = async move {
            // No run works on it meanwhile, and none writes it back to where it was.
            let _lane = sigyl.inner.platform.lanes.enter(&name).await;
            let server = sigyl.known(&who, Action::Read, &name).await?;
            who.require_in(Action::Manage, &server.workspace)?;
            sigyl.managed(&who, &to).await?;
            sigyl
                .inner
                .platform
                .store
                .apply(Change::MoveServer { name: name.clone(), to: to.clone() })
                .await?;
            let moved = EventKind::Moved { workspace: to };
            sigyl.inner.platform.emitter.emit(None, Some(&name), moved);
            sigyl.inner.platform.shelf.follow(&name).await;
            Ok(())
        };
        self.audited(caller, act, work).await
    }

    /// Returns the account that a new installation has: made with the default workspace where there is none yet.
    pub(super) async fn first_account(&self) -> Result<Account, Error> {
        let _one_at_a_time = self.inner.members.lock().await;
        let store = &self.inner.platform.store;
        let accounts = self.inner.platform.store.accounts(Page::first(PAGE)).await?;
        if let Some(first) =
            accounts.iter().filter(|account| account.administrator).min_by_key(|it| it.created)
        {
            return Ok(first.clone());
        }
        let login = Login::parse("owner").map_err(|error| Error::NoAccount(error.to_string()))?;
        let owner = self.keep_account(NewAccount { login, name: None, administrator: true }).await?;
        let mut workspace = match store.workspace(&WorkspaceName::default()).await? {
            Some(workspace) => workspace,
            None => Workspace {
                name: WorkspaceName::default(),
                title: None,
                created: owner.created,
                members: Default::default(),
            },
        };
        workspace.assign(&owner.id, Role::Owner)?;
        store.apply(Change::PutWorkspace(Box::new(workspace))).await?;
        Ok(owner)
    }

    /// Finds an account by its login.
    pub(super) async fn known_account(&self, login: &Login) -> Result<Account, Error> {
        let found = self.inner.platform.store.account_of(login).await?;
        found.ok_or_else(|| Error::NoAccount(login.to_string()))
    }

    /// Finds a workspace that the caller may see; another one is not there for them.
    pub(super) async fn known_workspace(
        &self,
        caller: &Caller,
        name: &WorkspaceName,
    ) -> Result<Workspace, Error> {
        let missing = || Error::NoWorkspace(name.clone());
        let sees =
            Action::ALL.into_iter().any(|action| action != Action::Browse && caller.may_in(action, name));
        if !sees {
            return Err(missing());
        }
        self.inner.platform.store.workspace(name).await?.ok_or_else(missing)
    }

    async fn managed(&self, caller: &Caller, name: &WorkspaceName) -> Result<Workspace, Error> {
        caller.require(Action::Manage)?;
        let workspace = self.known_workspace(caller, name).await?;
        caller.require_in(Action::Manage, name)?;
        Ok(workspace)
    }

    pub(super) async fn keep_account(&self, new: NewAccount) -> Result<Account, Error> {
        self.keep_account_of(new, Vec::new()).await
    }

    /// Makes an account that signs in by `identities`.
    pub(super) async fn keep_account_of(
        &self,
        new: NewAccount,
        identities: Vec<Identity>,
    ) -> Result<Account, Error> {
        let now = self.inner.platform.clock.now();
        // As for runs, so that ids sort by time.
        let id = AccountId::parse(new_id(now)?.as_str());
        let account = Account {
            id: id.map_err(|error| StoreError::Engine(error.to_string()))?,
            login: new.login,
            name: new.name,
            administrator: new.administrator,
            created: now,
            disabled: None,
            identities,
            namespaces: Vec::new(),
        };
        self.inner.platform.store.apply(Change::PutAccount(Box::new(account.clone()))).await?;
        Ok(account)
    }
}

/// Tells whether a workspace may have no record yet, for somebody who could make one.
fn is_unmade(caller: &Caller, name: &WorkspaceName) -> bool {
    *name == WorkspaceName::default() && caller.may(Action::Administer)
}
