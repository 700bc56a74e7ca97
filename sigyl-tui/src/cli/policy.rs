//! `sigyl policy`: what findings are judged by.

use std::path::{Path, PathBuf};

use sigyl_core::clock::{Clock as _, SystemClock};
use sigyl_core::domain::Policy;
use sigyl_core::scan::policy::{self, PolicyRead};
use sigyl_core::wire::v1::{PolicyTest, Request};

use super::Context;
use crate::exit::Exit;
use crate::link;
use crate::problem::Problem;
use crate::render;
use crate::settings::policy::{bytes_of, rules, wrong};

const EXAMPLES: &str = "\
Examples:
  sigyl policy check sigyl.policy.yaml
      Every problem of the file, each with its line.
  sigyl policy test sigyl.policy.yaml
      What it would make of the versions on record, by their kept reports.";

/// Show, check or try what findings are judged by
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Check a policy file, and tell every problem with its line
    Check {
        /// The file
        file: PathBuf,
    },
    /// Show the policy in force: that of the server, or of the owner of the data directory, if there is one
    Show,
    /// Judge every version on record by another policy, and list what would newly pass, hold or block
    Test {
        /// The file
        file: PathBuf,
    },
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        match self.what {
            What::Check { file } => check(&file, cx),
            What::Show => show(cx).await,
            What::Test { file } => test(&file, cx).await,
        }
    }
}

fn read(file: &Path) -> Result<(PolicyRead, String), Problem> {
    let bytes = bytes_of(file, "policy")?;
    let name = file.to_string_lossy();
    let read = policy::read(&name, &bytes, &rules()?, SystemClock.now()).map_err(wrong)?;
    Ok((read, String::from_utf8_lossy(&bytes).into_owned()))
}

fn tell(read: &PolicyRead, cx: &Context) {
    for notice in &read.notices {
        cx.output.tell(&render::notice(&notice.to_string(), &cx.output.err_look));
    }
}

fn check(file: &Path, cx: &mut Context) -> Result<Exit, Problem> {
    let (read, _) = read(file)?;
    tell(&read, cx);
    if cx.output.is_json() {
        let body = serde_json::json!({ "policy": read.policy, "notices": read.notices });
        cx.output.document("sigyl.policy-check/1", &body)?;
    } else {
        let text = render::policy(&read.policy, &cx.output.look, cx.output.now());
        cx.output.print(&text)?;
    }
    Ok(Exit::Well)
}

async fn show(cx: &mut Context) -> Result<Exit, Problem> {
    // Looking at a policy makes no store.
    let is_elsewhere = cx.settings.server.is_some() || link::owner(&cx.settings.data_dir()?).await?.is_some();
    let policy: Policy = match is_elsewhere {
        true => cx.ask(Request::Policy).await?,
        false => {
            let read = cx.settings.policy(&rules()?)?;
            tell(&read, cx);
            read.policy
        }
    };
    if cx.output.is_json() {
        let used = policy.used(cx.output.now());
        cx.output.document("sigyl.policy-show/1", &serde_json::json!({ "used": used, "policy": policy }))?;
    } else {
        let text = render::policy(&policy, &cx.output.look, cx.output.now());
        cx.output.print(&text)?;
    }
    Ok(Exit::Well)
}

async fn test(file: &Path, cx: &mut Context) -> Result<Exit, Problem> {
    let (read, text) = read(file)?;
    tell(&read, cx);
    let name = file.to_string_lossy().into_owned();
    let test: PolicyTest = cx.ask(Request::TestPolicy { file: name, text }).await?;
    if cx.output.is_json() {
        cx.output.document("sigyl.policy-test/1", &test)?;
    } else {
        let text = render::policy_test(&test, &cx.output.look);
        cx.output.print(&text)?;
    }
    Ok(if test.unread.is_empty() { Exit::Well } else { Exit::Failed })
}
