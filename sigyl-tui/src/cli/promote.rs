//! `sigyl promote`: lets a version that is tried take over now.

use sigyl_core::domain::{Kind, Run, RunId, RunState, StepId, StepState};
use sigyl_core::wire::v1::{Frame, Request, RunEnd};

use super::{Context, ending, run_id};
use crate::exit::Exit;
use crate::link::{Answer as _, Link};
use crate::problem::Problem;
use crate::render::specimen;

const EXAMPLES: &str = "\
Examples:
  sigyl promote weather
      Lead all new clients to the version of weather that is tried.
  sigyl promote 019aa1b2 --to 50
      Go on to half of the new clients now, and from there as it was asked for.";

/// How many runs are searched for the one that works on a server.
const SEARCHED: usize = 1000;

/// Let a version that is tried by a canary take over now
///
/// What its calls came to is judged once more, as at the end of a share: what would be taken back then is taken back, and this
/// fails. `sigyl cancel RUN` takes it back at any time before it takes over. This follows the run to its end.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The run, or the server whose new version is tried
    #[arg(value_name = "RUN|NAME")]
    what: String,
    /// Go on to this percentage of new clients, and not to all of them
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=99))]
    to: Option<u8>,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let link = cx.link().await?;
        let run = match working_on(&self.what, &link).await? {
            Some(run) => run,
            None => run_id::find(&id(&self.what)?, &link).await?,
        };
        let end: RunEnd = cx.follow(Request::Promote { run, to: self.to }).await?;
        ending::show(&end, cx)
    }
}

fn id(text: &str) -> Result<RunId, Problem> {
    RunId::parse(text).map_err(|_| {
        let message = format!("no run works on a server `{}`, and it is no run", specimen(text));
        Problem::failed("E0010", Kind::NotFound, message, "`sigyl runs` lists the runs at work")
    })
}

/// Finds the run at work on a server of this name: the one that tries a version, where several wait for each other.
async fn working_on(name: &str, link: &Link) -> Result<Option<RunId>, Problem> {
    let runs = Vec::<Run>::take(link.call(Request::Runs { limit: SEARCHED }, &mut |_: Frame| {}).await?)?;
    Ok(found(name, &runs))
}

fn found(name: &str, runs: &[Run]) -> Option<RunId> {
    let is_meant = |run: &&Run| {
        run.state == RunState::Running && run.server.as_ref().is_some_and(|server| server.as_str() == name)
    };
    let tries = |run: &&Run| {
        run.steps.iter().any(|step| step.step == StepId::Canary && step.state == StepState::Started)
    };
    let mut working = runs.iter().filter(is_meant);
    let tried = runs.iter().filter(is_meant).find(tries);
    tried.or_else(|| working.next()).map(|run| run.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn a_server_stands_for_the_run_that_tries_a_version_of_it() {
        let run = |id: &str, state, steps: serde_json::Value| -> Run {
            let mut run = serde_json::to_value(fixtures::held_run()).unwrap();
            run["id"] = id.into();
            run["steps"] = steps;
            let mut run: Run = serde_json::from_value(run).unwrap();
            run.state = state;
            run
        };
        let canary = serde_json::json!([
            {"step": "canary", "state": "started", "started": "2026-11-22T14:00:00Z", "ended": null, "note": null},
        ]);
        let waits = run("019aa1b2-0000-7000-8000-000000000001", RunState::Running, serde_json::json!([]));
        let over = run("019aa1b2-0000-7000-8000-000000000002", RunState::Done, canary.clone());
        let tries = run("019aa1b2-0000-7000-8000-000000000003", RunState::Running, canary);
        let name = tries.server.clone().unwrap();
        let all = [waits.clone(), over.clone(), tries.clone()];
        assert_eq!(found(name.as_str(), &all), Some(tries.id));
        assert_eq!(
            found(name.as_str(), &[over.clone(), waits.clone()]),
            Some(waits.id),
            "it says where it is"
        );
        assert_eq!(found(name.as_str(), &[over]), None);
        assert_eq!(found("other", &all), None);
    }

    #[test]
    fn what_is_neither_is_told() {
        assert!(id("a/b\u{1b}").unwrap_err().failure.message.contains("no run works on a server `a/b"));
    }
}
