//! `sigyl probe`: asks a server what it is.

mod command;

use std::ffi::OsString;

use sigyl_core::domain::{Kind, ServerName};
use sigyl_core::mcp::{self, McpError, Probe, ProbeLimits, Upstream};
use sigyl_core::wire::v1::Request;

use super::Context;
use crate::exit::Exit;
use crate::problem::{Problem, chain};
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl probe clock
      Ask a running server for era, versions, capabilities, tools and their hashes.
  sigyl probe -- npx some-mcp-server --stdio
      Start a command as it is, without confinement, ask it the same, and end it with all it started.";

/// Ask a server what it is; no tool is called
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Name of a running server, or the http(s) address of an MCP endpoint
    #[arg(value_name = "NAME|URL", required_unless_present = "command", conflicts_with = "command")]
    target: Option<String>,
    /// Command that speaks MCP on standard input and output
    #[arg(value_name = "CMD", last = true)]
    command: Vec<OsString>,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let probe: Probe = match (self.target, self.command.split_first()) {
            (_, Some((program, args))) => of_command(program.clone(), args, cx).await?,
            (Some(url), None) if url.contains("://") => of_address(url, cx).await?,
            (target, None) => {
                let name = ServerName::parse(&target.unwrap_or_default()).map_err(|error| {
                    Problem::wrong_use("E0001", error, "name a server, write an http(s) address, or -- CMD")
                })?;
                cx.ask(Request::Probe { name }).await?
            }
        };
        if cx.output.is_json() {
            cx.output.document("sigyl.probe/1", &probe)?;
        } else {
            let text = render::probe(&probe, &cx.output.look);
            cx.output.print(&text)?;
        }
        Ok(Exit::Well)
    }
}

/// Asks a server at an address, as the settings allow.
pub(super) async fn of_address(url: String, cx: &Context) -> Result<Probe, Problem> {
    let url = reachable(url, cx.settings.offline)?;
    direct(&Upstream::Http { url }, "check the address, and that the server runs there").await
}

/// Asks a command of the operator's own.
pub(super) async fn of_command(program: OsString, args: &[OsString], cx: &Context) -> Result<Probe, Problem> {
    if cx.settings.offline {
        return Err(unconfined());
    }
    command::probe(program, args, cx).await
}

/// Asks a command that a configuration names.
pub(super) async fn of_configured(
    command: sigyl_core::deploy::local_process::Command,
    cx: &Context,
) -> Result<Probe, Problem> {
    if cx.settings.offline {
        return Err(unconfined());
    }
    command::ask(command, cx).await
}

/// Writes an address without what may be secret in it.
pub(super) fn shown(url: &str) -> String {
    let plain = url.split(['?', '#']).next().unwrap_or_default();
    match plain.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or_default()),
        None => plain.to_owned(),
    }
}

async fn direct(upstream: &Upstream, hint: &str) -> Result<Probe, Problem> {
    mcp::probe(upstream, &ProbeLimits::default())
        .await
        .map_err(|error: McpError| Problem::failed("E0017", error.kind(), chain(&error), hint))
}

/// A command runs without confinement: nothing could keep it on this machine.
fn unconfined() -> Problem {
    Problem::failed(
        "E0018",
        Kind::Unavailable,
        "the command would run without confinement and may go out, and --offline refuses that",
        "run it again without --offline, or deploy the server and probe it by its name",
    )
}

/// Refuses what is no address of an endpoint, and what --offline forbids.
pub(super) fn reachable(url: String, offline: bool) -> Result<String, Problem> {
    let Some((scheme @ ("http" | "https"), rest)) = url.split_once("://") else {
        let message = "the address to probe does not start with http:// or https://";
        return Err(Problem::wrong_use("E0001", message, "write the http(s) address of an MCP endpoint"));
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        let message = "the address holds a name or password, which other processes see";
        return Err(Problem::wrong_use("E0006", message, "probe an address without credentials"));
    }
    if offline && !is_loopback(authority) {
        let message = format!("{scheme}://{authority} is not on this machine, and --offline refuses it");
        return Err(Problem::failed("E0018", Kind::Unavailable, message, "run it again without --offline"));
    }
    Ok(url)
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offline_reaches_loopback_only() {
        for url in ["http://127.0.0.1:8640/mcp/x", "http://localhost/mcp", "https://[::1]:1/mcp"] {
            assert!(reachable(url.to_owned(), true).is_ok(), "{url}");
        }
        for url in ["https://example.org/mcp", "http://127.0.0.1.example.org/", "http://10.0.0.1/mcp"] {
            assert!(reachable(url.to_owned(), true).is_err(), "{url}");
            assert!(reachable(url.to_owned(), false).is_ok(), "{url}");
        }
    }

    #[test]
    fn credentials_in_an_address_are_refused_and_not_repeated() {
        let problem = reachable("https://ada:hunter2@example.org/mcp".to_owned(), false).unwrap_err();
        assert!(!problem.failure.message.contains("hunter2"));
        assert!(reachable("ftp://example.org".to_owned(), false).is_err());
    }
}
