//! `sigyl scan`: looks at a source, at lists, or at servers, and records nothing.

pub(super) mod clients;
mod live;
mod set;
mod source;
mod together;

use std::path::PathBuf;

use sigyl_core::domain::{Locator, Policy, Report, Verdict};
use sigyl_core::pipeline::{self, StepError};
use sigyl_core::scan::{RowsOf, RuleSet, unreviewed};
use sigyl_core::source::SourceError;

use super::judging::{Judging, JudgingArgs};
use super::{Context, rows};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::rule_files;

const EXAMPLES: &str = "\
Examples:
  sigyl scan npm:some-mcp-server@1.2.3 --deep
      Every finding with place, evidence and fix; exit code 1 when it must not run.
  sigyl scan --tools tools.json --format jsonl
      A list of tools, one verdict a line; - reads standard input.";

/// Scan a source, or a list of tools, and leave no trace
///
/// It records and runs nothing, opens no store and needs no home.
///
/// --tools takes an answer to tools/list, prompts/list or resources/list, a JSON array, or JSON Lines of tools; --code
/// takes a JSON array or JSON Lines of {"id", "path", "code"}. Both are judged entry by entry.
///
/// --format is plain, json, jsonl, sarif, junit, markdown or github.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[arg(
        help = "Folder, archive, npm:NAME[@VERSION], pypi:NAME[@VERSION], github:OWNER/REPO[#REF][:SUBDIR] or git:URL[#REF][:SUBDIR]",
        required_unless_present_any = ["tools", "code", "live", "set", "client_config", "discover"],
        conflicts_with_all = ["live", "set", "client_config", "discover"]
    )]
    source: Option<Locator>,
    /// Judge the tools, prompts, resources and instructions of FILE
    #[arg(long, value_name = "FILE", conflicts_with_all = ["source", "code"])]
    tools: Option<PathBuf>,
    /// Judge the pieces of code in FILE
    #[arg(long, value_name = "FILE", conflicts_with = "source")]
    code: Option<PathBuf>,
    /// Scan the code of dependencies too
    #[arg(long, conflicts_with_all = ["tools", "code"])]
    deep: bool,
    /// Pin the dependencies of a folder that has no lock first, as a deploy does: it asks the registries
    #[arg(long, conflicts_with_all = ["tools", "code"])]
    resolve: bool,
    /// Look at every file again, also at what an earlier scan looked at by the same rules
    #[arg(long)]
    fresh: bool,
    /// Let the configured language model look at it too (docs/reviewer.md)
    #[arg(long, conflicts_with_all = ["tools", "code", "set", "client_config", "discover"])]
    review: bool,
    /// Add the rules of the .yaml files of DIR
    #[arg(long, value_name = "DIR")]
    rules: Vec<PathBuf>,
    /// Write the result to FILE
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    together: together::Together,
    #[command(flatten)]
    judging: JudgingArgs,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self: Box<Self>, cx: &mut Context) -> Result<Exit, Problem> {
        let rules = cx.settings.with_advisories(rule_files::rule_set(&self.rules)?)?;
        let judging = self.judging.clone().with(&cx.settings, cx.output.err_look);
        if let Some(path) = &self.output {
            cx.output.write_to(path)?;
        }
        let of_rows = self.tools.as_deref().map(|file| (file, RowsOf::Tools));
        let of_rows = of_rows.or_else(|| self.code.as_deref().map(|file| (file, RowsOf::Code)));
        let exit = match (&self.source, of_rows) {
            (_, Some((file, of))) => rows::run(file, of, &Bench::new(rules, &judging, cx)?, cx)?,
            (Some(source), None) => {
                let reviewer = cx.settings.reviewer_of_scan(self.review)?;
                let (deep, resolve, fresh) = (self.deep, self.resolve, self.fresh);
                let scan = source::Scan { source, deep, resolve, fresh, reviewer: reviewer.as_ref() };
                scan.run(rules, judging, cx).await?
            }
            (None, None) => self.together.run(&Bench::new(rules, &judging, cx)?, self.review, cx).await?,
        };
        cx.output.keep()?;
        Ok(exit)
    }
}

/// What looks and what judges, where no source names the server that it is for.
pub(super) struct Bench {
    pub(super) rules: RuleSet,
    pub(super) policy: Policy,
    /// Whether everything that is scanned has to be reviewed.
    reviews: bool,
}

impl Bench {
    fn new(rules: RuleSet, judging: &Judging, cx: &Context) -> Result<Self, Problem> {
        judging.refuse_baseline()?;
        let reviews = cx.settings.always_reviews();
        Ok(Self { policy: judging.policy(&rules, None)?, rules, reviews })
    }

    /// Tells in a report on what no reviewer is asked about that it should have been reviewed, where it should.
    pub(super) fn unreviewed(&self, report: &mut Report) {
        if self.reviews {
            let why = "`llm.review` is `always`, and only sources and --live are reviewed";
            unreviewed(report, why, &self.policy);
        }
    }

    /// The same where there are verdicts and no report: what follows from it.
    pub(super) fn unreviewed_verdict(&self) -> Option<Verdict> {
        self.reviews.then_some(self.policy.failed_analyzer)
    }
}

/// Tells why a source could not be taken, as a run would.
pub(super) fn unfetched(error: SourceError) -> Problem {
    pipeline::failure(&StepError::from(error)).into()
}

/// Tells what kept dependencies from being pinned.
fn unpinned(error: SourceError) -> Problem {
    pipeline::failure(&StepError::unpinned(error)).into()
}
