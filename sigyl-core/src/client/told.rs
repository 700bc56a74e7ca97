//! Streams of events, taken up where they broke off.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};
use reqwest::Response;
use serde::de::DeserializeOwned;

use super::call::Call;
use super::exchange::{MOST, kind};
use super::{Client, ClientError};
use crate::mcp::{SseDecoder, SseEvent};
use crate::wire::v1::Broken;

/// How long a stream may be silent: a server says that it is there every 15 seconds.
const SILENCE: Duration = Duration::from_secs(60);

/// What a server tells, as it comes. It ends by itself, or with an error.
pub struct Told<T>(BoxStream<'static, Result<T, ClientError>>);

impl<T> fmt::Debug for Told<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told(…)")
    }
}

impl<T> Stream for Told<T> {
    type Item = Result<T, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl<T: Send + 'static> Told<T> {
    /// Tells what `pick` makes of events. It ends when `pick` says that it is over.
    pub(super) fn of(listener: Listener, pick: fn(&SseEvent) -> Result<Picked<T>, ClientError>) -> Self {
        let pieces = stream::unfold(Some(listener), move |listener| async move {
            let mut listener = listener?;
            loop {
                let picked = match listener.next().await {
                    Ok(Some(event)) => pick(&event),
                    Ok(None) => return None,
                    Err(error) => return Some((Err(error), None)),
                };
                match picked {
                    Ok(Picked::Piece(piece)) => return Some((Ok(piece), Some(listener))),
                    Ok(Picked::Last(piece)) => return Some((Ok(piece), None)),
                    Ok(Picked::Nothing) => {}
                    Err(error) => return Some((Err(error), None)),
                }
            }
        });
        Self(pieces.boxed())
    }
}

/// What an event was.
pub(super) enum Picked<T> {
    /// Something to tell.
    Piece(T),
    /// The last thing to tell.
    Last(T),
    /// Something that a newer server says, and this client does not know.
    Nothing,
}

/// Reads the data of an event.
pub(super) fn data<T: DeserializeOwned>(operation: &'static str, event: &SseEvent) -> Result<T, ClientError> {
    serde_json::from_str(&event.data).map_err(|error| ClientError::Unreadable {
        operation,
        kind: format!("an event `{}`", event.event.chars().take(40).collect::<String>()),
        source: error.into(),
    })
}

/// What happens when a stream ends without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silent {
    /// It is over.
    Over,
    /// It was cut off.
    CutOff,
    /// It is asked for again, from the last event that was seen.
    Again,
}

/// A stream that is listened to.
pub(super) struct Listener {
    client: Client,
    call: Call,
    silent: Silent,
    response: Option<Response>,
    decoder: SseDecoder,
    events: VecDeque<SseEvent>,
    tries: u32,
}

impl Listener {
    pub(super) fn new(client: &Client, call: Call, silent: Silent) -> Self {
        Self {
            client: client.clone(),
            call,
            silent,
            response: None,
            decoder: SseDecoder::new(MOST),
            events: VecDeque::new(),
            tries: 0,
        }
    }

    /// Returns the next event, however often the stream has to be asked for again; nothing when it is over.
    async fn next(&mut self) -> Result<Option<SseEvent>, ClientError> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return self.taken(event).map(Some);
            }
            match self.piece().await {
                Ok(Some(bytes)) => {
                    let operation = self.call.operation.id;
                    let decoded = self.decoder.push(&bytes);
                    self.events.extend(
                        decoded.map_err(|error| ClientError::TooLarge { operation, limit: error.limit })?,
                    );
                }
                Ok(None) if self.silent == Silent::Over => return Ok(None),
                Ok(None) => self.again(ClientError::CutOff { operation: self.call.operation.id }).await?,
                Err(error @ (ClientError::Unreachable { .. } | ClientError::Timeout { .. })) => {
                    self.again(error).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn taken(&mut self, event: SseEvent) -> Result<SseEvent, ClientError> {
        if event.event == "failed" {
            return Err(ClientError::Broken(data::<Broken>(self.call.operation.id, &event)?));
        }
        if event.id.is_some() {
            self.call.seen.clone_from(&event.id);
            self.tries = 0;
        }
        Ok(event)
    }

    /// Reads what comes next, of an answer that is asked for when there is none.
    async fn piece(&mut self) -> Result<Option<bytes::Bytes>, ClientError> {
        let operation = self.call.operation.id;
        let late =
            || ClientError::Timeout { url: self.client.inner.shown.clone(), operation, within: SILENCE };
        let response = match &mut self.response {
            Some(response) => response,
            None => {
                let asked = tokio::time::timeout(self.call.within, self.client.send(&self.call)).await;
                let response = asked.map_err(|_| late())??;
                require_events(operation, &response)?;
                self.response.insert(response)
            }
        };
        match tokio::time::timeout(SILENCE, response.chunk()).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(error)) => Err(self.client.unreachable(error)),
            Err(_) => Err(late()),
        }
    }

    /// Lets go of the answer, and waits before the next one; fails with `why` when there is to be none.
    async fn again(&mut self, why: ClientError) -> Result<(), ClientError> {
        let patience = self.client.inner.patience;
        if self.silent != Silent::Again || self.tries >= patience.retries {
            return Err(why);
        }
        self.response = None;
        self.decoder = SseDecoder::new(MOST);
        tokio::time::sleep(patience.pause(self.tries)).await;
        self.tries += 1;
        Ok(())
    }
}

/// Makes sure that an answer is a stream: a page of whatever stands between would be read as an empty one.
fn require_events(operation: &'static str, response: &Response) -> Result<(), ClientError> {
    let kind = kind(response);
    if kind.starts_with("text/event-stream") {
        return Ok(());
    }
    Err(ClientError::Unreadable { operation, kind, source: "a stream of events was asked for".into() })
}
