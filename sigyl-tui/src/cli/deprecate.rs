//! `sigyl deprecate`: says how documents of the registry stand.

use sigyl_core::domain::ListingStatus;
use sigyl_core::wire::registry::{ServerResponse, StatusUpdate};
use sigyl_core::wire::v1::Request;

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl deprecate com.example/clock --message 'use com.example/time'
      Every version: it may still be used, and another is better.
  sigyl deprecate com.example/clock@1.2.0 --hide
      One version: it is not shown any more. `--undo` takes it back.";

/// Deprecate or hide a server of the registry, or take that back
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server with all its versions, or one of them as NAME@VERSION
    name: String,
    /// Why, or what to use instead
    #[arg(long, value_name = "TEXT", conflicts_with = "undo")]
    message: Option<String>,
    /// Do not show it any more; it stays on record
    #[arg(long, conflicts_with = "undo")]
    hide: bool,
    /// Let it be used again as if nothing had been said
    #[arg(long)]
    undo: bool,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let status = match (self.hide, self.undo) {
            (true, _) => ListingStatus::Deleted,
            (_, true) => ListingStatus::Active,
            _ => ListingStatus::Deprecated,
        };
        let (name, version) = match self.name.rsplit_once('@') {
            Some((name, version)) => (name.to_owned(), Some(version.to_owned())),
            None => (self.name, None),
        };
        let update = StatusUpdate { status, status_message: self.message };
        let changed: Vec<ServerResponse> =
            cx.ask(Request::SetListingStatus { name, version, update }).await?;
        if cx.output.is_json() {
            cx.output.document("sigyl.deprecate/1", &serde_json::json!({ "servers": changed }))?;
        } else {
            let text = render::standing(&changed, &cx.output.look);
            cx.output.print(&text)?;
        }
        Ok(Exit::Well)
    }
}
