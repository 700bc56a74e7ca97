//! Whether the server lives, whether it can work, what it counts, and what it can do.

use std::sync::Arc;

use hyper::header::HeaderValue;
use sigyl_core::domain::Action;
use sigyl_core::wire::v1::Health;

use crate::app::App;
use crate::metrics;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, Doc, Lasts, Route, gives, handler, shows};

/// Seconds after which a client may ask again whether the server is ready.
const LATER: u64 = 5;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        class: None,
        lasts: Lasts::Moment,
        ..Route::get("/health", Access::Open, handler!(health), HEALTH)
    },
    Route::get("/ready", Access::Open, handler!(ready), READY),
    Route::get("/metrics", Access::Key(Action::Read), handler!(numbers), METRICS),
    Route::get("/openapi.json", Access::Open, handler!(openapi), OPENAPI),
];

const HEALTH: Doc = Doc::new(
    "health",
    "Tells that the process answers; it asks nothing else.",
    &[gives("Health", "It does.")],
);
const READY: Doc = Doc::new(
    "ready",
    "Tells whether the store answers, so that requests can be served.",
    &[gives("Health", "It does.")],
);
const METRICS: Doc = Doc::new(
    "metrics",
    "What the server counts, in the text format of Prometheus.",
    &[shows("text/plain", "The counters.")],
);
const OPENAPI: Doc = Doc::new(
    "openapi",
    "This document: every operation of the server.",
    &[gives("Document", "The document.")],
);

fn healthy(status: &str) -> Result<Answer, Problem> {
    Answer::json(&Health { status: status.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
}

async fn health(_: Arc<App>, _: Ask) -> Result<Answer, Problem> {
    healthy("ok")
}

async fn ready(app: Arc<App>, _: Ask) -> Result<Answer, Problem> {
    match app.core.ready().await {
        Ok(true) => healthy("ready"),
        Ok(false) => Err(Problem::busy("the server is ending", LATER)),
        Err(error) => {
            tracing::error!(cause = &error as &dyn std::error::Error, "the store does not answer");
            Err(Problem::busy("the store does not answer", LATER))
        }
    }
}

async fn numbers(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let counts = match ask.caller.may(Action::ReadLogs) {
        true => app.core.call_counts(&ask.caller).await?,
        false => Vec::new(),
    };
    let text = metrics::text(&app.families(&counts)).map_err(|error| Problem::defect(&error))?;
    Ok(Answer::whole(HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"), text))
}

async fn openapi(app: Arc<App>, _: Ask) -> Result<Answer, Problem> {
    Ok(Answer::whole(HeaderValue::from_static("application/json"), app.openapi.clone()))
}
