//! `sigyl scan`: looks at a source, and leaves no trace.

mod clients;
mod live;
mod set;
mod together;

use sigyl_core::clock::SystemClock;
use sigyl_core::domain::{Kind, Locator, Policy, Report};
use sigyl_core::manifest::{self, ManifestError, Read};
use sigyl_core::pipeline::{self, StepError};
use sigyl_core::scan::reviewer::{ReviewWork, ReviewerSettings};
use sigyl_core::scan::{self, RuleSet, Scanner, Subject, TreeFiles};
use sigyl_core::source::{Fetcher, Limits, Progress, SourceError, SourceTree};
use sigyl_core::wire::v1::Failure;

use super::Context;
use super::judging::{Judging, JudgingArgs};
use crate::exit::Exit;
use crate::problem::{Problem, chain};
use crate::render::{self, Glyph, Look, Role, specimen};
use crate::signal::Interrupts;

const EXAMPLES: &str = "\
Examples:
  sigyl scan examples/servers/poisoned
      Every finding with place, evidence and fix; exit code 1 when it must not run.
  sigyl scan npm:some-mcp-server@1.2.3 --deep --format json
      A package with the code of its dependencies, as one document.";

/// Scan a source without recording or running anything
///
/// It opens no store and needs no home.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[arg(
        help = "Folder, archive, npm:NAME[@VERSION], pypi:NAME[@VERSION] or git:URL[#REF][:SUBDIR]",
        required_unless_present_any = ["live", "set", "client_config", "discover"],
        conflicts_with_all = ["live", "set", "client_config", "discover"]
    )]
    source: Option<Locator>,
    /// Scan the code of dependencies too
    #[arg(long)]
    deep: bool,
    /// Let the configured language model look at it too (docs/reviewer.md)
    #[arg(long)]
    review: bool,
    #[command(flatten)]
    together: together::Together,
    #[command(flatten)]
    judging: JudgingArgs,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let Some(source) = self.source.filter(|_| !self.together.is_asked()) else {
            return self.together.run(cx).await;
        };
        let mut interrupts = Interrupts::listen()?;
        let reviewer = cx.settings.reviewer_of_scan(self.review)?;
        let work = tempfile::Builder::new().prefix("sigyl-scan-").tempdir_in(cx.settings.temporary_dir());
        let work = work.map_err(|error| {
            let message = format!("could not make a folder for the scan: {error}");
            Problem::failed("E0005", Kind::Unavailable, message, "set TMPDIR to a folder that can be written")
        })?;
        let fetcher = Fetcher::new(
            cx.settings.environment.tool_env(),
            Limits::default(),
            work.path().to_owned(),
            cx.settings.offline,
        );
        let lines = Lines { look: cx.output.err_look };
        let fetched = tokio::select! {
            fetched = fetch(&fetcher, &source, self.deep, &lines) => fetched?,
            () = interrupts.next() => {
                return Err(interrupted());
            }
        };
        if let Err(missing) = &fetched.dependencies {
            cx.output.tell(&render::error(&missing.failure, &cx.output.err_look));
        }
        let deep = self.deep;
        let judging = self.judging.with(&cx.settings, cx.output.err_look);
        let llm = reviewer.as_ref().map(|reviewer| reviewer.settings().clone());
        let work = move || look(&fetched, deep, &judging, llm.as_ref());
        let (report, read, policy, shown) = tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Problem::failed("E0999", Kind::Internal, error, "report this"))??;
        let report = match (&reviewer, shown) {
            (Some(reviewer), Some(shown)) => tokio::select! {
                report = reviewer.review(shown, report, &policy, &lines) => report,
                () = interrupts.next() => return Err(interrupted()),
            },
            _ => report,
        };
        show(&report, &read, cx)
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

/// A report, the manifest, the policy, and what a reviewer is to be shown.
type Seen = (Report, Result<Read, ManifestError>, Policy, Option<ReviewWork>);

fn interrupted() -> Problem {
    Problem::failed("E0020", Kind::Unavailable, "interrupted: nothing was kept", "run it again")
}

/// Scans the tree with what its manifest declares; a manifest that cannot be used leaves a gap, not a silence.
fn look(
    fetched: &Fetched,
    deep: bool,
    judging: &Judging,
    llm: Option<&ReviewerSettings>,
) -> Result<Seen, Problem> {
    let rules = rules()?;
    let tree = &fetched.tree;
    let read = manifest::read(&TreeFiles(tree));
    let subject = Subject { manifest: read.as_ref().ok().map(|read| &read.manifest), ..Subject::of(tree) };
    let name = read.as_ref().ok().map(|read| &read.manifest.name);
    let about = judging.subject(name, &subject.reference);
    let baseline = judging.baseline(&about)?;
    let policy = judging.policy(&rules, name)?;
    let mut scanner = Scanner::new(&rules, policy.clone()).deep(deep);
    if let Some(baseline) = &baseline {
        scanner = scanner.baseline(baseline);
    }
    scanner = match &fetched.dependencies {
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
    Ok((report, read, policy, shown))
}

fn rules() -> Result<RuleSet, Problem> {
    RuleSet::builtin().map_err(|error| Problem::failed("E0999", Kind::Internal, chain(&error), "report this"))
}

fn show(report: &Report, read: &Result<Read, ManifestError>, cx: &mut Context) -> Result<Exit, Problem> {
    if cx.output.is_json() {
        cx.output.document_text(&scan::render::json(report))?;
    } else {
        let text = render::report(report, &cx.output.look);
        cx.output.print(&text)?;
    }
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
