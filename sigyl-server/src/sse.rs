//! Streams of events: what the core tells while it works, numbered, so that a client takes up where it left.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body;
use hyper::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use serde::Serialize;
use sigyl_core::domain::{Action, Caller, Seq};
use sigyl_core::wire::v1::{Frame, RunEnd};
use sigyl_core::{Error, Frames, Held};
use tokio::sync::mpsc;

use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};

/// What a client that reconnects has seen.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Frames that may wait for a slow client; the work waits then.
const BACKLOG: usize = 64;

/// How long the first thing that is told is awaited before the stream is opened without it.
const GRACE: Duration = Duration::from_secs(1);

/// Pause after which a stream carries a comment, so that nobody between takes it for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What ends a stream.
type Work = Pin<Box<dyn Future<Output = Result<Option<RunEnd>, Error>> + Send>>;

/// Reads which event a client has seen: by the header of its reconnection, else by the query.
pub(crate) fn seen(ask: &Ask) -> Result<Option<Seq>, Problem> {
    let header = ask.headers.get(LAST_EVENT_ID).map(|value| value.to_str().unwrap_or("?").parse::<u64>());
    let after = match header {
        Some(read) => {
            Some(read.map_err(|_| Problem::invalid("the header Last-Event-ID is no number of an event"))?)
        }
        None => ask.query()?.value("after", "the number of an event")?,
    };
    Ok(after.map(Seq))
}

/// Who has a stream open, by which right, and what it is about.
pub(crate) struct Reader {
    pub(crate) caller: Caller,
    pub(crate) right: Action,
    pub(crate) about: Held,
}

/// Streams what `work` tells on the frames that it is given, and its end. When the client leaves, or may read it no more,
/// the work is dropped.
///
/// Work that fails before it told anything is answered with the status of its failure, when it fails soon.
pub(crate) async fn stream_of(
    app: &Arc<App>,
    reader: Reader,
    work: impl FnOnce(Frames) -> Work,
) -> Result<Answer, Problem> {
    let (sender, frames) = mpsc::channel(BACKLOG);
    let core = app.core.clone();
    let lost: Lost =
        Box::pin(async move { core.lost(&reader.caller, reader.right, &reader.about).await.into() });
    let work = Some(work(sender));
    let mut telling = Telling { frames, work, lost: Some(lost), end: None, app: Arc::clone(app) };
    let first = match tokio::time::timeout(GRACE, telling.next()).await {
        Ok(Told::Failed(problem)) => return Err(problem),
        Ok(told) => told.written(),
        Err(_) => Some(Bytes::from_static(b": open\n\n")),
    };
    let pieces = stream::unfold((first, telling), |(first, mut telling)| async move {
        let piece = match first {
            Some(first) => first,
            None => telling.next().await.written()?,
        };
        Some((Ok(body::Frame::data(piece)), (None, telling)))
    });
    let kind = HeaderValue::from_static("text/event-stream");
    Ok(Answer::stream(kind, StreamBody::new(pieces).boxed_unsync())
        .header(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"))
        .header(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")))
}

/// Becomes ready when a client may read no more, and says why.
type Lost = Pin<Box<dyn Future<Output = Problem> + Send>>;

/// A stream under way.
struct Telling {
    frames: mpsc::Receiver<Frame>,
    work: Option<Work>,
    /// Nothing once it is over.
    lost: Option<Lost>,
    end: Option<Told>,
    app: Arc<App>,
}

/// What comes next on a stream.
enum Told {
    Piece(Bytes),
    Failed(Problem),
    Over,
}

impl Told {
    fn written(self) -> Option<Bytes> {
        match self {
            Self::Piece(bytes) => Some(bytes),
            Self::Failed(problem) => Some(written("failed", None, &problem.words())),
            Self::Over => None,
        }
    }
}

impl Telling {
    async fn next(&mut self) -> Told {
        loop {
            let working = async {
                match &mut self.work {
                    Some(work) => work.await,
                    None => std::future::pending().await,
                }
            };
            let Some(lost) = &mut self.lost else { return Told::Over };
            tokio::select! {
                biased;
                problem = lost => {
                    (self.work, self.lost) = (None, None);
                    return Told::Failed(problem);
                }
                frame = self.frames.recv() => match frame {
                    Some(frame) => return Told::Piece(piece_of(&frame)),
                    // All was told, for the work is over.
                    None => return self.end.take().unwrap_or(Told::Over),
                },
                ended = working => {
                    self.work = None;
                    self.end = Some(match ended {
                        Ok(Some(end)) => Told::Piece(written("end", None, &end)),
                        Ok(None) => Told::Over,
                        Err(error) => Told::Failed(error.into()),
                    });
                }
                () = self.app.ending.cancelled() => return Told::Over,
                () = tokio::time::sleep(KEEP_ALIVE) => {
                    return Told::Piece(Bytes::from_static(b": still here\n\n"));
                }
            }
        }
    }
}

fn piece_of(frame: &Frame) -> Bytes {
    match frame {
        Frame::Event(event) => written("event", Some(event.seq), event),
        Frame::Mark { seq } => written("open", Some(*seq), &serde_json::json!({ "seq": seq })),
        Frame::Gap { seq, why } => written("gap", Some(*seq), &serde_json::json!({ "seq": seq, "why": why })),
        Frame::Log(line) => written("log", None, line),
        Frame::Call(call) => written("call", None, call),
        // The work answers with its end, and tells nothing else.
        _ => Bytes::new(),
    }
}

fn written(name: &str, seq: Option<Seq>, data: &impl Serialize) -> Bytes {
    let id = seq.map(|seq| format!("id: {}\n", seq.0)).unwrap_or_default();
    match serde_json::to_string(data) {
        Ok(data) => format!("{id}event: {name}\ndata: {data}\n\n").into(),
        Err(error) => {
            tracing::error!(%error, "an event could not be written");
            Bytes::from_static(b": an event could not be written\n\n")
        }
    }
}
