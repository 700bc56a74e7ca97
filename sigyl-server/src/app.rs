//! What all requests share.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use sigyl_core::Sigyl;
use sigyl_core::access::Throttle;
use sigyl_core::wire::v1::CallCount;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::auth::Openness;
use crate::bounds::Bounds;
use crate::door::Door;
use crate::html::El;
use crate::metrics::{self, Family, Metrics};
use crate::open::OpenStreams;
use crate::openapi;
#[cfg(feature = "otel")]
use crate::otel::Otel;
use crate::refusals::Refusals;

/// The server, as its requests see it.
#[derive(Debug)]
pub(crate) struct App {
    /// Everything that can be done.
    pub(crate) core: Sigyl,
    pub(crate) bounds: Bounds,
    pub(crate) door: Door,
    /// Who comes in without a key.
    pub(crate) openness: Openness,
    /// How clients reach it, without a slash at its end.
    pub(crate) base: String,
    /// Whether browsers reach it over TLS, here or at a proxy.
    pub(crate) is_secure: bool,
    /// How often somebody may ask.
    pub(crate) throttle: Throttle,
    /// How often keys were refused.
    pub(crate) refusals: Refusals,
    pub(crate) metrics: Metrics,
    /// The OpenAPI document.
    pub(crate) openapi: Bytes,
    /// The page that is made of it, once somebody asked for it.
    pub(crate) reference: OnceLock<Arc<El>>,
    /// One for each request that may be worked on, or be on its way to its client.
    pub(crate) permits: Arc<Semaphore>,
    /// One for each stream that may be open.
    pub(crate) streams: Arc<Semaphore>,
    /// How many of these each caller has.
    pub(crate) open: Arc<OpenStreams>,
    /// One for each piece of the bodies that may be held to be compared, of requests that are to be done once.
    pub(crate) once_room: Arc<Semaphore>,
    /// One for each piece of the deliveries of webhooks that may be held.
    pub(crate) hook_room: Arc<Semaphore>,
    /// Who tells a collector, where one is told; set before the first request.
    #[cfg(feature = "otel")]
    pub(crate) otel: OnceLock<Arc<Otel>>,
    /// Set when no more requests are taken.
    pub(crate) ending: CancellationToken,
}

impl App {
    /// Returns every number that is told to who measures; `calls` are those that they may see.
    pub(crate) fn families<'c>(&self, calls: &'c [CallCount]) -> Vec<Family<'c>> {
        let mut families: Vec<Family<'c>> = self.metrics.families();
        families.extend(metrics::calls(calls));
        #[cfg(feature = "otel")]
        families.extend(self.otel.get().map(|otel| otel.lost_family()));
        families
    }

    pub(crate) fn new(
        core: Sigyl,
        bounds: Bounds,
        door: Door,
        openness: Openness,
        base: String,
        throttle: Throttle,
        refusals: Refusals,
    ) -> Arc<Self> {
        Arc::new(Self {
            core,
            door,
            openness,
            is_secure: base.starts_with("https://"),
            base: base.trim_end_matches('/').to_owned(),
            throttle,
            refusals,
            metrics: Metrics::new(),
            openapi: openapi::document(openness).to_string().into(),
            reference: OnceLock::new(),
            permits: Arc::new(Semaphore::new(bounds.requests)),
            streams: Arc::new(Semaphore::new(bounds.streams)),
            once_room: Arc::new(Semaphore::new(bounds.once_bytes / crate::once::UNIT)),
            hook_room: Arc::new(Semaphore::new(bounds.hook_bytes / crate::once::UNIT)),
            open: OpenStreams::new(bounds.streams_each),
            #[cfg(feature = "otel")]
            otel: OnceLock::new(),
            ending: CancellationToken::new(),
            bounds,
        })
    }
}
