//! Takes connections until the server ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::converse::converse;
use super::line::Line;
use super::peers::Peers;
use crate::app::App;

/// How long nothing is taken after the system refused to give a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// What who comes is told when there is no room.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Takes connections until `shutdown`; then requests under way have a while to end.
pub(crate) async fn accept(app: Arc<App>, listener: TcpListener, shutdown: impl Future<Output = ()>) {
    let room = Arc::new(Semaphore::new(app.bounds.connections));
    let peers = Peers::new(app.bounds.connections_each);
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_ended) = connections.join_next() => {}
            (stream, peer) = next(&listener) => {
                let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
                    app.metrics.refused_full.add();
                    refuse(&stream);
                    continue;
                };
                let Some(seat) = peers.seat(peer.ip()) else {
                    app.metrics.refused_address.add();
                    refuse(&stream);
                    continue;
                };
                let app = Arc::clone(&app);
                connections.spawn(async move {
                    let open = app.metrics.connections.hold();
                    converse(&app, stream, Line::new(peer)).await;
                    drop((open, permit, seat));
                });
            }
        }
    }
    drop(listener);
    app.ending.cancel();
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(app.bounds.drain_time, ended).await.is_err() {
        tracing::warn!("requests under way were cut off: they took longer than the time to end");
    }
    connections.shutdown().await;
}

async fn next(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection stays slow");
                }
                return (stream, peer);
            }
            Err(error) => {
                // No more file handles, or a client that left at once: others may still come.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Says that there is no room, if the client can be told at once.
fn refuse(stream: &TcpStream) {
    if let Err(error) = stream.try_write(FULL) {
        tracing::debug!(%error, "a client was refused without a word");
    }
}
