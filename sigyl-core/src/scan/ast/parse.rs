//! From text to a syntax tree, within bounds.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::OnceLock;

use tree_sitter::{ParseOptions, ParseState, Parser};

use super::syntax::{Syntax, Words};
use crate::scan::language::Language;

/// Bytes of a file that are parsed; of a larger one it is told that they were not.
pub(super) const BYTES: usize = 2 << 20;
/// Rounds of the parser between two of its reports, for each byte: a grammar that loses its way goes round and round.
const ROUNDS_PER_KIB: usize = 60;
/// Rounds that any file may take.
const ROUNDS: usize = 3_000;

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
    let mut left = ROUNDS + size / 1024 * ROUNDS_PER_KIB;
    let mut progress = |_: &ParseState| {
        left = left.saturating_sub(1);
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let tree = PARSER.with_borrow_mut(|parser| {
        parser.reset();
        parser
            .set_language(&grammar.language())
            .map_err(|error| format!("its grammar cannot be loaded: {error}"))?;
        let bytes = text.as_bytes();
        let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
        let options = ParseOptions::new().progress_callback(&mut progress);
        let tree = parser.parse_with_options(&mut read, None, Some(options));
        tree.ok_or_else(|| "parsing it takes too long".to_owned())
    })?;
    Ok(Syntax::of(&tree, grammar.words()))
}
