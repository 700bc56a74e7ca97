//! `sigyl scan --live`: asks a server what it declares, and scans that.

use std::ffi::OsString;

use sigyl_core::clock::SystemClock;
use sigyl_core::domain::{Digest, Report, SourceKind, SourceRef};
use sigyl_core::mcp::Probe;
use sigyl_core::scan::render::Origin;
use sigyl_core::scan::reviewer::ReviewWork;
use sigyl_core::scan::{Scanner, Subject};

use super::Bench;
use super::source::Lines;
use crate::cli::{Context, probe, results};
use crate::exit::Exit;
use crate::problem::Problem;

/// Does it.
pub(super) async fn run(
    url: Option<&str>,
    command: &[OsString],
    bench: &Bench,
    review: bool,
    cx: &mut Context,
) -> Result<Exit, Problem> {
    let reviewer = cx.settings.reviewer_of_scan(review)?;
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
    let mut report = look(&probe, &locator, bench);
    if let Some(reviewer) = &reviewer {
        let subject = subject(&probe, report.source.clone());
        let work = ReviewWork::new(&subject, &report, &bench.rules, reviewer.settings());
        let lines = Lines { look: cx.output.err_look };
        report = reviewer.review(work, report, &bench.policy, &lines).await;
    }
    results::write(&report, &bench.rules, &Origin::default(), None, cx)?;
    Ok(Exit::of_report(&report))
}

fn look(probe: &Probe, locator: &str, bench: &Bench) -> Report {
    // It holds only what was read as JSON, which always serialises.
    let all = serde_json::to_vec(&(&probe.tools, &probe.prompts, &probe.resources, &probe.instructions));
    let digest = Digest::of(&all.unwrap_or_default());
    let locator = format!("live: {locator}");
    let reference = SourceRef { kind: SourceKind::Tools, locator, digest };
    Scanner::new(&bench.rules, bench.policy.clone()).scan(&subject(probe, reference), &SystemClock)
}

fn subject(probe: &Probe, reference: SourceRef) -> Subject<'_> {
    Subject {
        tools: &probe.tools,
        prompts: &probe.prompts,
        resources: &probe.resources,
        instructions: probe.instructions.as_deref(),
        ..Subject::of_nothing(reference)
    }
}
