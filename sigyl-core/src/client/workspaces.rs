//! Accounts, workspaces, and who belongs to them.

use super::call::Call;
use super::operation::{
    CHANGE_ACCOUNT, CREATE_ACCOUNT, CREATE_WORKSPACE, DELETE_ACCOUNT, LIST_ACCOUNTS, LIST_MEMBERS,
    LIST_WORKSPACES, REMOVE_MEMBER, SET_MEMBER,
};
use super::{Client, ClientError};
use crate::domain::{Account, Login, Role, WorkspaceName};
use crate::wire::v1::{
    AccountChange, Accounts, Member, Members, Membership, NewAccount, NewWorkspace, WorkspaceView, Workspaces,
};

impl Client {
    /// Lists accounts by login.
    pub async fn accounts(&self) -> Result<Vec<Account>, ClientError> {
        self.all(Call::of(LIST_ACCOUNTS), |part: Accounts| (part.accounts, part.next)).await
    }

    /// Makes an account.
    pub async fn create_account(&self, new: &NewAccount) -> Result<Account, ClientError> {
        self.ask(Call::of(CREATE_ACCOUNT).json(new)?).await
    }

    /// Disables an account, or enables it again.
    pub async fn disable_account(&self, login: &Login, disabled: bool) -> Result<Account, ClientError> {
        let change = AccountChange { disabled: Some(disabled), administrator: None };
        self.ask(Call::of(CHANGE_ACCOUNT).part(login).json(&change)?).await
    }

    /// Makes an account an administrator, or takes that from it.
    pub async fn set_administrator(
        &self,
        login: &Login,
        administrator: bool,
    ) -> Result<Account, ClientError> {
        let change = AccountChange { disabled: None, administrator: Some(administrator) };
        self.ask(Call::of(CHANGE_ACCOUNT).part(login).json(&change)?).await
    }

    /// Deletes an account, with its keys and memberships; `confirm` is its login.
    pub async fn delete_account(&self, login: &Login, confirm: &str) -> Result<(), ClientError> {
        self.done(Call::of(DELETE_ACCOUNT).part(login).asks("confirm", confirm)).await
    }

    /// Lists the workspaces that the key may see.
    pub async fn workspaces(&self) -> Result<Vec<WorkspaceView>, ClientError> {
        self.all(Call::of(LIST_WORKSPACES), |part: Workspaces| (part.workspaces, part.next)).await
    }

    /// Makes a workspace with its first owner.
    pub async fn create_workspace(&self, new: &NewWorkspace) -> Result<WorkspaceView, ClientError> {
        self.ask(Call::of(CREATE_WORKSPACE).json(new)?).await
    }

    /// Lists who belongs to a workspace.
    pub async fn members(&self, workspace: &WorkspaceName) -> Result<Vec<Member>, ClientError> {
        let call = Call::of(LIST_MEMBERS).part(workspace);
        self.all(call, |part: Members| (part.members, part.next)).await
    }

    /// Gives an account a role in a workspace.
    pub async fn set_member(
        &self,
        workspace: &WorkspaceName,
        login: &Login,
        role: Role,
    ) -> Result<(), ClientError> {
        self.done(Call::of(SET_MEMBER).part(workspace).part(login).json(&Membership { role })?).await
    }

    /// Takes an account out of a workspace.
    pub async fn remove_member(&self, workspace: &WorkspaceName, login: &Login) -> Result<(), ClientError> {
        self.done(Call::of(REMOVE_MEMBER).part(workspace).part(login)).await
    }
}
