//! What a project lacks before something can run in it, and the command that mends each.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::call::Call;
use super::endpoints::Api;
use super::google::{Google, GoogleError};
use super::refusal::{Class, role_for};

/// The APIs that a release needs switched on.
const NEEDED: [Api; 9] = [
    Api::Run,
    Api::CloudBuild,
    Api::ArtifactRegistry,
    Api::SecretManager,
    Api::Logging,
    Api::Storage,
    Api::Iam,
    Api::IamCredentials,
    Api::ResourceManager,
];

/// What whoever calls has to be allowed, in the project.
const PERMISSIONS: &[&str] = &[
    "run.services.create",
    "run.services.get",
    "run.services.update",
    "run.services.delete",
    "run.services.getIamPolicy",
    "run.services.setIamPolicy",
    "run.operations.get",
    "run.revisions.get",
    "run.revisions.list",
    "run.revisions.delete",
    "cloudbuild.builds.create",
    "cloudbuild.builds.get",
    "cloudbuild.builds.list",
    "cloudbuild.builds.update",
    "artifactregistry.repositories.create",
    "artifactregistry.repositories.get",
    "artifactregistry.packages.delete",
    "secretmanager.secrets.create",
    "secretmanager.secrets.get",
    "secretmanager.secrets.list",
    "secretmanager.versions.add",
    "secretmanager.versions.list",
    "secretmanager.versions.destroy",
    "secretmanager.secrets.getIamPolicy",
    "secretmanager.secrets.setIamPolicy",
    "secretmanager.secrets.delete",
    "logging.logEntries.list",
    "storage.buckets.create",
    "storage.buckets.get",
    "storage.objects.create",
    "storage.objects.get",
    "storage.objects.list",
    "storage.objects.delete",
    "iam.serviceAccounts.create",
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.actAs",
    "resourcemanager.projects.getIamPolicy",
    "resourcemanager.projects.setIamPolicy",
    "serviceusage.services.enable",
];

/// What whoever calls has to be allowed for `sigyl metrics`, and for nothing else.
const MEASURES: &str = "monitoring.timeSeries.list";

/// What the account that builds needs, in the project.
pub(super) const BUILDS: [&str; 3] =
    ["roles/storage.objectViewer", "roles/artifactregistry.writer", "roles/logging.logWriter"];

/// The name of the account that builds, and of the repository of images.
pub(super) const BUILDER: &str = "sigyl-build";
pub(super) const REPOSITORY: &str = "sigyl";

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Checked {
    /// As it should be.
    Ok,
    /// It is not there, and the first release makes it.
    Made,
    /// It could not be looked at, or nothing is released by it.
    Unseen,
    /// Nothing can be released until it is mended.
    Missing,
}

/// What was looked at, what was seen, and what mends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub state: Checked,
    /// What was seen.
    pub found: String,
    /// Commands that mend it, each whole.
    pub remedies: Vec<String>,
}

/// Looks at a project; nothing is changed.
#[derive(Debug)]
pub struct Doctor<'g> {
    google: &'g Google,
    caller: String,
}

impl<'g> Doctor<'g> {
    /// Looks at everything, as far as one finding does not hide the next.
    pub async fn look(google: &'g Google) -> Vec<Check> {
        let caller = match google.caller().await {
            Ok(account) => account.unwrap_or_default(),
            Err(error) => return vec![missing("credentials", error.to_string(), Vec::new())],
        };
        let doctor = Self { google, caller };
        let mut checks = vec![doctor.credentials().await];
        if checks[0].state == Checked::Missing {
            return checks;
        }
        checks.push(doctor.project().await);
        let apis = doctor.apis().await;
        let is_on = apis.state == Checked::Ok;
        checks.push(apis);
        checks.extend(doctor.permissions().await);
        // A project without its APIs answers each of these with that alone.
        if is_on {
            checks.push(doctor.region().await);
            checks.push(doctor.billing().await);
            checks.push(doctor.repository().await);
            checks.push(doctor.bucket().await);
            checks.extend(doctor.builder().await);
        }
        checks
    }

    async fn credentials(&self) -> Check {
        let credentials = self.google.credentials();
        match credentials.token(false).await {
            Ok(_) => ok("credentials", credentials.describe()),
            Err(error) => missing("credentials", error.to_string(), Vec::new()),
        }
    }

    async fn project(&self) -> Check {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Project {
            #[serde(default)]
            name: String,
            #[serde(default)]
            state: String,
        }
        let project = self.google.project();
        let call = Call::get(
            "cloudresourcemanager.projects.get",
            Api::ResourceManager,
            format!("v3/projects/{project}"),
        );
        match self.google.call::<Project>(call).await {
            Ok(found) if found.state == "ACTIVE" => {
                let number = found.name.strip_prefix("projects/").unwrap_or_default();
                ok("project", format!("{project} ({number})"))
            }
            Ok(found) => {
                missing("project", format!("{project} is {}", found.state.to_lowercase()), Vec::new())
            }
            Err(error) => match error.refusal().map(|refusal| &refusal.class) {
                Some(Class::Denied { .. } | Class::NotFound) => missing(
                    "project",
                    format!("there is no project {project}, or {} may not see it", self.who()),
                    vec![self.grant("roles/browser")],
                ),
                _ => self.unseen("project", &error),
            },
        }
    }

    async fn apis(&self) -> Check {
        #[derive(Deserialize)]
        struct All {
            #[serde(default)]
            services: Vec<One>,
        }
        #[derive(Deserialize)]
        struct One {
            #[serde(default)]
            name: String,
            #[serde(default)]
            state: String,
        }
        let project = self.google.project();
        let mut call = Call::get(
            "serviceusage.services.batchGet",
            Api::ServiceUsage,
            format!("v1/projects/{project}/services:batchGet"),
        );
        for api in NEEDED {
            call = call.with("names", format!("projects/{project}/services/{}", api.service()));
        }
        let all = match self.google.call::<All>(call).await {
            Ok(all) => all,
            Err(error) => return self.unseen("APIs", &error),
        };
        let is_on = |api: &Api| {
            let name = format!("/services/{}", api.service());
            all.services.iter().any(|one| one.name.ends_with(&name) && one.state == "ENABLED")
        };
        let off: Vec<String> = NEEDED.iter().filter(|api| !is_on(api)).map(|api| api.service()).collect();
        if off.is_empty() {
            return ok("APIs", format!("{} are switched on", NEEDED.len()));
        }
        let remedy = format!("gcloud services enable {} --project {project}", off.join(" "));
        missing("APIs", format!("not switched on: {}", off.join(", ")), vec![remedy])
    }

    /// Asks what the caller may do, and names a role for each thing that it may not.
    async fn permissions(&self) -> Vec<Check> {
        #[derive(Deserialize)]
        struct Granted {
            #[serde(default)]
            permissions: Vec<String>,
        }
        let path = format!("v3/projects/{}:testIamPermissions", self.google.project());
        let all: Vec<&str> = PERMISSIONS.iter().copied().chain([MEASURES]).collect();
        let body = json!({ "permissions": all });
        let call =
            Call::post("cloudresourcemanager.projects.testIamPermissions", Api::ResourceManager, path, body);
        let granted = match self.google.call::<Granted>(call.safe()).await {
            Ok(granted) => granted.permissions,
            Err(error) => return vec![self.unseen("permissions", &error)],
        };
        let lacks = |needed: &&str| !granted.iter().any(|held| held == needed);
        let mut checks = vec![self.needed(PERMISSIONS.iter().copied().filter(lacks).collect())];
        if lacks(&MEASURES) {
            let found = format!("{} lacks {MEASURES}, which only `sigyl metrics` needs", self.who());
            let remedies = role_for(MEASURES).map(|role| self.grant(role)).into_iter().collect();
            checks.push(Check { name: "metrics", state: Checked::Unseen, found, remedies });
        }
        checks
    }

    /// Judges what is needed for a release and is not allowed.
    fn needed(&self, lacks: Vec<&str>) -> Check {
        if lacks.is_empty() {
            return ok("permissions", format!("{} may do all {} things", self.who(), PERMISSIONS.len()));
        }
        let mut roles: Vec<&str> = lacks.iter().filter_map(|permission| role_for(permission)).collect();
        roles.sort_unstable();
        roles.dedup();
        let remedies = roles.into_iter().map(|role| self.grant(role)).collect();
        missing("permissions", format!("{} lacks {}", self.who(), lacks.join(", ")), remedies)
    }

    /// A list of services of the region is refused where there is no such region.
    async fn region(&self) -> Check {
        #[derive(Deserialize)]
        struct Services {
            #[serde(default)]
            services: Vec<serde::de::IgnoredAny>,
        }
        let (project, region) = (self.google.project(), self.google.region());
        let path = format!("v2/projects/{project}/locations/{region}/services");
        let call = Call::get("run.projects.locations.services.list", Api::Run, path).with("pageSize", "100");
        match self.google.call::<Services>(call).await {
            Ok(found) => ok("region", format!("{region}, with {} services", counted(found.services.len()))),
            Err(error) => match error.refusal().map(|refusal| &refusal.class) {
                Some(Class::NotFound | Class::Invalid(_)) => missing(
                    "region",
                    format!("Cloud Run knows no region {region}"),
                    vec![format!("gcloud run regions list --project {project}")],
                ),
                _ => self.unseen("region", &error),
            },
        }
    }

    /// No API of these tells of the billing account; what is refused without one says so.
    async fn billing(&self) -> Check {
        let path =
            format!("v1/projects/{}/locations/{}/repositories", self.google.project(), self.google.region());
        let call =
            Call::get("artifactregistry.projects.locations.repositories.list", Api::ArtifactRegistry, path);
        match self.google.call::<serde::de::IgnoredAny>(call).await {
            Err(error) if error.refusal().is_some_and(|refusal| refusal.class == Class::Billing) => {
                let remedies =
                    error.refusal().and_then(|refusal| refusal.remedy(self.google.project(), &self.caller));
                missing("billing", error.to_string(), remedies.into_iter().collect())
            }
            Err(error) => self.unseen("billing", &error),
            Ok(_) => {
                let project = self.google.project();
                let remedy = format!("gcloud billing projects describe {project}");
                Check {
                    name: "billing",
                    state: Checked::Unseen,
                    found: "nothing was refused for it; whether an account is linked is not told".to_owned(),
                    remedies: vec![remedy],
                }
            }
        }
    }

    async fn repository(&self) -> Check {
        let (project, region) = (self.google.project(), self.google.region());
        let path = format!("v1/projects/{project}/locations/{region}/repositories/{REPOSITORY}");
        let call =
            Call::get("artifactregistry.projects.locations.repositories.get", Api::ArtifactRegistry, path);
        self.there("repository", format!("{REPOSITORY} in {region}"), call).await
    }

    async fn bucket(&self) -> Check {
        let bucket = self.google.bucket();
        let call = Call::get("storage.buckets.get", Api::Storage, format!("storage/v1/b/{bucket}"));
        self.there("bucket", bucket, call).await
    }

    /// Looks at something that the first release makes.
    async fn there(&self, name: &'static str, what: String, call: Call) -> Check {
        match self.google.call::<serde::de::IgnoredAny>(call).await {
            Ok(_) => ok(name, what),
            Err(error) if error.refusal().is_some_and(|refusal| refusal.class == Class::NotFound) => {
                made(name, format!("{what} is not there; the first release makes it"))
            }
            Err(error) => self.unseen(name, &error),
        }
    }

    /// Looks at the account that builds, and at what it may do.
    async fn builder(&self) -> Vec<Check> {
        let (project, account) = (self.google.project(), self.google.builder());
        let path = format!("v1/projects/{project}/serviceAccounts/{account}");
        let call = Call::get("iam.projects.serviceAccounts.get", Api::Iam, path);
        let account = self.there("builder", account, call).await;
        if account.state != Checked::Ok {
            return vec![account];
        }
        vec![account, self.builder_roles().await]
    }

    async fn builder_roles(&self) -> Check {
        #[derive(Deserialize)]
        struct Policy {
            #[serde(default)]
            bindings: Vec<Binding>,
        }
        #[derive(Deserialize)]
        struct Binding {
            #[serde(default)]
            role: String,
            #[serde(default)]
            members: Vec<String>,
        }
        let (project, account) = (self.google.project(), self.google.builder());
        let path = format!("v3/projects/{project}:getIamPolicy");
        let call =
            Call::post("cloudresourcemanager.projects.getIamPolicy", Api::ResourceManager, path, json!({}));
        let policy = match self.google.call::<Policy>(call.safe()).await {
            Ok(policy) => policy,
            Err(error) => return self.unseen("build roles", &error),
        };
        let member = format!("serviceAccount:{account}");
        let has =
            |role: &str| policy.bindings.iter().any(|one| one.role == role && one.members.contains(&member));
        let lacks: Vec<&str> = BUILDS.into_iter().filter(|role| !has(role)).collect();
        if lacks.is_empty() {
            return ok("build roles", BUILDS.join(", "));
        }
        let remedies = lacks
            .iter()
            .map(|role| {
                format!("gcloud projects add-iam-policy-binding {project} --member {member} --role {role}")
            })
            .collect();
        missing("build roles", format!("{account} lacks {}", lacks.join(", ")), remedies)
    }

    fn unseen(&self, name: &'static str, error: &GoogleError) -> Check {
        let remedy = error.refusal().and_then(|refusal| refusal.remedy(self.google.project(), &self.caller));
        Check { name, state: Checked::Unseen, found: error.said(), remedies: remedy.into_iter().collect() }
    }

    fn grant(&self, role: &str) -> String {
        let member = super::refusal::member(&self.caller);
        format!(
            "gcloud projects add-iam-policy-binding {} --member {member} --role {role}",
            self.google.project()
        )
    }

    fn who(&self) -> &str {
        if self.caller.is_empty() { "the user" } else { &self.caller }
    }
}

fn counted(services: usize) -> String {
    if services < 100 { services.to_string() } else { "100 or more".to_owned() }
}

fn ok(name: &'static str, found: String) -> Check {
    Check { name, state: Checked::Ok, found, remedies: Vec::new() }
}

fn made(name: &'static str, found: String) -> Check {
    Check { name, state: Checked::Made, found, remedies: Vec::new() }
}

fn missing(name: &'static str, found: String, remedies: Vec<String>) -> Check {
    Check { name, state: Checked::Missing, found, remedies }
}
