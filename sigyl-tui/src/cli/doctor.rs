//! `sigyl doctor`: what this machine has, what it lacks, and what to do about it.

mod check;
mod cloud_run;
mod folders;
mod machine;
mod tools;

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;

use check::State;

const EXAMPLES: &str = "\
Examples:
  sigyl doctor
      Tools, confinement, port, disk and folders, each with its remedy.
  sigyl doctor cloud-run
      The project at Google that the configuration names, and the command that mends each lack.";

/// Check this machine, or a project at Google
///
/// Tools, confinement, port, disk and folders; of a project its APIs, roles and accounts. What is wrong comes with its
/// remedy, and nothing is changed. The exit code is 3 when something forbids work.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What to look at, instead of this machine
    #[arg(value_name = "TARGET")]
    target: Option<Target>,
}

/// Where servers run, beside this machine.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Target {
    /// A project at Google.
    CloudRun,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let checks = match self.target {
            None => this_machine(cx).await?,
            Some(Target::CloudRun) => cloud_run::check(&cx.settings).await?,
        };
        if cx.output.is_json() {
            cx.output.document("sigyl.doctor/1", &serde_json::json!({ "checks": checks }))?;
        } else {
            let text: String = checks.iter().map(|check| check.plain(&cx.output.look)).collect();
            cx.output.print(&text)?;
        }
        let failed = checks.iter().any(|check| check.state == State::Fail);
        Ok(if failed { Exit::Failed } else { Exit::Well })
    }
}

async fn this_machine(cx: &Context) -> Result<Vec<check::Check>, Problem> {
    let mut checks = vec![check::settings(&cx.settings)];
    checks.extend(folders::check(&cx.settings)?);
    checks.extend(machine::owner_and_port(&cx.settings).await?);
    checks.push(machine::confinement(&cx.settings)?);
    checks.extend(tools::check(&cx.settings.environment.tool_env()).await);
    Ok(checks)
}
