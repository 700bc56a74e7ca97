//! Serving: the listener, and the library behind it.

use std::sync::Arc;

use sigyl_core::access::{Rates, Throttle};
use sigyl_core::clock::SystemClock;
use sigyl_core::domain::Network;
use sigyl_core::registry::Endpoint;
use sigyl_core::{Error, Sigyl};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::auth::Openness;
use crate::bounds::Bounds;
use crate::door::{Door, is_of_this_machine};
use crate::listen::{Tls, accept};
#[cfg(feature = "otel")]
use crate::otel::{Exporter, Telemetry};
use crate::refusals::Refusals;

/// How the server serves.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// How much it takes, and how long it waits.
    pub bounds: Bounds,
    /// TLS; in the clear when absent.
    pub tls: Option<Tls>,
    /// Proxies that stand before it: only they are believed whom they speak for.
    pub trusted_proxies: Vec<Network>,
    /// Whether who shows no key may browse the registry from other machines too.
    pub anonymous_read: bool,
    /// Whether programs of this machine call tools without a key.
    pub keyless_loopback: bool,
    /// How often somebody may ask.
    pub rates: Rates,
    /// The collector that is told of traces and metrics, if one is.
    #[cfg(feature = "otel")]
    pub telemetry: Option<Telemetry>,
    /// Address that clients reach it by, such as `https://mcp.example.org`; as it listens when absent.
    pub public_url: Option<String>,
}

/// The server could not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The listener has no address.
    #[error("the address of the listener cannot be read")]
    Address(#[source] std::io::Error),
    /// The collector cannot be told anything.
    #[cfg(feature = "otel")]
    #[error("traces and metrics cannot be sent")]
    Telemetry(#[source] sigyl_core::web::WebError),
    /// The library failed.
    #[error(transparent)]
    Core(#[from] Error),
}

/// Serves until `shutdown` is ready or another process asks the owner of the data directory to stop; then requests
/// under way have a while to end, and everything that runs is ended.
pub async fn serve(
    config: Config,
    core: Sigyl,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let address = listener.local_addr().map_err(ServeError::Address)?;
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let base = config.public_url.unwrap_or_else(|| format!("{scheme}://{address}"));
    // Who has no key comes in from this machine alone, by an address of it.
    let keyed = !(config.keyless_loopback && is_of_this_machine(&base));
    let owning = core.serve_behind(Endpoint { base: base.clone(), keyed });
    let door = Door::new(config.trusted_proxies, config.tls.is_some());
    let openness = Openness {
        everybody_browses: config.anonymous_read,
        neighbours_browse: address.ip().to_canonical().is_loopback(),
        neighbours_call: config.keyless_loopback,
    };
    let refusals = Refusals::new(config.rates.login, config.rates.buckets, Arc::new(SystemClock));
    let throttle = Throttle::new(config.rates, Arc::new(SystemClock));
    let app = App::new(core.clone(), config.bounds, door, openness, base, throttle, refusals);
    #[cfg(feature = "otel")]
    let exporter = config.telemetry.map(|it| Exporter::begin(&app, it)).transpose();
    #[cfg(feature = "otel")]
    let (exporter, drain_time) = (exporter.map_err(ServeError::Telemetry)?, app.bounds.drain_time);
    let owner_ended = CancellationToken::new();
    let owning = async {
        let _ended = owner_ended.clone().drop_guard();
        owning.await
    };
    let answering = async {
        let told = async {
            tokio::select! {
                () = shutdown => {}
                () = core.stopped() => {}
                () = owner_ended.cancelled() => {}
            }
        };
        let told = accept(app, listener, config.tls, told).await;
        core.shutdown().await;
        #[cfg(feature = "otel")]
        if let Some(exporter) = exporter {
            exporter.finish(told + drain_time).await;
        }
        tracing::debug!(seconds = told.elapsed().as_secs_f64(), "everything has ended");
    };
    let (owned, ()) = tokio::join!(owning, answering);
    Ok(owned?)
}
