//! Parts of a text as one, as if nothing stood between them.
//!
//! A parser that is given parts of a text looks for the part that it is in at each step, from the first on: a bundle has
//! thousands.

use std::ops::Range;

use super::form::Span;

/// A text made of parts of another.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) text: String,
    /// Where each part begins here, and where in the other.
    parts: Vec<(usize, usize)>,
}

impl Joined {
    /// Joins parts that are in order.
    pub(super) fn of(text: &str, parts: &[Range<usize>]) -> Self {
        let mut all = Self {
            text: String::with_capacity(parts.iter().map(Range::len).sum()),
            parts: Vec::with_capacity(parts.len()),
        };
        for part in parts {
            all.parts.push((all.text.len(), part.start));
            all.text.push_str(text.get(part.clone()).unwrap_or_default());
        }
        all
    }

    /// Returns where something stands in the other text.
    pub(super) fn place(&self, span: Span) -> Span {
        // What ends where a part begins ends with the part before.
        let last = if span.end > span.start { self.at(span.end - 1) + 1 } else { self.at(span.end) };
        Span { start: self.at(span.start), end: last }
    }

    fn at(&self, here: u32) -> u32 {
        let next = self.parts.partition_point(|(start, _)| *start <= here as usize);
        let Some((start, there)) = next.checked_sub(1).and_then(|one| self.parts.get(one)) else {
            return here;
        };
        u32::try_from(there + (here as usize - start)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_joined_text_is_found_in_the_other() {
        let text = "a(1); skipped(); b(2);c(3); d";
        let parts = [0..5, 17..22, 22..27];
        let joined = Joined::of(text, &parts);
        assert_eq!(joined.text, "a(1);b(2);c(3);");
        for part in ["a(1)", "a(1);", "b(2);", "c(3)", "b(2);c", "(1);"] {
            let start = joined.text.find(part).unwrap() as u32;
            let span = joined.place(Span { start, end: start + part.len() as u32 });
            assert_eq!(&text[span.start as usize..span.end as usize], part);
        }
    }
}
