//! What all requests share.

use std::sync::Arc;

use bytes::Bytes;
use sigyl_core::Sigyl;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::bounds::Bounds;
use crate::door::Door;
use crate::metrics::Metrics;
use crate::openapi;

/// The server, as its requests see it.
#[derive(Debug)]
pub(crate) struct App {
    /// Everything that can be done.
    pub(crate) core: Sigyl,
    pub(crate) bounds: Bounds,
    pub(crate) door: Door,
    pub(crate) metrics: Metrics,
    /// The OpenAPI document.
    pub(crate) openapi: Bytes,
    /// One for each request that may be worked on, or be on its way to its client.
    pub(crate) permits: Arc<Semaphore>,
    /// Set when no more requests are taken.
    pub(crate) ending: CancellationToken,
}

impl App {
    pub(crate) fn new(core: Sigyl, bounds: Bounds, door: Door) -> Arc<Self> {
        Arc::new(Self {
            core,
            door,
            metrics: Metrics::new(),
            openapi: openapi::document().to_string().into(),
            permits: Arc::new(Semaphore::new(bounds.requests)),
            ending: CancellationToken::new(),
            bounds,
        })
    }
}
