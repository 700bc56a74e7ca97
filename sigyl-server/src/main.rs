//! `sigyl-server`: answers MCP clients for the servers of one data directory, without a console or a command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use sigyl_server::{Settings, serve};

/// Serves the MCP endpoints of a data directory until it is told to end.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Data directory that this process owns.
    #[arg(long, env = "SIGYL_DATA_DIR")]
    data_dir: PathBuf,
    /// Cache directory for builds.
    #[arg(long, env = "SIGYL_CACHE_DIR")]
    cache_dir: PathBuf,
    /// Loopback address of the endpoint; 127.0.0.1:8640, or a free port, when absent.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Refuse everything but loopback.
    #[arg(long)]
    offline: bool,
}

fn main() -> color_eyre::Result<()> {
    sigyl_core::launcher::run_if_asked();
    color_eyre::install()?;
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::INFO).init();
    let Arguments { data_dir, cache_dir, listen, offline } = Arguments::parse();
    let settings =
        Settings { data_dir, cache_dir, listen, offline, variables: std::env::vars_os().collect() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        let shutdown = async move {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        };
        Ok(serve(settings, shutdown).await?)
    })
}
