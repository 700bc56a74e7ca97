//! `sigyl account`: one's own account at a server.

use sigyl_core::domain::{Account, Label, Login};
use sigyl_core::wire::v1::{AccountExport, Request, Response};

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl account export --server https://mcp.example.org
      All that is on record of the account of your key, as one JSON object.
  sigyl account delete --confirm ada --server https://mcp.example.org
      Delete it, with its keys and memberships.";

/// Export, rename or delete the account that your key is of
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Print all that is on record of it, as JSON
    Export,
    /// Change what people call it
    Rename {
        /// The name; none when absent
        name: Option<Label>,
    },
    /// Delete it, with its keys, sign-ins and memberships
    Delete {
        /// Its login, typed by a person
        #[arg(long, value_name = "LOGIN")]
        confirm: Login,
    },
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        match self.what {
            What::Export => {
                let export: AccountExport = cx.ask(Request::ExportMe).await?;
                for left_out in &export.left_out {
                    cx.output.note(&render::specimen(left_out));
                }
                cx.output.document("sigyl.account/1", &export)?;
                Ok(Exit::Well)
            }
            What::Rename { name } => {
                let accounts: Vec<Account> = cx.ask(Request::RenameMe { name }).await?;
                let account = accounts.into_iter().next();
                let account = account.ok_or_else(|| Problem::unexpected(&Response::Accounts(Vec::new())))?;
                let line = match &account.name {
                    Some(name) => {
                        format!("{} is called {} now.", account.login, render::specimen(name.as_str()))
                    }
                    None => format!("{} has no other name now.", account.login),
                };
                cx.say("sigyl.account-renamed/1", &serde_json::json!({ "account": account }), &line)
            }
            What::Delete { confirm } => {
                let line = format!("The account {confirm} is deleted; its keys are good for nothing.");
                let body = serde_json::json!({ "deleted": confirm });
                cx.ask::<()>(Request::DeleteMe { confirm }).await?;
                cx.say("sigyl.account-deleted/1", &body, &line)
            }
        }
    }
}
