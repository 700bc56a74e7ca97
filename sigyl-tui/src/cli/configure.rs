//! `sigyl configure`: other settings and limits for the version that serves.

use sigyl_core::domain::ServerName;
use sigyl_core::wire::v1::{Reconfigure, Request, RunEnd, Settings};

use super::audience_args::AudienceArgs;
use super::limit_args::LimitArgs;
use super::release_args::variables;
use super::{Context, ending};
use crate::exit::Exit;
use crate::problem::Problem;

const EXAMPLES: &str = "\
Examples:
  sigyl configure weather --env UNITS=metric --unset DEBUG
      Other settings; the same version, and the image that is there.
  sigyl configure weather --min-instances 1 --max-instances 5 --memory 1Gi
      Other limits; they stand over the manifest's until --reset-limits.";

/// Change settings and limits of a server
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, visible_alias = "scale")]
pub(crate) struct Args {
    /// The server
    name: ServerName,
    /// Set a variable of the server's environment (not for secrets)
    #[arg(long = "env", value_name = "K=V")]
    env: Vec<String>,
    /// Take back a variable that was set before; those of the manifest stay
    #[arg(long, value_name = "K")]
    unset: Vec<String>,
    #[command(flatten)]
    limits: LimitArgs,
    /// Go back to the limits of the manifest first
    #[arg(long)]
    reset_limits: bool,
    #[command(flatten)]
    audience: AudienceArgs,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let settings = Settings {
            env: variables(&self.env)?,
            limits: self.limits.read()?,
            unset: self.unset,
            reset_limits: self.reset_limits,
            audience: self.audience.read(),
        };
        let wrong = |message: String, hint: &str| Problem::wrong_use("E0001", message, hint);
        if settings == Settings::default() {
            let hint =
                "`sigyl restart NAME` starts it anew as it is; `sigyl help configure` shows what can change";
            return Err(wrong("nothing is to be changed".to_owned(), hint));
        }
        if let Some(name) = settings.unset.iter().find(|name| settings.env.contains_key(*name)) {
            return Err(wrong(format!("{name} is given both as --env and as --unset"), "keep one of them"));
        }
        let end: RunEnd = cx.follow(Request::Reconfigure(Reconfigure { name: self.name, settings })).await?;
        ending::show(&end, cx)
    }
}
