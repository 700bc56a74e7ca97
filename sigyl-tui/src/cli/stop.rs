//! `sigyl stop`: ends the owner of the data directory.

use std::time::Duration;

use sigyl_core::domain::Kind;
use sigyl_core::wire::v1::{Frame, Request};

use super::Context;
use crate::exit::Exit;
use crate::link;
use crate::problem::Problem;

const EXAMPLES: &str = "\
Examples:
  sigyl stop
      End the owner of the data directory with all its children; records stay.
  sigyl stop --data-dir /srv/sigyl --format json
      Another data directory, in a script.";

/// How long the owner may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(25);

/// End the process that serves, with all its children
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let data_dir = cx.settings.data_dir()?;
        let Some((client, owner)) = link::owner(&data_dir).await? else {
            cx.output.note(&format!("Nothing runs on {}.", data_dir.display()));
            return report(None, cx);
        };
        client.call(&Request::Stop, |_: Frame| {}).await?;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while lives(owner.pid) {
            if tokio::time::Instant::now() >= deadline {
                let message = format!("process {} did not end within {} s", owner.pid, PATIENCE.as_secs());
                return Err(Problem::failed("E0019", Kind::Unavailable, message, "wait and try again"));
            }
            tokio::time::sleep(PAUSE).await;
        }
        cx.output.note(&format!("Stopped process {}.", owner.pid));
        report(Some(owner.pid), cx)
    }
}

fn report(stopped: Option<u32>, cx: &mut Context) -> Result<Exit, Problem> {
    if cx.output.is_json() {
        cx.output.document("sigyl.stop/1", &serde_json::json!({ "stopped": stopped }))?;
    }
    Ok(Exit::Well)
}

/// Tells whether a process still works. One that ended and was not waited for works no more.
fn lives(pid: u32) -> bool {
    if let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        // The state follows the name, which may itself hold parentheses.
        return stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']));
    }
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_one_that_was_waited_for_does_not() {
        assert!(lives(std::process::id()));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        assert!(!lives(pid));
    }
}
