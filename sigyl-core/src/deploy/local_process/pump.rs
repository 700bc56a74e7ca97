//! Carries what a process writes into its log: cut into lines, cleaned, within bounds of length and rate.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::time::Instant;

use super::log::LogWriter;

/// Bytes of a line that are kept.
const LINE: usize = 4 << 10;
/// Bytes of a line that are held while its end is awaited.
const HELD: usize = 64 << 10;
/// Bytes a second of one process that are logged; what exceeds it is dropped and counted.
const RATE: f64 = 256.0 * 1024.0;
/// Bytes that may come at once before the rate holds.
const BURST: f64 = 1024.0 * 1024.0;
/// Bytes a second that are read at all; a faster server waits.
const READ_RATE: f64 = 8.0 * 1024.0 * 1024.0;
/// Lines of the end of a log that are kept in memory for error messages.
const TAIL: usize = 8;

/// Spells out what could fake or hide text, and bounds the length.
pub(super) fn spell_out(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(LINE));
    for (at, letter) in text.char_indices() {
        if shown.len() >= LINE {
            shown.push_str(&format!("… ({} more bytes)", text.len() - at));
            break;
        }
        // Besides control characters: what turns the direction of text or is invisible could fake a line.
        match letter {
            '\t' => shown.push(letter),
            c if c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}') =>
            {
                shown.extend(c.escape_unicode());
            }
            c => shown.push(c),
        }
    }
    shown
}

/// The last lines of one process.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    fn push(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == TAIL {
            lines.pop_front();
        }
        lines.push_back(line.chars().take(400).collect());
    }

    /// Returns the lines in one, separated by bars.
    pub(super) fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full: Vec<&str> =
            lines.iter().map(String::as_str).filter(|line| !line.trim().is_empty()).collect();
        full.join(" | ")
    }
}

/// Reads what a process writes until it ends, within the rates.
pub(super) async fn pump(mut from: pipe::Receiver, log: LogWriter, tail: Tail) {
    let mut chunk = vec![0; 16 << 10];
    let mut lines = Lines::default();
    let (mut kept, mut read) = (Bucket::new(RATE, BURST), Bucket::new(READ_RATE, READ_RATE));
    let mut dropped = 0_u64;
    loop {
        // An unreadable pipe is an ended one.
        let count = from.read(&mut chunk).await.unwrap_or(0);
        lines.feed(&chunk[..count], count == 0, |line| {
            if kept.take(line.len() + 32) {
                let missed = std::mem::take(&mut dropped);
                if missed > 0 {
                    log.note(&format!("{missed} lines were dropped: they came faster than is logged"));
                }
                let text = log.clean(line);
                tail.push(&text);
                log.line(text);
            } else {
                dropped += 1;
            }
        });
        if count == 0 {
            break;
        }
        if !read.take(count) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    if dropped > 0 {
        log.note(&format!("{dropped} lines were dropped: they came faster than is logged"));
    }
}

/// Cuts bytes into lines of bounded length.
#[derive(Default)]
struct Lines {
    held: Vec<u8>,
    over: bool,
}

impl Lines {
    fn feed(&mut self, bytes: &[u8], last: bool, mut each: impl FnMut(&[u8])) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match piece.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (piece, false),
            };
            let room = HELD - self.held.len();
            self.held.extend_from_slice(&text[..text.len().min(room)]);
            self.over |= text.len() > room;
            if ends {
                self.end(&mut each);
            }
        }
        if last && !self.held.is_empty() {
            self.end(&mut each);
        }
    }

    fn end(&mut self, each: &mut impl FnMut(&[u8])) {
        let line = self.held.strip_suffix(b"\r").unwrap_or(&self.held);
        each(line);
        if std::mem::take(&mut self.over) {
            each(b"(the rest of the line above was too long to keep)");
        }
        self.held.clear();
    }
}

/// Lets through so many bytes a second.
struct Bucket {
    rate: f64,
    most: f64,
    left: f64,
    filled: Instant,
}

impl Bucket {
    fn new(rate: f64, most: f64) -> Self {
        Self { rate, most, left: most, filled: Instant::now() }
    }

    fn take(&mut self, bytes: usize) -> bool {
        let passed = self.filled.elapsed();
        self.filled += passed;
        self.left = (self.left + passed.as_secs_f64() * self.rate).min(self.most);
        #[expect(clippy::cast_precision_loss, reason = "a rate, not a sum")]
        let wanted = bytes as f64;
        let enough = self.left >= wanted.min(self.most);
        if enough {
            self.left -= wanted;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        let mut each = |line: &[u8]| found.push(String::from_utf8_lossy(line).into_owned());
        for piece in pieces {
            lines.feed(piece, false, &mut each);
        }
        lines.feed(b"", true, &mut each);
        found
    }

    #[test]
    fn lines_are_cut_wherever_the_pieces_end() {
        assert_eq!(cut(&[b"a", b"b\nc\r\n", b"\n", b"d"]), ["ab", "c", "", "d"]);
    }

    #[test]
    fn a_line_without_end_is_cut_and_said_to_be() {
        let long = vec![b'x'; HELD];
        let found = cut(&[&long, &long, b"\nnext\n"]);
        assert_eq!(found[0].len(), HELD);
        assert_eq!(found[1..], ["(the rest of the line above was too long to keep)", "next"]);
    }

    #[test]
    fn nothing_that_moves_the_cursor_or_hides_text_is_shown() {
        assert_eq!(spell_out("a\tb\u{7}\u{200b}é"), "a\tb\\u{7}\\u{200b}é");
        let long = spell_out(&"x".repeat(LINE + 9));
        assert!(long.ends_with("… (9 more bytes)"), "{}", &long[LINE..]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_lets_through_its_rate() {
        let mut bucket = Bucket::new(100.0, 200.0);
        assert!(bucket.take(200) && !bucket.take(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(bucket.take(60) && bucket.take(40) && !bucket.take(40));
    }
}
