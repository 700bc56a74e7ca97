//! `sigyl accounts`: people and programs that keys are for.

use sigyl_core::domain::{Account, Label, Login};
use sigyl_core::wire::v1::{NewAccount, Request};

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl accounts create ada --name 'Ada Lovelace'
      An account that belongs to no workspace yet; `sigyl members add` lets it in.
  sigyl accounts disable ada
      Its keys are good for nothing until it is enabled again.";

/// List, make, disable, enable, promote, demote and delete accounts
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List accounts by login
    List,
    /// Make an account
    Create {
        /// What it signs in by
        login: Login,
        /// What people call it
        #[arg(long, value_name = "TEXT")]
        name: Option<Label>,
        /// Let it do everything, in every workspace and with the installation itself
        #[arg(long)]
        administrator: bool,
    },
    /// Make all keys of an account good for nothing
    Disable {
        /// Whose
        login: Login,
    },
    /// Take that back
    Enable {
        /// Whose
        login: Login,
    },
    /// Let an account do everything
    Promote {
        /// Which
        login: Login,
    },
    /// Take that back
    Demote {
        /// Which
        login: Login,
    },
    /// Delete an account, with its keys, sign-ins and memberships
    Delete {
        /// Which
        login: Login,
        /// Its login once more, typed by a person
        #[arg(long, value_name = "LOGIN")]
        confirm: String,
    },
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let request = match self.what {
            What::List => Request::Accounts,
            What::Create { login, name, administrator } => {
                Request::CreateAccount(NewAccount { login, name, administrator })
            }
            What::Disable { login } => Request::DisableAccount { login, disabled: true },
            What::Enable { login } => Request::DisableAccount { login, disabled: false },
            What::Promote { login } => Request::SetAdministrator { login, administrator: true },
            What::Demote { login } => Request::SetAdministrator { login, administrator: false },
            What::Delete { login, confirm } => return delete(login, confirm, cx).await,
        };
        let accounts: Vec<Account> = cx.ask(request).await?;
        let body = serde_json::json!({ "accounts": accounts });
        cx.list("sigyl.accounts/1", &body, &accounts, "No accounts yet.", |them, look, _| {
            render::accounts(them, look)
        })
    }
}

async fn delete(login: Login, confirm: String, cx: &mut Context) -> Result<Exit, Problem> {
    let line = format!("The account {login} is deleted; its keys are good for nothing.");
    let body = serde_json::json!({ "deleted": login });
    cx.ask::<()>(Request::DeleteAccount { login, confirm }).await?;
    cx.say("sigyl.account-deleted/1", &body, &line)
}
