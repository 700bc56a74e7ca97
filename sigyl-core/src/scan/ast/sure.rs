//! Tells of a Python file by its code alone that it registers nothing.

use std::collections::HashSet;
use std::ops::Range;

use super::handlers::{NAMES, RUNS, SCHEMAS};
use super::plain::{Plain, TEXT};

/// What may be registered in a file, by its code.
#[derive(Debug)]
pub(super) struct Sure {
    pub(super) plain: Plain,
    /// Where brackets open and close, in the order in which they open.
    calls: Vec<(usize, usize)>,
    /// Where functions of the file are named, and where some without a name stand.
    functions: Vec<usize>,
    /// Whether something runs that a class of a tool has.
    runs: bool,
}

/// Bytes that are looked over for what belongs to a word; where there are more, it may be anything.
const FAR: usize = 200;
/// Names of what runs in a class that is a tool.
const METHODS: &[&[u8]] = &[b"execute", b"run", b"_run", b"_arun", b"invoke", b"call"];

impl Sure {
    /// Reads a file; returns nothing when it is not sure what is code in it.
    pub(super) fn of(text: &str) -> Option<Self> {
        let plain = Plain::of(text)?;
        let code = &plain.code;
        // Python reads letters of other forms as plain ones.
        if !code.is_ascii() {
            return None;
        }
        let mut defined: HashSet<&[u8]> = HashSet::new();
        let mut before: &[u8] = b"";
        for word in words(code).map(|word| &code[word]) {
            if before == b"def" {
                defined.insert(word);
            }
            before = word;
        }
        let runs = METHODS.iter().any(|name| defined.contains(name));
        let mut functions = Vec::new();
        let mut before: &[u8] = b"";
        for range in words(code) {
            let word = &code[range.clone()];
            if word == b"lambda" || before != b"def" && defined.contains(word) {
                functions.push(range.start);
            }
            before = word;
        }
        let calls = pairs(code)?;
        Some(Self { functions, calls, runs, plain })
    }

    /// Tells whether a call, whose arguments are looked for from a place on, may be given a function; so may be what it
    /// gives.
    pub(super) fn is_given_function(&self, from: usize) -> bool {
        let code = &self.plain.code;
        let mut at = from;
        loop {
            let between = |byte: &u8| byte.is_ascii_whitespace() || b"!?.\\)".contains(byte);
            let rest = code[at..].iter().take(FAR);
            let skipped = rest.take_while(|byte| between(byte)).count();
            if skipped == FAR {
                return true;
            }
            at += skipped;
            let call = self.calls.binary_search_by_key(&at, |(open, _)| *open);
            let Ok((open, close)) = call.map(|call| self.calls[call]) else { return false };
            let next = self.functions.partition_point(|function| *function < open);
            if self.functions.get(next).is_some_and(|function| *function < close) {
                return true;
            }
            at = close + 1;
        }
    }

    /// Tells whether a record may describe a tool and hold what runs.
    pub(super) fn may_describe(&self, text: &str) -> bool {
        let has = |wanted: &[&str]| {
            self.plain.texts.iter().any(|range| {
                text.get(range.clone()).is_some_and(|one| wanted.contains(&one)) && self.is_key(range.end)
            })
        };
        has(RUNS) && has(SCHEMAS) && has(NAMES)
    }

    /// Tells whether what ends here may be a key: a colon stands behind it.
    fn is_key(&self, end: usize) -> bool {
        let code = &self.plain.code[end..];
        let quotes = code.iter().take(3).take_while(|byte| **byte == TEXT).count();
        let mut rest = code[quotes..].iter().take(FAR);
        // What stands farther away is not looked for.
        rest.find(|byte| !(byte.is_ascii_whitespace() || b"\\)".contains(byte)))
            .is_none_or(|byte| *byte == b':')
    }

    /// Tells whether a class of the file may run as a tool.
    pub(super) fn runs(&self) -> bool {
        self.runs
    }
}

/// Yields the words of some code.
fn words(code: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + code[at..].iter().position(is_word)?;
        at = start + code[start..].iter().position(|byte| !is_word(byte)).unwrap_or(code.len() - start);
        Some(start..at)
    })
}

/// Returns where round brackets open and close; nothing when some do not.
fn pairs(code: &[u8]) -> Option<Vec<(usize, usize)>> {
    let (mut all, mut open) = (Vec::new(), Vec::new());
    for (at, byte) in code.iter().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => {
                open.push((*byte, all.len()));
                if *byte == b'(' {
                    all.push((at, at));
                }
            }
            b')' | b']' | b'}' => {
                let (opened, pair) = open.pop()?;
                let fits = matches!((opened, byte), (b'(', b')') | (b'[', b']') | (b'{', b'}'));
                fits.then_some(())?;
                if opened == b'(' {
                    all[pair].1 = at;
                }
            }
            _ => {}
        }
    }
    open.is_empty().then_some(all)
}
