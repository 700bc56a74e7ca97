//! One pass over a text that tells which expressions can match, and in which of its stretches.
//!
//! Each expression follows literals without which it cannot match, see [`super::literal`]. The literals of all patterns
//! are searched together; an expression runs only over stretches that hold one literal of each of its groups.

use std::collections::HashMap;
use std::ops::Range;

use super::finder::Finder;
use super::lexer::{Token, TokenKind};
use super::literal::{Group, Literal, groups_of, without_blanks};
use super::prose::Segment;

/// Groups that one expression may have; those of what must stand near it are counted in.
const GROUPS: usize = 16;

/// Which literals the expressions of a list of patterns need.
#[derive(Debug)]
pub(super) struct Prefilter {
    finder: Finder,
    /// For each literal, the groups of expressions that it meets.
    uses: Vec<Vec<Use>>,
    /// For each expression, the bits of all its groups.
    groups: Vec<u16>,
    /// Expressions that may match without any literal.
    always: Vec<u32>,
    /// The expressions of each pattern.
    ranges: Vec<Range<u32>>,
}

#[derive(Clone, Copy, Debug)]
struct Use {
    expression: u32,
    group: u16,
    /// Whether a comment counts.
    comments: bool,
}

/// The expressions of one pattern: one of the first must match, and all the others besides.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs<'a> {
    pub(super) any: Vec<&'a str>,
    pub(super) all: Vec<&'a str>,
    pub(super) at: At,
}

/// What the text is in which literals are searched, and where in it they count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum At {
    /// The text that the expressions run over.
    #[default]
    Text,
    /// A file, where blanks will stand for its comments.
    Code,
    /// A file, comments and all.
    File,
}

/// Which expressions can match, each with the stretches in which, in order.
#[derive(Debug, Default)]
pub(super) struct Able(Vec<(u32, u32)>);

impl Prefilter {
    /// Builds the filter; a pattern without needs takes part in the numbering alone.
    pub(super) fn new(patterns: &[Needs<'_>]) -> Self {
        let mut numbers = HashMap::new();
        let mut this = Self {
            finder: Finder::new(Vec::new()),
            uses: Vec::new(),
            groups: Vec::new(),
            always: Vec::new(),
            ranges: Vec::new(),
        };
        for needs in patterns {
            let first = this.groups.len();
            let groups = |text: &&str| groups_in(text, needs.at);
            let common: Vec<Group> = needs.all.iter().flat_map(groups).collect();
            for text in &needs.any {
                let own = groups(text).into_iter().chain(common.iter().cloned()).take(GROUPS);
                this.expression(own, needs.at != At::Code, &mut numbers);
            }
            this.ranges.push(number(first)..number(this.groups.len()));
        }
        let mut literals: Vec<(Literal, usize)> = numbers.into_iter().collect();
        literals.sort_unstable_by_key(|(_, number)| *number);
        this.finder = Finder::new(literals.into_iter().map(|(literal, _)| literal).collect());
        this
    }

    fn expression(
        &mut self,
        groups: impl Iterator<Item = Group>,
        comments: bool,
        numbers: &mut HashMap<Literal, usize>,
    ) {
        let expression = number(self.groups.len());
        let mut all = 0;
        for (at, group) in groups.enumerate() {
            all |= 1 << at;
            for literal in group {
                let known = numbers.len();
                let literal = *numbers.entry(literal).or_insert(known);
                if literal == self.uses.len() {
                    self.uses.push(Vec::new());
                }
                self.uses[literal].push(Use { expression, group: 1 << at, comments });
            }
        }
        if all == 0 {
            self.always.push(expression);
        }
        self.groups.push(all);
    }

    /// Returns what can match somewhere in a file, which is one stretch.
    pub(super) fn in_file(&self, text: &[u8], tokens: &[Token]) -> Able {
        let mut met = Met::new(self);
        // Whether a literal was seen in a comment, and outside of one.
        let mut seen = vec![(false, false); self.finder.len()];
        let mut at = 0;
        self.finder.each(text, |literal, start| {
            if seen[literal].1 {
                return;
            }
            while tokens.get(at).is_some_and(|token| token.end <= start) {
                at += 1;
            }
            let comment = |token: &Token| token.kind == TokenKind::Comment && token.start <= start;
            match tokens.get(at).is_some_and(comment) {
                true if std::mem::replace(&mut seen[literal].0, true) => {}
                true => met.meet(literal, 0, |of| of.comments),
                false => {
                    seen[literal].1 = true;
                    met.meet(literal, 0, |_| true);
                }
            }
        });
        met.able(1)
    }

    /// Returns what can match in which segments of a buffer.
    pub(super) fn in_segments(&self, text: &[u8], segments: &[Segment]) -> Able {
        let mut met = Met::new(self);
        let mut at = 0;
        self.finder.each(text, |literal, start| {
            // Fragments come in order, and a literal may begin a little before its own.
            while segments.get(at).is_some_and(|segment| segment.end <= start) {
                at += 1;
            }
            if segments.get(at).is_some_and(|segment| segment.start <= start) {
                met.meet(literal, number(at), |_| true);
            }
        });
        met.able(segments.len())
    }

    /// Returns every expression with every one of so many stretches, as if all literals were everywhere.
    #[cfg(test)]
    pub(super) fn everything(&self, stretches: usize) -> Able {
        let expressions = 0..number(self.groups.len());
        Able(expressions.flat_map(|one| (0..number(stretches)).map(move |at| (one, at))).collect())
    }

    /// Yields the expressions of a pattern that can match, by their index, each with its stretches.
    pub(super) fn of<'a>(
        &self,
        pattern: usize,
        able: &'a Able,
    ) -> impl Iterator<Item = (usize, &'a [(u32, u32)])> {
        let range = self.ranges.get(pattern).cloned().unwrap_or_default();
        let from = able.0.partition_point(|(expression, _)| *expression < range.start);
        let rest = &able.0[from..];
        let own = &rest[..rest.partition_point(|(expression, _)| *expression < range.end)];
        own.chunk_by(|one, other| one.0 == other.0)
            .map(move |chunk| (chunk.first().map_or(0, |(one, _)| (one - range.start) as usize), chunk))
    }
}

impl Able {
    /// Tells whether nothing can match.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The groups that were met in the stretch that is looked at.
struct Met<'a> {
    filter: &'a Prefilter,
    /// For each expression the stretch, from 1, and the groups met in it.
    groups: Vec<(u32, u16)>,
    able: Vec<(u32, u32)>,
}

impl<'a> Met<'a> {
    fn new(filter: &'a Prefilter) -> Self {
        Self { filter, groups: vec![(0, 0); filter.groups.len()], able: Vec::new() }
    }

    fn meet(&mut self, literal: usize, stretch: u32, counts: impl Fn(&Use) -> bool) {
        for of in self.filter.uses[literal].iter().filter(|of| counts(of)) {
            let at = of.expression as usize;
            let known = &mut self.groups[at];
            if known.0 != stretch + 1 {
                *known = (stretch + 1, 0);
            }
            let before = known.1;
            known.1 |= of.group;
            if before != known.1 && known.1 == self.filter.groups[at] {
                self.able.push((of.expression, stretch));
            }
        }
    }

    fn able(mut self, stretches: usize) -> Able {
        for &one in &self.filter.always {
            self.able.extend((0..number(stretches)).map(|stretch| (one, stretch)));
        }
        self.able.sort_unstable();
        Able(self.able)
    }
}

/// Returns the groups of an expression that is searched where `at` says.
fn groups_in(text: &str, at: At) -> Vec<Group> {
    let groups = groups_of(text);
    if at == At::Code { groups.into_iter().filter_map(without_blanks).collect() } else { groups }
}

/// There are never as many expressions or segments as would not fit: a file has fewer bytes.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::pattern::Context;
    use super::*;

    fn filter(patterns: &[(&[&'static str], &[&'static str])]) -> Prefilter {
        let needs =
            patterns.iter().map(|(any, all)| Needs { any: any.to_vec(), all: all.to_vec(), at: At::Text });
        Prefilter::new(&needs.collect::<Vec<_>>())
    }

    fn able(filter: &Prefilter, text: &str) -> Vec<(u32, u32)> {
        filter.in_file(text.as_bytes(), &[]).0
    }

    #[test]
    fn all_groups_must_occur() {
        let filter = filter(&[(&["ignore.*rules"], &["please"])]);
        assert_eq!(able(&filter, "ignore the rules"), []);
        assert_eq!(able(&filter, "please: Ignore the RULES"), [(0, 0)]);
    }

    #[test]
    fn each_expression_runs_by_its_own_literals() {
        let filter = filter(&[(&["forget"], &[]), (&["ignore.*rules", "forget", "x"], &[])]);
        let able = filter.in_file(b"forget it", &[]);
        assert_eq!(able.0, [(0, 0), (2, 0), (3, 0)]);
        let of = |pattern: usize| filter.of(pattern, &able).map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!((of(0), of(1), of(2)), (vec![0], vec![1, 2], vec![]));
    }

    #[test]
    fn comments_count_where_they_are_read_and_may_stand_for_blanks() {
        let needs = |at| Needs { any: vec![r"forget\ all"], all: vec![], at };
        let filter = Prefilter::new(&[needs(At::Code), needs(At::File)]);
        let able = |text: &[u8], start: usize| filter.in_file(text, &[Token::comment(start, start + 12)]).0;
        assert_eq!(able(b"// forget all", 0), [(1, 0)]);
        assert_eq!(able(b"forget all// forget all", 10), [(0, 0), (1, 0)]);
        assert_eq!(able(b"forget/*________*/all", 6), [(0, 0)]);
    }

    #[test]
    fn literals_of_two_segments_do_not_add_up() {
        let filter = filter(&[(&["ignore.*rules", "x"], &[])]);
        let text = "ignore it.rules ignore.ignore rules";
        let segment = |start, end| Segment { start, end, context: Context::Docs, field: 0, hidden: None };
        let segments = [segment(0, 10), segment(10, 23), segment(23, 35)];
        let able = filter.in_segments(text.as_bytes(), &segments);
        assert_eq!(able.0, [(0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]);
    }
}
