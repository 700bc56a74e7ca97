//! The owner's side of the socket.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::socket::socket_of;
use super::token::{self, Token};
use super::{dispatch, frame};
use crate::deploy::local_process::launcher;
use crate::domain::{Caller, Failure, Kind};
use crate::error::Error;
use crate::sigyl::Sigyl;
use crate::wire::v1::{Frame, Request};

/// Frames that may wait for a slow reader.
const BACKLOG: usize = 256;
/// Callers that are answered at a time.
const CALLERS: usize = 64;
/// Connections at a time, with those that are told that there are too many.
const CONNECTIONS: usize = 2 * CALLERS;

/// How long a caller may take to say what it wants: it has it ready.
const REQUEST: Duration = Duration::from_secs(10);

/// How long callers may still be answered when the owner ends: whoever asked for that is one of them.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The open socket; it is closed and removed when dropped.
#[derive(Debug)]
pub(crate) struct Control {
    task: tokio::task::JoinHandle<()>,
    data_dir: PathBuf,
    ending: CancellationToken,
}

impl Control {
    /// Takes no more callers, and lets those that are there hear their answer.
    pub(crate) async fn end(mut self) {
        self.ending.cancel();
        if timeout(LAST_WORDS, &mut self.task).await.is_err() {
            tracing::debug!("callers on the owner's socket were cut off");
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
        // A socket that is gone already is as good as removed.
        std::fs::remove_file(socket_of(&self.data_dir)).ok();
        token::remove(&self.data_dir);
    }
}

/// Opens the socket of a data directory. Whoever holds the store's lock is the owner, so a socket that is there
/// already was left by a process that is gone.
pub(crate) fn listen(sigyl: Sigyl, data_dir: &Path) -> Result<Control, Error> {
    let path = socket_of(data_dir);
    let failed = |action| {
        let path = path.clone();
        move |source| Error::Io { action, path, source }
    };
    match std::fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("replace")(error)),
    }
    let token = Token::make(data_dir).map_err(failed("make the token of"))?;
    let unusable = |source| super::client::unusable("open", path.clone(), source);
    let listener = UnixListener::bind(&path).map_err(unusable)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(failed("protect"))?;
    let ending = CancellationToken::new();
    let task = tokio::spawn(accept(sigyl, Arc::new(token), listener, ending.clone()));
    Ok(Control { task, data_dir: data_dir.to_owned(), ending })
}

async fn accept(sigyl: Sigyl, token: Arc<Token>, listener: UnixListener, ending: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = ending.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            // Nobody waits to be accepted: who a caller is can be told from its process id only while it is new.
            Ok(_) if connections.len() >= CONNECTIONS => {}
            Ok((stream, _)) => {
                let welcome = connections.len() < CALLERS;
                connections.spawn(serve(sigyl.clone(), token.clone(), stream, welcome));
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

async fn serve(sigyl: Sigyl, token: Arc<Token>, stream: UnixStream, welcome: bool) {
    if let Err(error) = converse(sigyl, &token, stream, welcome).await {
        tracing::debug!(%error, "a caller on the owner's socket left");
    }
}

async fn converse(sigyl: Sigyl, token: &Token, stream: UnixStream, welcome: bool) -> std::io::Result<()> {
    if !may_speak(&stream)? {
        return Ok(());
    }
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let heard = timeout(REQUEST, hear(&mut reader, token)).await?;
    let refused = match heard {
        Ok(Heard::Nothing) => return Ok(()),
        Ok(Heard::Request(request)) if welcome => {
            return answer(sigyl, *request, &mut reader, &mut writer).await;
        }
        Ok(Heard::Request(_)) => too_many(),
        Ok(Heard::Stranger) => stranger(),
        Err(error) => not_understood(&error),
    };
    frame::write(&mut writer, &Frame::Failed(refused)).await
}

/// What a caller said.
enum Heard {
    /// Nothing: it only looked whether somebody is there.
    Nothing,
    /// It does not know the token.
    Stranger,
    Request(Box<Request>),
}

async fn hear(reader: &mut (impl AsyncBufRead + Unpin), token: &Token) -> std::io::Result<Heard> {
    let Some(shown) = frame::read::<String>(reader).await? else { return Ok(Heard::Nothing) };
    if !token.is(&shown) {
        tracing::warn!("refused a process without the token on the owner's socket");
        return Ok(Heard::Stranger);
    }
    let request = frame::read::<Request>(reader).await?;
    Ok(request.map_or(Heard::Nothing, |request| Heard::Request(Box::new(request))))
}

async fn answer(
    sigyl: Sigyl,
    request: Request,
    reader: &mut (impl AsyncBufRead + Unpin),
    writer: &mut OwnedWriteHalf,
) -> std::io::Result<()> {
    let outgoing = begin(sigyl, request);
    // What was begun goes on when its caller has left: a run has other readers, and following a log ends by itself.
    tokio::select! {
        told = tell(outgoing, writer) => told,
        () = left(reader) => Ok(()),
    }
}

/// Starts what a caller asks for; the answer ends with [`Frame::Done`] or [`Frame::Failed`].
fn begin(sigyl: Sigyl, request: Request) -> mpsc::Receiver<Frame> {
    let (frames, outgoing) = mpsc::channel(BACKLOG);
    tokio::spawn(async move {
        let last = match dispatch::handle(&sigyl, &Caller::local_owner(), request, &frames).await {
            Ok(response) => Frame::Done(Box::new(response)),
            Err(failure) => Frame::Failed(failure),
        };
        // A caller that left does not read its answer.
        frames.send(last).await.ok();
    });
    outgoing
}

async fn tell(mut outgoing: mpsc::Receiver<Frame>, writer: &mut OwnedWriteHalf) -> std::io::Result<()> {
    while let Some(frame) = outgoing.recv().await {
        frame::write(writer, &frame).await?;
    }
    Ok(())
}

/// Waits until the caller has gone. It has nothing more to say, so that whatever comes counts as that.
async fn left(reader: &mut (impl AsyncBufRead + Unpin)) {
    // An error says the same as the end.
    reader.fill_buf().await.ok();
}

fn not_understood(error: &std::io::Error) -> Failure {
    let version = env!("CARGO_PKG_VERSION");
    failure(
        format!(
            "the owner of the data directory, Sigyl {version}, does not understand this command: {error}"
        ),
        "use the same Sigyl for both, or `sigyl stop` the owner and start it again",
    )
}

fn stranger() -> Failure {
    failure(
        "the owner of the data directory does not know this process by its control.token".to_owned(),
        "try again; an owner that was started anew has a new one",
    )
}

fn too_many() -> Failure {
    failure(
        format!("the owner of the data directory answers {CALLERS} callers already"),
        "end a `sigyl logs -f` or `sigyl watch` that nobody reads, and try again",
    )
}

fn failure(message: String, hint: &str) -> Failure {
    let hint = Some(hint.to_owned());
    Failure { code: "E0705".to_owned(), kind: Kind::Unavailable, message, hint }
}

/// Lets only processes of the same user speak, and none that Sigyl itself confines: a server that can reach the socket
/// (older kernels cannot forbid that) must not become the operator. The token says so a second time: it stands where no
/// confined server may read.
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
