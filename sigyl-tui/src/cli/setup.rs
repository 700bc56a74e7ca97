//! `sigyl setup`: what others have to make for this installation.

mod door;
mod flow;
mod listener;
mod page;
mod plan;
mod request;
mod told;
mod tried;

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;

const EXAMPLES: &str = "\
Examples:
  sigyl setup github --org octo-org --url https://mcp.example.org
      Make an App of an organisation, whose webhook goes to a server there.
  sigyl setup github --status
      Which App is kept, and by what GitHub is asked.";

/// Make the GitHub App of this installation, and keep its keys
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make a GitHub App in a browser, with the least permissions, and keep its keys in the vault
    Github(GitHubArgs),
}

/// What `sigyl setup github` takes.
#[derive(Debug, clap::Args)]
struct GitHubArgs {
    /// Organisation that the App belongs to, instead of you
    #[arg(long)]
    org: Option<String>,
    /// What the App is called; no two Apps at GitHub have one name [default: sigyl- and six digits by chance]
    #[arg(long)]
    name: Option<String>,
    /// Public https address of the sigyl-server, for the webhook; without it, branches are polled
    #[arg(long, value_name = "PUBLIC_URL")]
    url: Option<String>,
    /// Ask for nothing that writes: what became of a commit is not told back
    #[arg(long)]
    read_only: bool,
    /// Open no browser; the address is printed in any case
    #[arg(long)]
    no_browser: bool,
    /// Listen for nothing: print a page to open elsewhere, and ask for the address that it leads to
    #[arg(long)]
    manual: bool,
    /// Wait until the App is installed somewhere, ten minutes at most
    #[arg(long)]
    wait: bool,
    /// Show which App is kept, and by what GitHub is asked; never a key
    #[arg(long, conflicts_with_all = ["org", "name", "url", "read_only", "no_browser", "manual", "wait", "forget"])]
    status: bool,
    /// Let go of the App that is kept; its owner deletes it at GitHub
    #[arg(long, conflicts_with_all = ["org", "name", "url", "read_only", "no_browser", "manual", "wait"])]
    forget: bool,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let What::Github(args) = self.what;
        match (args.status, args.forget) {
            (true, _) => told::status(cx).await,
            (_, true) => told::forget(cx).await,
            _ => flow::run(args, cx).await,
        }
    }
}
