//! Reads an answer of an HTTP server along, to learn how a call ended, without holding it up.

use hyper::HeaderMap;
use hyper::header::CONTENT_TYPE;
use serde_json::value::RawValue;

use crate::mcp::SseDecoder;
use crate::mcp::message::{Id, Message};

use super::journal::Call;
use super::request::header;

/// Bytes of an answer that are kept to learn how a call ended, or held back to be looked at: of each that is under way, so
/// they must be few.
pub(super) const LOOKED_AT: usize = 1 << 20;

/// What is awaited in an answer, and what was seen of it.
pub(super) struct Watch {
    pub(super) id: Option<Id>,
    call: Option<Call>,
    pub(super) reader: Reader,
    resumable: bool,
}

/// How an answer is read.
pub(super) enum Reader {
    Events(SseDecoder),
    Json(Vec<u8>),
    Blind,
}

impl Reader {
    /// Chooses by the kind of content.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let kind = header(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
        match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "text/event-stream" => Self::Events(SseDecoder::new(LOOKED_AT)),
            "application/json" => Self::Json(Vec::new()),
            _ => Self::Blind,
        }
    }
}

impl Watch {
    /// Waits for the answer to a request; the way it is read is known when it begins.
    pub(super) fn new(id: Option<Id>, call: Option<Call>) -> Self {
        Self { id, call, reader: Reader::Blind, resumable: false }
    }

    /// Sees the next piece.
    pub(super) fn see(&mut self, piece: &[u8]) {
        if self.id.is_none() {
            return;
        }
        match &mut self.reader {
            Reader::Events(decoder) => match decoder.push(piece) {
                Ok(events) => {
                    for event in events {
                        self.resumable |= event.id.is_some();
                        self.look_at(event.data.as_bytes());
                    }
                }
                Err(_) => self.give_up(),
            },
            Reader::Json(text) if self.call.is_some() => {
                text.extend_from_slice(piece);
                if text.len() > LOOKED_AT {
                    self.give_up();
                }
            }
            Reader::Json(_) | Reader::Blind => {}
        }
    }

    /// The answer is too large to look into: it is there, whatever it says.
    fn give_up(&mut self) {
        self.reader = Reader::Blind;
        if let Some(call) = self.call.take() {
            call.end_unread();
        }
    }

    fn look_at(&mut self, text: &[u8]) {
        let Ok(Message::Response { id, outcome }) = Message::read(text) else { return };
        if id.is_none() || id == self.id {
            self.end(outcome);
        }
    }

    fn end(&mut self, outcome: Result<&RawValue, &RawValue>) {
        self.id = None;
        if let Some(call) = self.call.take() {
            call.end(outcome);
        }
    }

    /// Sees the end.
    pub(super) fn finish(&mut self) {
        if let Reader::Json(text) = &mut self.reader {
            let text = std::mem::take(text);
            self.look_at(&text);
        }
        // The client will fetch the rest by the id of the last event, on a stream that is not this call's.
        if self.resumable
            && let Some(call) = self.call.take()
        {
            call.end_unread();
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn an_answer_that_is_large_is_not_kept() {
        for kind in ["text/event-stream", "application/json"] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
            let mut watch = Watch::new(Some(Id::Int(1)), None);
            watch.reader = Reader::of(&headers);
            for _ in 0..20 {
                watch.see(&[b'x'; LOOKED_AT / 10]);
            }
            // Without the record of a call, nobody wants to know how a JSON answer ends.
            let kept = match &watch.reader {
                Reader::Json(text) => text.len(),
                Reader::Blind => 0,
                Reader::Events(_) => usize::MAX,
            };
            assert_eq!(kept, 0, "{kind}");
        }
    }
}
