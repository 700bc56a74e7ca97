//! Serving: the endpoint's port, the servers that should run, and the owner's socket.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use tokio::net::TcpListener;

use super::{Sigyl, schedule};
use crate::deploy::ReleaseSpec;
use crate::domain::{Caller, Deployment};
use crate::error::Error;
use crate::event::EventKind;
use crate::mcp::{self, ProbeLimits};
use crate::pipeline::{Front as _, bound_secrets};

/// The port of the endpoint, when nothing else is named.
pub const DEFAULT_PORT: u16 = 8640;

impl Sigyl {
    /// Takes the endpoint's address: the one that is named; else the one used before, the default, or any that is
    /// free. Returns what the operator should know when it is not the usual one.
    pub async fn listen(&self, named: Option<SocketAddr>) -> Result<(TcpListener, Option<String>), Error> {
        let failed = |source| Error::Io {
            action: "listen on",
            path: named.map_or_else(String::new, |a| a.to_string()).into(),
            source,
        };
        if let Some(address) = named {
            return Ok((TcpListener::bind(address).await.map_err(failed)?, None));
        }
        let file = self.inner.data_dir.join("endpoint.port");
        let kept = kept_port(&file)?;
        for port in kept.into_iter().chain([DEFAULT_PORT, 0]) {
            let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await else { continue };
            let taken = listener.local_addr().map_err(failed)?.port();
            if kept != Some(taken) {
                keep_port(&file, taken)?;
            }
            let notice = (taken != DEFAULT_PORT && kept != Some(taken))
                .then(|| format!("port {DEFAULT_PORT} is taken: using {taken} from now on"));
            return Ok((listener, notice));
        }
        Err(failed(std::io::ErrorKind::AddrInUse.into()))
    }

    /// Starts every server that should run, and answers clients on `listener` and other processes on the owner's
    /// socket until [`Sigyl::stopped`].
    pub async fn serve(&self, listener: TcpListener) -> Result<(), Error> {
        let address = listener.local_addr();
        let address =
            address.map_err(|source| Error::Io { action: "listen", path: "endpoint".into(), source })?;
        self.inner.front.listens(Some(address));
        let control = crate::control::listen(self.clone(), &self.inner.data_dir)?;
        self.restore().await?;
        let probes = tokio::spawn(schedule::probe_forever(self.clone()));
        let notices = tokio::spawn(schedule::tell_notices(self.clone()));
        let stop = self.inner.stop.clone();
        let served =
            self.inner.front.gateway().clone().serve(listener, async move { stop.cancelled().await }).await;
        self.inner.front.listens(None);
        probes.abort();
        notices.abort();
        drop(control);
        served.map_err(|error| Error::Protocol(error.to_string()))
    }

    /// Starts what was active when the last owner ended. One that does not start is told, and hinders no other.
    async fn restore(&self) -> Result<(), Error> {
        let deployments = self.inner.platform.store.deployments().await?;
        let starting = deployments.into_iter().map(|deployment| self.restore_one(deployment));
        futures_util::future::join_all(starting).await;
        Ok(())
    }

    async fn restore_one(&self, deployment: Deployment) {
        let name = deployment.server.clone();
        let outcome = self.start_again(&deployment).await;
        let (healthy, note) = match outcome {
            Ok(tools) => (true, format!("{} serving, {tools} tools", deployment.version)),
            Err(error) => {
                (false, format!("{} did not start: {}", deployment.version, error.failure().message))
            }
        };
        self.inner
            .health
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .insert(name.clone(), note.clone());
        self.inner.platform.emitter.emit(None, Some(&name), EventKind::Health { healthy, note });
    }

    async fn start_again(&self, deployment: &Deployment) -> Result<usize, Error> {
        let platform = &self.inner.platform;
        let spec = ReleaseSpec {
            server: deployment.server.clone(),
            version: deployment.version.clone(),
            source: deployment.source,
            revision: deployment.revision.clone(),
            launch: deployment.launch.clone(),
            transport: deployment.transport.clone(),
            env: deployment.env.clone(),
            secrets: bound_secrets(platform, &deployment.server).await?,
            granted: deployment.granted.clone(),
            resources: deployment.resources.clone(),
            start_timeout: None,
        };
        let released = self.inner.platform.target.restore(spec).await?;
        let probe = mcp::probe(&released.upstream, &ProbeLimits::default()).await?;
        let front = &self.inner.front;
        front.route(
            &deployment.server,
            &deployment.version,
            released.upstream,
            &deployment.resources,
            Some(&probe),
        );
        Ok(probe.tools.len())
    }

    /// Asks this process to end.
    pub fn stop(&self, caller: &Caller) -> Result<(), Error> {
        caller.require(crate::domain::Action::Operate)?;
        self.inner.stop.cancel();
        Ok(())
    }
}

fn kept_port(file: &Path) -> Result<Option<u16>, Error> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Io { action: "read", path: file.to_owned(), source }),
    }
}

fn keep_port(file: &Path, port: u16) -> Result<(), Error> {
    std::fs::write(file, format!("{port}\n")).map_err(|source| Error::Io {
        action: "write",
        path: file.to_owned(),
        source,
    })
}
