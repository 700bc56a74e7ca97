//! `sigyl scan --live`: asks a server what it declares, and scans that.

use std::ffi::OsString;

use sigyl_core::clock::SystemClock;
use sigyl_core::domain::{Digest, Policy, Report, SourceKind, SourceRef};
use sigyl_core::mcp::Probe;
use sigyl_core::scan::{self, RuleSet, Scanner, Subject};

use crate::cli::{Context, probe};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

/// Does it.
pub(super) async fn run(url: Option<&str>, command: &[OsString], cx: &mut Context) -> Result<Exit, Problem> {
    let (probe, locator) = match (url, command.split_first()) {
        (Some(_), Some(_)) => {
            let message = "--live has an address and a command";
            return Err(Problem::wrong_use("E0001", message, "write --live URL, or --live -- CMD"));
        }
        (Some(url), None) => (probe::of_address(url.to_owned(), cx).await?, probe::shown(url)),
        (None, Some((program, args))) => {
            let locator = program.to_string_lossy().into_owned();
            (probe::of_command(program.clone(), args, cx).await?, locator)
        }
        (None, None) => {
            let message = "--live names neither an address nor a command";
            return Err(Problem::wrong_use("E0001", message, "write --live URL, or --live -- CMD"));
        }
    };
    let report = look(&probe, &locator, &super::rules()?);
    if cx.output.is_json() {
        cx.output.document_text(&scan::render::json(&report))?;
    } else {
        let text = render::report(&report, &cx.output.look);
        cx.output.print(&text)?;
    }
    Ok(Exit::of_report(&report))
}

fn look(probe: &Probe, locator: &str, rules: &RuleSet) -> Report {
    // It holds only what was read as JSON, which always serialises.
    let all = serde_json::to_vec(&(&probe.tools, &probe.prompts, &probe.resources, &probe.instructions));
    let digest = Digest::of(&all.unwrap_or_default());
    let locator = format!("live: {locator}");
    let subject = Subject {
        tools: &probe.tools,
        prompts: &probe.prompts,
        resources: &probe.resources,
        instructions: probe.instructions.as_deref(),
        ..Subject::of_nothing(SourceRef { kind: SourceKind::Tools, locator, digest })
    };
    Scanner::new(rules, Policy::default()).scan(&subject, &SystemClock)
}
