//! The server around the library: it owns a data directory, starts every server that should run in it, and answers
//! MCP clients on loopback and other Sigyl processes on the owner's socket.
//!
//! Accounts, the HTTP API and the registry are not here yet; nothing of them is pretended.
#![warn(missing_docs)]

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use sigyl_core::source::ToolEnv;
use sigyl_core::{Config, Error, Sigyl};

/// What the server is told by its `main`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Data directory that it owns.
    pub data_dir: PathBuf,
    /// Where builds are kept.
    pub cache_dir: PathBuf,
    /// Address of the endpoint, when one is named; it has to be loopback, since the endpoint takes no key.
    pub listen: Option<SocketAddr>,
    /// Whether everything but loopback is refused.
    pub offline: bool,
    /// The environment of the process: the tools that build servers get the part that they need.
    pub variables: Vec<(OsString, OsString)>,
}

/// The server could not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The endpoint is keyless.
    #[error("cannot listen on {0}: the endpoint takes no key, so only loopback is allowed")]
    NotLoopback(SocketAddr),
    /// The program does not know its own path.
    #[error("could not find the path of this program, which starts servers")]
    Launcher(#[source] std::io::Error),
    /// The library failed.
    #[error(transparent)]
    Core(#[from] Error),
}

/// Serves until `shutdown` is ready or another process asks the owner to stop.
pub async fn serve(settings: Settings, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
    if let Some(address) = settings.listen.filter(|address| !address.ip().is_loopback()) {
        return Err(ServeError::NotLoopback(address));
    }
    let launcher = std::env::current_exe().map_err(ServeError::Launcher)?;
    let tools = ToolEnv::pick(settings.variables);
    let mut config = Config::new(settings.data_dir, settings.cache_dir, tools, launcher);
    config.offline = settings.offline;
    let sigyl = Sigyl::open(config).await?;
    let (listener, notice) = sigyl.listen(settings.listen).await?;
    if let Some(notice) = notice {
        tracing::info!("{notice}");
    }
    let serving = sigyl.serve(listener);
    tokio::select! {
        served = serving => served?,
        () = shutdown => {}
    }
    sigyl.shutdown().await;
    Ok(())
}
