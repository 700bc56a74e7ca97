//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use sigyl_core::gateway::Paced;
use tokio::io::{AsyncRead, AsyncWrite};

use super::line::{Line, Pulse};
use crate::app::App;
use crate::bounds::Bounds;
use crate::dispatch;

/// Answers the requests of one connection, until its client leaves or has to go.
pub(super) async fn converse<S>(app: &Arc<App>, stream: S, line: Arc<Line>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let bounds = &app.bounds;
    let io = TokioIo::new(Paced::new(stream, bounds.head_time, bounds.stall_time));
    let service = service_fn(|request| {
        let (app, line) = (Arc::clone(app), Arc::clone(&line));
        async move { Ok::<_, Infallible>(dispatch::answer(&app, &line, request).await) }
    });
    let builder = protocols(bounds);
    let connection = builder.serve_connection(io, service);
    tokio::pin!(connection);
    let mut ticks = tokio::time::interval(bounds.tick);
    let mut closing = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke");
                }
                return;
            }
            () = app.ending.cancelled(), if !closing => {
                closing = true;
                connection.as_mut().graceful_shutdown();
            }
            _ = ticks.tick() => match line.pulse() {
                Pulse::Idle(time) if time >= bounds.idle_time && !closing => {
                    closing = true;
                    connection.as_mut().graceful_shutdown();
                }
                Pulse::Overdue => {
                    tracing::debug!(peer = %line.peer, "a client that reads too slowly was let go");
                    app.metrics.let_go.add();
                    return;
                }
                Pulse::Idle(_) | Pulse::Busy => {}
            },
        }
    }
}

fn protocols(bounds: &Bounds) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head_time)
        .max_buf_size(bounds.head_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(bounds.requests_each)
        .max_header_list_size(u32::try_from(bounds.head_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(bounds.head_time);
    builder
}
