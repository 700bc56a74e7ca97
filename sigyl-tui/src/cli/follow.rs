//! `sigyl follow`: servers that follow a branch.

use sigyl_core::domain::{BranchName, CommitId, FollowPolicy, ServerName};
use sigyl_core::wire::v1::{FollowView, NewFollow, Request, RunEnd};

use super::{Context, ending};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl follow set clock --branch main
      Note each push to main; it waits until somebody releases it.
  sigyl follow release clock
      Release what waits, once it passed its scan.";

/// Follow a branch at GitHub: what is pushed is released, or waits
///
/// GitHub tells of a push by a webhook of `sigyl-server`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Have a server follow a branch of the repository that it was deployed from
    Set {
        /// The server
        name: ServerName,
        /// The branch
        #[arg(long, default_value = "main")]
        branch: BranchName,
        /// What a push leads to: auto (a release, with the key that is shown now), ask or never
        #[arg(long, default_value = "ask", value_name = "auto|ask|never")]
        on_push: FollowPolicy,
    },
    /// List what is followed, with what waits
    List,
    /// Release the commit that waits
    Release {
        /// The server
        name: ServerName,
        /// The whole id of the commit, so that no other is released that came meanwhile
        #[arg(long)]
        commit: Option<CommitId>,
    },
    /// Follow nothing any more
    End {
        /// The server
        name: ServerName,
    },
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        match self.what {
            What::Set { name, branch, on_push } => {
                let follow = NewFollow { branch, policy: on_push };
                let view: FollowView = cx.ask(Request::SetFollow { name, follow }).await?;
                let FollowView { server, repository, branch, policy, .. } = &view;
                let said = format!("{server} follows {branch} of {repository}: {policy}.");
                cx.say("sigyl.follow/1", &serde_json::json!(view), &said)
            }
            What::List => {
                let follows: Vec<FollowView> = cx.ask(Request::Follows).await?;
                let (body, nothing) = (serde_json::json!({ "follows": follows }), "Nothing is followed.");
                cx.list("sigyl.follows/1", &body, &follows, nothing, render::follows)
            }
            What::Release { name, commit } => {
                let end: RunEnd = cx.follow(Request::ReleaseFollowed { name, commit }).await?;
                ending::show(&end, cx)
            }
            What::End { name } => {
                let (body, said) =
                    (serde_json::json!({ "server": name }), format!("{name} follows nothing."));
                cx.done(Request::EndFollow { name }).await?;
                cx.say("sigyl.unfollowed/1", &body, &said)
            }
        }
    }
}
