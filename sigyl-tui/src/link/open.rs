//! Finding the owner, or becoming it.

use std::time::Duration;

use sigyl_core::control::Client;
use sigyl_core::wire::v1::{Frame, Request, Response};

use super::local::Local;
use super::{remote, server};
use crate::problem::Problem;
use crate::settings::Settings;

/// How long another process may hold the store without being an owner that can be asked.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(25);
/// The code of a store that another process holds.
const IN_USE: &str = "E0701";

/// Somebody who answers requests.
#[derive(Clone)]
pub(crate) enum Link {
    /// The handle in this process, which owns the data directory.
    Local(Local),
    /// The owner of the data directory, in another process.
    Remote(Client),
    /// A server that was named.
    Server(server::Server),
}

impl Link {
    /// Goes to the server that was named; without one, finds the owner of the data directory, or becomes it. Another command may hold the store for a moment without
    /// being an owner that can be asked: then it is tried again.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Problem> {
        if let Some(server) = &settings.server {
            return Ok(Self::Server(server::Server {
                client: server.client(settings.offline)?,
                tools: settings.environment.tool_env(),
                temporary: settings.temporary_dir(),
            }));
        }
        let data_dir = settings.data_dir()?;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(client) = remote::find(&data_dir).await? {
                return Ok(Self::Remote(client));
            }
            match Local::open(settings).await {
                Ok(local) => return Ok(Self::Local(local)),
                Err(problem) if problem.failure.code == IN_USE && tokio::time::Instant::now() < deadline => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(problem) => return Err(problem),
            }
        }
    }

    /// Asks, hands every frame that comes before the end to `on_frame`, and returns the end.
    pub(crate) async fn call(
        &self,
        request: Request,
        on_frame: &mut (dyn FnMut(Frame) + Send),
    ) -> Result<Response, Problem> {
        let answer = match self {
            Self::Local(local) => local.call(request, on_frame).await,
            Self::Remote(client) => client.call(&request, on_frame).await,
            Self::Server(server) => server::call(server, request, on_frame).await,
        };
        Ok(answer?)
    }

    /// Waits until another process asks this one to end. Another owner ends without us.
    pub(crate) async fn stopped(&self) {
        match self {
            Self::Local(local) => local.stopped().await,
            Self::Remote(_) | Self::Server(_) => std::future::pending().await,
        }
    }

    /// Ends what this process runs, and lets go of the store.
    pub(crate) async fn close(self) {
        if let Self::Local(local) = self {
            local.close().await;
        }
    }
}
