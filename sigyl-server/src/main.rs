//! `sigyl-server`: answers over HTTP for the servers of one data directory, without a console or a command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use sigyl_core::source::ToolEnv;
use sigyl_core::{Config, Sigyl};
use sigyl_server::{Bounds, serve};
use tokio::net::TcpListener;

/// Serves a data directory until it is told to end.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Data directory that this process owns.
    #[arg(long, env = "SIGYL_DATA_DIR")]
    data_dir: PathBuf,
    /// Cache directory for builds.
    #[arg(long, env = "SIGYL_CACHE_DIR")]
    cache_dir: PathBuf,
    /// Loopback address to listen on.
    #[arg(long, default_value = "127.0.0.1:7447")]
    listen: SocketAddr,
    /// Refuse everything but loopback.
    #[arg(long)]
    offline: bool,
}

fn main() -> color_eyre::Result<()> {
    sigyl_core::launcher::run_if_asked();
    color_eyre::install()?;
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::INFO).init();
    let arguments = Arguments::parse();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(arguments))
}

async fn run(arguments: Arguments) -> color_eyre::Result<()> {
    let tools = ToolEnv::pick(std::env::vars_os());
    let mut config = Config::new(arguments.data_dir, arguments.cache_dir, tools, std::env::current_exe()?);
    config.offline = arguments.offline;
    let listener = TcpListener::bind(arguments.listen).await?;
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let shutdown = async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    };
    Ok(serve(Bounds::default(), Sigyl::open(config).await?, listener, shutdown).await?)
}
