//! The owner's side of the socket.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::BufReader;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{dispatch, frame};
use crate::deploy::local_process::launcher;
use crate::domain::Caller;
use crate::error::Error;
use crate::sigyl::Sigyl;
use crate::wire::v1::{Frame, Request};

/// Frames that may wait for a slow reader.
const BACKLOG: usize = 256;
/// Connections at a time.
const CONNECTIONS: usize = 64;

/// How long callers may still be answered when the owner ends: whoever asked for that is one of them.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The open socket; it is closed and removed when dropped.
#[derive(Debug)]
pub(crate) struct Control {
    task: tokio::task::JoinHandle<()>,
    path: PathBuf,
    ending: CancellationToken,
}

impl Control {
    /// Takes no more callers, and lets those that are there hear their answer.
    pub(crate) async fn end(mut self) {
        self.ending.cancel();
        if tokio::time::timeout(LAST_WORDS, &mut self.task).await.is_err() {
            tracing::debug!("callers on the owner's socket were cut off");
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
        // A socket that is gone already is as good as removed.
        std::fs::remove_file(&self.path).ok();
    }
}

/// Opens the socket of a data directory. Whoever holds the store's lock is the owner, so a socket that is there
/// already was left by a process that is gone.
pub(crate) fn listen(sigyl: Sigyl, data_dir: &Path) -> Result<Control, Error> {
    let path = super::client::socket_of(data_dir);
    let failed = |action| {
        let path = path.clone();
        move |source| Error::Io { action, path, source }
    };
    match std::fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("replace")(error)),
    }
    let listener = UnixListener::bind(&path).map_err(failed("open"))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(failed("protect"))?;
    let ending = CancellationToken::new();
    let task = tokio::spawn(accept(sigyl, listener, ending.clone()));
    Ok(Control { task, path, ending })
}

async fn accept(sigyl: Sigyl, listener: UnixListener, ending: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        while connections.len() >= CONNECTIONS && !ending.is_cancelled() {
            connections.join_next().await;
        }
        let accepted = tokio::select! {
            () = ending.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(serve(sigyl.clone(), stream));
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept on the owner's socket");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn serve(sigyl: Sigyl, stream: UnixStream) {
    if let Err(error) = converse(sigyl, stream).await {
        tracing::debug!(%error, "a caller on the owner's socket left");
    }
}

async fn converse(sigyl: Sigyl, stream: UnixStream) -> std::io::Result<()> {
    if !may_speak(&stream)? {
        return Ok(());
    }
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let Some(request) = frame::read::<Request>(&mut reader).await? else { return Ok(()) };
    let (frames, mut outgoing) = mpsc::channel(BACKLOG);
    let work = tokio::spawn(async move {
        let last = match dispatch::handle(&sigyl, &Caller::local_owner(), request, &frames).await {
            Ok(response) => Frame::Done(Box::new(response)),
            Err(failure) => Frame::Failed(failure),
        };
        // A caller that left does not read its answer.
        frames.send(last).await.ok();
    });
    while let Some(frame) = outgoing.recv().await {
        if let Err(error) = frame::write(&mut writer, &frame).await {
            // The run goes on without a reader; following a log does not.
            drop(outgoing);
            work.abort();
            return Err(error);
        }
    }
    Ok(())
}

/// Lets only processes of the same user speak, and none that Sigyl itself confines: a server that can reach the socket
/// (older kernels cannot forbid that) must not become the operator.
fn may_speak(stream: &UnixStream) -> std::io::Result<bool> {
    let peer = stream.peer_cred()?;
    if peer.uid() != rustix::process::geteuid().as_raw() {
        tracing::warn!(uid = peer.uid(), "refused another user on the owner's socket");
        return Ok(false);
    }
    // A peer without a process id cannot be told apart from a confined one.
    let confined = peer.pid().and_then(|pid| u32::try_from(pid).ok()).is_none_or(launcher::is_confined);
    if confined {
        tracing::warn!(pid = peer.pid(), "refused a server on the owner's socket");
    }
    Ok(!confined)
}
