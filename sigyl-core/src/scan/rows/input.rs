//! Bytes on their way in: counted, digested, and taken by lines of bounded length.

use std::io::{self, BufRead, Read};

use sha2::{Digest as _, Sha256};

use crate::domain::Digest;

/// A reader that knows what went through it.
pub(super) struct Input<R> {
    inner: R,
    hash: Sha256,
    bytes: u64,
    lines: u64,
}

/// One line, as far as it was taken.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
    /// Whether the end of the line was reached.
    pub(super) whole: bool,
}

impl<R: BufRead> Input<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, hash: Sha256::new(), bytes: 0, lines: 0 }
    }

    /// Takes the next line without its end, up to `most` bytes of it.
    pub(super) fn line(&mut self, most: usize) -> io::Result<Option<Line>> {
        let mut line = Line { number: self.lines + 1, bytes: Vec::new(), whole: false };
        loop {
            let room = most - line.bytes.len();
            let buffer = self.inner.fill_buf()?;
            if buffer.is_empty() {
                line.whole = true;
                return Ok((!line.bytes.is_empty()).then_some(line));
            }
            let end = buffer.iter().position(|&byte| byte == b'\n');
            let taken = end.unwrap_or(buffer.len());
            if taken > room {
                line.bytes.extend_from_slice(&buffer[..room]);
                self.consume(room);
                return Ok(Some(line));
            }
            line.bytes.extend_from_slice(&buffer[..taken]);
            self.consume(taken + usize::from(end.is_some()));
            if end.is_some() {
                self.lines += 1;
                line.whole = true;
                return Ok(Some(line));
            }
        }
    }

    /// Leaves out what is left of a line.
    pub(super) fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.inner.fill_buf()?;
            let end = buffer.iter().position(|&byte| byte == b'\n');
            let taken = end.map_or(buffer.len(), |end| end + 1);
            let last = end.is_some() || taken == 0;
            self.consume(taken);
            if last {
                self.lines += 1;
                return Ok(());
            }
        }
    }

    /// Reads to the end and returns how much there was, with its digest.
    pub(super) fn finish(mut self) -> io::Result<(u64, Digest)> {
        loop {
            let length = self.inner.fill_buf()?.len();
            if length == 0 {
                return Ok((self.bytes, Digest::from_bytes(self.hash.finalize().into())));
            }
            self.consume(length);
        }
    }

    fn consume(&mut self, length: usize) {
        // The buffer was filled a moment ago, so this reads nothing and cannot fail.
        if let Ok(buffer) = self.inner.fill_buf() {
            self.hash.update(&buffer[..length.min(buffer.len())]);
        }
        self.bytes += length as u64;
        self.inner.consume(length);
    }
}

impl<R: BufRead> Read for Input<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let buffer = self.inner.fill_buf()?;
        let length = buffer.len().min(into.len());
        into[..length].copy_from_slice(&buffer[..length]);
        self.consume(length);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded_and_everything_is_digested() {
        let text = b"one\n\nlonger than that\nlast";
        let mut input = Input::new(io::BufReader::with_capacity(3, &text[..]));
        let mut taken = |most| input.line(most).unwrap().map(|line| (line.number, line.bytes, line.whole));
        assert_eq!(taken(4), Some((1, b"one".to_vec(), true)));
        assert_eq!(taken(4), Some((2, Vec::new(), true)));
        assert_eq!(taken(4), Some((3, b"long".to_vec(), false)));
        input.skip_line().unwrap();
        let last = input.line(4).unwrap().unwrap();
        assert_eq!((last.number, last.bytes, last.whole), (4, b"last".to_vec(), true));
        assert!(input.line(4).unwrap().is_none());
        assert_eq!(input.finish().unwrap(), (26, Digest::of(text)));
    }
}
