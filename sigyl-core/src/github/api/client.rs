//! The API of GitHub, by octocrab.

use std::sync::Arc;

use async_trait::async_trait;
use octocrab::models::repos::{Object, Ref};
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use serde::Deserialize;

use super::courier::{Courier, Office, refusal};
use super::tokens::{Credential, Tokens};
use super::{ApiError, Repositories, RepositoryFacts};
use crate::clock::Clock;
use crate::domain::{BranchName, CommitId, RepositoryName};
use crate::web::Web;

/// Asks GitHub itself about repositories.
#[derive(Debug)]
pub struct RepositoryClient {
    office: Arc<Office>,
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
        Ok(Self { office: Arc::new(office) })
    }

    /// Makes what asks. It has to be made within a runtime, where it is used; connections and answers are kept apart from it.
    fn octocrab(&self) -> Result<Octocrab, ApiError> {
        let service = Courier(Arc::clone(&self.office));
        let made = OctocrabBuilder::new_empty().with_service(service).with_auth(AuthState::None).build();
        made.map_err(|never| match never {})
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
}

/// Writes a name into a path: its slashes stay.
fn escaped(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                path.push(byte.into())
            }
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}

/// Tells what went wrong, without what was asked or answered.
fn told(error: octocrab::Error) -> ApiError {
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
