//! The tasks that tell, from the first request to the end of the server.

use std::sync::Arc;
use std::time::Duration;

use sigyl_core::web::WebError;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Telemetry;
use super::ended::tell_ends;
use super::numbers::tell_numbers;
use super::sender::{Otel, tell_spans};
use crate::app::App;

/// How long the collector has in any case to take what is left.
const MOMENT: Duration = Duration::from_secs(1);

/// What tells a collector, until this is dropped.
#[derive(Debug)]
pub(crate) struct Exporter {
    otel: Arc<Otel>,
    senders: JoinSet<()>,
    /// What listens to the library.
    listeners: JoinSet<()>,
    /// Set when these have heard everything.
    enough: CancellationToken,
}

impl Exporter {
    /// Lets a collector be told of all that `app` does.
    pub(crate) fn begin(app: &Arc<App>, telemetry: Telemetry) -> Result<Self, WebError> {
        let (otel, queue) = Otel::new(telemetry, &app.base, app.ending.clone())?;
        let otel = Arc::clone(app.otel.get_or_init(|| Arc::new(otel)));
        let mut senders = JoinSet::new();
        senders.spawn(tell_spans(Arc::clone(&otel), queue));
        senders.spawn(tell_numbers(Arc::clone(app), Arc::clone(&otel)));
        let (mut listeners, enough) = (JoinSet::new(), CancellationToken::new());
        listeners.spawn(tell_ends(Arc::clone(app), Arc::clone(&otel), enough.clone()));
        Ok(Self { otel, senders, listeners, enough })
    }

    /// Tells what is left, until `deadline`, or a moment longer when that is over; what was not told by then is lost, and
    /// counted.
    pub(crate) async fn finish(mut self, deadline: Instant) {
        let deadline = deadline.max(Instant::now() + MOMENT);
        self.enough.cancel();
        let told = async {
            while self.listeners.join_next().await.is_some() {}
            self.otel.finishing.cancel();
            while self.senders.join_next().await.is_some() {}
        };
        if tokio::time::timeout_at(deadline, told).await.is_err() {
            tracing::debug!("the collector was not told everything in time");
        }
        self.senders.shutdown().await;
        self.otel.give_up();
    }
}
