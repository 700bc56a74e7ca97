//! Takes connections until the server ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sigyl_core::gateway::Paced;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::converse::converse;
use super::line::Line;
use super::peers::Peers;
use super::tls::Tls;
use crate::app::App;

/// How long nothing is taken after the system refused to give a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// What who comes is told when there is no room.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Takes connections until `shutdown`; then requests under way have a while to end. Returns when it was told to end.
pub(crate) async fn accept(
    app: Arc<App>,
    listener: TcpListener,
    tls: Option<Tls>,
    shutdown: impl Future<Output = ()>,
) -> Instant {
    let entry = Entry {
        room: Arc::new(Semaphore::new(app.bounds.connections)),
        peers: Peers::new(app.bounds.connections_each),
        tls: tls.map(Arc::new),
        app,
    };
    let mut connections = JoinSet::new();
    let mut certificate = tokio::time::interval(entry.app.bounds.certificate_time);
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_ended) = connections.join_next() => {}
            (stream, peer) = next(&listener) => if let Some(talk) = entry.let_in(stream, peer) {
                connections.spawn(talk);
            },
            _ = certificate.tick() => entry.refresh(),
        }
    }
    let told = Instant::now();
    drop(listener);
    entry.app.ending.cancel();
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(entry.app.bounds.drain_time, ended).await.is_err() {
        tracing::warn!("requests under way were cut off: they took longer than the time to end");
    }
    connections.shutdown().await;
    told
}

/// What decides who is let in.
struct Entry {
    app: Arc<App>,
    room: Arc<Semaphore>,
    peers: Arc<Peers>,
    tls: Option<Arc<Tls>>,
}

impl Entry {
    /// Lets a connection in, if there is room for it; else it is told so and closed.
    fn let_in(&self, stream: TcpStream, peer: SocketAddr) -> Option<impl Future<Output = ()> + use<>> {
        let (app, tls) = (Arc::clone(&self.app), self.tls.clone());
        if !app.door.admits(peer.ip()) {
            app.metrics.refused_clear.add();
            tracing::debug!(%peer, "a connection in the clear from another machine, which is no proxy, was refused");
            return None;
        }
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            app.metrics.refused_full.add();
            self.refuse(&stream);
            return None;
        };
        // Behind a proxy are many clients.
        let seat = if app.door.is_proxy(peer.ip()) { None } else { Some(self.peers.seat(peer.ip())) };
        if matches!(seat, Some(None)) {
            app.metrics.refused_address.add();
            self.refuse(&stream);
            return None;
        }
        Some(async move {
            let open = app.metrics.connections.hold();
            let line = Line::new(peer);
            match tls {
                None => converse(&app, stream, line).await,
                Some(tls) => encrypted(&app, &tls, stream, line).await,
            }
            drop((open, permit, seat));
        })
    }

    /// Says that there is no room, if the client can be told at once: one that expects TLS cannot.
    fn refuse(&self, stream: &TcpStream) {
        if self.tls.is_none()
            && let Err(error) = stream.try_write(FULL)
        {
            tracing::debug!(%error, "a client was refused without a word");
        }
    }

    /// Looks whether there is another certificate, off the threads that answer.
    fn refresh(&self) {
        let Some(tls) = self.tls.clone() else { return };
        tokio::task::spawn_blocking(move || match tls.refresh() {
            Ok(true) => tracing::info!("the certificate for TLS was read again"),
            Ok(false) => {}
            Err(error) => {
                let cause = &error as &dyn std::error::Error;
                tracing::error!(cause, "the certificate of before stays in use");
            }
        });
    }
}

/// Shakes hands within the time that there is for it, and converses.
async fn encrypted(app: &Arc<App>, tls: &Tls, stream: TcpStream, line: Arc<Line>) {
    let paced = Paced::new(stream, app.bounds.head_time, app.bounds.stall_time);
    match tokio::time::timeout(app.bounds.head_time, tls.acceptor().accept(paced)).await {
        Ok(Ok(stream)) => converse(app, stream, line).await,
        Ok(Err(error)) => tracing::debug!(%error, "a handshake failed"),
        Err(_) => tracing::debug!("a handshake took too long"),
    }
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
