//! Serving in another process that outlives this command.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sigyl_core::domain::Kind;
use sigyl_core::wire::v1::Owner;

use super::Context;
use crate::link;
use crate::problem::Problem;
use crate::render::specimen_lines;

/// How long the new process may take to answer; it does so before it starts any server.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(50);
/// How much of its log is shown when it ended.
const TAIL: usize = 2000;

/// Starts an owner that serves, unless there is one; returns once it answers, at the address that was named.
pub(super) async fn start(cx: &Context) -> Result<Owner, Problem> {
    let owner = found_or_started(cx).await?;
    link::require_endpoint(&owner, &cx.settings.listen)?;
    Ok(owner)
}

async fn found_or_started(cx: &Context) -> Result<Owner, Problem> {
    let data_dir = cx.settings.data_dir()?;
    if let Some((_, owner)) = link::owner(&data_dir).await? {
        return Ok(owner);
    }
    let log = data_dir.join("serve.log");
    let mut child = spawn(cx, &data_dir, &log)?;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some((_, owner)) = link::owner(&data_dir).await? {
            return Ok(owner);
        }
        if let Some(status) = child.try_wait().map_err(|error| failed(&log, &error.to_string()))? {
            return Err(failed(&log, &format!("it ended with {status}{}", tail(&log))));
        }
        if tokio::time::Instant::now() >= deadline {
            return Err(failed(&log, &format!("it did not answer within {} s", PATIENCE.as_secs())));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn spawn(cx: &Context, data_dir: &Path, log: &Path) -> Result<Child, Problem> {
    let wrong = |error: std::io::Error| failed(log, &error.to_string());
    DirBuilder::new().recursive(true).mode(0o700).create(data_dir).map_err(wrong)?;
    let file =
        File::options().create(true).write(true).truncate(true).mode(0o600).open(log).map_err(wrong)?;
    let mut command = Command::new(std::env::current_exe().map_err(wrong)?);
    command.args(["serve", "--background", "--data-dir"]).arg(data_dir);
    command.arg("--cache-dir").arg(cx.settings.cache_dir()?);
    if let Some(config) = &cx.settings.config {
        command.arg("--config").arg(config);
    }
    if cx.settings.listen.named {
        command.arg("--listen").arg(cx.settings.listen.address.to_string());
    }
    for (flag, file) in [("--policy", &cx.settings.policy), ("--waivers", &cx.settings.waivers)] {
        if let Some(file) = file {
            command.arg(flag).arg(file);
        }
    }
    if cx.settings.offline {
        command.arg("--offline");
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).spawn().map_err(wrong)
}

fn failed(log: &Path, why: &str) -> Problem {
    let message = format!("could not start the owner in the background: {why}");
    Problem::failed("E0012", Kind::Unavailable, message, format!("its log is {}", log.display()))
}

/// The end of the log, for the message; a log that cannot be read adds nothing to it.
fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text[text.len().saturating_sub(TAIL)..]).into_owned();
    if text.trim().is_empty() {
        String::new()
    } else {
        format!("; it wrote:\n{}", specimen_lines(text.trim()))
    }
}
