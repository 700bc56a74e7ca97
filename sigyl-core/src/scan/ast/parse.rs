//! From text to a syntax tree, within bounds.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::sync::OnceLock;
use std::time::Duration;

use tree_sitter::{ParseOptions, ParseState, Parser};

use super::comments::without_floods;
use super::syntax::{Syntax, Words};
use crate::scan::language::Language;

/// Bytes of a file that are parsed; of a larger one it is told that they were not.
pub(super) const BYTES: usize = 2 << 20;
/// Rounds of the parser between two of its reports, for each byte: a grammar that loses its way goes round and round.
const ROUNDS_PER_KIB: usize = 60;
/// Rounds that any file may take.
const ROUNDS: usize = 3_000;
/// What parsing may take of the processor, and what more for each byte: over twenty times what the slowest honest file was
/// seen to take. A grammar that has lost its way on a deep stack does more in each round than in the one before.
const TIME: Duration = Duration::from_millis(250);
const TIME_PER_BYTE: Duration = Duration::from_micros(4);
/// Bytes that the parser is given at a time.
const PIECE: usize = 4 << 10;
/// Pieces that it may go on into for each of a file, and in any file: a grammar that looks far ahead at every step reads
/// the same ones again and again, and reports nothing meanwhile.
const AGAIN: usize = 16;
const PIECES: usize = 256;

/// A grammar that is built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    Python,
    Script,
    Typed,
    TypedMarkup,
    Go,
    Rust,
}

/// Endings of files that hold no text.
const MEDIA: &[&str] = &[
    "gif", "png", "jpg", "jpeg", "webp", "ico", "bmp", "avif", "woff", "woff2", "ttf", "otf", "eot", "mp3",
    "mp4", "wav", "ogg", "pdf", "zip", "gz", "tgz", "dat", "bin",
];

impl Grammar {
    /// Tells the grammar of a file by its name.
    pub(super) fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let end = name.rsplit_once('.').map_or("", |(_, end)| end);
        Some(match end.to_ascii_lowercase().as_str() {
            "py" | "pyw" | "pyi" => Self::Python,
            "js" | "mjs" | "cjs" | "jsx" => Self::Script,
            "ts" | "mts" | "cts" => Self::Typed,
            "tsx" => Self::TypedMarkup,
            "go" => Self::Go,
            "rs" => Self::Rust,
            _ => return None,
        })
    }

    /// Tells the grammar of a file by its name, or by the language in which it runs where its name does not end like code.
    pub(super) fn of_file(path: &str, language: Language) -> Option<Self> {
        let end = path.rsplit_once('.').map_or("", |(_, end)| end);
        Self::of(path).or_else(|| match language {
            Language::Python => Some(Self::Python),
            // What these hold besides the script is no script.
            Language::Script if ["vue", "svelte"].iter().any(|no| end.eq_ignore_ascii_case(no)) => None,
            Language::Script => Some(Self::Script),
            // A text that is called like a picture is loaded as a script by whoever requires it.
            Language::Other if MEDIA.iter().any(|media| end.eq_ignore_ascii_case(media)) => {
                Some(Self::Script)
            }
            _ => None,
        })
    }

    fn language(self) -> tree_sitter::Language {
        match self {
            Self::Python => tree_sitter_python::LANGUAGE.into(),
            Self::Script => tree_sitter_javascript::LANGUAGE.into(),
            Self::Typed => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Self::TypedMarkup => tree_sitter_typescript::LANGUAGE_TSX.into(),
            Self::Go => tree_sitter_go::LANGUAGE.into(),
            Self::Rust => tree_sitter_rust::LANGUAGE.into(),
        }
    }

    fn words(self) -> &'static Words {
        static WORDS: [OnceLock<Words>; 6] = [const { OnceLock::new() }; 6];
        WORDS[self as usize].get_or_init(|| Words::of(&self.language()))
    }
}

thread_local! {
    static PARSER: RefCell<Parser> = RefCell::new(Parser::new());
}

/// Parses a text; fails with the reason in words.
pub(super) fn parse(grammar: Grammar, text: &str) -> Result<Syntax, String> {
    parse_part(grammar, text, text.len())
}

/// Parses a text that is a part of a file of so many bytes.
pub(super) fn parse_part(grammar: Grammar, text: &str, size: usize) -> Result<Syntax, String> {
    if size > BYTES {
        return Err(format!("{size} bytes; files up to {BYTES} bytes are parsed"));
    }
    let text = if grammar == Grammar::Python { without_floods(text) } else { Cow::Borrowed(text) };
    let mut left = ROUNDS + size / 1024 * ROUNDS_PER_KIB;
    let pieces = Pieces::new(text.as_bytes(), size);
    let most = TIME + TIME_PER_BYTE * u32::try_from(text.len()).unwrap_or(u32::MAX);
    let begun = time_of_thread();
    // Where the time cannot be told, none is left.
    let is_late = || match (begun, time_of_thread()) {
        (Some(begun), Some(now)) => now.saturating_sub(begun) > most,
        _ => true,
    };
    let mut progress = |_: &ParseState| {
        left = left.saturating_sub(1);
        let is_spent = left == 0 || pieces.are_spent() || is_late();
        if is_spent { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let tree = PARSER.with_borrow_mut(|parser| {
        parser.reset();
        parser
            .set_language(&grammar.language())
            .map_err(|error| format!("its grammar cannot be loaded: {error}"))?;
        let options = ParseOptions::new().progress_callback(&mut progress);
        let tree = parser.parse_with_options(&mut |at, _| pieces.read(at), None, Some(options));
        tree.filter(|_| !pieces.are_spent()).ok_or_else(|| "parsing it takes too long".to_owned())
    })?;
    Ok(Syntax::of(&tree, grammar.words()))
}

/// Returns what this thread has taken of the processor: how busy the machine is does not decide what is parsed.
fn time_of_thread() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).ok()
}

/// A text that the parser reads piece by piece, and as often as it may.
struct Pieces<'t> {
    text: &'t [u8],
    left: Cell<usize>,
}

impl<'t> Pieces<'t> {
    /// Takes a part of a file of so many bytes.
    fn new(text: &'t [u8], size: usize) -> Self {
        Self { text, left: Cell::new(PIECES + size / PIECE * AGAIN) }
    }

    /// Returns what stands at a place up to the end of a piece, but never so little that a character is cut.
    fn read(&self, at: usize) -> &'t [u8] {
        // One that goes on from piece to piece asks at, or a cut character before, where they end.
        if (at + 3) % PIECE < 4 {
            self.left.set(self.left.get().saturating_sub(1));
        }
        let end = ((at + 3) / PIECE + 1) * PIECE;
        if self.are_spent() { &[] } else { self.text.get(at..end.min(self.text.len())).unwrap_or_default() }
    }

    fn are_spent(&self) -> bool {
        self.left.get() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_pieces_that_cut_nothing() {
        let text = "é世🦀a".repeat(2_000);
        let pieces = Pieces::new(text.as_bytes(), text.len());
        for (at, c) in text.char_indices() {
            assert!(pieces.read(at).starts_with(c.to_string().as_bytes()), "{at}");
        }
        assert!(pieces.read(text.len()).is_empty());
    }

    #[test]
    fn a_flood_of_comments_is_parsed_and_what_is_no_flood_ends() {
        let code = "@mcp.tool\ndef a(b):\n    return b\n";
        let flood = format!("{code}{}{code}", "# nothing at all\n".repeat(15_000));
        assert!(parse(Grammar::Python, &flood).is_ok());
        // Code that the lexer takes for strings, so that the comments between look like parts of them.
        let hidden = format!("x = f'{{\"''''\"}}'\n{code}{}", "# nothing at all\n".repeat(15_000));
        assert_eq!(parse(Grammar::Python, &hidden).unwrap_err(), "parsing it takes too long");
    }

    #[test]
    fn a_stack_that_grows_while_the_grammar_has_lost_its_way_ends() {
        let deep = format!("function g(){{{}", "~do --%".repeat(20_000));
        assert_eq!(parse(Grammar::Script, &deep).unwrap_err(), "parsing it takes too long");
    }
}
