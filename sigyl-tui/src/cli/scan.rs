//! `sigyl scan`: looks at a source, and leaves no trace.

use sigyl_core::clock::SystemClock;
use sigyl_core::domain::{Analyzer, AnalyzerStatus, Kind, Locator, Policy, Report};
use sigyl_core::manifest::{self, ManifestError, Read};
use sigyl_core::pipeline::{self, StepError};
use sigyl_core::scan::{self, RuleSet, Scanner, Subject, TreeFiles};
use sigyl_core::source::{Fetcher, Limits, Progress, SourceError, SourceTree};

use super::Context;
use crate::exit::Exit;
use crate::problem::{Problem, chain};
use crate::render::{self, Look, Role, specimen};
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
    #[arg(help = "Folder, archive, npm:NAME[@VERSION], pypi:NAME[@VERSION] or git:URL[#REF][:SUBDIR]")]
    source: Locator,
    /// Scan the code of dependencies too
    #[arg(long)]
    deep: bool,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let mut interrupts = Interrupts::listen()?;
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
        let tree = tokio::select! {
            tree = fetch(&fetcher, &self.source, &lines) => tree?,
            () = interrupts.next() => {
                return Err(Problem::failed("E0020", Kind::Unavailable, "interrupted: nothing was kept", "run it again"));
            }
        };
        let deep = self.deep;
        let (report, manifest) = tokio::task::spawn_blocking(move || look(&tree, deep))
            .await
            .map_err(|error| Problem::failed("E0999", Kind::Internal, error, "report this"))??;
        show(&report, manifest.as_ref(), cx)
    }
}

async fn fetch(fetcher: &Fetcher, source: &Locator, lines: &Lines) -> Result<SourceTree, Problem> {
    let tree = fetcher.fetch(source, lines).await.map_err(unfetched)?;
    fetcher.resolve(tree, lines).await.map_err(unfetched)
}

/// Scans the tree with what its manifest declares; a manifest that cannot be used leaves a gap, not a silence.
fn look(tree: &SourceTree, deep: bool) -> Result<(Report, Option<ManifestError>), Problem> {
    let rules = RuleSet::builtin()
        .map_err(|error| Problem::failed("E0999", Kind::Internal, chain(&error), "report this"))?;
    let read = manifest::read(&TreeFiles(tree));
    let policy = Policy::default();
    let subject = Subject {
        reference: tree.reference().clone(),
        tree: Some(tree),
        manifest: read.as_ref().ok().map(|read: &Read| &read.manifest),
        tools: &[],
        instructions: None,
    };
    let mut report = Scanner::new(&rules, policy.clone()).deep(deep).scan(&subject, &SystemClock);
    let failed = read.err();
    if let Some(error) = &failed {
        report.partial = true;
        report.verdict = policy.verdict(&report.findings, true);
        report.analyzers.retain(|analyzer| analyzer.name != "manifest");
        report.analyzers.push(Analyzer {
            name: "manifest".to_owned(),
            status: AnalyzerStatus::Failed,
            reason: Some(error.to_string()),
        });
    }
    Ok((report, failed))
}

fn show(report: &Report, manifest: Option<&ManifestError>, cx: &mut Context) -> Result<Exit, Problem> {
    if cx.output.is_json() {
        cx.output.document_text(&scan::render::json(report))?;
    } else {
        let text = render::report(report, &cx.output.look);
        cx.output.print(&text)?;
    }
    let exit = Exit::of_report(report);
    if let Some(error) = manifest {
        let problem =
            Problem::failed("E0201", error.kind(), error, "`sigyl init` writes a commented manifest");
        cx.output.tell(&render::error(&problem.failure, &cx.output.err_look));
    }
    Ok(exit)
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
