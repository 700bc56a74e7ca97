//! One text file under scan, with the views that rules look at, made when first asked for.

use std::cell::OnceCell;

use super::language::Language;
use super::lexer::{Token, TokenKind, tokens};
use super::prose::Prose;
use super::secret::{Anchor, anchors};
use super::skill::is_instructions;
use crate::domain::Skipped;

/// One text file of the source.
#[derive(Debug)]
pub struct FileText<'a> {
    path: &'a str,
    text: &'a str,
    language: Language,
    /// The language in which it runs, by what starts it.
    #[cfg(feature = "ast")]
    runs: Language,
    tokens: OnceCell<Vec<Token>>,
    code: OnceCell<Vec<u8>>,
    bare: OnceCell<Vec<u8>>,
    prose: OnceCell<Prose>,
    anchors: OnceCell<Vec<Anchor>>,
    prose_anchors: OnceCell<Vec<Anchor>>,
    lines: OnceCell<Vec<usize>>,
    characters: OnceCell<Vec<usize>>,
    #[cfg(feature = "ast")]
    flow: OnceCell<super::ast::Analysis>,
}

/// Bytes between two places at which the characters before them are known.
const STRIDE: usize = 256;

impl<'a> FileText<'a> {
    /// Takes a file by its path in the tree and its text.
    pub fn new(path: &'a str, text: &'a str) -> Self {
        Self {
            path,
            text,
            language: Language::of(path, text),
            #[cfg(feature = "ast")]
            runs: Language::of(path, text),
            tokens: OnceCell::new(),
            code: OnceCell::new(),
            bare: OnceCell::new(),
            prose: OnceCell::new(),
            anchors: OnceCell::new(),
            prose_anchors: OnceCell::new(),
            lines: OnceCell::new(),
            characters: OnceCell::new(),
            #[cfg(feature = "ast")]
            flow: OnceCell::new(),
        }
    }

    /// Takes a file of which it is known what runs it: what flows through it is followed in that language, and the rules
    /// look at it as at what its own name and first line say, so that whoever names it takes it from none of them.
    pub(super) fn run_as(mut self, language: Option<Language>) -> Self {
        let Some(language) = language.filter(|_| !self.is_followed()) else { return self };
        if self.language == Language::Other {
            self.language = language;
        }
        #[cfg(feature = "ast")]
        {
            self.runs = language;
        }
        self
    }

    /// Takes a file with what was seen to flow into it.
    #[cfg(feature = "ast")]
    pub(super) fn with_flow(path: &'a str, text: &'a str, flow: super::ast::Analysis) -> Self {
        Self { flow: OnceCell::from(flow), ..Self::new(path, text) }
    }

    /// Returns the path in the tree.
    pub fn path(&self) -> &'a str {
        self.path
    }

    /// Returns the last part of the path.
    pub fn name(&self) -> &'a str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    /// Returns the whole text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Returns the language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Returns the line and the column (both from 1, in characters) of a byte.
    pub fn place(&self, at: usize) -> (u32, u32) {
        let at = at.min(self.text.len());
        let breaks = self
            .lines
            .get_or_init(|| memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|at| at + 1).collect());
        let line = breaks.partition_point(|&start| start <= at);
        let start = if line == 0 { 0 } else { breaks[line - 1] };
        let column = self.characters_before(at) - self.characters_before(start);
        (to_u32(line + 1), to_u32(column + 1))
    }

    /// Counts the characters that begin before a byte, without reading a long line anew for each place on it.
    fn characters_before(&self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let known = self.characters.get_or_init(|| {
            let strides = bytes.chunks(STRIDE).map(beginnings);
            let sum = |all: &mut usize, more| {
                *all += more;
                Some(*all)
            };
            std::iter::once(0).chain(strides.scan(0, sum)).collect()
        });
        known[at / STRIDE] + beginnings(&bytes[at / STRIDE * STRIDE..at])
    }

    /// Returns its comments and strings, in order.
    pub(super) fn tokens(&self) -> &[Token] {
        self.tokens.get_or_init(|| tokens(self.text, self.language))
    }

    /// Returns the text with its comments blanked out; every byte keeps its place.
    pub(super) fn code(&self) -> &[u8] {
        self.code.get_or_init(|| blank(self.text, self.tokens(), |kind| kind == TokenKind::Comment))
    }

    /// Returns the text with comments and the contents of strings blanked out; every byte keeps its place.
    pub(super) fn bare(&self) -> &[u8] {
        self.bare.get_or_init(|| blank(self.text, self.tokens(), |_| true))
    }

    /// Returns what flows through it from callers to what acts on it.
    #[cfg(feature = "ast")]
    pub(super) fn flow(&self) -> &super::ast::Analysis {
        self.flow.get_or_init(|| super::ast::analyse(self.path, self.runs, self.text))
    }

    /// Tells whether what flows through a file of its kind is followed.
    #[cfg(feature = "ast")]
    pub(super) fn is_followed(&self) -> bool {
        super::ast::is_followed(self.path, self.runs)
    }

    /// Where nothing is followed, the report says so of all files at once.
    #[cfg(not(feature = "ast"))]
    pub(super) fn is_followed(&self) -> bool {
        true
    }

    /// Tells why what flows through it, or a part of that, was not looked at.
    pub(super) fn gap(&self) -> Option<Skipped> {
        #[cfg(feature = "ast")]
        if let Some(gap) = &self.flow().gap {
            let reason = format!("what flows through its code was not followed: {}", gap.why);
            return Some(Skipped { path: self.path.to_owned(), kind: gap.kind, reason });
        }
        None
    }

    /// Returns where in its text the search for secrets begins.
    pub(super) fn anchors(&self) -> &[Anchor] {
        self.anchors.get_or_init(|| anchors(self.text))
    }

    /// Returns where in its prose it does.
    pub(super) fn prose_anchors(&self) -> &[Anchor] {
        self.prose_anchors.get_or_init(|| anchors(self.prose().text()))
    }

    /// Takes the places that were found on the way; what is not given is looked for when it is asked for.
    pub(super) fn know(&self, in_text: Option<Vec<Anchor>>, in_prose: Option<Vec<Anchor>>) {
        in_text.map(|all| self.anchors.set(all));
        in_prose.map(|all| self.prose_anchors.set(all));
    }

    /// Returns its comments, strings and documents as they read.
    pub(super) fn prose(&self) -> &Prose {
        self.prose.get_or_init(|| match is_instructions(self.path) {
            true => Prose::of_instructions(self.text),
            // A copy of the code that something else was made of, comments and all; it never runs.
            false if self.path.ends_with(".map") => Prose::of_copy(self.text, self.tokens()),
            false => Prose::of_file(self.text, self.language, self.tokens()),
        })
    }
}

/// Counts the bytes that a character begins with.
fn beginnings(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

fn blank(text: &str, tokens: &[Token], which: impl Fn(TokenKind) -> bool) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for token in tokens.iter().filter(|token| which(token.kind)) {
        // Each byte is written, so that many are at once.
        bytes[token.from..token.to]
            .iter_mut()
            .for_each(|byte| *byte = if *byte == b'\n' { b'\n' } else { b' ' });
    }
    bytes
}

fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_map_is_a_copy_and_no_text_of_a_tool() {
        use crate::domain::Severity;
        use crate::scan::proof::{builtin, severity};
        let text = r#"{"version":3,"sourcesContent":["/** Override the system message mode. */\nlet description = 'a';"],"mappings":"A"}"#;
        let of = |path: &str| severity(builtin(), "system-prompt-override", path, text);
        assert_eq!(
            (of("dist/a.js.map"), of("dist/a.json")),
            (Some(Severity::Warning), Some(Severity::Error))
        );
    }

    #[test]
    fn views_keep_every_byte_in_its_place() {
        let text = "a('x'); // é 'b'\nc(`d`)";
        let file = FileText::new("a.ts", text);
        assert_eq!(file.code(), "a('x');          \nc(`d`)".as_bytes());
        assert_eq!(file.bare(), "a(' ');          \nc(` `)".as_bytes());
        assert_eq!(file.code().len(), text.len());
    }

    #[test]
    fn places_count_characters() {
        let file = FileText::new("a.md", "é1\n\nxé2");
        assert_eq!(file.place(0), (1, 1));
        assert_eq!(file.place(2), (1, 2));
        assert_eq!(file.place(5), (3, 1));
        assert_eq!(file.place(8), (3, 3));
        assert_eq!(file.place(999), (3, 4));
    }

    #[test]
    fn places_on_a_long_line_are_exact() {
        let text = format!("é\n{}", "aé世🦀".repeat(400));
        let file = FileText::new("a.md", &text);
        for (before, (at, _)) in (0..).zip(text[3..].char_indices()) {
            assert_eq!(file.place(3 + at), (2, before + 1));
        }
    }
}
