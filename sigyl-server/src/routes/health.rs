//! Whether the server lives, whether it can work, what it counts, and what it can do.

use std::sync::Arc;

use hyper::header::HeaderValue;
use serde::Serialize;

use crate::app::App;
use crate::respond::{Answer, Problem};
use crate::router::{Carries, Doc, Method, Reply, Route, handler};

/// Seconds after which a client may ask again whether the server is ready.
const LATER: u64 = 5;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/health",
        always: true,
        handler: handler!(health),
        doc: Doc {
            id: "health",
            summary: "Tells that the process answers; it asks nothing else.",
            answers: &[Reply { status: 200, means: "It does.", carries: Carries::Json("Health") }],
        },
    },
    Route {
        method: Method::Get,
        path: "/ready",
        always: false,
        handler: handler!(ready),
        doc: Doc {
            id: "ready",
            summary: "Tells whether the store answers, so that requests can be served.",
            answers: &[Reply { status: 200, means: "It does.", carries: Carries::Json("Health") }],
        },
    },
    Route {
        method: Method::Get,
        path: "/metrics",
        always: false,
        handler: handler!(metrics),
        doc: Doc {
            id: "metrics",
            summary: "What the server counts, in the text format of Prometheus.",
            answers: &[Reply { status: 200, means: "The counters.", carries: Carries::Text("text/plain") }],
        },
    },
    Route {
        method: Method::Get,
        path: "/openapi.json",
        always: false,
        handler: handler!(openapi),
        doc: Doc {
            id: "openapi",
            summary: "This document: every operation of the server.",
            answers: &[Reply { status: 200, means: "The document.", carries: Carries::Json("Document") }],
        },
    },
];

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
}

impl Health {
    fn answer(status: &'static str) -> Result<Answer, Problem> {
        Answer::json(&Self { status, version: env!("CARGO_PKG_VERSION") })
    }
}

async fn health(_: Arc<App>) -> Result<Answer, Problem> {
    Health::answer("ok")
}

async fn ready(app: Arc<App>) -> Result<Answer, Problem> {
    match app.core.ready().await {
        Ok(true) => Health::answer("ready"),
        Ok(false) => Err(Problem::busy("the server is ending", LATER)),
        Err(error) => {
            tracing::error!(cause = &error as &dyn std::error::Error, "the store does not answer");
            Err(Problem::busy("the store does not answer", LATER))
        }
    }
}

async fn metrics(app: Arc<App>) -> Result<Answer, Problem> {
    let text = app.metrics.text().map_err(|error| Problem::defect(&error))?;
    Ok(Answer::whole(HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"), text))
}

async fn openapi(app: Arc<App>) -> Result<Answer, Problem> {
    Ok(Answer::whole(HeaderValue::from_static("application/json"), app.openapi.clone()))
}
