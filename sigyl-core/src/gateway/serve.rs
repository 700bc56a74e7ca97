//! Takes connections: bounded in number and in time, ended in order.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::domain::Kind;

use super::Gateway;
use super::inner::Inner;
use super::journal::By;
use super::paced::Paced;

const PAUSE: Duration = Duration::from_millis(100);
const STREAMS: u32 = 128;

/// The endpoint cannot serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// The endpoint has no keys, so it must not be reachable from elsewhere.
    #[error("the endpoint serves loopback addresses alone, and {address} is none")]
    NotLoopback {
        /// The address of the listener.
        address: std::net::SocketAddr,
    },
    /// The listener has no address.
    #[error("the address of the endpoint cannot be read")]
    Address(#[source] io::Error),
}

impl GatewayError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotLoopback { .. } => Kind::Invalid,
            Self::Address(_) => Kind::Unavailable,
        }
    }
}

impl Gateway {
    /// Serves until `shutdown`; then requests under way have a short time to end, and every session and process of
    /// the endpoint is ended.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), GatewayError> {
        let address = listener.local_addr().map_err(GatewayError::Address)?;
        if !address.ip().is_loopback() {
            return Err(GatewayError::NotLoopback { address });
        }
        let inner = self.inner;
        let permits = Arc::new(Semaphore::new(inner.config.connections));
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let mut clock = tokio::time::interval(inner.config.tick);
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                _ = clock.tick() => inner.look(),
                Some(_ended) = connections.join_next() => {}
                (stream, permit) = accept(&listener, &permits) => {
                    let talk = converse(stream, Arc::clone(&inner), Some(graceful.watcher()), None);
                    connections.spawn(async move {
                        talk.await;
                        drop(permit);
                    });
                }
            }
        }
        drop(listener);
        inner.end_streams();
        if tokio::time::timeout(inner.config.shutdown, graceful.shutdown()).await.is_err() {
            tracing::debug!("requests under way were cut off");
        }
        inner.end_all();
        connections.shutdown().await;
        Ok(())
    }

    /// Looks after sessions and processes until `shutdown`, then ends them all, without a listener of its own: whoever
    /// stands before the endpoint hands each request over on a stream, by [`Gateway::answer`].
    pub async fn attend(self, shutdown: impl Future<Output = ()>) {
        let mut clock = tokio::time::interval(self.inner.config.tick);
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                _ = clock.tick() => self.inner.look(),
            }
        }
        self.inner.end_streams();
        self.inner.end_all();
    }

    /// Answers what is asked on one stream of HTTP, until it ends; records of calls say that they are `by` somebody.
    pub async fn answer(&self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, by: Option<By>) {
        converse(stream, Arc::clone(&self.inner), None, by).await;
    }
}

async fn accept(listener: &TcpListener, permits: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    loop {
        let Ok(permit) = Arc::clone(permits).acquire_owned().await else {
            // The semaphore is never closed.
            std::future::pending::<()>().await;
            continue;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection stays slow");
                }
                return (stream, permit);
            }
            Err(error) => {
                // No more file handles, or a client that left at once: others may still come.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    inner: Arc<Inner>,
    watcher: Option<Watcher>,
    by: Option<By>,
) {
    let config = Arc::clone(&inner.config);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(config.head_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(config.head_timeout);
    let account = inner.budget.open(by);
    let holder = Arc::clone(&account);
    let service = service_fn(move |request| {
        let (inner, account) = (Arc::clone(&inner), Arc::clone(&holder));
        async move { Ok::<_, Infallible>(inner.handle(request, &account).await) }
    });
    let io = TokioIo::new(Paced::new(stream, config.head_timeout, config.write_timeout));
    let connection = builder.serve_connection(io, service).into_owned();
    let talk = async move {
        match watcher {
            Some(watcher) => watcher.watch(connection).await,
            None => connection.await,
        }
    };
    tokio::select! {
        ended = talk => if let Err(error) = ended {
            tracing::debug!(error = %error, "a connection broke");
        },
        () = account.over() => {}
    }
}
