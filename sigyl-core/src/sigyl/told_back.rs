//! What came of a commit, told back to GitHub: a status, and a check with what was found.

use std::sync::Arc;

use super::Sigyl;
use crate::domain::{Caller, CommitId, RepositoryName, RunId, RunState, Seq, ServerName, Severity};
use crate::github::api::{ApiError, CommitCheck, CommitState, CommitStatus, Repositories};
use crate::scan::render::{Origin, annotations};
use crate::wire::v1::RunEnd;

/// What is told about, and where.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) server: ServerName,
    pub(super) repository: RepositoryName,
    pub(super) folder: Option<String>,
    pub(super) commit: CommitId,
}

impl Sigyl {
    /// Tells GitHub how a commit stands, now and when its run is over or held. Nobody waits for it, and a failure is logged:
    /// a release does not fail because it could not be told.
    pub(super) fn tell_back(&self, about: Told, run: RunId) {
        let Some(api) = self.github_api() else { return };
        let sigyl = self.clone();
        tokio::spawn(async move {
            let (server, commit) = (about.server.clone(), about.commit.clone());
            if let Err(error) = sigyl.tell_whole(&api, &about, &run).await {
                tracing::warn!(%error, %server, commit = commit.as_str(), "GitHub was not told how a commit stands");
            }
        });
    }

    async fn tell_whole(
        &self,
        api: &Arc<dyn Repositories>,
        about: &Told,
        run: &RunId,
    ) -> Result<(), ApiError> {
        let Told { repository, commit, .. } = about;
        let begun = (CommitState::Pending, format!("run {run} scans and releases it"));
        api.set_status(repository, commit, &status(about, begun)).await?;
        // Nobody reads the frames: only the end matters.
        let (frames, _) = tokio::sync::mpsc::channel(1);
        let end = match self.watch(&Caller::local_owner(), run, Seq(0), &frames).await {
            Ok(end) => end,
            Err(error) => {
                let said = (CommitState::Error, error.failure().message);
                return api.set_status(repository, commit, &status(about, said)).await;
            }
        };
        api.set_status(repository, commit, &status(about, stands(&end))).await?;
        match check(about, &end) {
            Some(check) => api.check(repository, commit, &check).await,
            None => Ok(()),
        }
    }
}

fn status(about: &Told, (state, description): (CommitState, String)) -> CommitStatus {
    CommitStatus { context: format!("sigyl/{}", about.server), state, description }
}

/// Tells how a commit stands by how its run ended.
fn stands(end: &RunEnd) -> (CommitState, String) {
    let run = &end.run;
    let why = run.failure.as_ref().map_or_else(|| format!("run {} ended", run.id), |it| it.message.clone());
    match run.state {
        RunState::Done => {
            let version = run.version.as_ref().map(|version| format!(" as version {version}"));
            (CommitState::Success, format!("released{}", version.unwrap_or_default()))
        }
        RunState::Held => (CommitState::Pending, "held: a person has to decide".to_owned()),
        RunState::Running => (CommitState::Pending, "under way".to_owned()),
        RunState::Blocked => (CommitState::Failure, why),
        _ => (CommitState::Error, why),
    }
}

/// Tells what was found, once it was looked at.
fn check(about: &Told, end: &RunEnd) -> Option<CommitCheck> {
    let report = end.report.as_ref()?;
    let origin = Origin { folder: about.folder.clone().unwrap_or_default(), file: None };
    let grave = report.standing().filter(|one| one.severity >= Severity::Error).count();
    let partial = if report.partial { " (incomplete)" } else { "" };
    Some(CommitCheck {
        name: format!("sigyl/{}", about.server),
        passed: match end.run.state {
            RunState::Held => None,
            state => Some(state != RunState::Blocked),
        },
        title: format!("verdict {}{partial}", report.verdict),
        summary: format!("{} findings, {grave} of them errors or worse.", report.findings.len()),
        annotations: annotations(report, &origin),
    })
}
