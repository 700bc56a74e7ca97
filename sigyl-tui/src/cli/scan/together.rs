//! The forms of `sigyl scan` that look at servers instead of sources: running ones, lists of tools, configurations.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Bench, clients, live, set};
use crate::cli::Context;
use crate::exit::Exit;
use crate::problem::Problem;

/// What to look at instead of a source.
#[derive(Debug, clap::Args)]
pub(super) struct Together {
    /// Ask a running server what it declares, or start what follows --, and scan that
    #[arg(long, value_name = "URL", num_args = 0..=1, help_heading = "Servers instead of a source")]
    live: Option<Option<String>>,
    /// Command that speaks MCP on standard input and output, for --live
    #[arg(value_name = "CMD", last = true, requires = "live", help_heading = "Servers instead of a source")]
    command: Vec<OsString>,
    /// Scan lists of tools as the servers of one agent
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Servers instead of a source")]
    set: Vec<PathBuf>,
    /// Scan configurations of MCP clients
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Servers instead of a source")]
    client_config: Vec<PathBuf>,
    /// Find and scan the configurations of all known MCP clients
    #[arg(long, help_heading = "Servers instead of a source")]
    discover: bool,
    /// Start the configured servers, without confinement, and scan what they declare together
    #[arg(long, help_heading = "Servers instead of a source")]
    start: bool,
    /// Reach the configured servers that have an address, and scan what they declare together
    #[arg(long, help_heading = "Servers instead of a source")]
    contact: bool,
    /// Report what differs from the servers that FILE accepted; it is written when there is none
    #[arg(long, value_name = "FILE", help_heading = "Servers instead of a source")]
    accepted: Option<PathBuf>,
}

impl Together {
    /// Does it.
    pub(super) async fn run(&self, bench: &Bench, review: bool, cx: &mut Context) -> Result<Exit, Problem> {
        if (self.start || self.contact || self.accepted.is_some())
            && !self.discover
            && self.client_config.is_empty()
        {
            let message = "--start, --contact and --accepted are about the servers of configurations";
            return Err(Problem::wrong_use("E0001", message, "add --client-config FILE or --discover"));
        }
        match &self.live {
            Some(url) => live::run(url.as_deref(), &self.command, bench, review, cx).await,
            None if !self.set.is_empty() => set::run(&self.set, bench, cx),
            None => {
                let consent = clients::Consent { start: self.start, contact: self.contact };
                let wanted = clients::Wanted {
                    files: &self.client_config,
                    all: self.discover,
                    consent,
                    accepted: self.accepted.as_deref(),
                };
                clients::run(&wanted, bench, cx).await
            }
        }
    }
}
