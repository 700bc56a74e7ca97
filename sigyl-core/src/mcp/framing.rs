//! Cuts a stream of bytes into lines: the framing of MCP over pipes.

/// Bytes of a line that are kept room for.
const LONG: usize = 64 << 10;

/// A line is longer than the reader takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line is longer than {limit} bytes")]
pub struct LineTooLong {
    /// The limit.
    pub limit: usize,
}

/// Collects bytes and gives back whole lines, the same however the bytes were split.
///
/// Never holds more than the limit and the last piece pushed.
#[derive(Debug)]
pub struct Lines {
    limit: usize,
    buffer: Vec<u8>,
    start: usize,
    searched: usize,
}

impl Lines {
    /// Makes a reader of lines of at most `limit` bytes, without their end.
    pub fn new(limit: usize) -> Self {
        Self { limit, buffer: Vec::new(), start: 0, searched: 0 }
    }

    /// Adds bytes as they arrive.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.searched -= self.start;
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes the next whole line, without its end; `None` when more bytes are needed.
    pub fn next_line(&mut self) -> Result<Option<Vec<u8>>, LineTooLong> {
        let found = self.buffer[self.searched..].iter().position(|&byte| byte == b'\n');
        let end = found.map_or(self.buffer.len(), |at| self.searched + at);
        if end - self.start > self.limit {
            return Err(LineTooLong { limit: self.limit });
        }
        self.searched = end;
        if found.is_none() {
            return Ok(None);
        }
        let mut line = if end - self.start > LONG {
            self.take_long(end)
        } else {
            let line = self.buffer[self.start..end].to_vec();
            self.start = end + 1;
            line
        };
        self.searched = self.start;
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(line))
    }

    /// Takes a long line together with the room that it needed: short ones do not need it again.
    fn take_long(&mut self, end: usize) -> Vec<u8> {
        let rest = self.buffer.split_off(end + 1);
        let mut line = std::mem::replace(&mut self.buffer, rest);
        line.truncate(end);
        line.drain(..self.start);
        self.start = 0;
        line
    }

    /// Throws away what there is of a line that is too long, after `seen` was shown it; tells whether that was the
    /// rest of the line, so that the next one can be taken.
    pub fn skip(&mut self, mut seen: impl FnMut(&[u8])) -> bool {
        let rest = &self.buffer[self.start..];
        let found = rest.iter().position(|&byte| byte == b'\n');
        seen(&rest[..found.unwrap_or(rest.len())]);
        match found {
            Some(at) => self.start += at + 1,
            // The room that the line took is given back with it.
            None => {
                self.buffer = Vec::new();
                self.start = 0;
            }
        }
        self.searched = self.start;
        found.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(lines: &mut Lines, pieces: &[&[u8]]) -> Result<Vec<Vec<u8>>, LineTooLong> {
        let mut found = Vec::new();
        for piece in pieces {
            lines.push(piece);
            while let Some(line) = lines.next_line()? {
                found.push(line);
            }
        }
        Ok(found)
    }

    #[test]
    fn lines_end_with_either_end_and_the_rest_waits() {
        let mut lines = Lines::new(10);
        assert_eq!(all(&mut lines, &[b"a\r\nb\n\nc"]), Ok(vec![b"a".to_vec(), b"b".to_vec(), vec![]]));
        assert_eq!(all(&mut lines, &[b"d\n"]), Ok(vec![b"cd".to_vec()]));
    }

    #[test]
    fn an_endless_line_is_refused_before_it_fills_the_memory() {
        let mut lines = Lines::new(4);
        lines.push(b"12345");
        assert_eq!(lines.next_line(), Err(LineTooLong { limit: 4 }));
        let mut lines = Lines::new(4);
        assert!(all(&mut lines, &[b"1234\n12345\n"]).is_err());
    }

    #[test]
    fn a_long_line_leaves_no_room_behind() {
        let mut lines = Lines::new(10 * LONG);
        let long = "x".repeat(5 * LONG);
        lines.push(format!("a\n{long}\r\nb\nc").as_bytes());
        let mut taken = || lines.next_line().unwrap().map(|line| String::from_utf8(line).unwrap());
        assert_eq!((taken().as_deref(), taken().as_deref()), (Some("a"), Some(long.as_str())));
        assert_eq!((taken().as_deref(), taken()), (Some("b"), None));
        assert!(lines.buffer.capacity() < LONG);
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_piece_by_piece() {
        let mut lines = Lines::new(4);
        let mut seen = Vec::new();
        lines.push(b"ab\n12345");
        assert_eq!(lines.next_line(), Ok(Some(b"ab".to_vec())));
        assert!(lines.next_line().is_err());
        assert!(!lines.skip(|piece| seen.extend_from_slice(piece)));
        assert!(lines.buffer.is_empty());
        lines.push(b"67");
        assert!(!lines.skip(|piece| seen.extend_from_slice(piece)));
        lines.push(b"8\ncd\ne");
        assert!(lines.skip(|piece| seen.extend_from_slice(piece)));
        assert_eq!(seen, b"12345678");
        assert_eq!((lines.next_line(), lines.next_line()), (Ok(Some(b"cd".to_vec())), Ok(None)));
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_the_bytes_are_split(
            pieces in proptest::collection::vec("[ab\r\n]{0,12}", 0..12),
        ) {
            let whole = pieces.concat();
            let split: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
            prop_assert_eq!(
                all(&mut Lines::new(1000), &split),
                all(&mut Lines::new(1000), &[whole.as_bytes()])
            );
        }
    }
}
