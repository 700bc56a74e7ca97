//! Knative as a place where servers run.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::broadcast;

use super::build::Builder;
use super::cluster::Cluster;
use super::names::revision as revision_of;
use super::pin::Made;
use super::service::{Wanted, require_free};
use crate::deploy::image::Names;
use crate::deploy::image::bridge;
use crate::deploy::image::dockerfile::PORT;
use crate::deploy::{
    BuildSpec, Built, Notice, Pending, ReleaseSpec, Released, Status, Suspended, Target, TargetError,
};
use crate::domain::{Admission, Artifact, Confinement, Deployment, RevisionId, ServerName};
use crate::mcp::Upstream;
use crate::source::Progress;

/// Runs servers on Knative, in one namespace of a cluster.
#[derive(Debug)]
pub struct Knative {
    cluster: Cluster,
    builder: Builder,
    notices: broadcast::Sender<Notice>,
}

impl Knative {
    /// Takes a namespace and what builds images for it; nothing is asked yet.
    pub fn new(cluster: Cluster, builder: Builder) -> Self {
        Self { cluster, builder, notices: broadcast::Sender::new(1) }
    }

    /// Makes a revision that gets no traffic.
    async fn start(&self, spec: ReleaseSpec) -> Result<Released, TargetError> {
        let (cluster, names) = (&self.cluster, Names::of(&spec.server));
        let image = image(&spec.launch)?;
        let (path, port) = bridge::door(&spec.transport);
        // What cannot be there is refused before anything is made.
        let names_given =
            spec.env.keys().map(String::as_str).chain(spec.secrets.keys().map(|name| name.as_str()));
        require_free(names_given)?;
        cluster.keep_account(&names).await?;
        let mut secrets = Vec::new();
        for (variable, value) in &spec.secrets {
            secrets.push(cluster.put_secret(&names, &spec.revision, variable, value).await?);
        }
        let wanted = Wanted {
            server: spec.server.clone(),
            version: spec.version.clone(),
            source: spec.source,
            instance: spec.revision.clone(),
            image: image.to_owned(),
            env: spec.env.clone(),
            secrets,
            port: port.unwrap_or(PORT),
            resources: bridge::resources(&spec.resources, &spec.transport),
            start: spec.start_timeout,
            names,
        };
        let url = cluster.roll_out(&wanted).await?;
        Ok(self.released(spec.revision, &url, path))
    }

    /// Removes what no instance uses any more. The one that was retired is gone in any case: what could not be removed is
    /// when the next one goes, or with the server.
    async fn tidy(&self, names: &Names) {
        let tidied = match self.cluster.own_service(names).await {
            Ok(Some(service)) => self.cluster.tidy(names, &service, false).await,
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = tidied {
            tracing::warn!(server.name = %names.server(), %error, "earlier revisions could not be removed");
        }
    }

    fn released(&self, revision: RevisionId, root: &str, path: &str) -> Released {
        let url = format!("{}{path}", root.trim_end_matches('/'));
        let at = Some(root.to_owned());
        Released {
            revision,
            confinement: self.confinement(),
            upstream: Upstream::Http { url },
            at,
            cost: None,
        }
    }
}

/// Returns the image of an artifact.
fn image(launch: &Artifact) -> Result<&str, TargetError> {
    match launch {
        Artifact::Image { image } => Ok(image),
        _ => Err(TargetError::Unsupported("Knative starts images and no programs".to_owned())),
    }
}

#[async_trait]
impl Target for Knative {
    fn place(&self) -> Option<String> {
        Some(format!("{}/{}", self.cluster.name(), self.cluster.namespace()))
    }

    async fn build(
        &self,
        admission: &Admission,
        spec: BuildSpec<'_>,
        progress: &dyn Progress,
    ) -> Result<Built, TargetError> {
        if spec.tree.digest() != admission.source() {
            return Err(TargetError::NotAdmitted);
        }
        let image = self.builder.make(&Names::of(spec.server), &spec, progress).await?;
        Ok(Built { launch: Artifact::Image { image }, cached: false })
    }

    /// A build ends with whoever began it; what it pushed stays in the registry.
    async fn abandon(&self, server: &ServerName, revision: &RevisionId) -> Result<(), TargetError> {
        let names = Names::of(server);
        self.cluster.take_back(&names, revision).await?;
        match self.cluster.own_service(&names).await? {
            Some(service) => self.cluster.tidy(&names, &service, true).await?,
            None => self.cluster.clear(&names).await.map(|_| ())?,
        }
        Ok(())
    }

    async fn release(&self, admission: &Admission, spec: ReleaseSpec) -> Result<Released, TargetError> {
        if spec.source != admission.source() {
            return Err(TargetError::NotAdmitted);
        }
        self.start(spec).await
    }

    async fn shift(&self, deployment: &Deployment) -> Result<(), TargetError> {
        let names = Names::of(&deployment.server);
        let made = Made {
            names: &names,
            instance: &deployment.revision,
            source: deployment.source,
            image: image(&deployment.launch)?,
            env: &deployment.env,
        };
        self.cluster.shift(&made).await
    }

    async fn restore(&self, admission: &Admission, spec: ReleaseSpec) -> Result<Released, TargetError> {
        if spec.source != admission.source() {
            return Err(TargetError::NotAdmitted);
        }
        let names = Names::of(&spec.server);
        let made = Made {
            names: &names,
            instance: &spec.revision,
            source: spec.source,
            image: image(&spec.launch)?,
            env: &spec.env,
        };
        let url = self.cluster.find(&made).await?.ok_or_else(|| {
            TargetError::Start(format!(
                "the service {} has no such instance any more: somebody removed it; deploy the server again",
                names.service()
            ))
        })?;
        let (path, _) = bridge::door(&spec.transport);
        let path = path.to_owned();
        Ok(self.released(spec.revision, &url, &path))
    }

    async fn status(
        &self,
        server: &ServerName,
        revision: &RevisionId,
    ) -> Result<Option<Status>, TargetError> {
        let names = Names::of(server);
        let found = self.cluster.revision(&revision_of(&names, revision)).await?;
        let Some(found) = found.filter(|found| found.is_for(&names)) else { return Ok(None) };
        let (running, last_exit) = match found.condition("Ready") {
            ("True", _) => (true, None),
            (_, why) => (false, Some(why)),
        };
        Ok(Some(Status { running, pids: Vec::new(), restarts: 0, since: None, last_exit, unknown: None }))
    }

    async fn logs(&self, server: &ServerName, lines: usize) -> Result<Pending, TargetError> {
        let lines = self.cluster.last_lines(&Names::of(server), lines).await?;
        Ok(Pending { lines, follow: broadcast::channel(1).1 })
    }

    /// The last instance takes along what was made for the server.
    async fn retire(
        &self,
        server: &ServerName,
        revision: &RevisionId,
        _grace: Duration,
    ) -> Result<(), TargetError> {
        let names = Names::of(server);
        if self.cluster.take_back(&names, revision).await? {
            self.cluster.clear(&names).await?;
        } else {
            self.tidy(&names).await;
        }
        Ok(())
    }

    /// It stays, and Sigyl does not call it.
    async fn suspend(
        &self,
        server: &ServerName,
        revision: &RevisionId,
        _grace: Duration,
    ) -> Result<Suspended, TargetError> {
        let is_there = self.status(server, revision).await?.is_some();
        Ok(if is_there { Suspended::NotCalled } else { Suspended::Stopped })
    }

    /// What runs in the cluster goes on when Sigyl ends.
    async fn stop_all(&self, _grace: Duration) {}

    async fn purge(&self, server: &ServerName) -> Result<Vec<String>, TargetError> {
        let names = Names::of(server);
        let mut removed = self.cluster.remove_service(&names).await?;
        removed.extend(self.cluster.clear(&names).await?);
        Ok(removed)
    }

    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    fn confinement(&self) -> Confinement {
        let of = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect();
        let who = if self.cluster.is_public() {
            "who may call it: it is public, and everybody may, past Sigyl"
        } else {
            "who may call it: what runs in the cluster may, unless a network policy of the cluster forbids it"
        };
        Confinement {
            enforced: of(&[
                "a container of its own, as a user that is not root, without capabilities and without new rights",
                "the system calls that the runtime of the node allows by default",
                "an account of its own without a right and without a token",
            ]),
            unenforced: of(&[
                who,
                "which addresses it may reach: the cluster lets it reach every one, unless a network policy forbids it",
                "which of its own files it may read and write, and which programs of its image it may start",
            ]),
        }
    }
}
