//! Builds of images: begun with one archive, watched line by line, and over with the digest of an image.

use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Account;
use super::bucket::Archive;
use super::call::Call;
use super::endpoints::Api;
use super::google::{Google, GoogleError};
use super::log::Lines;
use super::operation::said;
use super::refusal::Class;
use crate::deploy::image::Names;
use crate::domain::{Digest, RevisionId};
use crate::source::Progress;

const CREATE: &str = "cloudbuild.projects.locations.builds.create";
/// Which builds are asked for where some are to be ended.
const GOING_ON: &str = "status=\"QUEUED\" OR status=\"PENDING\" OR status=\"WORKING\"";
/// Pages of a list that are read at most.
const PAGES: usize = 100;
const BUILDER: &str = "gcr.io/cloud-builders/docker";

/// What is built.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// The archive.
    pub archive: &'a Archive,
    /// The Dockerfile in it.
    pub file: &'a str,
    /// The folder of it that may be copied from.
    pub context: &'a str,
    /// The name of the image, without tag and digest.
    pub image: &'a str,
    /// The source that the archive was made of.
    pub source: Digest,
    /// The instance that the image is for.
    pub revision: &'a RevisionId,
    /// Who builds.
    pub builder: &'a Account,
}

#[derive(Deserialize)]
struct Begun {
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    build: Option<Build>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Build {
    #[serde(default)]
    id: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    status_detail: String,
    #[serde(default)]
    log_url: String,
    failure_info: Option<FailureInfo>,
    results: Option<Results>,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(default)]
    builds: Vec<Build>,
    next_page_token: Option<String>,
}

impl Build {
    fn goes_on(&self) -> bool {
        matches!(self.status.as_str(), "QUEUED" | "PENDING" | "WORKING" | "STATUS_UNKNOWN" | "")
    }
}

#[derive(Deserialize)]
struct FailureInfo {
    #[serde(default)]
    detail: String,
}

#[derive(Deserialize)]
struct Results {
    #[serde(default)]
    images: Vec<Image>,
}

#[derive(Deserialize)]
struct Image {
    #[serde(default)]
    name: String,
    #[serde(default)]
    digest: String,
}

impl Google {
    /// Builds an image; returns its name with its digest, which never means another one.
    pub async fn build(&self, order: &Order<'_>, progress: &dyn Progress) -> Result<String, GoogleError> {
        let tag = format!("{}:source-{}", order.image, &order.source.hex()[..40]);
        let body = body(order, &tag, self.project(), self.patience().build.as_secs());
        let path = self.builds();
        let begin = || {
            let call = Call::post(CREATE, Api::CloudBuild, path.clone(), body.clone());
            self.call::<Begun>(call.with("projectId", self.project()))
        };
        let begun = self.settled(order.builder.is_new, begin).await?;
        let id = begun.metadata.and_then(|it| it.build).map(|build| build.id).unwrap_or_default();
        if !is_id(&id) {
            return Err(GoogleError::Answer { call: CREATE, why: "it names no build".to_owned() });
        }
        let build = self.over(&path, &id, progress).await?;
        image_of(&build, &tag, order.image)
    }

    /// Watches a build until it is over. One that takes too long is ended.
    async fn over(&self, path: &str, id: &str, progress: &dyn Progress) -> Result<Build, GoogleError> {
        let limit = self.patience().build;
        let mut lines = Lines::of_build(id);
        let watched = tokio::time::timeout(limit, self.watch_build((path, id), &mut lines, progress)).await;
        let Ok(build) = watched else {
            if let Err(error) = self.cancel_build(id).await {
                progress.log(&format!("the build may still go on at Google: {error}"));
            }
            return Err(GoogleError::Late { call: CREATE, limit });
        };
        self.tell(&mut lines, progress).await;
        build
    }

    async fn watch_build(
        &self,
        (path, id): (&str, &str),
        lines: &mut Lines,
        progress: &dyn Progress,
    ) -> Result<Build, GoogleError> {
        let mut pause = self.patience().first;
        loop {
            let name = "cloudbuild.projects.locations.builds.get";
            let call = Call::get(name, Api::CloudBuild, format!("{path}/{id}"));
            let build: Build = self.call(call.with("projectId", self.project()).with("id", id)).await?;
            if !build.goes_on() {
                return Ok(build);
            }
            self.tell(lines, progress).await;
            tokio::time::sleep(pause).await;
            pause = (2 * pause).min(self.patience().watching);
        }
    }

    fn builds(&self) -> String {
        format!("v1/projects/{}/locations/{}/builds", self.project(), self.region())
    }

    /// Ends the builds for an instance that still go on.
    pub(super) async fn end_builds(&self, revision: &RevisionId) -> Result<(), GoogleError> {
        const LIST: &str = "cloudbuild.projects.locations.builds.list";
        let (mark, mut token) = (Names::mark(revision), None::<String>);
        for _ in 0..PAGES {
            let call = Call::get(LIST, Api::CloudBuild, self.builds()).with("projectId", self.project());
            let call = call.with("filter", GOING_ON).with("pageSize", "100");
            let call = match token.take() {
                Some(token) => call.with("pageToken", token),
                None => call,
            };
            let page: Listed = self.call(call).await?;
            // What the filter lets through is looked at: nothing else is ended.
            let is_ours = |build: &&Build| build.tags.contains(&mark) && is_id(&build.id);
            for build in page.builds.iter().filter(is_ours).filter(|build| build.goes_on()) {
                self.cancel_build(&build.id).await?;
            }
            match page.next_page_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(()),
            }
        }
        Err(GoogleError::Answer { call: LIST, why: format!("it has more than {PAGES} pages") })
    }

    async fn cancel_build(&self, id: &str) -> Result<(), GoogleError> {
        const CANCEL: &str = "cloudbuild.projects.locations.builds.cancel";
        let body = json!({"projectId": self.project(), "id": id});
        let call = Call::post(CANCEL, Api::CloudBuild, format!("{}/{id}:cancel", self.builds()), body);
        match self.call::<Value>(call.safe()).await {
            Ok(_) => Ok(()),
            // It ended by itself meanwhile.
            Err(error) if error.is(&Class::Precondition) || error.is(&Class::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Tells the lines that came since; that they cannot be read is told once, and fails nothing.
    async fn tell(&self, lines: &mut Lines, progress: &dyn Progress) {
        match self.new_lines(lines).await {
            Ok(new) => new.iter().for_each(|line| progress.log(&line.text)),
            Err(error) if lines.is_first_failure() => {
                progress.log(&format!("what the build prints cannot be read: {}", error.said()));
            }
            Err(_) => {}
        }
    }
}

/// Tells whether it can be the id of a build, and no other part of an address.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn body(order: &Order<'_>, tag: &str, project: &str, seconds: u64) -> Value {
    let Archive { bucket, object, generation } = order.archive;
    let args =
        ["build", "--pull", "--file", order.file, "--tag", tag, "--label", "managed-by=sigyl", order.context];
    json!({
        "source": {"storageSource": {"bucket": bucket, "object": object, "generation": generation}},
        "steps": [{"name": BUILDER, "args": args, "env": ["DOCKER_BUILDKIT=1"]}],
        "images": [tag],
        "tags": ["sigyl", format!("source-{}", &order.source.hex()[..40]), Names::mark(order.revision)],
        "timeout": format!("{seconds}s"),
        "serviceAccount": format!("projects/{project}/serviceAccounts/{}", order.builder.email),
        "options": {
            "logging": "CLOUD_LOGGING_ONLY",
            "requestedVerifyOption": "VERIFIED",
            "sourceProvenanceHash": ["SHA256"],
        },
    })
}

/// Returns the image that a build pushed, by its digest.
fn image_of(build: &Build, tag: &str, image: &str) -> Result<String, GoogleError> {
    if build.status != "SUCCESS" {
        let detail = build.failure_info.as_ref().map(|info| info.detail.as_str()).unwrap_or_default();
        let detail = if detail.is_empty() { &build.status_detail } else { detail };
        let place = if build.log_url.is_empty() { String::new() } else { format!("; {}", build.log_url) };
        return Err(GoogleError::Failed {
            call: CREATE,
            code: 2,
            message: said(&format!("the build {} ended with {}: {detail}{place}", build.id, build.status)),
        });
    }
    let results = build.results.as_ref().map(|results| results.images.as_slice()).unwrap_or_default();
    let digest =
        results.iter().find(|one| one.name == tag).map(|one| one.digest.as_str()).unwrap_or_default();
    if Digest::parse(digest).is_err() {
        let why = format!("the build {} names no digest of {tag}", build.id);
        return Err(GoogleError::Answer { call: CREATE, why });
    }
    Ok(format!("{image}@{digest}"))
}
