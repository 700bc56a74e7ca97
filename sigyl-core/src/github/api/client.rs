//! The API of GitHub, by octocrab.

use std::sync::Arc;

use async_trait::async_trait;
use octocrab::models::StatusState;
use octocrab::models::repos::{Object, Ref};
use octocrab::params::checks::{
    CheckRunConclusion, CheckRunOutput, CheckRunOutputAnnotation, CheckRunOutputAnnotationLevel,
    CheckRunStatus,
};
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use serde::Deserialize;

use super::courier::{Courier, Office, refusal};
use super::tokens::{Credential, Tokens};
use super::{ApiError, CommitCheck, CommitState, CommitStatus, Repositories, RepositoryFacts};
use crate::clock::Clock;
use crate::domain::{Annotation, BranchName, CommitId, RepositoryName, Severity, percent_encoded};
use crate::web::Web;

/// Annotations of one request, and of one check: GitHub takes no more at a time, and nobody reads more.
const ANNOTATIONS: usize = 50;
const ANNOTATIONS_MOST: usize = 500;
/// Characters of what is said, as GitHub bounds it, or far below.
const DESCRIPTION: usize = 140;
const TITLE: usize = 250;
const MESSAGE: usize = 4_000;

/// Asks GitHub itself about repositories.
#[derive(Debug)]
pub struct RepositoryClient {
    office: Arc<Office>,
    web: Web,
}

impl RepositoryClient {
    /// Makes a client of the API at `api_url`: `https://api.github.com`, or that of a server of one's own, with `/api/v3`.
    pub fn new(
        api_url: &str,
        credential: Credential,
        web: &Web,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ApiError> {
        let office = Office::new(web.line(api_url)?, Tokens::new(credential), clock);
        Ok(Self { office: Arc::new(office), web: *web })
    }

    /// Makes what asks. It has to be made within a runtime, where it is used; connections and answers are kept apart from it.
    pub(super) fn octocrab(&self) -> Result<Octocrab, ApiError> {
        let service = Courier(Arc::clone(&self.office));
        let made = OctocrabBuilder::new_empty().with_service(service).with_auth(AuthState::None).build();
        made.map_err(|never| match never {})
    }
}

impl RepositoryClient {
    /// Returns what asks the API itself.
    pub(super) fn office(&self) -> &Office {
        &self.office
    }

    /// Returns what asks others than the API.
    pub(super) fn web(&self) -> &Web {
        &self.web
    }
}

#[derive(Deserialize)]
struct Facts {
    id: u64,
    full_name: RepositoryName,
    default_branch: BranchName,
}

#[async_trait]
impl Repositories for RepositoryClient {
    async fn facts(&self, repository: &RepositoryName) -> Result<RepositoryFacts, ApiError> {
        let path = format!("/repos/{repository}");
        let facts: Facts = self.octocrab()?.get(path, None::<&()>).await.map_err(told)?;
        Ok(RepositoryFacts { name: facts.full_name, id: facts.id, default_branch: facts.default_branch })
    }

    async fn head(&self, repository: &RepositoryName, branch: &BranchName) -> Result<CommitId, ApiError> {
        let path = format!("/repos/{repository}/git/ref/heads/{}", escaped(branch.as_str()));
        let found: Ref = self.octocrab()?.get(path, None::<&()>).await.map_err(told)?;
        let Object::Commit { sha, .. } = found.object else {
            return Err(ApiError::Answer("the branch is at no commit"));
        };
        CommitId::parse(&sha).map_err(|_| ApiError::Answer("the commit of the branch is none"))
    }

    async fn set_status(
        &self,
        repository: &RepositoryName,
        commit: &CommitId,
        status: &CommitStatus,
    ) -> Result<(), ApiError> {
        let state = match status.state {
            CommitState::Pending => StatusState::Pending,
            CommitState::Success => StatusState::Success,
            CommitState::Failure => StatusState::Failure,
            CommitState::Error => StatusState::Error,
        };
        let octocrab = self.octocrab()?;
        let repository = octocrab.repos(repository.owner(), repository.name());
        let told_it = repository
            .create_status(commit.as_str().to_owned(), state)
            .context(status.context.clone())
            .description(cut(&status.description, DESCRIPTION));
        told_it.send().await.map_err(told).map(|_| ())
    }

    async fn check(
        &self,
        repository: &RepositoryName,
        commit: &CommitId,
        check: &CommitCheck,
    ) -> Result<(), ApiError> {
        if !self.office.tokens.is_app() {
            return Ok(());
        }
        let conclusion = match check.passed {
            Some(true) => CheckRunConclusion::Success,
            Some(false) => CheckRunConclusion::Failure,
            None => CheckRunConclusion::ActionRequired,
        };
        let octocrab = self.octocrab()?;
        let checks = octocrab.checks(repository.owner(), repository.name());
        let mut parts =
            check.annotations.get(..ANNOTATIONS_MOST).unwrap_or(&check.annotations).chunks(ANNOTATIONS);
        let first = output(check, parts.next().unwrap_or_default());
        let made = checks.create_check_run(check.name.clone(), commit.as_str());
        let made = made.status(CheckRunStatus::Completed).conclusion(conclusion).output(first);
        let made = made.send().await.map_err(told)?;
        // GitHub adds those of each request to those before.
        for part in parts {
            let more = checks.update_check_run(made.id).output(output(check, part));
            more.send().await.map_err(told)?;
        }
        Ok(())
    }
}

/// Returns what GitHub takes for the annotations of one request.
fn output(check: &CommitCheck, part: &[Annotation]) -> CheckRunOutput {
    let annotations = part.iter().map(|one| CheckRunOutputAnnotation {
        path: one.path.clone(),
        start_line: one.line,
        end_line: one.line,
        start_column: None,
        end_column: None,
        annotation_level: match one.severity {
            Severity::Block | Severity::Error => CheckRunOutputAnnotationLevel::Failure,
            Severity::Warning => CheckRunOutputAnnotationLevel::Warning,
            Severity::Info => CheckRunOutputAnnotationLevel::Notice,
        },
        message: cut(&one.message, MESSAGE),
        title: Some(cut(&one.title, TITLE)),
        raw_details: None,
    });
    CheckRunOutput {
        title: cut(&check.title, TITLE),
        summary: cut(&check.summary, MESSAGE),
        text: None,
        annotations: annotations.collect(),
        images: Vec::new(),
    }
}

/// Cuts a text to so many characters, and says so.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// Writes a name into a path: its slashes stay.
fn escaped(name: &str) -> String {
    name.split('/').map(percent_encoded).collect::<Vec<_>>().join("/")
}

/// Tells what went wrong, without what was asked or answered.
pub(super) fn told(error: octocrab::Error) -> ApiError {
    match error {
        octocrab::Error::GitHub { source, .. } => {
            let message = serde_json::json!({ "message": source.message }).to_string();
            refusal(source.status_code.as_u16(), message.as_bytes())
        }
        octocrab::Error::Service { source, .. } => match source.downcast::<ApiError>() {
            Ok(own) => *own,
            Err(_) => ApiError::Answer("the question could not be carried"),
        },
        _ => ApiError::Answer("it has another form"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_one_place_in_a_path_whatever_it_is_called() {
        assert_eq!(escaped("feature/a-b.c"), "feature/a-b.c");
        assert_eq!(escaped("a#b%2e?ü"), "a%23b%252e%3F%C3%BC");
    }
}
