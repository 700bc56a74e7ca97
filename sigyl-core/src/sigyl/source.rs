//! Lines of the kept source of a version, or of what a run fetched.

use super::Sigyl;
use crate::domain::{Action, Caller, Digest, Mask, ReportId, Run, specimen};
use crate::error::{Error, KeptError};
use crate::pipeline::StepError;
use crate::scan::render::{Excerpt, ExcerptError};
use crate::source::{SourceError, SourceTree};
use crate::store::{SealedSecret, StoreError};
use crate::wire::v1::{SourceOf, SourceWindow};

/// Lines that can be asked for at once.
const LINES: u32 = 2_000;

/// Characters of a path that a message repeats.
const PATH: usize = 300;

/// What is looked into.
struct Kept {
    /// What messages call it.
    what: String,
    digest: Digest,
    report: Option<ReportId>,
    /// What hides the secrets of its server.
    mask: Mask,
}

impl Sigyl {
    /// Shows at most `lines` lines of a file of a kept source from line `from` on, both from 1. Secrets are masked as in the
    /// report on that source, and so are those of its server; where that cannot be made sure of, nothing is shown. Whoever may
    /// read that report may read this.
    pub async fn source(
        &self,
        caller: &Caller,
        of: &SourceOf,
        path: &str,
        from: u32,
        lines: u32,
    ) -> Result<SourceWindow, Error> {
        let kept = self.kept_source(caller, of).await?;
        if from == 0 || lines == 0 || lines > LINES {
            return Err(KeptError::Window { from, lines, most: LINES }.into());
        }
        let platform = &self.inner.platform;
        let report = match kept.report {
            Some(id) => platform.store.report(id).await?,
            None => None,
        };
        // Only a report tells whether what it masks is masked here too.
        let Some(report) = report else { return Err(KeptError::Unscanned(kept.what).into()) };
        let (rules, trees, path) = (platform.rules.clone(), platform.settings.trees.clone(), path.to_owned());
        let work = move || -> Result<SourceWindow, Error> {
            let Kept { what, digest, mask, .. } = kept;
            let tree = match SourceTree::open_kept(&trees, digest) {
                Err(SourceError::NotFound(_)) => return Err(KeptError::Gone(what).into()),
                opened => opened.map_err(StepError::from)?,
            };
            let read = match tree.read_named(&path, Excerpt::LARGEST as u64) {
                Err(SourceError::BadPath { path, why }) => return Err(KeptError::Path { path, why }.into()),
                Err(SourceError::TooLarge { what, .. }) => {
                    return Err(KeptError::Excerpt { path: what, source: ExcerptError::Large }.into());
                }
                read => read.map_err(StepError::from)?,
            };
            let (path, bytes) = read.ok_or(KeptError::NoFile {
                path: specimen(&path.chars().take(PATH).collect::<String>()),
                of: what,
            })?;
            let window = (usize::try_from(from).unwrap_or(usize::MAX), usize::try_from(lines).unwrap_or(0));
            let excerpt = rules.get()?.excerpt(&path, &bytes, window, &report.findings, &mask);
            let excerpt = excerpt.map_err(|source| KeptError::Excerpt { path: path.clone(), source })?;
            Ok(SourceWindow {
                source: digest,
                path,
                bytes: bytes.len() as u64,
                total: excerpt.total as u64,
                from: excerpt.from as u64,
                lines: excerpt.lines,
                cut: excerpt.cut.into_iter().map(|line| line as u64).collect(),
                masked: excerpt.masked as u64,
            })
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Engine(error.to_string()))?
    }

    /// Finds what is meant, if this caller may read what was found in it.
    async fn kept_source(&self, caller: &Caller, of: &SourceOf) -> Result<Kept, Error> {
        match of {
            SourceOf::Version { name, version } => {
                let server = self.known(caller, Action::Read, name).await?;
                let version = version.clone().or(server.active).unwrap_or(server.latest);
                let record = self.inner.platform.store.version(name, &version).await?;
                let record = record
                    .ok_or_else(|| StepError::NoVersion { server: name.clone(), version: version.clone() })?;
                let what = format!("{name} {version}");
                let mask = self.mask_of(name).await?;
                Ok(Kept { what, digest: record.source.digest, report: Some(record.report), mask })
            }
            SourceOf::Run(id) => {
                let run = self.known_run(caller, Action::Read, id).await?;
                let what = format!("run {id}");
                let digest = run.source.ok_or_else(|| KeptError::Gone(what.clone()))?;
                let mask = self.mask_of_run(&run).await?;
                Ok(Kept { what, digest, report: run.report, mask })
            }
        }
    }

    /// What hides the secrets of the server that a run is for, and those that wait to be bound to it.
    pub(super) async fn mask_of_run(&self, run: &Run) -> Result<Mask, Error> {
        let of_server = match &run.server {
            Some(name) => self.mask_of(name).await?,
            None => Mask::default(),
        };
        let corrupt = |error: serde_json::Error| StoreError::Corrupt {
            key: format!("run {}", run.id),
            why: error.to_string(),
        };
        let sealed: Vec<SealedSecret> = match run.request.get("sealed") {
            Some(sealed) => serde_json::from_value(sealed.clone()).map_err(corrupt)?,
            None => Vec::new(),
        };
        let reveal = |one: &SealedSecret| Ok((one.name.clone(), self.inner.platform.vault.reveal(one)?));
        let waiting: Vec<_> = sealed.iter().map(reveal).collect::<Result<_, Error>>()?;
        Ok(Mask::all(&[of_server, Mask::of(waiting.iter().map(|(name, value)| (name, value)))]))
    }
}
