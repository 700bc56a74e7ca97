//! A text as sentences, each with the signals that its words give.

use super::find::find;
use super::letters::letter;
use super::lexicon::{ANY, Class, Classes, Lexicon};

/// A text without case and marks, its blanks drawn together, cut into sentences.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    text: String,
    /// From here on, the text and its origin run in step.
    marks: Vec<(usize, usize)>,
    sentences: Vec<Sentence>,
    /// What stands between quotation marks, in order.
    quotes: Vec<(usize, usize)>,
    /// Names of the parameters of the tool.
    parameters: Vec<String>,
}

/// One sentence.
#[derive(Debug, Default)]
pub(crate) struct Sentence {
    /// First byte in the text of the reading.
    pub(crate) start: usize,
    /// First byte after it.
    pub(crate) end: usize,
    /// The segment that it stands in.
    pub(crate) segment: usize,
    pub(crate) signals: Vec<Signal>,
    pub(crate) classes: Classes,
}

/// One word or phrase of a sentence that signals something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signal {
    pub(crate) class: Class,
    pub(crate) language: u8,
    /// First byte in the text of the reading.
    pub(crate) start: usize,
    /// First byte after it.
    pub(crate) end: usize,
}

/// Signals of one sentence that are kept.
pub(super) const SIGNALS: usize = 400;
/// Bytes of the longest quotation.
const QUOTED: usize = 300;
/// Names of parameters that are kept.
const PARAMETERS: usize = 64;
/// Bytes of the longest sentence; a longer one goes on as the next.
const LONGEST: usize = 1_200;

impl Reading {
    /// Reads segments of text, given by number, first byte and text.
    pub(crate) fn new<'a>(
        lexicon: &Lexicon,
        segments: impl IntoIterator<Item = (usize, usize, &'a str)>,
    ) -> Self {
        let mut reading = Self::default();
        for (segment, origin, text) in segments {
            reading.text.reserve(text.len() + 1);
            reading.take(segment, origin, text);
        }
        find(lexicon, &reading.text, &mut reading.sentences);
        reading
    }

    /// Adds the names of the parameters; short and common ones say nothing.
    pub(crate) fn with_parameters<'a>(mut self, names: impl Iterator<Item = &'a str>) -> Self {
        let telling = names.filter(|name| (3..=40).contains(&name.len()) && !is_number(name));
        self.parameters = telling.take(PARAMETERS).map(str::to_lowercase).collect();
        self
    }

    /// Returns the names of the parameters.
    pub(crate) fn parameters(&self) -> &[String] {
        &self.parameters
    }

    /// Tells whether a signal stands between quotation marks.
    pub(crate) fn is_quoted(&self, signal: Signal) -> bool {
        let after = self.quotes.partition_point(|&(start, _)| start <= signal.start);
        after > 0 && self.quotes[after - 1].1 >= signal.end
    }

    /// Tells whether a quotation begins at most `reach` bytes after a signal.
    pub(crate) fn quotes_after(&self, signal: Signal, reach: usize) -> bool {
        let after = self.quotes.partition_point(|&(start, _)| start < signal.end);
        self.quotes.get(after).is_some_and(|&(start, _)| start - signal.end <= reach)
    }

    /// Returns the text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the sentences in order.
    pub(crate) fn sentences(&self) -> &[Sentence] {
        &self.sentences
    }

    /// Returns the place in the origin that a place in the text came from.
    pub(crate) fn origin(&self, here: usize) -> usize {
        match self.marks.partition_point(|&(at, _)| at <= here) {
            0 => here,
            after => self.marks[after - 1].1 + (here - self.marks[after - 1].0),
        }
    }

    fn take(&mut self, segment: usize, origin: usize, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let mut start = self.text.len();
        self.mark(origin);
        let mut blank = true;
        let mut quote = None;
        let mut next = 0;
        while let Some(rest) = text.get(next..).filter(|rest| !rest.is_empty()) {
            let plain = rest.bytes().position(|byte| !PLAIN[usize::from(byte)]).unwrap_or(rest.len());
            if plain > 0 {
                self.plain(&rest[..plain], &mut quote);
                blank = false;
                next += plain;
                continue;
            }
            if rest.starts_with(' ') {
                self.blank(&mut blank, &mut quote);
                next += 1;
                self.mark(origin + next);
                if self.text.len() - start > LONGEST {
                    start = self.cut(segment, start);
                }
                continue;
            }
            let Some(c) = rest.chars().next() else { break };
            let at = next;
            next += c.len_utf8();
            self.quote(c, &text[..at], &mut quote);
            // Stars and underlines of emphasis stand for nothing.
            if matches!(c, '*' | '"') {
                self.mark(origin + next);
                continue;
            }
            let is_break = c == '\n';
            if is_break || c.is_ascii_whitespace() {
                if !blank {
                    self.text.push(' ');
                    blank = true;
                }
                self.mark(origin + next);
            } else if let Some(put) = letter(c) {
                self.text.push(put);
                blank = false;
                self.mark(origin + next);
            } else {
                self.mark(origin + next);
            }
            let length = self.text.len() - start;
            if is_break || length > LONGEST && blank || ends_sentence(c, &text[next..], &self.text[start..]) {
                start = self.cut(segment, start);
            }
        }
        self.cut(segment, start);
    }

    /// Notes where the end of the text comes from, unless that follows from the note before.
    fn mark(&mut self, origin: usize) {
        let here = self.text.len();
        if self.marks.last().is_none_or(|&(at, from)| from + (here - at) != origin) {
            self.marks.push((here, origin));
        }
    }

    /// Takes a blank, of several only the first.
    fn blank(&mut self, blank: &mut bool, quote: &mut Option<(usize, char)>) {
        if quote.is_some_and(|(start, _)| self.text.len() - start > QUOTED) {
            *quote = None;
        }
        if !*blank {
            self.text.push(' ');
            *blank = true;
        }
    }

    /// Takes characters that end nothing and begin nothing.
    fn plain(&mut self, some: &str, quote: &mut Option<(usize, char)>) {
        let from = self.text.len();
        self.text.push_str(some);
        self.text[from..].make_ascii_lowercase();
        if quote.is_some_and(|(start, _)| self.text.len() - 1 - start > QUOTED) {
            *quote = None;
        }
    }

    /// Keeps track of quotations; `open` is where the last one began, and how it ends.
    fn quote(&mut self, c: char, before: &str, open: &mut Option<(usize, char)>) {
        let here = self.text.len();
        match *open {
            Some((start, end)) if c == end => {
                *open = None;
                if here - start <= QUOTED {
                    self.quotes.push((start, here));
                }
            }
            Some((start, _)) if c == '\n' || here - start > QUOTED => *open = None,
            Some(_) => {}
            None => {
                let begins = before.ends_with([' ', '(', '\n', ',', ':', '/']) || before.is_empty();
                let end = match c {
                    '"' => Some('"'),
                    '\'' | '`' if begins => Some(c),
                    '\u{201c}' | '\u{201e}' => Some('\u{201d}'),
                    '\u{2018}' if begins => Some('\u{2019}'),
                    '\u{ab}' => Some('\u{bb}'),
                    '\u{300c}' => Some('\u{300d}'),
                    _ => None,
                };
                *open = end.map(|end| (here, end));
            }
        }
    }

    /// Ends a sentence and returns where the next one begins.
    fn cut(&mut self, segment: usize, start: usize) -> usize {
        let end = self.text.len();
        if !self.text[start..].trim().is_empty() {
            self.sentences.push(Sentence { start, end, segment, ..Sentence::default() });
        }
        end
    }
}

impl Sentence {
    pub(super) fn add(&mut self, signal: Signal) {
        if self.signals.len() < SIGNALS {
            self.classes.add(signal.class);
            self.signals.push(signal);
        }
    }
}

impl Signal {
    /// Tells whether it may stand with the words of a language.
    pub(crate) fn goes_with(&self, language: u8) -> bool {
        self.language == ANY || self.language == language
    }
}

fn is_number(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit())
}

/// The characters that are no blank, end no sentence, and stand at neither end of a quotation.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0_u8;
    while byte.is_ascii() {
        plain[byte as usize] =
            !byte.is_ascii_whitespace() && !matches!(byte, b'*' | b'"' | b'\'' | b'`' | b'.' | b'!' | b'?');
        byte += 1;
    }
    plain
};

/// Tells whether a sentence ends with `c`, with `rest` after it and all of it so far.
fn ends_sentence(c: char, rest: &str, so_far: &str) -> bool {
    match c {
        '。' | '！' | '？' | '؟' | '۔' | '।' | '｡' | '॥' => true,
        '!' | '?' => rest.starts_with(|c: char| c.is_whitespace() || c == '<') || rest.is_empty(),
        '.' => {
            let next = rest.chars().next();
            let breaks = next.is_none_or(|c| c.is_whitespace() || c == '<' || !c.is_ascii());
            breaks
                && !["e.g.", "i.e.", "etc.", "vs.", "cf.", " z.b.", " p.ex."]
                    .iter()
                    .any(|short| so_far.ends_with(short))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Reading {
        Reading::new(Lexicon::builtin().unwrap(), [(0, 0, text)])
    }

    #[test]
    fn sentences_are_cut_and_lead_back_to_their_origin() {
        let text = "Reads  a file, e.g. `x`. Ünd **dann**!\nDrei。四";
        let reading = read(text);
        let parts: Vec<_> =
            reading.sentences().iter().map(|one| &reading.text()[one.start..one.end]).collect();
        assert_eq!(
            parts,
            ["reads a file, e.g. `x`.", " und dann!", " ", "drei。", "四"]
                .into_iter()
                .filter(|one| one.trim() != "")
                .collect::<Vec<_>>()
        );
        let at = reading.text().find("dann").unwrap();
        assert!(text[reading.origin(at)..].starts_with("dann"));
        let at = reading.text().find("四").unwrap();
        assert!(text[reading.origin(at)..].starts_with("四"));
    }

    #[test]
    fn words_count_as_whole_words() {
        let has = |text: &str, class| {
            read(text).sentences().iter().any(|one| one.classes.any(Classes::of(&[class])))
        };
        assert!(has("Open .env now", Class::SecretFile));
        assert!(!has("process.env.PATH", Class::SecretFile));
        assert!(!has("unreadable", Class::Read));
    }
}
