//! Where the APIs of Google are.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// An API of Google that Sigyl calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Api {
    /// Services, revisions and their traffic.
    Run,
    /// Builds of images.
    CloudBuild,
    /// Repositories of images.
    ArtifactRegistry,
    /// Secrets and their versions.
    SecretManager,
    /// Lines of logs.
    Logging,
    /// Source archives.
    Storage,
    /// Service accounts.
    Iam,
    /// Tokens of service accounts.
    IamCredentials,
    /// Which APIs a project has switched on.
    ServiceUsage,
    /// Tokens of other identity providers.
    Sts,
    /// Rates, errors and latencies.
    Monitoring,
    /// Projects and their policies.
    ResourceManager,
    /// What is known of an image.
    ContainerAnalysis,
}

impl Api {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Run,
        Self::CloudBuild,
        Self::ArtifactRegistry,
        Self::SecretManager,
        Self::Logging,
        Self::Storage,
        Self::Iam,
        Self::IamCredentials,
        Self::ServiceUsage,
        Self::Sts,
        Self::Monitoring,
        Self::ResourceManager,
        Self::ContainerAnalysis,
    ];

    /// Returns its name, which its host begins with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::CloudBuild => "cloudbuild",
            Self::ArtifactRegistry => "artifactregistry",
            Self::SecretManager => "secretmanager",
            Self::Logging => "logging",
            Self::Storage => "storage",
            Self::Iam => "iam",
            Self::IamCredentials => "iamcredentials",
            Self::ServiceUsage => "serviceusage",
            Self::Sts => "sts",
            Self::Monitoring => "monitoring",
            Self::ResourceManager => "cloudresourcemanager",
            Self::ContainerAnalysis => "containeranalysis",
        }
    }

    /// Returns the name under which a project switches it on.
    pub fn service(self) -> String {
        format!("{}.googleapis.com", self.name())
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Api {
    type Err = UnknownApi;

    fn from_str(text: &str) -> Result<Self, UnknownApi> {
        Self::ALL
            .into_iter()
            .find(|api| api.name() == text)
            .ok_or_else(|| UnknownApi { name: text.to_owned() })
    }
}

/// There is no such API.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` is no API that is called; those are {}", known())]
pub struct UnknownApi {
    name: String,
}

fn known() -> String {
    Api::ALL.map(Api::name).join(", ")
}

/// Where the APIs are, when they are not at Google.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// What stands for the host of every API: the address of one is `ROOT/NAME`.
    pub api_root: Option<String>,
    /// The whole address of one API, whatever `api_root` says.
    pub own: BTreeMap<Api, String>,
}

impl Endpoints {
    /// Returns the address that the paths of an API stand behind.
    pub fn root(&self, api: Api) -> String {
        let address = match (self.own.get(&api), &self.api_root) {
            (Some(own), _) => own.clone(),
            (None, Some(root)) => format!("{}/{api}", root.trim_end_matches('/')),
            (None, None) => format!("https://{}", api.service()),
        };
        address.trim_end_matches('/').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_is_at_google_at_a_root_or_at_an_address_of_its_own() {
        let mut endpoints = Endpoints::default();
        assert_eq!(endpoints.root(Api::Run), "https://run.googleapis.com");
        endpoints.api_root = Some("http://127.0.0.1:9000/".to_owned());
        endpoints.own.insert(Api::Storage, "http://127.0.0.1:9001/s/".to_owned());
        assert_eq!(endpoints.root(Api::ResourceManager), "http://127.0.0.1:9000/cloudresourcemanager");
        assert_eq!(endpoints.root(Api::Storage), "http://127.0.0.1:9001/s");
    }

    #[test]
    fn an_api_is_known_by_its_name() {
        for api in Api::ALL {
            assert_eq!(api.name().parse::<Api>().unwrap(), api);
        }
        let error = "pubsub".parse::<Api>().unwrap_err().to_string();
        assert!(error.starts_with("`pubsub` is no API") && error.contains("cloudresourcemanager"), "{error}");
    }
}
