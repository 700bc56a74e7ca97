//! How an answer leaves the server: its bytes hold what they take until they are written.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::Response;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::{Answer, Content};
use crate::bounds::Bounds;
use crate::listen::Underway;

/// The body of every response.
pub(crate) type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// Bytes of an answer with what they hold: while they wait for their client, the request is under way and its permit
/// is taken.
struct Kept {
    bytes: Bytes,
    _underway: Underway,
    _permit: Option<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Makes the response. A client that takes longer to read it than it may loses its connection.
pub(crate) fn respond(
    answer: Answer,
    bounds: &Bounds,
    underway: Underway,
    permit: Option<OwnedSemaphorePermit>,
) -> Response<Body> {
    let body = match answer.content {
        Content::Empty => Empty::new().map_err(|never: Infallible| match never {}).boxed_unsync(),
        Content::Whole(bytes) => {
            underway.ends_by(Instant::now() + time_for(bytes.len(), bounds));
            let kept = Kept { bytes, _underway: underway, _permit: permit };
            Full::new(Bytes::from_owner(kept)).map_err(|never: Infallible| match never {}).boxed_unsync()
        }
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
