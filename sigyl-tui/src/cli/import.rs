//! `sigyl import`: takes in what other registries published.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use sigyl_core::domain::{Kind, Timestamp};
use sigyl_core::registry::{Pull, PullError, Rows};
use sigyl_core::wire::registry::{ImportReport, ImportRow};
use sigyl_core::wire::v1::Request;

use super::{Context, probe};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl import servers.jsonl
      Take in each line: a server.json, or what a registry answers with.
  sigyl import https://registry.example.com
      Walk over another registry: all of it, and from then on what changed there since the last time.";

/// Take documents of other registries into this one
///
/// Each document is kept as it is, with what is wrong with it. What is on record stays; what changed elsewhere in how it
/// stands is followed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The address of a registry, or a file: one document a line, a list, or a page; `-` is standard input
    #[arg(value_name = "FILE|URL")]
    from: String,
    /// Of a registry, only what changed then or later
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    since: Option<Timestamp>,
    /// Of a registry, all of it, also what was read before
    #[arg(long, conflicts_with = "since")]
    all: bool,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let report = if self.from.contains("://") {
            from_registry(self.from, self.since, self.all, cx).await?
        } else {
            if self.since.is_some() || self.all {
                let message = "--since and --all are for a registry, and a file is read whole";
                return Err(Problem::wrong_use("E0001", message, "leave them out"));
            }
            from_file(&self.from, cx).await?
        };
        if cx.output.is_json() {
            cx.output.document("sigyl.import/1", &report)?;
        } else {
            let text = render::import_problems(&report, &cx.output.err_look);
            cx.output.tell(&text);
            let text = render::imported(&report);
            cx.output.print(&text)?;
        }
        Ok(if report.refused > 0 { Exit::Failed } else { Exit::Well })
    }
}

async fn from_registry(
    address: String,
    since: Option<Timestamp>,
    all: bool,
    cx: &mut Context,
) -> Result<ImportReport, Problem> {
    let address = probe::reachable(address, cx.settings.offline)?;
    let wrong = |error: PullError| {
        let hint = "check the address; what was taken before stays, and importing again goes on";
        Problem::failed("E0038", error.kind(), &error, hint)
    };
    let source = Pull::new(&address, None).map_err(wrong)?.list().to_owned();
    let kept = match (since, all) {
        (None, false) => cx.ask(Request::Bookmark { source: source.clone() }).await?,
        _ => None,
    };
    if let Some(kept) = kept {
        cx.output.note(&format!("Only what changed there since {kept}; --all walks over everything."));
    }
    let mut pull = Pull::new(&address, since.or(kept)).map_err(wrong)?;
    let mut report = ImportReport::default();
    while let Some(rows) = pull.page().await.map_err(wrong)? {
        report.join(take(pull.list(), rows, cx).await?);
    }
    // A walk that a person began somewhere says nothing of what was before.
    if let Some(until) = pull.newest().filter(|_| since.is_none()) {
        cx.done(Request::SetBookmark { source, until }).await?;
    }
    Ok(report)
}

async fn from_file(path: &str, cx: &mut Context) -> Result<ImportReport, Problem> {
    let is_input = path == "-";
    let name = if is_input { "standard input" } else { path };
    let wrong = |error: &dyn std::fmt::Display, kind| {
        let hint = "`sigyl import --help` says what a file may hold; what was taken before stays";
        Problem::failed("E0032", kind, format!("{name}: {error}"), hint)
    };
    let input: Box<dyn BufRead> = match is_input {
        true => Box::new(std::io::stdin().lock()),
        false => {
            let file = File::open(path).map_err(|error| wrong(&error, Kind::Invalid))?;
            Box::new(BufReader::new(file))
        }
    };
    let file = Path::new(name).file_name().map_or_else(|| name.into(), |file| file.to_string_lossy());
    let mut report = ImportReport::default();
    for batch in Rows::new(input) {
        let rows = batch.map_err(|error| wrong(&error, error.kind()))?;
        report.join(take(&file, rows, cx).await?);
    }
    Ok(report)
}

async fn take(source: &str, rows: Vec<ImportRow>, cx: &mut Context) -> Result<ImportReport, Problem> {
    cx.ask(Request::Import { source: source.to_owned(), rows }).await
}
