//! The repository of images, and the images of a server in it.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::call::Call;
use super::doctor::REPOSITORY;
use super::endpoints::Api;
use super::google::{Google, GoogleError};
use super::operation::{Begun, Operation};
use super::refusal::Class;
use crate::domain::Digest;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Repository {
    #[serde(default)]
    format: String,
    /// What the names of its images begin with.
    registry_uri: Option<String>,
}

impl Google {
    fn repository(&self) -> String {
        format!("projects/{}/locations/{}/repositories/{REPOSITORY}", self.project(), self.region())
    }

    /// Makes the repository of images if it is not there; returns what the names of its images begin with.
    pub async fn keep_repository(&self) -> Result<String, GoogleError> {
        let call = || {
            let name = "artifactregistry.projects.locations.repositories.get";
            Call::get(name, Api::ArtifactRegistry, format!("v1/{}", self.repository()))
        };
        let found: Repository = match self.call(call()).await {
            Ok(found) => found,
            Err(error) if error.is(&Class::NotFound) => {
                self.make_repository().await?;
                self.call(call()).await?
            }
            Err(error) => return Err(error),
        };
        if found.format != "DOCKER" {
            return Err(GoogleError::Answer {
                call: "artifactregistry.projects.locations.repositories.get",
                why: format!("the repository `{REPOSITORY}` holds {} and no images", found.format),
            });
        }
        let own = || format!("{}-docker.pkg.dev/{}/{REPOSITORY}", self.region(), self.project());
        Ok(found.registry_uri.unwrap_or_else(own))
    }

    async fn make_repository(&self) -> Result<(), GoogleError> {
        const CALL: &str = "artifactregistry.projects.locations.repositories.create";
        let parent = format!("projects/{}/locations/{}", self.project(), self.region());
        let body = json!({
            "format": "DOCKER", "mode": "STANDARD_REPOSITORY", "labels": {"managed-by": "sigyl"},
            "description": "Images that Sigyl builds",
        });
        let call = Call::post(CALL, Api::ArtifactRegistry, format!("v1/{parent}/repositories"), body);
        match self.call::<Operation>(call.with("repositoryId", REPOSITORY)).await {
            Ok(operation) => self.finished(self.begun_in_registry(CALL), operation).await.map(|_| ()),
            // Another release made it at the same time.
            Err(error) if error.is(&Class::Exists) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Tells whether an image of a server is still there, by its digest.
    pub async fn has_image(&self, service: &str, digest: &Digest) -> Result<bool, GoogleError> {
        const CALL: &str = "artifactregistry.projects.locations.repositories.packages.versions.get";
        let path = format!("v1/{}/packages/{service}/versions/{digest}", self.repository());
        match self.call::<IgnoredAny>(Call::get(CALL, Api::ArtifactRegistry, path)).await {
            Ok(_) => Ok(true),
            Err(error) if error.is(&Class::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes all images of a server; returns what was removed.
    pub async fn remove_images(&self, service: &str) -> Result<Vec<String>, GoogleError> {
        const CALL: &str = "artifactregistry.projects.locations.repositories.packages.delete";
        let path = format!("v1/{}/packages/{service}", self.repository());
        match self.call::<Operation>(Call::delete(CALL, Api::ArtifactRegistry, path)).await {
            Ok(operation) => {
                self.finished(self.begun_in_registry(CALL), operation).await?;
                Ok(vec![format!("the images {REPOSITORY}/{service}")])
            }
            Err(error) if error.is(&Class::NotFound) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn begun_in_registry(&self, call: &'static str) -> Begun {
        Begun {
            call,
            asked: "artifactregistry.projects.locations.operations.get",
            api: Api::ArtifactRegistry,
            version: "v1",
            limit: self.patience().operation,
        }
    }
}
