//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use sigyl_core::domain::Network;

use super::LogFormat;

/// Serves a data directory over HTTP until it is told to end.
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "sigyl-server", version, about, after_help = EXAMPLES)]
pub struct Arguments {
    /// Configuration file, in TOML [env: SIGYL_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Data directory that this process owns [env: SIGYL_DATA_DIR]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Folder of the builds [env: SIGYL_CACHE_DIR]
    #[arg(long, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    /// File of the master key of secrets [env: SIGYL_MASTER_KEY_FILE] [default: master.key in the data directory]
    #[arg(long, value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,
    /// Address to listen on [env: SIGYL_LISTEN] [default: 127.0.0.1:7447]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// Address that clients reach the server by, when it is another [env: SIGYL_PUBLIC_URL]
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Certificate chain for TLS, in PEM [env: SIGYL_TLS_CERTIFICATE]
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// Private key for TLS, in PEM [env: SIGYL_TLS_KEY]
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// Network of a proxy whose forwarded headers are believed; may be repeated [env: SIGYL_TRUSTED_PROXIES]
    #[arg(long = "trusted-proxy", value_name = "NETWORK", value_parser = Network::parse)]
    pub trusted_proxies: Vec<Network>,
    /// Refuse to reach anything but this machine [env: SIGYL_OFFLINE]
    #[arg(long)]
    pub offline: bool,
    /// Form of the log on standard error [env: SIGYL_LOG_FORMAT] [default: plain]
    #[arg(long, value_name = "FORM")]
    pub log_format: Option<LogFormat>,
    /// OpenTelemetry collector that traces and metrics are sent to, by OTLP over HTTP [env: SIGYL_OTEL_ENDPOINT]
    #[arg(long, value_name = "URL")]
    pub otel_endpoint: Option<String>,
    /// Print every setting with its origin, and end
    #[arg(long)]
    pub print_config: bool,
}

const EXAMPLES: &str = "Examples:\n  sigyl-server --data-dir /srv/sigyl\n  \
    sigyl-server --listen 0.0.0.0:443 --tls-certificate chain.pem --tls-key key.pem";
