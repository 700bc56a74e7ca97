//! How an answer leaves the server: it holds what it takes until its last byte is written.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::Response;
use hyper::body::{Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::{Answer, Content};
use crate::bounds::Bounds;
use crate::listen::Underway;
use crate::open::Seat;

/// The body of every response.
pub(crate) type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// The room that a request takes until the last byte of its answer is written.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) _permit: Option<OwnedSemaphorePermit>,
    pub(crate) _seat: Option<Seat>,
}

/// What an answer holds: while it waits for its client, the request is under way and its permit is taken.
struct Holds {
    underway: Underway,
    _room: Option<Room>,
}

/// Bytes of an answer, with what it holds.
struct Kept {
    bytes: Bytes,
    _holds: Holds,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// A stream, with what it holds. Once something was given out, it has to be taken before there is more: a client that
/// does not is let go.
struct Watched {
    body: Body,
    holds: Holds,
    patience: Duration,
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(_)) => self.holds.underway.ends_by(Instant::now() + self.patience),
            // Whoever asks for more has taken what was there.
            Poll::Ready(None) | Poll::Pending => self.holds.underway.may_last(),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Makes the response. A client that takes longer to read it than it may loses its connection.
pub(crate) fn respond(
    answer: Answer,
    bounds: &Bounds,
    underway: Underway,
    room: Option<Room>,
) -> Response<Body> {
    let holds = Holds { underway, _room: room };
    let body = match answer.content {
        Content::Empty => Empty::new().map_err(|never: Infallible| match never {}).boxed_unsync(),
        Content::Whole(bytes) => {
            holds.underway.ends_by(Instant::now() + time_for(bytes.len(), bounds));
            let kept = Kept { bytes, _holds: holds };
            Full::new(Bytes::from_owner(kept)).map_err(|never: Infallible| match never {}).boxed_unsync()
        }
        Content::Stream(body) => Watched { body, holds, patience: bounds.answer_time }.boxed_unsync(),
    };
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

/// How long a client may take to read `bytes`.
fn time_for(bytes: usize, bounds: &Bounds) -> Duration {
    let seconds = u64::try_from(bytes).unwrap_or(u64::MAX) / bounds.slowest.max(1);
    bounds.answer_time + Duration::from_secs(seconds)
}
