//! Reads and writes server-sent events, bounded and piece by piece.

/// One server-sent event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseEvent {
    /// Its kind, `message` unless the stream names another.
    pub event: String,
    /// Its data lines, joined by line feeds.
    pub data: String,
    /// The id in force, when the stream gave one.
    pub id: Option<String>,
}

/// An event is larger than the reader takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is larger than {limit} bytes")]
pub struct EventTooLarge {
    /// The limit.
    pub limit: usize,
}

/// Decodes a stream of server-sent events, giving the same events however the bytes were split.
#[derive(Debug)]
pub struct SseDecoder {
    limit: usize,
    line: Vec<u8>,
    skip_line_feed: bool,
    first_line: bool,
    event: String,
    data: Option<String>,
    id: Option<String>,
    size: usize,
}

impl SseDecoder {
    /// Makes a decoder of events of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            skip_line_feed: false,
            first_line: true,
            event: String::new(),
            data: None,
            id: None,
            size: 0,
        }
    }

    /// Takes bytes as they arrive and gives the events that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<SseEvent>, EventTooLarge> {
        let mut events = Vec::new();
        for &byte in bytes {
            let after_return = std::mem::replace(&mut self.skip_line_feed, false);
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => {
                    self.skip_line_feed = byte == b'\r';
                    events.extend(self.end_line());
                }
                _ => {
                    self.line.push(byte);
                    self.size += 1;
                    if self.size > self.limit {
                        return Err(EventTooLarge { limit: self.limit });
                    }
                }
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Option<SseEvent> {
        let line = std::mem::take(&mut self.line);
        let mut text = String::from_utf8_lossy(&line);
        if std::mem::replace(&mut self.first_line, false)
            && let Some(rest) = text.strip_prefix('\u{feff}')
        {
            text = rest.to_owned().into();
        }
        if text.is_empty() {
            return self.dispatch();
        }
        let (field, value) = text.split_once(':').unwrap_or((&text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            // A comment keeps the connection alive and is no part of an event.
            "" => self.size -= line.len(),
            _ => {}
        }
        None
    }

    fn dispatch(&mut self) -> Option<SseEvent> {
        self.size = 0;
        let event = std::mem::take(&mut self.event);
        let data = self.data.take().filter(|data| !data.is_empty())?;
        let event = if event.is_empty() { "message".to_owned() } else { event };
        Some(SseEvent { event, data, id: self.id.clone() })
    }
}

/// Writes one `message` event; `data` must be on one line.
pub(crate) fn write_message(data: &[u8]) -> Vec<u8> {
    [b"event: message\ndata: ".as_slice(), data, b"\n\n"].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(pieces: &[&[u8]]) -> Result<Vec<SseEvent>, EventTooLarge> {
        let mut decoder = SseDecoder::new(1000);
        let mut events = Vec::new();
        for piece in pieces {
            events.extend(decoder.push(piece)?);
        }
        Ok(events)
    }

    fn event(event: &str, data: &str, id: Option<&str>) -> SseEvent {
        SseEvent { event: event.into(), data: data.into(), id: id.map(str::to_owned) }
    }

    #[test]
    fn events_are_read_as_the_standard_says() {
        let stream = "\u{feff}: hi\nevent: endpoint\rdata: /a\r\n\r\nid: 7\ndata:x\ndata: \ndata:  y\n\ndata\n\nretry: 3\n\ndata: open";
        assert_eq!(
            decode(&[stream.as_bytes()]).unwrap(),
            [event("endpoint", "/a", None), event("message", "x\n\n y", Some("7"))]
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(decode(&[&write_message(br#"{"a":1}"#)]).unwrap(), [event("message", r#"{"a":1}"#, None)]);
    }

    #[test]
    fn an_endless_event_is_refused_and_comments_do_not_add_up() {
        let mut decoder = SseDecoder::new(10);
        assert!(decoder.push(b"data: 123\ndata: 456").is_err());
        let mut decoder = SseDecoder::new(10);
        for _ in 0..100 {
            assert_eq!(decoder.push(b": ping\n\n").unwrap(), []);
            assert_eq!(decoder.push(b":x\n").unwrap(), []);
        }
    }

    proptest! {
        #[test]
        fn events_do_not_depend_on_how_the_bytes_are_split(
            pieces in proptest::collection::vec("(data: ?|id:|event: |[aé\u{feff}:]|\r\n|\r|\n){0,6}", 0..10),
            cut in 1_usize..4,
        ) {
            let whole = pieces.concat();
            let split: Vec<&[u8]> = whole.as_bytes().chunks(cut).collect();
            prop_assert_eq!(decode(&split), decode(&[whole.as_bytes()]));
        }
    }
}
