//! The statements of one level of a script, found by brackets alone.

use std::ops::Range;

/// One statement, or several that could not be told apart.
#[derive(Debug)]
pub(super) struct Piece<'t> {
    pub(super) range: Range<usize>,
    /// What it defines or changes.
    pub(super) defines: Vec<&'t str>,
    /// How many places that register something are in it.
    pub(super) seeds: usize,
    /// Whether it may act as soon as it is loaded.
    pub(super) acts: bool,
    /// The inside of the block that holds most of them.
    pub(super) inner: Option<Range<usize>>,
    /// Its code, without comments and strings.
    code: Vec<&'t str>,
}

/// Words that begin a statement.
const BEGIN: &[&str] = &[
    "function", "class", "var", "let", "const", "import", "export", "async", "if", "for", "switch", "try",
    "throw", "return", "while", "do",
];
/// Words that go on with one behind a block.
const GO_ON: &[&str] =
    &["else", "catch", "finally", "while", "instanceof", "in", "of", "from", "as", "satisfies"];
/// Other words that are no names of anything.
const OTHERS: &[&str] = &[
    "default", "declare", "abstract", "new", "this", "null", "true", "false", "void", "typeof", "delete",
    "await", "yield", "case", "break", "continue", "super", "static",
];
/// Names of what acts when it is called.
const ACTS: &[&str] = &[
    "exec",
    "execSync",
    "execFile",
    "execFileSync",
    "spawn",
    "spawnSync",
    "fetch",
    "eval",
    "Function",
    "request",
    "writeFile",
    "writeFileSync",
    "appendFile",
    "appendFileSync",
    "createConnection",
];

/// Takes a stretch of a script apart; `skipped` is what is no code, `seeds` what registers something. Returns nothing
/// when its brackets do not close.
pub(super) fn split<'t>(
    text: &'t str,
    skipped: &[Range<usize>],
    seeds: &[usize],
    within: Range<usize>,
) -> Option<Vec<Piece<'t>>> {
    let mut walk =
        Walk { text, seeds, pieces: Vec::new(), depth: 0, braces: 0, last: b';', line: false, opened: 0 };
    walk.start(within.start);
    let mut at = within.start;
    let first = skipped.partition_point(|one| one.end <= within.start);
    for one in skipped[first..].iter().take_while(|one| one.start < within.end) {
        walk.code(at..one.start.max(at))?;
        walk.skip(one);
        at = one.end.max(at);
    }
    walk.code(at.min(within.end)..within.end)?;
    (walk.depth == 0).then(|| walk.finish(within.end))
}

/// One pass over a stretch.
struct Walk<'t, 's> {
    text: &'t str,
    seeds: &'s [usize],
    pieces: Vec<Piece<'t>>,
    depth: usize,
    braces: usize,
    /// The last byte that is no blank.
    last: u8,
    /// Whether a line ended behind it.
    line: bool,
    /// Where the outermost block that is open was opened.
    opened: usize,
}

impl<'t> Walk<'t, '_> {
    /// Reads a stretch that is all code.
    fn code(&mut self, range: Range<usize>) -> Option<()> {
        let bytes = self.text.as_bytes();
        let (mut at, mut from) = (range.start, range.start);
        while at < range.end {
            let byte = bytes[at];
            let next = at + 1;
            match byte {
                b'\n' => self.line = true,
                b' ' | b'\t' | b'\r' => {}
                b'{' | b'(' | b'[' | b'}' | b')' | b']' => self.bracket(byte, at)?,
                _ if is_word(byte) => {
                    let end = word_end(bytes, at).min(range.end);
                    let word = self.text.get(at..end).unwrap_or_default();
                    if self.depth == 0 && self.begins(word) {
                        self.keep(from..at);
                        from = at;
                        self.start(at);
                    }
                    at = end;
                    self.saw(byte);
                    continue;
                }
                _ => self.saw(byte),
            }
            at = next;
        }
        self.keep(from..range.end);
        Some(())
    }

    /// Steps over a bracket; returns nothing when it closes what is not open.
    fn bracket(&mut self, byte: u8, at: usize) -> Option<()> {
        match byte {
            b'{' | b'(' | b'[' => self.depth += 1,
            _ => self.depth = self.depth.checked_sub(1)?,
        }
        match byte {
            b'{' => {
                if self.braces == 0 {
                    self.opened = at + 1;
                }
                self.braces += 1;
            }
            b'}' => {
                self.braces = self.braces.checked_sub(1)?;
                if self.braces == 0 {
                    self.block(self.opened..at);
                }
            }
            _ => {}
        }
        self.saw(byte);
        Some(())
    }

    fn saw(&mut self, byte: u8) {
        (self.last, self.line) = (byte, false);
    }

    /// Steps over what is no code.
    fn skip(&mut self, one: &Range<usize>) {
        match self.text.as_bytes().get(one.start..one.start + 2) {
            Some(b"//" | b"/*") => {}
            _ => self.saw(b'"'),
        }
    }

    /// Tells whether a word of the outermost level begins a statement.
    fn begins(&self, word: &str) -> bool {
        match self.last {
            b';' => true,
            b'}' => BEGIN.contains(&word) && word != "while" || self.line && !GO_ON.contains(&word),
            last => self.line && BEGIN.contains(&word) && !b"=,(+-*/%&|^!~?:<>.{[".contains(&last),
        }
    }

    fn start(&mut self, at: usize) {
        self.end(at);
        self.pieces.push(Piece {
            range: at..at,
            defines: Vec::new(),
            seeds: 0,
            acts: false,
            inner: None,
            code: Vec::new(),
        });
    }

    fn keep(&mut self, code: Range<usize>) {
        if let Some(piece) = self.pieces.last_mut() {
            piece.code.extend(self.text.get(code).filter(|code| !code.is_empty()));
        }
    }

    /// Keeps the block that most seeds are in.
    fn block(&mut self, block: Range<usize>) {
        let seeds = self.seeds;
        let count = |range: &Range<usize>| {
            seeds.partition_point(|seed| *seed < range.end)
                - seeds.partition_point(|seed| *seed < range.start)
        };
        let size = |range: &Range<usize>| (count(range), range.len());
        if let Some(piece) = self.pieces.last_mut()
            && piece.inner.as_ref().is_none_or(|inner| size(inner) < size(&block))
        {
            piece.inner = Some(block);
        }
    }

    fn end(&mut self, at: usize) {
        let seeds = self.seeds;
        if let Some(piece) = self.pieces.last_mut() {
            let before = |at: usize| seeds.partition_point(|seed| *seed < at);
            piece.range.end = at;
            piece.seeds = before(at) - before(piece.range.start);
        }
    }

    fn finish(mut self, at: usize) -> Vec<Piece<'t>> {
        self.end(at);
        self.pieces.retain(|piece| !piece.range.is_empty());
        for piece in &mut self.pieces {
            piece.defines = defined(&piece.code);
            piece.acts = acts(&piece.code);
        }
        self.pieces
    }
}

impl<'t> Piece<'t> {
    /// Yields the names that it uses, besides those of parts of other things.
    pub(super) fn names(&self) -> impl Iterator<Item = &'t str> {
        self.code.iter().flat_map(|code| words(code)).filter(|(_, part)| !part).map(|(word, _)| word)
    }
}

/// Yields the words of some code, and whether each is a part of another thing.
fn words(code: &str) -> impl Iterator<Item = (&str, bool)> {
    let bytes = code.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + bytes[at..].iter().position(|byte| is_word(*byte))?;
        at = word_end(bytes, start);
        let part = bytes[..start].ends_with(b".") && !bytes[..start].ends_with(b"...");
        Some((code.get(start..at).unwrap_or_default(), part))
    })
}

/// Returns what a statement defines: the names of a declaration, or the one that an expression begins with.
fn defined<'t>(code: &[&'t str]) -> Vec<&'t str> {
    let mut all = code.iter().flat_map(|code| words(code)).map(|(word, _)| word);
    let mut names: Vec<&str> = match all.find(|word| !leads(word)) {
        Some("function" | "class") => all.next().into_iter().collect(),
        Some("var" | "let" | "const") => declared(code),
        Some("import") => all.collect(),
        first => first.into_iter().collect(),
    };
    names.retain(|name| ![BEGIN, GO_ON, OTHERS].iter().any(|words| words.contains(name)));
    names
}

fn leads(word: &str) -> bool {
    matches!(word, "export" | "default" | "async" | "declare" | "abstract")
}

/// Tells whether a statement, which does more than to declare a function or class, names what acts.
fn acts(code: &[&str]) -> bool {
    let mut all = code.iter().flat_map(|code| words(code)).map(|(word, _)| word);
    !matches!(all.find(|word| !leads(word)), None | Some("function" | "class" | "import"))
        && code.iter().flat_map(|code| words(code)).any(|(word, _)| ACTS.contains(&word))
}

/// Returns the names of the outermost level that are given something: each but what stands behind `=`.
fn declared<'t>(code: &[&'t str]) -> Vec<&'t str> {
    let mut names = Vec::new();
    let (mut depth, mut value) = (0_usize, false);
    for code in code {
        let bytes = code.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let start = at;
            at += 1;
            match byte {
                b'{' | b'(' | b'[' => depth += 1,
                b'}' | b')' | b']' => depth = depth.saturating_sub(1),
                b'=' if depth == 0 => value = true,
                b',' if depth == 0 => value = false,
                _ if is_word(byte) => {
                    at = word_end(bytes, start);
                    names.extend(code.get(start..at).filter(|_| !value));
                }
                _ => {}
            }
        }
    }
    names
}

fn word_end(bytes: &[u8], start: usize) -> usize {
    bytes[start..].iter().position(|byte| !is_word(*byte)).map_or(bytes.len(), |length| start + length)
}

/// Bytes of names; all of a character that is not ASCII count.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::lexer::no_code;

    fn statements(text: &str) -> Vec<(&str, Vec<&str>)> {
        let pieces = split(text, &no_code(text), &[], 0..text.len()).unwrap();
        pieces.into_iter().map(|piece| (&text[piece.range], piece.defines)).collect()
    }

    #[test]
    fn statements_are_told_apart() {
        assert_eq!(
            statements("var a=1,{b,c:[d]}=e,f=(x,y)=>{g};function h(){i}class j{}k.l=m;if(n){o}else{p}"),
            [
                ("var a=1,{b,c:[d]}=e,f=(x,y)=>{g};", vec!["a", "b", "c", "d", "f"]),
                ("function h(){i}", vec!["h"]),
                ("class j{}k.l=m;", vec!["j"]),
                ("if(n){o}else{p}", vec![]),
            ]
        );
        assert_eq!(
            statements("export const a = b\n  .c()\nimport d, { e as f } from 'g'\nh()\n"),
            [
                ("export const a = b\n  .c()\n", vec!["a"]),
                ("import d, { e as f } from 'g'\nh()\n", vec!["d", "e", "f", "h"]),
            ]
        );
    }
}
