//! `sigyl scan SOURCE`: a folder, an archive, a package or a repository.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sigyl_core::clock::{Clock as _, SystemClock};
use sigyl_core::domain::{Kind, Locator, Policy, Report};
use sigyl_core::manifest::{self, ManifestError, Read};
use sigyl_core::scan::reviewer::{ReviewWork, Reviewer, ReviewerSettings};
use sigyl_core::scan::{KnownFolder, RuleSet, Scanner, Subject, TreeFiles};
use sigyl_core::source::{Fetcher, Progress, SourceError, SourceTree};
use sigyl_core::wire::v1::Failure;

use super::{unfetched, unpinned};
use crate::cli::judging::Judging;
use crate::cli::{Context, results};
use crate::exit::Exit;
use crate::problem::{Problem, chain};
use crate::render::{self, Glyph, Look, Pages, Role, specimen};
use crate::signal::Interrupts;

/// The scan of a source.
pub(super) struct Scan<'a> {
    pub(super) source: &'a Locator,
    pub(super) deep: bool,
    /// Whether dependencies are pinned where a folder does not do so.
    pub(super) resolve: bool,
    /// Whether nothing is taken from earlier scans.
    pub(super) fresh: bool,
    pub(super) reviewer: Option<&'a Reviewer>,
}

impl Scan<'_> {
    /// Does it.
    pub(super) async fn run(
        &self,
        rules: RuleSet,
        judging: Judging,
        cx: &mut Context,
    ) -> Result<Exit, Problem> {
        let mut interrupts = Interrupts::listen()?;
        let work = tempfile::Builder::new().prefix("sigyl-scan-").tempdir_in(cx.settings.temporary_dir());
        let work = work.map_err(|error| {
            let message = format!("could not make a folder for the scan: {error}");
            Problem::failed("E0005", Kind::Unavailable, message, "set TMPDIR to a folder that can be written")
        })?;
        let fetcher = cx.settings.fetcher(work.path().to_owned(), self.source)?;
        let lines = Lines { look: cx.output.err_look };
        let fetched = tokio::select! {
            fetched = self.fetch(&fetcher, &lines) => fetched?,
            () = interrupts.next() => return Err(interrupted()),
        };
        if let Err(missing) = &fetched.dependencies {
            cx.output.tell(&render::error(&missing.failure, &cx.output.err_look));
        }
        let stop = Arc::new(AtomicBool::new(false));
        let bench = Bench {
            rules,
            judging,
            deep: self.deep,
            llm: self.reviewer.map(|reviewer| reviewer.settings().clone()),
            known: cx.settings.cache_dir().ok().filter(|_| !self.fresh).map(|folder| folder.join("scan")),
            stop: stop.clone(),
        };
        let looking = tokio::task::spawn_blocking(move || bench.look(fetched));
        let mut scanned = tokio::select! {
            looked = looking => {
                looked.map_err(|error| Problem::failed("E0999", Kind::Internal, error, "report this"))??
            }
            () = interrupts.next() => {
                stop.store(true, Ordering::Relaxed);
                return Err(interrupted());
            }
        };
        if let (Some(reviewer), Some(shown)) = (self.reviewer, scanned.shown.take()) {
            let report = scanned.report.clone();
            scanned.report = tokio::select! {
                report = reviewer.review(shown, report, &scanned.policy, &lines) => report,
                () = interrupts.next() => return Err(interrupted()),
            };
        }
        show(&scanned, self.source, cx)
    }

    /// Gets the source, and its dependencies as far as they can be had: without them there is still much to look at.
    async fn fetch(&self, fetcher: &Fetcher, lines: &Lines) -> Result<Fetched, Problem> {
        let bare = fetcher.fetch(self.source, lines).await.map_err(unfetched)?;
        // What lies here is looked at without asking anybody.
        if matches!(self.source, Locator::Path(_)) && !self.resolve && !self.deep {
            return Ok(Fetched { tree: bare, dependencies: Ok(None) });
        }
        let tree = match fetcher.resolve(bare.clone(), lines).await {
            Ok(tree) => tree,
            Err(error @ (SourceError::Io { .. } | SourceError::Changed { .. })) => {
                return Err(unfetched(error));
            }
            Err(error) => return Ok(Fetched { tree: bare, dependencies: Err(error.into()) }),
        };
        let dependencies = match self.deep {
            true => fetcher.dependencies(&tree, lines).await.map_err(Missing::from),
            false => Ok(None),
        };
        Ok(Fetched { tree, dependencies })
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
        Self { why: chain(&error), failure: unpinned(error).failure }
    }
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

/// What looks and what judges.
struct Bench {
    rules: RuleSet,
    judging: Judging,
    deep: bool,
    llm: Option<ReviewerSettings>,
    /// Where it is kept what files came to.
    known: Option<PathBuf>,
    stop: Arc<AtomicBool>,
}

impl Bench {
    /// Scans the tree with what its manifest declares; a manifest that cannot be used leaves a gap, not a silence.
    fn look(self, fetched: Fetched) -> Result<Scanned, Problem> {
        let Fetched { tree, dependencies } = fetched;
        let read = manifest::read(&TreeFiles(&tree));
        let subject =
            Subject { manifest: read.as_ref().ok().map(|read| &read.manifest), ..Subject::of(&tree) };
        let name = read.as_ref().ok().map(|read| &read.manifest.name);
        let about = self.judging.subject(name, &subject.reference);
        let baseline = self.judging.baseline(&about)?;
        let policy = self.judging.policy(&self.rules, name)?;
        let known = self.known.as_deref().and_then(known_files);
        let mut scanner = Scanner::new(&self.rules, policy.clone()).deep(self.deep).watch(&*self.stop);
        if self.judging.writes_baseline() {
            scanner = scanner.for_baseline();
        }
        if let Some(baseline) = &baseline {
            scanner = scanner.baseline(baseline);
        }
        if let Some(known) = &known {
            scanner = scanner.known_files(known);
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
        drop(scanner);
        if let Some(Err(error)) = known.map(KnownFolder::save) {
            crate::output::tell(&format!("what files came to is not kept for the next scan: {error}\n"));
        }
        self.judging.keep(&report, &about)?;
        let shown = self.llm.as_ref().map(|llm| ReviewWork::new(&subject, &report, &self.rules, llm));
        Ok(Scanned { rules: self.rules, policy, tree, report, read, shown })
    }
}

/// Opens what earlier scans kept; without it everything is looked at.
fn known_files(folder: &Path) -> Option<KnownFolder> {
    // Another build may look at files in another way.
    let built = std::env::current_exe().and_then(std::fs::metadata).ok()?;
    let writer = format!("{} {} {:?}", env!("CARGO_PKG_VERSION"), built.len(), built.modified().ok()?);
    KnownFolder::open(folder, &writer).ok()
}

fn show(scanned: &Scanned, source: &Locator, cx: &mut Context) -> Result<Exit, Problem> {
    let Scanned { rules, tree, report, read, .. } = scanned;
    let pages = Pages { rules, tree, source: Some(source) };
    results::write(report, rules, &results::origin(source), Some(&pages), cx)?;
    for line in scanned.policy.told_of_waivers(&report.findings, SystemClock.now()) {
        cx.output.tell(&render::notice(&line, &cx.output.err_look));
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

/// Shows what the tools that fetch do.
pub(super) struct Lines {
    pub(super) look: Look,
}

impl Progress for Lines {
    fn log(&self, line: &str) {
        let text = self.look.paint(Role::Dim, &specimen(line));
        crate::output::tell(&format!("{text}\n"));
    }
}
