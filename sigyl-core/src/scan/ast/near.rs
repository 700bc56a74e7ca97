//! What of a large script its tools can come to: bundles carry far more than that.
//!
//! A script is taken apart into the statements of its outermost level, by its brackets alone. Those that register
//! something are parsed, and those that define what these name, and so on, up to a number of bytes. The rest is not
//! parsed; what was named and left out for the number of bytes is told.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use super::gate;
use super::pieces::{Piece, split};
use crate::scan::lexer::no_code;

/// Bytes from which on a script is taken apart.
pub(super) const LARGE: usize = 256 << 10;
/// Bytes of its parts that are parsed.
pub(super) const NEAR: usize = 512 << 10;
/// Times that a part which is too large is taken apart itself.
const LEVELS: usize = 6;

/// What of a script is parsed.
#[derive(Debug, Default)]
pub(super) struct Near {
    /// The parts, in order.
    pub(super) parts: Vec<Range<usize>>,
    /// Whether something that they name was left out.
    pub(super) cut: bool,
}

/// Takes a script apart; returns nothing of one whose brackets do not tell how.
pub(super) fn near(text: &str) -> Option<Near> {
    let skipped = no_code(text);
    let mut seeds = gate::places(text);
    // What only a comment or a string says registers nothing, unless a name stands in quotes.
    seeds.retain(|seed| !is_comment(text, &skipped, *seed));
    let pieces = taken_apart(text, &skipped, &seeds)?;
    Some(Search::new(&pieces).run())
}

fn is_comment(text: &str, skipped: &[Range<usize>], at: usize) -> bool {
    let next = skipped.partition_point(|one| one.end <= at);
    skipped.get(next).is_some_and(|one| {
        one.start <= at && matches!(text.as_bytes().get(one.start..one.start + 2), Some(b"//" | b"/*"))
    })
}

fn taken_apart<'t>(text: &'t str, skipped: &[Range<usize>], seeds: &[usize]) -> Option<Vec<Piece<'t>>> {
    let mut pieces = split(text, skipped, seeds, 0..text.len())?;
    for _ in 0..LEVELS {
        let large = |piece: &Piece<'_>| piece.range.len() > NEAR && piece.seeds > 0;
        let Some(at) = pieces.iter().position(large) else { return Some(pieces) };
        let inner = pieces[at].inner.clone()?;
        let parts = split(text, skipped, seeds, inner)?;
        pieces.splice(at..=at, parts);
    }
    None
}

/// A search from the pieces that register something to those that define what they name.
struct Search<'p, 't> {
    pieces: &'p [Piece<'t>],
    defined: HashMap<&'t str, Vec<usize>>,
    seen: Vec<bool>,
    waiting: VecDeque<usize>,
    near: Near,
    left: usize,
}

impl<'p, 't> Search<'p, 't> {
    fn new(pieces: &'p [Piece<'t>]) -> Self {
        let mut defined: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, piece) in pieces.iter().enumerate() {
            for name in &piece.defines {
                let places = defined.entry(name).or_default();
                if places.last() != Some(&at) {
                    places.push(at);
                }
            }
        }
        let seen = vec![false; pieces.len()];
        Self { pieces, defined, seen, waiting: VecDeque::new(), near: Near::default(), left: NEAR }
    }

    fn run(mut self) -> Near {
        // A server stands at the end of its bundle, behind all that it is made of. What acts as soon as it is loaded
        // comes after what its tools come to.
        for wanted in [|piece: &Piece<'_>| piece.seeds > 0, |piece: &Piece<'_>| piece.acts] {
            let pieces = self.pieces;
            (0..pieces.len()).rev().filter(|at| wanted(&pieces[*at])).for_each(|at| self.take(at));
            self.follow();
        }
        self.near.parts.sort_unstable_by_key(|part| part.start);
        self.near
    }

    fn follow(&mut self) {
        let pieces = self.pieces;
        while let Some(at) = self.waiting.pop_front() {
            for name in pieces[at].names() {
                let places = self.defined.remove(name).unwrap_or_default();
                places.into_iter().for_each(|at| self.take(at));
            }
        }
    }

    fn take(&mut self, at: usize) {
        if std::mem::replace(&mut self.seen[at], true) {
            return;
        }
        let range = self.pieces[at].range.clone();
        match self.left.checked_sub(range.len()) {
            Some(left) => {
                self.left = left;
                self.near.parts.push(range);
                self.waiting.push_back(at);
            }
            None => self.near.cut = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> String {
        near(text).unwrap().parts.into_iter().map(|part| &text[part]).collect()
    }

    #[test]
    fn what_tools_name_is_kept_and_the_rest_is_not() {
        let text = "import { exec } from 'child_process';\nvar unused = 1, run = (x) => exec(x);\nfunction other(a) { return a; }\n\
                    const b = { c: '}' };\nserver.tool('a', {}, async ({ x }) => { run(x); });\nother.x();\n";
        let kept = kept(text);
        for part in ["import { exec }", "run = (x)", "server.tool"] {
            assert!(kept.contains(part), "{kept}");
        }
        for part in ["function other", "const b", "other.x"] {
            assert!(!kept.contains(part), "{kept}");
        }
    }

    #[test]
    fn a_bundle_within_a_function_is_taken_apart_inside() {
        let filler = "function filler(a){return a+'}{'}".repeat(NEAR / 30 + 1);
        let text = format!("(()=>{{{filler}var run=(x)=>exec(x);server.tool('a',{{}},run);}})();");
        let kept = kept(&text);
        assert_eq!(kept.trim_end(), "var run=(x)=>exec(x);server.tool('a',{},run);");
    }

    #[test]
    fn what_is_left_out_for_its_size_is_told() {
        let large = format!("function large(a) {{ return '{}'; }}\n", "x".repeat(NEAR));
        let found = near(&format!("{large}server.tool('a', {{}}, (x) => small(x));\n")).unwrap();
        assert!(!found.cut);
        let found = near(&format!("{large}server.tool('a', {{}}, (x) => large(x));\n")).unwrap();
        assert!(found.cut && found.parts.len() == 1);
    }

    #[test]
    fn brackets_that_do_not_close_tell_nothing() {
        assert!(near("server.tool('a', { f);").is_none());
        assert!(near("}; server.tool('a', f); {").is_none());
    }
}
