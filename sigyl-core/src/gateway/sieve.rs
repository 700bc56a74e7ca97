//! Holds an answer of an HTTP server back until it is known that nothing forbidden is declared in it.

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::CONTENT_ENCODING;
use serde_json::value::RawValue;

use crate::mcp::SseDecoder;
use crate::mcp::message::Message;

use super::declared::List;
use super::watch::Reader;

/// An answer on its way through.
pub(super) struct Sieve {
    list: List,
    reader: Reader,
    held: Vec<u8>,
    most: usize,
}

impl Sieve {
    /// Reads an answer with these headers, of which at most `most` bytes are held at a time.
    pub(super) fn new(list: List, headers: &HeaderMap, most: usize) -> Self {
        let reader = match Reader::of(headers) {
            _ if headers.contains_key(CONTENT_ENCODING) => Reader::Blind,
            Reader::Events(_) => Reader::Events(SseDecoder::new(most)),
            other => other,
        };
        Self { list, reader, held: Vec::new(), most }
    }

    /// Takes the next piece, and gives what may pass by now.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<Bytes, String> {
        match &mut self.reader {
            Reader::Blind => {
                self.list.unread()?;
                return Ok(Bytes::copy_from_slice(piece));
            }
            Reader::Json(_) => {}
            Reader::Events(decoder) => match decoder.push(piece) {
                Ok(events) => {
                    for event in events {
                        look(&self.list, event.data.as_bytes())?;
                    }
                }
                Err(_) => return self.let_go(piece),
            },
        }
        self.held.extend_from_slice(piece);
        if self.held.len() > self.most {
            return self.let_go(&[]);
        }
        // What was held to the end of an event was looked at.
        match self.reader {
            Reader::Events(_) if is_between(&self.held) => Ok(std::mem::take(&mut self.held).into()),
            _ => Ok(Bytes::new()),
        }
    }

    /// Gives what is left.
    pub(super) fn end(&mut self) -> Result<Bytes, String> {
        if let Reader::Json(_) = self.reader {
            look(&self.list, &self.held)?;
        }
        Ok(std::mem::take(&mut self.held).into())
    }

    /// Gives up looking: the answer is too large.
    fn let_go(&mut self, piece: &[u8]) -> Result<Bytes, String> {
        self.reader = Reader::Blind;
        self.list.unread()?;
        self.held.extend_from_slice(piece);
        Ok(std::mem::take(&mut self.held).into())
    }
}

/// Tells whether an event stream stands between two events.
fn is_between(held: &[u8]) -> bool {
    let line = held.strip_suffix(b"\n").unwrap_or(held);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.len() < held.len() && matches!(line.last(), None | Some(b'\n' | b'\r'))
}

/// Looks at a message, or at each of a batch. What cannot be read passes only while nothing is forbidden: a client
/// may read it.
fn look(list: &List, text: &[u8]) -> Result<(), String> {
    if text.trim_ascii().is_empty() {
        return Ok(());
    }
    let parts = match serde_json::from_slice::<Vec<&RawValue>>(text) {
        Ok(parts) => parts.into_iter().map(|part| part.get().as_bytes()).collect(),
        Err(_) => vec![text],
    };
    for part in parts {
        match Message::read(part) {
            Ok(Message::Response { outcome, .. }) => list.check(outcome)?,
            Ok(_) => {}
            Err(_) => list.unread()?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_between_events_after_a_blank_line() {
        for (held, is) in [
            ("data: x\n\n", true),
            ("data: x\r\n\r\n", true),
            ("data: x\r\r", true),
            ("\n", true),
            ("data: x\n", false),
            ("data: x\r\n", false),
            ("data: x", false),
            ("", false),
        ] {
            assert_eq!(is_between(held.as_bytes()), is, "{held:?}");
        }
    }
}
