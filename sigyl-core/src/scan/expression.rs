//! A regular expression that is compiled when it is first needed: most of a rule set never is.

use std::ops::Deref;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

/// An expression over bytes, as patterns spell it.
#[derive(Debug)]
pub(super) struct Expression {
    text: String,
    case_sensitive: bool,
    compiled: OnceLock<Regex>,
    /// The same for the beginning of a text alone.
    at_start: OnceLock<Regex>,
}

/// When expressions are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compile {
    /// At once: they come from a user, who is told what is wrong.
    Now,
    /// When one first runs: they come with the library, whose tests compile them all.
    WhenNeeded,
}

/// Size that one compiled expression may take.
const SIZE: usize = 1 << 20;

impl Expression {
    /// Takes an expression.
    pub(super) fn new(text: &str, case_sensitive: bool, compile: Compile) -> Result<Self, String> {
        let compiled = OnceLock::new();
        if compile == Compile::Now {
            let regex = builder(text, case_sensitive).build();
            let regex = regex.map_err(|error| last_line(&error.to_string()))?;
            compiled.get_or_init(|| regex);
        }
        Ok(Self { text: text.to_owned(), case_sensitive, compiled, at_start: OnceLock::new() })
    }

    /// Returns the expression that matches where a text begins and nowhere else.
    pub(super) fn at_start(&self) -> &Regex {
        self.at_start.get_or_init(|| {
            // What follows a `#` is a comment up to the end of its line.
            let regex = builder(&format!("\\A(?:{}\n)", self.text), self.case_sensitive).build();
            // It was compiled by a test. If it were not, it would rather hold everywhere than nowhere.
            regex.unwrap_or_else(|_| everything())
        })
    }

    /// Returns how it is written.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

impl Deref for Expression {
    type Target = Regex;

    fn deref(&self) -> &Regex {
        self.compiled.get_or_init(|| {
            let regex = builder(&self.text, self.case_sensitive).build();
            // It was compiled by a test. If it were not, it would rather hold everywhere than nowhere.
            regex.unwrap_or_else(|_| everything())
        })
    }
}

/// An expression over text that a code rule runs, with the letters of all scripts.
#[derive(Debug)]
pub(super) struct TextExpression {
    text: String,
    compiled: OnceLock<regex::Regex>,
}

impl TextExpression {
    /// Takes an expression, which tests find out to be one.
    pub(super) fn new(text: impl Into<String>) -> Self {
        let this = Self { text: text.into(), compiled: OnceLock::new() };
        #[cfg(test)]
        assert!(regex::Regex::new(&this.text).is_ok(), "{}", this.text);
        this
    }
}

impl Deref for TextExpression {
    type Target = regex::Regex;

    fn deref(&self) -> &regex::Regex {
        self.compiled.get_or_init(|| regex::Regex::new(&self.text).unwrap_or_else(|_| every_text()))
    }
}

#[expect(clippy::unwrap_used, reason = "the empty expression compiles")]
fn every_text() -> regex::Regex {
    regex::Regex::new("").unwrap()
}

#[expect(clippy::unwrap_used, reason = "the empty expression compiles")]
fn everything() -> Regex {
    Regex::new("").unwrap()
}

/// All expressions ignore white space, know no Unicode classes (text is folded before), and run in linear time.
fn builder(text: &str, case_sensitive: bool) -> RegexBuilder {
    let mut builder = RegexBuilder::new(text);
    builder
        .case_insensitive(!case_sensitive)
        .unicode(false)
        .ignore_whitespace(true)
        .size_limit(SIZE)
        .dfa_size_limit(4 * SIZE)
        .nest_limit(50);
    builder
}

fn last_line(error: &str) -> String {
    error.lines().last().unwrap_or(error).trim_start_matches("error: ").to_owned()
}
