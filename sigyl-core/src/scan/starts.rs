//! Expressions whose matches all begin with one of a few literals are tried at the places of those alone, and end
//! there at the first byte that does not fit: nothing of the text between is read.
//!
//! So that what is read grows with the text and not with the square of it, no try may go far: every part of such an
//! expression has a longest match, or stays within one run of bytes that are no blanks, or of bytes that are neither
//! letters nor digits. A text in which such a run is long is searched in the common way.

use std::ops::Range;

use regex::bytes::Regex;
use regex_syntax::hir::literal::{ExtractKind, Extractor};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::literal::{Group, Literal};

/// Bytes of the longest run in a text that is searched so.
const RUN: usize = 512;
/// Bytes that a try may read at most.
const FARTHEST: usize = 1 << 14;
/// Literals that an expression may begin with.
const MOST: usize = 64;
/// Bytes that there are to each place at least, in a text of any length.
const APART: usize = 48;
/// Bytes of a literal that are looked for.
const LENGTH: usize = 12;

/// Returns the literals with which the matches of an expression begin, of so many bytes at least, if a text may be cut
/// before them and still gives the same matches.
pub(super) fn beginnings(hir: &Hir, shortest: usize) -> Option<Group> {
    let properties = hir.properties();
    let is_behind = |look: Look| {
        !matches!(
            look,
            Look::End
                | Look::EndLF
                | Look::EndCRLF
                | Look::WordAscii
                | Look::WordStartAscii
                | Look::WordEndAscii
        )
    };
    // Nothing may look at what stands before the place, but for the edge of a word, which the literal says.
    let edge = matches!(hir.kind(), HirKind::Concat(parts) if matches!(parts.first().map(Hir::kind), Some(HirKind::Look(Look::WordAscii))));
    if properties.look_set().iter().any(is_behind)
        || !edge && !properties.look_set_prefix_any().is_empty()
        || longest(hir).is_none_or(|bytes| bytes > FARTHEST)
    {
        return None;
    }
    let mut extractor = Extractor::new();
    extractor.kind(ExtractKind::Prefix).limit_total(4 * MOST);
    let all = extractor.extract(hir);
    let mut texts: Vec<Vec<u8>> = all.literals()?.iter().map(|one| text_of(one.as_bytes())).collect();
    texts.sort_by(|one, other| one.len().cmp(&other.len()).then_with(|| one.cmp(other)));
    let mut group = Group::new();
    for text in texts {
        if text.len() < shortest || edge && !is_word(text[0]) {
            return None;
        }
        if !group.iter().any(|known| text.starts_with(&known.text)) {
            group.push(Literal { text, begins: edge, ends: false });
        }
    }
    (!group.is_empty() && group.len() <= MOST).then_some(group)
}

fn text_of(literal: &[u8]) -> Vec<u8> {
    literal.iter().take(LENGTH).map(u8::to_ascii_lowercase).collect()
}

/// Cuts literals off before their first blank, for which a comment may stand in code.
pub(super) fn up_to_blanks(group: Group, shortest: usize) -> Option<Group> {
    let mut cut = Group::new();
    for mut literal in group {
        let blank = literal.text.iter().position(|&byte| is_blank(byte));
        literal.text.truncate(blank.unwrap_or(literal.text.len()));
        if literal.text.len() < shortest {
            return None;
        }
        if !cut.contains(&literal) {
            cut.push(literal);
        }
    }
    Some(cut)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns how many bytes a match has at most in a text without long runs.
fn longest(hir: &Hir) -> Option<usize> {
    let whole = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(0),
        HirKind::Literal(literal) => Some(literal.0.len()),
        HirKind::Class(Class::Bytes(_)) => Some(1),
        HirKind::Class(Class::Unicode(_)) => Some(4),
        HirKind::Capture(capture) => longest(&capture.sub),
        HirKind::Concat(parts) => parts.iter().try_fold(0_usize, |sum, part| sum.checked_add(longest(part)?)),
        HirKind::Alternation(branches) => {
            branches.iter().try_fold(0, |most, branch| Some(longest(branch)?.max(most)))
        }
        HirKind::Repetition(repetition) => longest(&repetition.sub)
            .and_then(|bytes| bytes.checked_mul(usize::try_from(repetition.max?).ok()?)),
    };
    match whole {
        Some(bytes) if bytes <= RUN => whole,
        // What is all of one kind lies in one run.
        _ if is_all(hir, is_no_blank) || is_all(hir, is_sign) => Some(RUN),
        _ => whole,
    }
}

/// Tells whether whatever an expression matches is bytes of one kind alone.
fn is_all(hir: &Hir, of: fn(u8) -> bool) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => literal.0.iter().copied().all(of),
        HirKind::Class(Class::Bytes(class)) => {
            class.ranges().iter().flat_map(|range| range.start()..=range.end()).all(of)
        }
        HirKind::Class(Class::Unicode(_)) => false,
        HirKind::Capture(capture) => is_all(&capture.sub, of),
        HirKind::Repetition(repetition) => is_all(&repetition.sub, of),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().all(|part| is_all(part, of)),
    }
}

fn is_no_blank(byte: u8) -> bool {
    !is_blank(byte)
}

/// Tells whether a byte is neither a letter nor a digit of ASCII.
fn is_sign(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric()
}

/// Tells whether a byte is one of `\s`.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | b' ')
}

/// Tells whether a text is worth being searched at some places alone, and may be.
pub(super) fn may_start(text: &[u8], places: &[u32]) -> bool {
    places.len() <= text.len() / APART + 8 && !has_run(text, is_no_blank) && !has_run(text, is_sign)
}

/// Tells whether a text holds a long run of bytes of one kind.
fn has_run(text: &[u8], of: fn(u8) -> bool) -> bool {
    let mut start = 0;
    // A run from `start` on reaches the byte that would be its last, or none that begins before a gap in it does.
    while let Some(run) = text.get(start..start + RUN) {
        match run.iter().rposition(|&byte| !of(byte)) {
            Some(gap) => start += gap + 1,
            None => return true,
        }
    }
    false
}

/// Yields the matches of an expression in a part of a text that begin at one of some places, which are in order.
pub(super) struct Starts<'a> {
    /// The expression, which matches where a text begins and nowhere else.
    expression: &'a Regex,
    /// The text up to the end of the part.
    text: &'a [u8],
    at: usize,
    places: std::vec::IntoIter<u32>,
}

impl<'a> Starts<'a> {
    pub(super) fn new(expression: &'a Regex, text: &'a [u8], within: Range<usize>, places: Vec<u32>) -> Self {
        Self { expression, text: &text[..within.end], at: within.start, places: places.into_iter() }
    }
}

impl Iterator for Starts<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Self::Item> {
        for place in self.places.by_ref().map(|place| place as usize) {
            let Some(rest) = self.text.get(place..).filter(|_| place >= self.at) else { continue };
            if let Some(found) = self.expression.find(rest) {
                let range = place..place + found.end();
                self.at = range.end.max(place + 1);
                return Some(range);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(expression: &str) -> Option<Vec<String>> {
        let parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
        let group = beginnings(&{ parser }.parse(expression).unwrap(), 3)?;
        Some(group.into_iter().map(|one| String::from_utf8(one.text).unwrap()).collect())
    }

    #[test]
    fn literals_begin_every_match_and_nothing_looks_behind_them() {
        let words = |words: &[&str]| Some(words.iter().map(|&word| word.to_owned()).collect());
        assert_eq!(of(r"\b(?:send|post)(?:ed|ing)?\b.{0,9}x"), words(&["post", "send"]));
        assert_eq!(of(r"do[\ \n]+not"), words(&["do\n", "do "]));
        assert_eq!(of(r"\bskip[\ _,]+(?:[\w']+[\s,]+){0,5}?rules"), words(&["skip ", "skip,", "skip_"]));
        assert_eq!(of(r"don't[\ ]+\w+\s+[\w.]+@(?:\.\w+)+"), words(&["don't "]));
        for other in [
            r"(?:^|x)abc",
            r"(?:\babc|abd)",
            r"\b-abc",
            r"abc[^;]*",
            r"abc(?:\w+ )+",
            r"(?:do|never).x",
            r".?abc",
            r"ab",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn a_long_run_or_many_places_are_searched_in_the_common_way() {
        let run = |byte: &str, count: usize| format!("a {} b", byte.repeat(count)).into_bytes();
        assert!(may_start(&run("x", RUN - 1), &[0]) && !may_start(&run("x", RUN), &[0]));
        assert!(may_start(&run(" ", RUN - 3), &[0]) && !may_start(&run("\n", RUN), &[0]));
        let words = b"send it ".repeat(1_000);
        let places: Vec<u32> = (0..1_000).map(|at| at * 8).collect();
        assert!(!may_start(&words, &places) && may_start(&words, &places[..100]));
    }

    #[test]
    fn in_code_a_literal_ends_before_its_blank() {
        let literal = |text: &str| Literal { text: text.as_bytes().to_vec(), begins: true, ends: false };
        let cut = |texts: &[&str]| up_to_blanks(texts.iter().map(|text| literal(text)).collect(), 3);
        assert_eq!(cut(&["insert\n", "insert ", "select"]), Some(vec![literal("insert"), literal("select")]));
        assert_eq!(cut(&["do ", "never"]), None);
    }

    #[test]
    fn matches_follow_on_each_other() {
        let expression = Regex::new(r"\A(?:send\w* \w+)").unwrap();
        let text = b"send send a, send b, sender";
        let all: Vec<_> = Starts::new(&expression, text, 0..20, vec![0, 5, 13, 21]).collect();
        assert_eq!(all, [0..9, 13..19]);
    }
}
