//! Accounts, workspaces, and who belongs to them.

use std::sync::Arc;

use hyper::StatusCode;
use sigyl_core::domain::{Action, Login, WorkspaceName};
use sigyl_core::wire::v1::{
    AccountChange, Accounts, Members, Membership, NewAccount, NewWorkspace, Workspaces,
};

use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, Carries, DONE, Doc, Method, PARTS, Reply, Route, fails, gives, handler, param};

/// Bytes of what is asked of an account or a workspace.
const SMALL: usize = 16 << 10;

const ADMINISTER: Access = Access::Key(Action::Administer);
const READ: Access = Access::Key(Action::Read);
const MANAGE: Access = Access::Key(Action::Manage);

pub(crate) const ROUTES: &[Route] = &[
    Route::get("/api/v1/accounts", ADMINISTER, handler!(accounts), ACCOUNTS),
    Route::change(Method::Post, "/api/v1/accounts", ADMINISTER, handler!(create_account), CREATE_ACCOUNT),
    Route::change(
        Method::Patch,
        "/api/v1/accounts/{login}",
        ADMINISTER,
        handler!(change_account),
        CHANGE_ACCOUNT,
    ),
    Route::change(
        Method::Delete,
        "/api/v1/accounts/{login}",
        ADMINISTER,
        handler!(delete_account),
        DELETE_ACCOUNT,
    ),
    Route::get("/api/v1/workspaces", READ, handler!(workspaces), WORKSPACES),
    Route::change(
        Method::Post,
        "/api/v1/workspaces",
        ADMINISTER,
        handler!(create_workspace),
        CREATE_WORKSPACE,
    ),
    Route::get("/api/v1/workspaces/{workspace}/members", READ, handler!(members), MEMBERS),
    Route::change(
        Method::Put,
        "/api/v1/workspaces/{workspace}/members/{login}",
        MANAGE,
        handler!(set_member),
        SET_MEMBER,
    ),
    Route::change(
        Method::Delete,
        "/api/v1/workspaces/{workspace}/members/{login}",
        MANAGE,
        handler!(remove_member),
        REMOVE_MEMBER,
    ),
];

const NO_ACCOUNT: Reply = fails(404, "There is no such account.");
const NO_WORKSPACE: Reply = fails(404, "There is no such workspace or account, for this key at least.");
const UNFIT: Reply = fails(409, "It does not go with what is there.");

const ACCOUNTS: Doc =
    Doc::new("listAccounts", "Lists accounts by login.", &[gives("Accounts", "They.")]).asks(PARTS);
const CREATE_ACCOUNT: Doc = Doc::new(
    "createAccount",
    "Makes an account.",
    &[Reply { status: 201, means: "It.", carries: Carries::Json("Account") }, UNFIT],
)
.takes("NewAccount");
const CHANGE_ACCOUNT: Doc = Doc::new(
    "changeAccount",
    "Disables an account, or enables it again: its keys are good for nothing while it is disabled. Or makes it an \
     administrator, or takes that from it.",
    &[gives("Account", "It."), NO_ACCOUNT, UNFIT],
)
.takes("AccountChange");
const DELETE_ACCOUNT: Doc = Doc::new(
    "deleteAccount",
    "Deletes an account, with its keys and memberships. It is refused, with a list, while it is the only owner of a \
     workspace with servers or documents.",
    &[DONE, NO_ACCOUNT, fails(409, "Something would be nobody's, or it is the last administrator.")],
)
.asks(&[param("confirm", "Text", "The login of the account.")]);
const WORKSPACES: Doc = Doc::new(
    "listWorkspaces",
    "Lists the workspaces that the caller may see.",
    &[gives("Workspaces", "They.")],
)
.asks(PARTS);
const CREATE_WORKSPACE: Doc = Doc::new(
    "createWorkspace",
    "Makes a workspace with its first owner.",
    &[Reply { status: 201, means: "It.", carries: Carries::Json("Workspace") }, NO_ACCOUNT, UNFIT],
)
.takes("NewWorkspace");
const MEMBERS: Doc =
    Doc::new("listMembers", "Lists who belongs to a workspace.", &[gives("Members", "They."), NO_WORKSPACE])
        .asks(PARTS);
const SET_MEMBER: Doc = Doc::new(
    "setMember",
    "Gives an account a role in a workspace: at most the caller's own.",
    &[DONE, NO_WORKSPACE, UNFIT],
)
.takes("Membership");
const REMOVE_MEMBER: Doc =
    Doc::new("removeMember", "Takes an account out of a workspace.", &[DONE, NO_WORKSPACE, UNFIT]);

async fn accounts(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let part = ask.query()?.part("accounts")?;
    let (accounts, next) = part.of(app.core.accounts(&ask.caller).await?, |one| one.login.to_string());
    Answer::json(&Accounts { accounts, next })
}

async fn create_account(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller.clone();
    let new: NewAccount = ask.json(SMALL).await?;
    Ok(Answer::json(&app.core.create_account(&caller, new).await?)?.status(StatusCode::CREATED))
}

async fn change_account(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, login) = (ask.caller.clone(), ask.part("login", Login::parse)?);
    match ask.json(SMALL).await? {
        AccountChange { disabled: Some(disabled), administrator: None } => {
            Answer::json(&app.core.disable_account(&caller, &login, disabled).await?)
        }
        AccountChange { disabled: None, administrator: Some(administrator) } => {
            Answer::json(&app.core.set_administrator(&caller, &login, administrator).await?)
        }
        _ => Err(Problem::invalid("name `disabled` or `administrator`, one at a time")),
    }
}

async fn delete_account(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (login, query) = (ask.part("login", Login::parse)?, ask.query()?);
    app.core.delete_account(&ask.caller, &login, query.text("confirm").unwrap_or_default()).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

async fn workspaces(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let part = ask.query()?.part("workspaces")?;
    let (workspaces, next) = part.of(app.core.workspaces(&ask.caller).await?, |one| one.name.to_string());
    Answer::json(&Workspaces { workspaces, next })
}

async fn create_workspace(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller.clone();
    let new: NewWorkspace = ask.json(SMALL).await?;
    Ok(Answer::json(&app.core.create_workspace(&caller, new).await?)?.status(StatusCode::CREATED))
}

fn workspace(ask: &Ask) -> Result<WorkspaceName, Problem> {
    ask.part("workspace", WorkspaceName::parse)
}

async fn members(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let part = ask.query()?.part("members")?;
    let (members, next) =
        part.of(app.core.members(&ask.caller, &workspace(&ask)?).await?, |one| one.login.to_string());
    Answer::json(&Members { members, next })
}

async fn set_member(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, workspace, login) = (ask.caller.clone(), workspace(&ask)?, ask.part("login", Login::parse)?);
    let Membership { role } = ask.json(SMALL).await?;
    app.core.set_member(&caller, &workspace, &login, role).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

async fn remove_member(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    app.core.remove_member(&ask.caller, &workspace(&ask)?, &ask.part("login", Login::parse)?).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
