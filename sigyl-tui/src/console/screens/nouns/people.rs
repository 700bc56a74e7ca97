//! Accounts, workspaces, and who belongs to them.

use sigyl_core::domain::{Account, Failure, WorkspaceName};
use sigyl_core::wire::v1::{Member, Request, Response, WorkspaceView};

use super::super::{Key, List, Noun};
use crate::console::command::Place;
use crate::console::keymap::Scope;
use crate::console::turn::{Turn, Values};
use crate::console::undo::{WAS_ADMINISTRATOR, WAS_DISABLED};
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell};
use crate::link::Answer as _;
use crate::render::{Role, age, specimen};

/// Everybody who may sign in.
pub(in crate::console) struct Accounts;

fn stands(account: &Account) -> (Role, &'static str) {
    match (account.disabled, account.administrator) {
        (Some(_), _) => (Role::Dim, "disabled"),
        (None, true) => (Role::Ok, "administrator"),
        (None, false) => (Role::Ok, "good"),
    }
}

impl Noun for Accounts {
    type Item = Account;

    fn title(&self) -> String {
        Place::Accounts.title().to_owned()
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Accounts]
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Accounts)
    }

    fn columns(&self) -> &'static [Column] {
        const COLUMNS: &[Column] = &[
            Column::wide("LOGIN", 16),
            Column::fixed("STATE", 13),
            Column::wide("NAME", 16),
            Column::number("MADE", 10),
        ];
        COLUMNS
    }

    fn request(&self) -> Option<Request> {
        Some(Request::Accounts)
    }

    fn items(&self, response: Response) -> Result<Vec<Account>, Failure> {
        Vec::<Account>::take(response).map_err(|problem| problem.failure)
    }

    fn id(&self, account: &Account) -> String {
        account.login.to_string()
    }

    fn cells(&self, account: &Account, view: &View<'_>) -> Vec<Cell> {
        let (role, word) = stands(account);
        vec![
            cell(Role::Strong, account.login.as_str()),
            cell(role, word),
            cell(Role::Text, account.name.as_ref().map_or_else(String::new, |name| specimen(name.as_str()))),
            cell(Role::Dim, age(account.created, view.now)),
        ]
    }

    fn key(&self, account: &Account, column: usize) -> Key {
        match column {
            0 => Key::Text(account.login.to_string()),
            1 => Key::Text(stands(account).1.to_owned()),
            2 => {
                Key::Text(account.name.as_ref().map_or_else(String::new, |name| name.as_str().to_lowercase()))
            }
            _ => Key::Number(-account.created.millis()),
        }
    }

    fn words(&self, account: &Account) -> String {
        format!("{} {}", account.login, account.name.as_ref().map_or("", |name| name.as_str()))
    }

    fn values(&self, account: Option<&Account>) -> Values {
        let Some(account) = account else { return Values::new() };
        let yes_or_no = |it: bool| if it { "yes" } else { "no" }.to_owned();
        // How it stands is what an undo gives back.
        Values::from([
            ("login", account.login.to_string()),
            (WAS_DISABLED, yes_or_no(account.disabled.is_some())),
            (WAS_ADMINISTRATOR, yes_or_no(account.administrator)),
        ])
    }

    fn none(&self) -> &'static str {
        "No accounts yet. n makes one."
    }
}

/// The caller's workspaces.
pub(in crate::console) struct Workspaces;

impl Noun for Workspaces {
    type Item = WorkspaceView;

    fn title(&self) -> String {
        Place::Workspaces.title().to_owned()
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Workspaces]
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Workspaces)
    }

    fn columns(&self) -> &'static [Column] {
        const COLUMNS: &[Column] = &[
            Column::wide("WORKSPACE", 16),
            Column::wide("TITLE", 16),
            Column::number("MEMBERS", 7),
            Column::number("MADE", 10),
        ];
        COLUMNS
    }

    fn request(&self) -> Option<Request> {
        Some(Request::Workspaces)
    }

    fn items(&self, response: Response) -> Result<Vec<WorkspaceView>, Failure> {
        Vec::<WorkspaceView>::take(response).map_err(|problem| problem.failure)
    }

    fn id(&self, workspace: &WorkspaceView) -> String {
        workspace.name.to_string()
    }

    fn cells(&self, workspace: &WorkspaceView, view: &View<'_>) -> Vec<Cell> {
        vec![
            cell(Role::Strong, workspace.name.as_str()),
            cell(
                Role::Text,
                workspace.title.as_ref().map_or_else(String::new, |title| specimen(title.as_str())),
            ),
            cell(Role::Text, workspace.members.to_string()),
            cell(Role::Dim, age(workspace.created, view.now)),
        ]
    }

    fn key(&self, workspace: &WorkspaceView, column: usize) -> Key {
        match column {
            0 => Key::Text(workspace.name.to_string()),
            1 => Key::Text(
                workspace.title.as_ref().map_or_else(String::new, |title| title.as_str().to_lowercase()),
            ),
            2 => Key::Number(i64::try_from(workspace.members).unwrap_or(i64::MAX)),
            _ => Key::Number(-workspace.created.millis()),
        }
    }

    fn words(&self, workspace: &WorkspaceView) -> String {
        format!("{} {}", workspace.name, workspace.title.as_ref().map_or("", |title| title.as_str()))
    }

    fn values(&self, workspace: Option<&WorkspaceView>) -> Values {
        workspace.map(|workspace| ("workspace", workspace.name.to_string())).into_iter().collect()
    }

    fn open(&self, workspace: &WorkspaceView, turn: &mut Turn<'_>) {
        turn.open(List::new(Members { workspace: workspace.name.clone() }));
    }

    fn none(&self) -> &'static str {
        "You are in no workspace. n makes one."
    }
}

/// Who belongs to one workspace.
pub(in crate::console) struct Members {
    /// The workspace.
    pub(in crate::console) workspace: WorkspaceName,
}

impl Noun for Members {
    type Item = Member;

    fn title(&self) -> String {
        format!("members of {}", self.workspace)
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Members]
    }

    fn columns(&self) -> &'static [Column] {
        const COLUMNS: &[Column] = &[
            Column::wide("LOGIN", 16),
            Column::fixed("ROLE", 8),
            Column::fixed("STATE", 8),
            Column::wide("NAME", 16),
        ];
        COLUMNS
    }

    fn request(&self) -> Option<Request> {
        Some(Request::Members { workspace: self.workspace.clone() })
    }

    fn items(&self, response: Response) -> Result<Vec<Member>, Failure> {
        Vec::<Member>::take(response).map_err(|problem| problem.failure)
    }

    fn id(&self, member: &Member) -> String {
        member.login.to_string()
    }

    fn cells(&self, member: &Member, _view: &View<'_>) -> Vec<Cell> {
        vec![
            cell(Role::Strong, member.login.as_str()),
            cell(Role::Text, member.role.to_string()),
            cell(Role::Dim, if member.disabled { "disabled" } else { "" }),
            cell(Role::Text, member.name.as_ref().map_or_else(String::new, |name| specimen(name.as_str()))),
        ]
    }

    fn key(&self, member: &Member, column: usize) -> Key {
        Key::Text(match column {
            0 => member.login.to_string(),
            1 => member.role.to_string(),
            2 => member.disabled.to_string(),
            _ => member.name.as_ref().map_or_else(String::new, |name| name.as_str().to_lowercase()),
        })
    }

    fn words(&self, member: &Member) -> String {
        format!("{} {} {}", member.login, member.role, member.name.as_ref().map_or("", |name| name.as_str()))
    }

    fn values(&self, member: Option<&Member>) -> Values {
        let mut values = Values::from([("workspace", self.workspace.to_string())]);
        if let Some(member) = member {
            values.insert("login", member.login.to_string());
            values.insert("role", member.role.to_string());
        }
        values
    }

    fn none(&self) -> &'static str {
        "Nobody is a member. n adds somebody."
    }
}
