//! `sigyl workspaces`: what servers belong to.

use sigyl_core::domain::{Label, Login, ServerName, WorkspaceName};
use sigyl_core::wire::v1::{NewWorkspace, Request, WorkspaceView};

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl workspaces create team-a --owner ada
      A workspace whose first owner is ada, who has an account.
  sigyl workspaces move clock team-a
      Give a server to another workspace, with its runs.";

/// List and make workspaces, and move servers between them
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List workspaces by name
    List,
    /// Make a workspace
    Create {
        /// Its name
        name: WorkspaceName,
        /// Its first owner, who must have an account
        #[arg(long, value_name = "LOGIN")]
        owner: Login,
        /// What people call it
        #[arg(long, value_name = "TEXT")]
        title: Option<Label>,
    },
    /// Give a server to a workspace, with its runs
    Move {
        /// The server
        server: ServerName,
        /// The workspace
        to: WorkspaceName,
    },
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        match self.what {
            What::List => {
                let workspaces: Vec<WorkspaceView> = cx.ask(Request::Workspaces).await?;
                show(&workspaces, cx)
            }
            What::Create { name, owner, title } => {
                let new = NewWorkspace { name, title, owner };
                let made: Vec<WorkspaceView> = cx.ask(Request::CreateWorkspace(new)).await?;
                show(&made, cx)
            }
            What::Move { server, to } => {
                let said = format!("{server} belongs to {to}.");
                let body = serde_json::json!({ "server": server, "workspace": to });
                cx.done(Request::Transfer { name: server, to }).await?;
                cx.say("sigyl.moved/1", &body, &said)
            }
        }
    }
}

fn show(workspaces: &[WorkspaceView], cx: &mut Context) -> Result<Exit, Problem> {
    let nothing = "Only the default workspace so far, and nobody was let in yet.";
    let body = serde_json::json!({ "workspaces": workspaces });
    cx.list("sigyl.workspaces/1", &body, workspaces, nothing, render::workspaces)
}
