//! `sigyl audit`: who changed what.

use sigyl_core::domain::{AuditEntry, AuditHead};
use sigyl_core::wire::v1::{AuditChecked, Request};

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl audit list -n 200
      Who did what, on what, from where, and how it ended.
  sigyl audit verify
      Find any entry that was changed, removed or put in.";

/// List who changed what, and check that the list is whole
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the last entries, oldest first
    List {
        /// How many at most
        #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20)]
        limit: usize,
        /// Instead of the last ones, those after this number
        #[arg(long, value_name = "NUMBER")]
        after: Option<u64>,
    },
    /// Check the whole chain, and print where it ends
    Verify {
        /// An end that was printed before and kept elsewhere: it must still be there
        #[arg(long, value_name = "NUMBER:HASH", value_parser = head)]
        kept: Option<AuditHead>,
    },
}

fn head(text: &str) -> Result<AuditHead, &'static str> {
    AuditHead::parse(text).ok_or("it is written as `sigyl audit verify` prints it, such as 12:sha256:HEX")
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        match self.what {
            What::List { limit, after } => list(after, limit, cx).await,
            What::Verify { kept } => verify(kept, cx).await,
        }
    }
}

async fn list(after: Option<u64>, limit: usize, cx: &mut Context) -> Result<Exit, Problem> {
    let entries: Vec<AuditEntry> = cx.ask(Request::Audit { after, limit }).await?;
    if cx.output.is_json() {
        cx.output.document("sigyl.audit/1", &serde_json::json!({ "entries": entries }))?;
    } else if entries.is_empty() {
        cx.output.note("Nothing was changed yet.");
    } else {
        let text: String = entries.iter().map(|entry| render::audited(entry, &cx.output.look)).collect();
        cx.output.print(&text)?;
    }
    Ok(Exit::Well)
}

async fn verify(kept: Option<AuditHead>, cx: &mut Context) -> Result<Exit, Problem> {
    let checked: AuditChecked = cx.ask(Request::VerifyAudit { kept }).await?;
    if cx.output.is_json() {
        let body = serde_json::json!({ "entries": checked.head.number, "head": checked.head.to_string() });
        cx.output.document("sigyl.audit-verify/1", &body)?;
    } else {
        cx.output.note(&format!("The audit is whole: {} entries. It ends at:", checked.head.number));
        cx.output.print(&format!("{}\n", checked.head))?;
    }
    Ok(Exit::Well)
}
