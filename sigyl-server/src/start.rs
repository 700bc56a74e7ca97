//! From settings to a server that serves.

use std::path::PathBuf;
use std::sync::Arc;

use sigyl_core::clock::{Clock as _, SystemClock};
use sigyl_core::deploy::cloud_run::CloudRun;
use sigyl_core::dns::Resolver;
use sigyl_core::domain::{Caller, Shows};
use sigyl_core::source::{Reach, ToolEnv};
use sigyl_core::web::Web;
use sigyl_core::{Error, Sigyl};
use tokio::net::TcpListener;

use crate::listen::{Tls, TlsError};
use crate::serve::{Config, ServeError, serve};
use crate::settings::{Settings, SettingsError};

/// The server could not be started, or could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The data directory cannot be opened.
    #[error(transparent)]
    Core(#[from] Error),
    /// The address cannot be taken.
    #[error("could not listen on {address}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// The cause.
        source: std::io::Error,
    },
    /// It could not serve.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Adds the places beyond this machine that are configured.
fn add_targets(core: &mut sigyl_core::Config, settings: &Settings) -> Result<(), SettingsError> {
    if let Some((google, place)) = settings.google.value.clone() {
        let web = Web::new(settings.offline.value);
        let opened = google.open(place, web, Arc::new(SystemClock))?;
        core.targets.insert("cloud-run".to_owned(), Arc::new(CloudRun::new(opened)));
    }
    if let Some(crate::settings::ClusterSettings { table, token }) = settings.knative.value.clone() {
        let (web, work) = (Web::new(settings.offline.value), settings.cache_dir.value.join("images"));
        let opened = table.open(|_| token, web, core.tool_env.clone(), work)?;
        core.targets.insert("knative".to_owned(), Arc::new(opened));
    }
    Ok(())
}

/// Opens the data directory and serves it until `shutdown`.
///
/// Servers are started through `launcher`, a program whose
/// `main` begins with `sigyl_core::launcher::run_if_asked()`; they are built by tools with the environment `tools`.
pub async fn start(
    settings: Settings,
    launcher: PathBuf,
    tools: ToolEnv,
    shutdown: impl Future<Output = ()>,
) -> Result<(), StartError> {
    let mut core = sigyl_core::Config::new(
        settings.data_dir.value.clone(),
        settings.cache_dir.value.clone(),
        tools,
        launcher,
    );
    core.offline = settings.offline.value;
    core.reach = Reach::public(settings.allowed_sources.value.clone());
    core.sign_in = settings.sign_in();
    core.github = settings.github_work()?;
    match Resolver::of_system() {
        Ok(resolver) => core.dns = Some(Arc::new(resolver)),
        Err(error) => tracing::warn!(%error, "no namespace can be proven by DNS"),
    }
    core.shows = Shows { known: settings.shows.value, names: Vec::new() };
    core.master_key = settings.master_key.value.clone();
    core.previous_master_key = settings.previous_master_key.value.clone();
    if let Some((policy, rules)) = settings.policy(SystemClock.now())? {
        core.policy = policy;
        core.rules = Some(Arc::new(rules));
    }
    add_targets(&mut core, &settings)?;
    let rates = settings.rates();
    let tls = settings.tls.value.map(Tls::open).transpose()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let core = Sigyl::open(core).await?;
    let address = settings.listen.value;
    let listener =
        TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })?;
    let address = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;
    if let Some(file) = core.ensure_admin_key(&Caller::local_owner()).await? {
        tracing::info!("the first key is in {}: it may do everything", file.display());
    }
    if core.standing_admin_key().await?.is_some() {
        tracing::warn!("the first key is still good: make one for each person, and revoke it");
    }
    if let Some(warning) = core.key_warning() {
        tracing::warn!("{warning}");
    }
    tracing::info!("listening on {scheme}://{address}");
    let config = Config {
        tls,
        rates,
        trusted_proxies: settings.trusted_proxies.value,
        anonymous_read: settings.anonymous_read.value,
        keyless_loopback: settings.keyless_loopback.value,
        #[cfg(feature = "otel")]
        telemetry: settings.otel.telemetry(settings.offline.value),
        public_url: settings.public_url.value,
        ..Config::default()
    };
    Ok(serve(config, core, listener, shutdown).await?)
}
