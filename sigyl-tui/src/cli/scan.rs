//! `sigyl scan`: looks at a source, and leaves no trace.

mod clients;
mod live;
mod set;
mod together;

use std::path::PathBuf;

use sigyl_core::clock::SystemClock;
use sigyl_core::domain::{Kind, Locator, Policy, Report};
use sigyl_core::manifest::{self, ManifestError, Read};
use sigyl_core::pipeline::{self, StepError};
use sigyl_core::scan::reviewer::{ReviewWork, Reviewer, ReviewerSettings};
use sigyl_core::scan::{RowsOf, RuleSet, Scanner, Subject, TreeFiles};
use sigyl_core::source::{Fetcher, Limits, Progress, SourceError, SourceTree};
use sigyl_core::wire::v1::Failure;

use super::judging::{Judging, JudgingArgs};
use super::{Context, results, rows};
use crate::exit::Exit;
use crate::problem::{Problem, chain};
use crate::render::{self, Glyph, Look, Pages, Role, specimen};
use crate::rule_files;
use crate::signal::Interrupts;

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
        help = "Folder, archive, npm:NAME[@VERSION], pypi:NAME[@VERSION] or git:URL[#REF][:SUBDIR]",
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
    /// Let the configured language model look at it too (docs/reviewer.md)
    #[arg(long, conflicts_with_all = ["tools", "code", "live", "set", "client_config", "discover"])]
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
        let rules = rule_files::rule_set(&self.rules)?;
        let judging = self.judging.clone().with(&cx.settings, cx.output.err_look);
        if let Some(path) = &self.output {
            cx.output.write_to(path)?;
        }
        let of_rows = self.tools.as_deref().map(|file| (file, RowsOf::Tools));
        let of_rows = of_rows.or_else(|| self.code.as_deref().map(|file| (file, RowsOf::Code)));
        let exit = match (&self.source, of_rows) {
            (_, Some((file, of))) => rows::run(file, of, &Bench::new(rules, &judging)?, cx)?,
            (Some(source), None) => {
                let reviewer = cx.settings.reviewer_of_scan(self.review)?;
                let scan = Scan { source, deep: self.deep, reviewer: reviewer.as_ref() };
                scan.run(rules, judging, cx).await?
            }
            (None, None) => self.together.run(&Bench::new(rules, &judging)?, cx).await?,
        };
        cx.output.keep()?;
        Ok(exit)
    }
}

/// What looks and what judges, where no source names the server that it is for.
pub(super) struct Bench {
    pub(super) rules: RuleSet,
    pub(super) policy: Policy,
}

impl Bench {
    fn new(rules: RuleSet, judging: &Judging) -> Result<Self, Problem> {
        judging.refuse_baseline()?;
        Ok(Self { policy: judging.policy(&rules, None)?, rules })
    }
}

/// The scan of a source.
struct Scan<'a> {
    source: &'a Locator,
    deep: bool,
    reviewer: Option<&'a Reviewer>,
}

impl Scan<'_> {
    async fn run(&self, rules: RuleSet, judging: Judging, cx: &mut Context) -> Result<Exit, Problem> {
        let mut interrupts = Interrupts::listen()?;
        let work = tempfile::Builder::new().prefix("sigyl-scan-").tempdir_in(cx.settings.temporary_dir());
        let work = work.map_err(|error| {
            let message = format!("could not make a folder for the scan: {error}");
            Problem::failed("E0005", Kind::Unavailable, message, "set TMPDIR to a folder that can be written")
        })?;
        let tools = cx.settings.environment.tool_env();
        let fetcher = Fetcher::new(tools, Limits::default(), work.path().to_owned(), cx.settings.offline);
        let lines = Lines { look: cx.output.err_look };
        let fetched = tokio::select! {
            fetched = fetch(&fetcher, self.source, self.deep, &lines) => fetched?,
            () = interrupts.next() => return Err(interrupted()),
        };
        if let Err(missing) = &fetched.dependencies {
            cx.output.tell(&render::error(&missing.failure, &cx.output.err_look));
        }
        let (deep, llm) = (self.deep, self.reviewer.map(|reviewer| reviewer.settings().clone()));
        let work = move || look(fetched, rules, deep, &judging, llm.as_ref());
        let mut scanned = tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Problem::failed("E0999", Kind::Internal, error, "report this"))??;
        if let (Some(reviewer), Some(shown)) = (self.reviewer, scanned.shown.take()) {
            let report = scanned.report.clone();
            scanned.report = tokio::select! {
                report = reviewer.review(shown, report, &scanned.policy, &lines) => report,
                () = interrupts.next() => return Err(interrupted()),
            };
        }
        show(&scanned, self.source, cx)
    }
}

/// What there is to look at.
struct Fetched {
    tree: SourceTree,
    /// The code that a deep scan looks at, or why there is none, or not even a lock.
    dependencies: Result<Option<SourceTree>, Missing>,
}

/// Why the dependencies are not there.
struct Missing {
    why: String,
    failure: Failure,
}

impl From<SourceError> for Missing {
    fn from(error: SourceError) -> Self {
        Self { why: chain(&error), failure: unfetched(error).failure }
    }
}

/// Gets the source, and its dependencies as far as they can be had: without them there is still much to look at.
async fn fetch(fetcher: &Fetcher, source: &Locator, deep: bool, lines: &Lines) -> Result<Fetched, Problem> {
    let bare = fetcher.fetch(source, lines).await.map_err(unfetched)?;
    let tree = match fetcher.resolve(bare.clone(), lines).await {
        Ok(tree) => tree,
        Err(error @ (SourceError::Io { .. } | SourceError::Changed { .. })) => return Err(unfetched(error)),
        Err(error) => return Ok(Fetched { tree: bare, dependencies: Err(error.into()) }),
    };
    let dependencies = match deep {
        true => fetcher.dependencies(&tree, lines).await.map_err(Missing::from),
        false => Ok(None),
    };
    Ok(Fetched { tree, dependencies })
}

/// What a scan saw, and what it came to.
struct Scanned {
    rules: RuleSet,
    policy: Policy,
    tree: SourceTree,
    report: Report,
    read: Result<Read, ManifestError>,
    /// What a reviewer is to be shown.
    shown: Option<ReviewWork>,
}

fn interrupted() -> Problem {
    Problem::failed("E0020", Kind::Unavailable, "interrupted: nothing was kept", "run it again")
}

/// Scans the tree with what its manifest declares; a manifest that cannot be used leaves a gap, not a silence.
fn look(
    fetched: Fetched,
    rules: RuleSet,
    deep: bool,
    judging: &Judging,
    llm: Option<&ReviewerSettings>,
) -> Result<Scanned, Problem> {
    let Fetched { tree, dependencies } = fetched;
    let read = manifest::read(&TreeFiles(&tree));
    let subject = Subject { manifest: read.as_ref().ok().map(|read| &read.manifest), ..Subject::of(&tree) };
    let name = read.as_ref().ok().map(|read| &read.manifest.name);
    let about = judging.subject(name, &subject.reference);
    let baseline = judging.baseline(&about)?;
    let policy = judging.policy(&rules, name)?;
    let mut scanner = Scanner::new(&rules, policy.clone()).deep(deep);
    if let Some(baseline) = &baseline {
        scanner = scanner.baseline(baseline);
    }
    scanner = match &dependencies {
        Ok(Some(code)) => scanner.dependencies(code),
        Ok(None) => scanner,
        Err(missing) => scanner.without_dependencies(missing.why.clone()),
    };
    if let Err(error) = &read {
        scanner = scanner.without_manifest(error.to_string());
    }
    let report = scanner.scan(&subject, &SystemClock);
    judging.keep(&report, &about)?;
    let shown = llm.map(|llm| ReviewWork::new(&subject, &report, &rules, llm));
    Ok(Scanned { rules, policy, tree, report, read, shown })
}

fn show(scanned: &Scanned, source: &Locator, cx: &mut Context) -> Result<Exit, Problem> {
    let Scanned { rules, tree, report, read, .. } = scanned;
    let pages = Pages { rules, tree, source: Some(source) };
    results::write(report, rules, &results::origin(source), Some(&pages), cx)?;
    match read {
        Ok(read) => {
            for notice in &read.notices {
                let look = &cx.output.err_look;
                let line = format!("{} {}", look.sign(Glyph::Warning), specimen(&notice.to_string()));
                cx.output.tell(&format!("{}\n", render::wrap(&line, look, 2)));
            }
        }
        Err(error) => {
            let hint = "`sigyl init` writes a commented manifest";
            let problem = Problem::failed("E0201", error.kind(), error, hint);
            cx.output.tell(&render::error(&problem.failure, &cx.output.err_look));
        }
    }
    Ok(Exit::of_report(report))
}

/// Tells why a source could not be taken, as a run would.
pub(super) fn unfetched(error: SourceError) -> Problem {
    pipeline::failure(&StepError::from(error)).into()
}

/// Shows what the tools that fetch do.
struct Lines {
    look: Look,
}

impl Progress for Lines {
    fn log(&self, line: &str) {
        let text = self.look.paint(Role::Dim, &specimen(line));
        crate::output::tell(&format!("{text}\n"));
    }
}
