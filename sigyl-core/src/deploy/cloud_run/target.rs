//! Cloud Run as a place where servers run.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::broadcast;

use super::build::Order;
use super::doctor::REPOSITORY;
use super::google::Google;
use super::pin::Made;
use super::rollout::Reached;
use super::service::{Scale, Service, Wanted, require_free};
use crate::deploy::image::Names;
use crate::deploy::image::bridge;
use crate::deploy::image::dockerfile::{PORT, recipe};
use crate::deploy::{
    BuildSpec, Built, Notice, Pending, ReleaseSpec, Released, Serving, Status, Suspended, Target, TargetError,
};
use crate::domain::{
    Admission, Artifact, Audience, Confinement, Deployment, Digest, RevisionId, ServerName, Usage, Window,
};
use crate::mcp::Upstream;
use crate::source::{Progress, SourceError};

/// Bytes of an archive at most.
const ARCHIVE: u64 = 256 << 20;

/// Runs servers on Cloud Run, in one project and region.
#[derive(Debug)]
pub struct CloudRun {
    google: Google,
    notices: broadcast::Sender<Notice>,
}

impl CloudRun {
    /// Takes a project; nothing is asked yet.
    pub fn new(google: Google) -> Self {
        Self { google, notices: broadcast::Sender::new(1) }
    }

    /// Makes a revision that gets no traffic, and lets Sigyl alone call it.
    async fn start(&self, spec: ReleaseSpec) -> Result<Released, TargetError> {
        let (google, names) = (&self.google, Names::of(&spec.server));
        let image = image(&spec.launch)?;
        let (path, port) = bridge::door(&spec.transport);
        let resources = bridge::resources(&spec.resources, &spec.transport);
        // What cannot be there is refused before anything is made.
        let scale = Scale::of(&resources)?;
        let names_given =
            spec.env.keys().map(String::as_str).chain(spec.secrets.keys().map(|name| name.as_str()));
        require_free(names_given)?;
        let account = google.keep_account(&names.account(), &format!("Runs {}", spec.server)).await?;
        let mut secrets = Vec::new();
        for (variable, value) in &spec.secrets {
            secrets.push(google.put_secret(&names, &account, variable, value).await?);
        }
        let wanted = Wanted {
            server: spec.server.clone(),
            version: spec.version.clone(),
            source: spec.source,
            commit: spec.commit.clone(),
            revision: spec.revision.clone(),
            image: image.to_owned(),
            account: account.email.clone(),
            env: spec.env.clone(),
            secrets,
            port: port.unwrap_or(PORT),
            scale,
            start: spec.start_timeout,
            names,
        };
        let reached = google.roll_out(&wanted, account.is_new).await?;
        let invoker = google.invoker(&account.email).await?;
        let is_new = google.let_in(&wanted.names, &invoker, account.is_new).await?;
        if is_new {
            let pass = google.passport(&reached.service, &invoker);
            google.await_door(&reached, path, &*pass).await?;
        }
        let released = self.released(spec.revision, &reached, path, &invoker);
        let unlike = scale.unlike(&spec.resources).map(|unlike| format!("; not as asked for: {unlike}"));
        Ok(Released { cost: Some(format!("{scale}{}", unlike.unwrap_or_default())), ..released })
    }

    fn released(&self, revision: RevisionId, reached: &Reached, path: &str, invoker: &str) -> Released {
        let pass = self.google.passport(&reached.service, invoker);
        let url = format!("{}{path}", reached.url.trim_end_matches('/'));
        let upstream = Upstream::Guarded { url, pass };
        let (at, confinement) = (Some(reached.service.clone()), self.confinement());
        Released { revision, confinement, upstream, at, cost: None }
    }

    /// Returns the image of an earlier build, where it is one of the server's and nobody has removed it.
    async fn still_there(
        &self,
        names: &Names,
        earlier: Option<&Artifact>,
        progress: &dyn Progress,
    ) -> Result<Option<String>, TargetError> {
        let Some(Artifact::Image { image }) = earlier else { return Ok(None) };
        let of = image.rsplit_once('@').and_then(|(name, digest)| Some((name, Digest::parse(digest).ok()?)));
        let own = format!("/{REPOSITORY}/{}", names.service());
        let Some((_, digest)) = of.filter(|(name, _)| name.ends_with(&own)) else { return Ok(None) };
        if self.google.has_image(names.service(), &digest).await? {
            progress.log(&format!("{image} was built before"));
            return Ok(Some(image.clone()));
        }
        progress.log(&format!("{image} was removed outside of Sigyl: it is built again"));
        Ok(None)
    }

    /// Makes the image of a tree.
    async fn make(
        &self,
        names: &Names,
        spec: &BuildSpec<'_>,
        progress: &dyn Progress,
    ) -> Result<String, TargetError> {
        let google = &self.google;
        let recipe = recipe(spec)?;
        let (tree, beside) = (spec.tree.clone(), recipe.beside.clone());
        let packed = tokio::task::spawn_blocking(move || tree.pack_with(&beside, ARCHIVE)).await;
        let wrong = |why: String| TargetError::Io {
            action: "pack the source".to_owned(),
            source: std::io::Error::other(why),
        };
        let packed = packed.map_err(|error| wrong(error.to_string()))?;
        let bytes = packed.map_err(|error| match error {
            // What was admitted is not there any more.
            SourceError::Changed { .. } => TargetError::NotAdmitted,
            error => wrong(error.to_string()),
        })?;
        google.keep_bucket().await?;
        progress.log(&format!("sending {} KiB of source", bytes.len().div_ceil(1024)));
        let archive = google.put_archive(names.service(), spec.tree.digest(), bytes).await?;
        let registry = google.keep_repository().await?;
        let builder = google.keep_builder().await?;
        let image = format!("{registry}/{}", names.service());
        let order = Order {
            archive: &archive,
            file: &recipe.file,
            context: &recipe.context,
            image: &image,
            source: spec.tree.digest(),
            revision: spec.revision,
            builder: &builder,
        };
        let image = google.build(&order, progress).await?;
        progress.log(&format!("built {image}"));
        Ok(image)
    }

    /// Removes everything of a server that has no service (any more): in this order, a second try finds what the first
    /// left.
    async fn clear(&self, names: &Names) -> Result<Vec<String>, TargetError> {
        let mut removed = self.google.remove_images(names.service()).await?;
        removed.extend(self.google.remove_archives(names.service()).await?);
        removed.extend(self.google.remove_secrets(names).await?);
        removed.extend(self.google.remove_account(&names.account()).await?);
        Ok(removed)
    }
}

/// Says what a deployment was released as.
fn made<'a>(names: &'a Names, deployment: &'a Deployment, account: &'a str) -> Result<Made<'a>, TargetError> {
    Ok(Made {
        names,
        revision: &deployment.revision,
        source: deployment.source,
        image: image(&deployment.launch)?,
        account,
        env: &deployment.env,
    })
}

/// Returns the image of an artifact.
fn image(launch: &Artifact) -> Result<&str, TargetError> {
    match launch {
        Artifact::Image { image } => Ok(image),
        _ => Err(TargetError::Unsupported("Cloud Run starts images and no programs".to_owned())),
    }
}

impl CloudRun {
    /// Removes what no instance uses any more. The one that was retired is gone in any case: what could not be removed is
    /// when the next one goes, or with the server.
    async fn tidy(&self, names: &Names, service: &Service) {
        let (server, destroyed) = (names.server(), self.google.tidy(names, service, false).await);
        match destroyed {
            Ok(0) => {}
            Ok(values) => {
                tracing::info!(server.name = %server, values, "earlier values of secrets were destroyed")
            }
            Err(error) => {
                tracing::warn!(server.name = %server, %error, "earlier revisions and values of secrets could not be removed");
            }
        }
    }
}

#[async_trait]
impl Target for CloudRun {
    fn place(&self) -> Option<String> {
        Some(format!("{}/{}", self.google.project(), self.google.region()))
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
        let names = Names::of(spec.server);
        if let Some(image) = self.still_there(&names, spec.earlier, progress).await? {
            return Ok(Built { launch: Artifact::Image { image }, cached: true });
        }
        let image = self.make(&names, &spec, progress).await?;
        Ok(Built { launch: Artifact::Image { image }, cached: false })
    }

    /// What a build left of a server that has a service is needed by that, or goes with the server.
    async fn abandon(&self, server: &ServerName, revision: &RevisionId) -> Result<(), TargetError> {
        let names = Names::of(server);
        self.google.end_builds(revision).await?;
        // Google may have known nothing of the instance when it was taken back.
        let is_last = self.google.take_back(&names, revision).await?;
        match self.google.service(&names).await? {
            Some(service) if !is_last => self.google.tidy(&names, &service, true).await.map(|_| ())?,
            _ => self.clear(&names).await.map(|_| ())?,
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
        let account = self.google.email(&names.account());
        let made = made(&names, deployment, &account)?;
        self.google.shift(&made).await
    }

    fn opens(&self) -> bool {
        true
    }

    async fn open_to(
        &self,
        server: &ServerName,
        wanted: &Audience,
        before: &Audience,
    ) -> Result<(), TargetError> {
        Ok(self.google.open_to(&Names::of(server), wanted, before).await?)
    }

    async fn restore(&self, admission: &Admission, spec: ReleaseSpec) -> Result<Released, TargetError> {
        if spec.source != admission.source() {
            return Err(TargetError::NotAdmitted);
        }
        let names = Names::of(&spec.server);
        let (path, _) = bridge::door(&spec.transport);
        let account = self.google.email(&names.account());
        let made = Made {
            names: &names,
            revision: &spec.revision,
            source: spec.source,
            image: image(&spec.launch)?,
            account: &account,
            env: &spec.env,
        };
        let reached = self.google.find(&made).await?.ok_or_else(|| {
            TargetError::Start(format!(
                "the service {} has no such instance any more: somebody removed it; deploy the server again",
                names.service()
            ))
        })?;
        let invoker = self.google.invoker(&account).await?;
        let path = path.to_owned();
        Ok(self.released(spec.revision, &reached, &path, &invoker))
    }

    async fn status(
        &self,
        server: &ServerName,
        revision: &RevisionId,
    ) -> Result<Option<Status>, TargetError> {
        let Some(service) = self.google.service(&Names::of(server)).await? else { return Ok(None) };
        let is_there = service.tagged(&Names::tag(revision)).is_some();
        Ok(is_there.then(|| Status {
            running: true,
            pids: Vec::new(),
            restarts: 0,
            since: None,
            last_exit: service.trouble(),
            unknown: None,
        }))
    }

    async fn serving(&self, deployment: &Deployment) -> Result<Serving, TargetError> {
        let names = Names::of(&deployment.server);
        let account = self.google.email(&names.account());
        let made = made(&names, deployment, &account)?;
        self.google.look_at(&made).await
    }

    async fn logs(&self, server: &ServerName, lines: usize) -> Result<Pending, TargetError> {
        let lines = self.google.last_lines(&Names::of(server), lines).await?;
        Ok(Pending { lines, follow: broadcast::channel(1).1 })
    }

    async fn usage(
        &self,
        server: &ServerName,
        _revision: &RevisionId,
        window: Window,
    ) -> Result<Option<Usage>, TargetError> {
        Ok(Some(self.google.usage(&Names::of(server), &window).await?))
    }

    /// The last instance takes along what was made for the server. Where there was no service before, what there is may be
    /// for one that is just being made.
    async fn retire(
        &self,
        server: &ServerName,
        revision: &RevisionId,
        _grace: Duration,
    ) -> Result<(), TargetError> {
        let names = Names::of(server);
        if self.google.take_back(&names, revision).await? {
            self.clear(&names).await?;
        } else if let Some(service) = self.google.service(&names).await? {
            self.tidy(&names, &service).await;
        }
        Ok(())
    }

    /// It stays, and Sigyl does not call it itself. A quarantine takes away before whom Sigyl let in; where it did not come up
    /// again as it was (after a restart), they go on calling it.
    async fn suspend(
        &self,
        server: &ServerName,
        revision: &RevisionId,
        _grace: Duration,
    ) -> Result<Suspended, TargetError> {
        let is_there = self.status(server, revision).await?.is_some();
        Ok(if is_there { Suspended::NotCalled } else { Suspended::Stopped })
    }

    /// What runs at Google goes on when Sigyl ends.
    async fn stop_all(&self, _grace: Duration) {}

    async fn purge(&self, server: &ServerName) -> Result<Vec<String>, TargetError> {
        let names = Names::of(server);
        let mut removed = self.google.remove_service(&names).await?;
        removed.extend(self.clear(&names).await?);
        Ok(removed)
    }

    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    fn confinement(&self) -> Confinement {
        let of = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect();
        Confinement {
            enforced: of(&[
                "a container of its own",
                "an account of its own that is granted nothing but its secrets",
            ]),
            unenforced: of(&[
                "who may call it: Sigyl lets nobody else in unasked, and who manages the project may",
                "which addresses it may reach: Cloud Run lets it reach every one",
                "as which user it works: the one that the Dockerfile of a `container` names",
                "which of its own files it may read and write, and which programs of its image it may start",
            ]),
        }
    }
}
