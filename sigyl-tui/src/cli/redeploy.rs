//! `sigyl redeploy`: releases a server again from its source.

use sigyl_core::domain::{Locator, ServerName};
use sigyl_core::wire::v1::{Redeploy, Request, RunEnd};

use super::release_args::{Release, ReleaseArgs};
use super::{Context, ending};
use crate::exit::Exit;
use crate::problem::Problem;

const EXAMPLES: &str = "\
Examples:
  sigyl redeploy clock
      Read the source on record again; settings and secrets are kept.
  sigyl redeploy weather --source npm:weather-mcp@2.0.0 --secret KEY=env:KEY
      Another source, and a new value for a secret.";

/// Release a server again, keeping settings and secrets
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server
    name: ServerName,
    /// Another source [default: the one on record]
    #[arg(long)]
    source: Option<Locator>,
    /// Take a permission back, as `sigyl show` shows it, or scripts=PACKAGE what --allow-scripts gave
    #[arg(long = "revoke", value_name = "KIND=VALUE")]
    revoke: Vec<String>,
    #[command(flatten)]
    release: ReleaseArgs,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let source = self.source.map(super::deploy::from_here).transpose()?;
        let Release { env, secrets, grant, waive, allow_scripts, deep, review, canary, audience } =
            self.release.read(cx)?;
        let redeploy = Redeploy {
            name: self.name,
            source,
            env,
            secrets,
            grant,
            revoke: self.revoke,
            waive,
            allow_scripts,
            deep,
            review,
            canary,
            audience,
        };
        let end: RunEnd = cx.follow(Request::Redeploy(redeploy)).await?;
        ending::show(&end, cx)
    }
}
