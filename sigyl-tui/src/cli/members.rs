//! `sigyl members`: who belongs to a workspace.

use sigyl_core::domain::{Login, Role, WorkspaceName};
use sigyl_core::wire::v1::{Member, Request};

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl members add ada --role admin
      Let ada in; an account is made for her if there is none yet.
  sigyl members list --workspace team-a --format json
      Who belongs to another workspace than the default one.";

/// List, add and remove members of a workspace
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
    /// The workspace
    #[arg(long, global = true, value_name = "NAME", default_value_t)]
    workspace: WorkspaceName,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List members by login
    List,
    /// Add a member
    Add {
        /// Whom
        login: Login,
        /// As what: viewer, member, admin or owner
        #[arg(long, default_value_t = Role::Member)]
        role: Role,
    },
    /// Give a member another role
    Role {
        /// Whose
        login: Login,
        /// Which: viewer, member, admin or owner
        role: Role,
    },
    /// Take a member out
    Remove {
        /// Whom
        login: Login,
    },
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let workspace = self.workspace;
        match self.what {
            What::List => list(workspace, cx).await,
            What::Add { login, role } | What::Role { login, role } => {
                let said = format!("{login} is {role} of {workspace}.");
                let body = serde_json::json!({ "workspace": workspace, "login": login, "role": role });
                cx.done(Request::SetMember { workspace, login, role }).await?;
                cx.say("sigyl.member/1", &body, &said)
            }
            What::Remove { login } => {
                let said = format!("{login} does not belong to {workspace} any more.");
                let body = serde_json::json!({ "workspace": workspace, "login": login, "role": null });
                cx.done(Request::RemoveMember { workspace, login }).await?;
                cx.say("sigyl.member/1", &body, &said)
            }
        }
    }
}

async fn list(workspace: WorkspaceName, cx: &mut Context) -> Result<Exit, Problem> {
    let members: Vec<Member> = cx.ask(Request::Members { workspace: workspace.clone() }).await?;
    let body = serde_json::json!({ "workspace": workspace, "members": members });
    cx.list("sigyl.members/1", &body, &members, "No members yet.", |them, look, _| {
        render::members(them, look)
    })
}
