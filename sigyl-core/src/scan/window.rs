//! The stretches of a text in which an expression can match, by the places of a literal that it needs.
//!
//! Lengths are counted in units: a run of letters, digits and `_` is one, a run of white space is one, and any other
//! byte is one. So most expressions have a longest match, though they allow words and blanks of any length.

use std::ops::Range;

use regex_syntax::hir::{Class, Hir, HirKind};

/// Units of the longest match that are worth a window.
const FARTHEST: usize = 1_000;
/// Units that a window is longer than any match: none may touch its end and be told by it where a word ends.
const SLACK: usize = 8;

const OTHER: u8 = 0;
const WORD: u8 = 1;
const SPACE: u8 = 2;
const KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut kinds = [OTHER; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            kinds[byte as usize] = WORD;
        } else if matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c) {
            kinds[byte as usize] = SPACE;
        }
        byte += 1;
    }
    kinds
}

/// Returns the units of the longest match of an expression, if it has one that is not too long.
pub(super) fn reach(hir: &Hir) -> Option<usize> {
    let units = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Bytes(_)) => 1,
        HirKind::Class(Class::Unicode(_)) => 4,
        HirKind::Capture(capture) => reach(&capture.sub)?,
        HirKind::Concat(parts) => parts.iter().try_fold(0, |sum, part| Some(sum + reach(part)?))?,
        HirKind::Alternation(branches) => {
            branches.iter().try_fold(0, |most, branch| Some(reach(branch)?.max(most)))?
        }
        HirKind::Repetition(repetition) if is_of_one_kind(&repetition.sub) => 1,
        HirKind::Repetition(repetition) => {
            reach(&repetition.sub)?.checked_mul(usize::try_from(repetition.max?).ok()?)?
        }
    };
    (units <= FARTHEST).then_some(units)
}

/// Tells whether a part is a class of one kind of bytes, of which a run is one unit.
fn is_of_one_kind(hir: &Hir) -> bool {
    let HirKind::Class(Class::Bytes(class)) = hir.kind() else { return false };
    let all = |kind: u8| {
        let mut bytes = class.ranges().iter().flat_map(|range| range.start()..=range.end());
        bytes.all(|byte| KINDS[usize::from(byte)] == kind)
    };
    all(WORD) || all(SPACE)
}

/// Returns the stretches of `within` in which every match lies that is no longer than `reach` and holds one of the
/// `places`, which are in order and begin in it or after it; the stretches are in order, too, and apart.
pub(super) fn windows(text: &[u8], within: Range<usize>, places: &[u32], reach: usize) -> Vec<Range<usize>> {
    // Where windows would fill it, it is one.
    let filled = places.len().saturating_mul(2 * reach + SLACK) >= within.len();
    if filled && !places.is_empty() {
        return vec![within];
    }
    let mut all: Vec<Range<usize>> = Vec::new();
    let mut served = None;
    for place in places.iter().map(|&place| place as usize).filter(|place| within.contains(place)) {
        if served.is_some_and(|served| place <= served) {
            continue;
        }
        let before = all.last().map_or(within.start, |last| last.end);
        let start = if place <= before { before } else { back(text, before, place, reach) };
        // Twice as far, so that the next places are served too and no stretch is walked for each of them.
        let (half, end) = ahead(text, place, within.end, reach);
        served = Some(half);
        match all.last_mut().filter(|last| start <= last.end) {
            Some(last) => last.end = last.end.max(end),
            None => all.push(start..end),
        }
    }
    all
}

/// Walks back from `from`, but not before `to`.
fn back(text: &[u8], to: usize, from: usize, reach: usize) -> usize {
    let (mut units, mut last) = (0, OTHER);
    for at in (to..from).rev() {
        let kind = KINDS[usize::from(text[at])];
        if kind == OTHER || kind != last {
            units += 1;
            if units > reach {
                return at + 1;
            }
        }
        last = kind;
    }
    to
}

/// Walks on from `from`, but not beyond `to`; returns where `reach` is spent, and where it is a second time.
fn ahead(text: &[u8], from: usize, to: usize, reach: usize) -> (usize, usize) {
    let (mut units, mut last, mut half) = (0, OTHER, None);
    for (at, &byte) in (from..to).zip(&text[from..to]) {
        let kind = KINDS[usize::from(byte)];
        if kind == OTHER || kind != last {
            units += 1;
            if units == reach + 1 {
                half = Some(at);
            }
            if units > 2 * reach + SLACK {
                return (half.unwrap_or(at), at);
            }
        }
        last = kind;
    }
    (half.unwrap_or(to), to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(expression: &str) -> Option<usize> {
        let parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
        reach(&{ parser }.parse(expression).unwrap())
    }

    #[test]
    fn a_run_of_words_or_blanks_is_one_unit() {
        assert_eq!(of(r"abc"), Some(3));
        assert_eq!(of(r"\w+\s*="), Some(3));
        assert_eq!(of(r"\b(?:a|bcd)\s{0,9}[^;]{0,20}"), Some(24));
        assert_eq!(of(r"(?:\w+\s+){0,6}x?"), Some(13));
        for endless in [".*", "[^;]+", r"(?:\w+\.)*", r"[\w.]+", "(?:a{900}){2}"] {
            assert_eq!(of(endless), None, "{endless}");
        }
    }

    #[test]
    fn windows_reach_as_far_as_a_match_may() {
        let text = b"one two three = four five six seven eight nine ten eleven twelve".to_vec();
        let text = &[&text[..], &b" and so on".repeat(20)].concat();
        let of = |places: &[u32], reach| windows(text, 0..text.len(), places, reach);
        let word = |range: &Range<usize>| String::from_utf8(text[range.clone()].to_vec()).unwrap();
        // Two units are `three` and the blank before it; twice two and the slack follow the sign.
        assert_eq!(of(&[14], 2).iter().map(word).collect::<Vec<_>>(), ["three = four five six seven eight "]);
        assert_eq!(of(&[14, 15], 2).len(), 1);
        assert_eq!(of(&[0, 51], 1), [0..21, 50..75]);
        assert!(of(&[], 3).is_empty());
        assert_eq!(windows(text, 10..20, &[14], 9), std::slice::from_ref(&(10..20)));
    }

    #[test]
    fn what_is_walked_grows_with_the_text() {
        let text = b"session____________________________________ ".repeat(50_000);
        let places: Vec<u32> = (0..50_000).map(|at| at * 44).collect();
        assert_eq!(windows(&text, 0..text.len(), &places, 900), std::slice::from_ref(&(0..text.len())));
        let apart: Vec<u32> = (0..50).map(|at| at * 44_000).collect();
        let seen = windows(&text, 0..text.len(), &apart, 10);
        assert_eq!(seen.len(), 50);
        assert!(seen.iter().all(|window| window.len() <= 44 * 30), "{seen:?}");
    }
}
