//! Takes connections: bounded in number and in time, ended in order.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Sleep;

use crate::domain::Kind;

use super::inner::Inner;
use super::{Gateway, GatewayConfig};

/// Bytes after which a client is known to have begun a request (the preface of HTTP/2 has as many).
const BEGUN: usize = 24;
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
                    connections.spawn(converse(stream, permit, Arc::clone(&inner), graceful.watcher()));
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
}

async fn accept(listener: &TcpListener, permits: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    loop {
        let Ok(permit) = Arc::clone(permits).acquire_owned().await else {
            // The semaphore is never closed.
            std::future::pending::<()>().await;
            continue;
        };
        match listener.accept().await {
            Ok((stream, _)) => return (stream, permit),
            Err(error) => {
                // No more file handles, or a client that left at once: others may still come.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn converse(
    stream: TcpStream,
    permit: OwnedSemaphorePermit,
    inner: Arc<Inner>,
    watcher: hyper_util::server::graceful::Watcher,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection stays slow");
    }
    let config = Arc::clone(&inner.config);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(config.head_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(config.head_timeout);
    let account = inner.budget.open();
    let holder = Arc::clone(&account);
    let service = service_fn(move |request| {
        let (inner, account) = (Arc::clone(&inner), Arc::clone(&holder));
        async move { Ok::<_, Infallible>(inner.handle(request, &account).await) }
    });
    let io = TokioIo::new(Paced::new(stream, &config));
    let connection = builder.serve_connection(io, service).into_owned();
    tokio::select! {
        ended = watcher.watch(connection) => if let Err(error) = ended {
            tracing::debug!(error = %error, "a connection broke");
        },
        () = account.over() => {}
    }
    drop(permit);
}

/// A connection whose client must begin to speak in time (until it does, it is not known which HTTP it speaks, and no
/// other limit holds), and must read what it is sent: it keeps answers in memory as long as it does not.
struct Paced {
    stream: TcpStream,
    seen: usize,
    deadline: Pin<Box<Sleep>>,
    write_timeout: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    fn new(stream: TcpStream, config: &GatewayConfig) -> Self {
        Self {
            stream,
            seen: 0,
            deadline: Box::pin(tokio::time::sleep(config.head_timeout)),
            write_timeout: config.write_timeout,
            stalled: None,
        }
    }

    /// Fails a write that has not moved for too long.
    fn patience<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let within = self.write_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(within)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => {
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads nothing")))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.seen += buf.filled().len() - before;
        if read.is_pending() && self.seen < BEGUN && self.deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client said nothing")));
        }
        read
    }
}

impl AsyncWrite for Paced {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.patience(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.patience(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
