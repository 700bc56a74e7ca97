//! One pass over a text that tells which expressions can match, and in which of its stretches.
//!
//! Each expression follows literals without which it cannot match, see [`super::literal`]. The literals of all patterns
//! are searched together; an expression runs only over stretches that hold one literal of each of its groups.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;

use super::able::{Able, Reach, Run};
use super::finder::Finder;
use super::lexer::{Token, TokenKind};
use super::literal::{Group, Literal, Needed, SHORTEST, frequency, needed, without_blanks};
use super::prose::Segment;
use super::secret::Anchor;
use super::starts::up_to_blanks;

/// Groups that one expression may have; those of what must stand near it are counted in.
const GROUPS: usize = 16;
/// Occurrences in a byte of text up to which the literals that an expression begins with are looked for.
const RARE: f64 = 3e-4;

/// Which literals the expressions of a list of patterns need.
#[derive(Debug)]
pub(super) struct Prefilter {
    finder: Finder,
    /// For each literal, the groups of expressions that it meets.
    uses: Vec<Vec<Use>>,
    /// For each expression, the bits of all its groups.
    groups: Vec<u16>,
    /// For each expression, where its matches can be told to lie by the places of its literals.
    reaches: Vec<Option<Reach>>,
    /// For each expression, a group with literals too short to be looked for everywhere.
    thin: Vec<Group>,
    /// For each expression, the literals that its matches begin with, if it is tried at their places alone.
    starts: Vec<Option<Vec<u32>>>,
    /// For each literal, which anchor of the search for secrets it is as well.
    anchors: Vec<Option<usize>>,
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

impl Prefilter {
    /// Builds the filter; a pattern without needs takes part in the numbering alone.
    #[cfg(test)]
    fn new(patterns: &[Needs<'_>]) -> Self {
        Self::with_anchors(patterns, &[])
    }

    /// Builds the filter, which looks for the anchors of the search for secrets on the way.
    pub(super) fn with_anchors(patterns: &[Needs<'_>], anchors: &[Literal]) -> Self {
        let mut numbers = HashMap::new();
        let mut this = Self {
            finder: Finder::new(Vec::new()),
            uses: Vec::new(),
            groups: Vec::new(),
            reaches: Vec::new(),
            thin: Vec::new(),
            starts: Vec::new(),
            anchors: Vec::new(),
            always: Vec::new(),
            ranges: Vec::new(),
        };
        for needs in patterns {
            let first = this.groups.len();
            let common: Vec<Needed> = needs.all.iter().map(|text| needed_in(text, needs.at)).collect();
            for text in &needs.any {
                this.expression(&needed_in(text, needs.at), &common, needs.at != At::Code, &mut numbers);
            }
            this.ranges.push(number(first)..number(this.groups.len()));
        }
        let numbered = |literal: &Literal| {
            let next = numbers.len();
            *numbers.entry(literal.clone()).or_insert(next)
        };
        let at: Vec<usize> = anchors.iter().map(numbered).collect();
        this.uses.resize(numbers.len(), Vec::new());
        this.anchors = vec![None; if at.is_empty() { 0 } else { numbers.len() }];
        at.into_iter().enumerate().for_each(|(anchor, literal)| this.anchors[literal] = Some(anchor));
        let mut literals: Vec<(Literal, usize)> = numbers.into_iter().collect();
        literals.sort_unstable_by_key(|(_, number)| *number);
        this.finder = Finder::new(literals.into_iter().map(|(literal, _)| literal).collect());
        this
    }

    fn expression(
        &mut self,
        own: &Needed,
        common: &[Needed],
        comments: bool,
        numbers: &mut HashMap<Literal, usize>,
    ) {
        let expression = number(self.groups.len());
        let mut known = Vec::new();
        let beginnings = own.beginnings.as_ref().filter(|group| is_rare(group, own));
        let common = common.iter().flat_map(|one| &one.groups);
        for (at, group) in own.groups.iter().chain(beginnings).chain(common).take(GROUPS).enumerate() {
            let mut literals = Vec::new();
            for literal in group {
                let next = numbers.len();
                let literal = *numbers.entry(literal.clone()).or_insert(next);
                self.uses.resize(numbers.len(), Vec::new());
                self.uses[literal].push(Use { expression, group: 1 << at, comments });
                literals.push(number(literal));
            }
            known.push(literals);
        }
        self.groups.push(known.iter().enumerate().fold(0, |all, (at, _)| all | 1 << at));
        if known.is_empty() {
            self.always.push(expression);
        }
        self.thin.push(own.thin.clone());
        self.starts.push(beginnings.and_then(|_| known.get(own.groups.len()).cloned()));
        known.truncate(own.groups.len());
        let reach = own.reach.filter(|_| !known.is_empty());
        self.reaches.push(reach.map(|units| Reach { units, groups: known }));
    }

    /// Returns what can match somewhere in a file, which is one stretch.
    pub(super) fn in_file(&self, text: &[u8], tokens: &[Token]) -> Able {
        let mut met = Met::new(self);
        // Whether a literal was seen in a comment, and outside of one.
        let mut seen = vec![(false, false); self.finder.len()];
        let mut at = 0;
        self.finder.each(text, |literal, start| {
            if !met.is_needed(literal, start) {
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
                    met.places.push((number(literal), number(start)));
                    if !std::mem::replace(&mut seen[literal].1, true) {
                        met.meet(literal, 0, |_| true);
                    }
                }
            }
        });
        met.able(1)
    }

    /// Returns what can match in which segments of a buffer.
    pub(super) fn in_segments(&self, text: &[u8], segments: &[Segment]) -> Able {
        let mut met = Met::new(self);
        // In which segment, from 1, a literal was seen last: all of a segment count as one.
        let mut seen = vec![0; self.finder.len()];
        let mut at = 0;
        self.finder.each(text, |literal, start| {
            if !met.is_needed(literal, start) {
                return;
            }
            // Fragments come in order, and a literal may begin a little before its own.
            while segments.get(at).is_some_and(|segment| segment.end <= start) {
                at += 1;
            }
            if segments.get(at).is_some_and(|segment| segment.start <= start) {
                met.places.push((number(literal), number(start)));
                if std::mem::replace(&mut seen[literal], at + 1) != at + 1 {
                    met.meet(literal, number(at), |_| true);
                }
            }
        });
        met.able(segments.len())
    }

    /// Returns every expression with every one of so many stretches, as if all literals were everywhere.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn everything(&self, stretches: usize) -> Able {
        let expressions = 0..number(self.groups.len());
        let list = expressions.flat_map(|one| (0..number(stretches)).map(move |at| (one, at))).collect();
        Able { list, ..Able::default() }
    }

    /// Yields the patterns of which an expression can match, in order.
    pub(super) fn patterns(&self, able: &Able) -> impl Iterator<Item = usize> {
        let mut rest = able.list.as_slice();
        std::iter::from_fn(move || {
            let (first, _) = *rest.first()?;
            let pattern = self.ranges.partition_point(|range| range.end <= first);
            let end = self.ranges.get(pattern)?.end;
            rest = &rest[rest.partition_point(|(expression, _)| *expression < end)..];
            Some(pattern)
        })
    }

    /// Yields the expressions of a pattern that can match.
    pub(super) fn of<'a>(&'a self, pattern: usize, able: &'a Able) -> impl Iterator<Item = Run<'a>> {
        let range = self.ranges.get(pattern).cloned().unwrap_or_default();
        let from = able.list.partition_point(|(expression, _)| *expression < range.start);
        let rest = &able.list[from..];
        let own = &rest[..rest.partition_point(|(expression, _)| *expression < range.end)];
        own.chunk_by(|one, other| one.0 == other.0).filter_map(move |stretches| {
            let (expression, _) = *stretches.first()?;
            let (index, at) = ((expression - range.start) as usize, expression as usize);
            let starts = self.starts[at].as_ref().and_then(|literals| able.places_of(literals));
            let (reach, thin, near) = (self.reaches[at].as_ref(), &self.thin[at][..], OnceCell::new());
            Some(Run { index, always: self.groups[at] == 0, stretches, able, reach, thin, near, starts })
        })
    }
}

/// The groups that were met in the stretch that is looked at.
struct Met<'a> {
    filter: &'a Prefilter,
    /// For each expression the stretch, from 1, and the groups met in it.
    groups: Vec<(u32, u16)>,
    able: Vec<(u32, u32)>,
    places: Vec<(u32, u32)>,
    anchors: Vec<Anchor>,
}

impl<'a> Met<'a> {
    fn new(filter: &'a Prefilter) -> Self {
        Self {
            filter,
            groups: vec![(0, 0); filter.groups.len()],
            able: Vec::new(),
            places: Vec::new(),
            anchors: Vec::new(),
        }
    }

    /// Notes where a search for secrets begins, and tells whether any expression needs the literal.
    #[inline]
    fn is_needed(&mut self, literal: usize, start: usize) -> bool {
        if let Some(Some(anchor)) = self.filter.anchors.get(literal) {
            self.anchors.extend(Anchor::new(*anchor, start));
        }
        !self.filter.uses[literal].is_empty()
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
        let anchors = (!self.filter.anchors.is_empty()).then(|| std::mem::take(&mut self.anchors));
        self.able.sort_unstable();
        if self.able.is_empty() {
            return Able { anchors, ..Able::default() };
        }
        let placed = !self.places.is_empty();
        let known = self.known();
        self.places.retain(|(literal, _)| known.get(*literal as usize).is_some_and(|known| *known));
        self.places.sort_unstable();
        Able { list: self.able, places: self.places, placed, anchors }
    }

    /// Tells of each literal whether an expression that can match asks for its places.
    fn known(&self) -> Vec<bool> {
        let mut known = vec![false; self.filter.uses.len()];
        let mut last = None;
        for at in self.able.iter().map(|(expression, _)| *expression as usize) {
            if last.replace(at) == Some(at) {
                continue;
            }
            let near = self.filter.reaches[at].iter().flat_map(|reach| reach.groups.iter().flatten());
            let starts = self.filter.starts[at].iter().flatten();
            near.chain(starts).for_each(|literal| known[*literal as usize] = true);
        }
        known
    }
}

/// Tells whether the literals that an expression begins with are rare enough to be looked for besides.
fn is_rare(beginnings: &[Literal], own: &Needed) -> bool {
    let rarest = own.groups.iter().map(|group| frequency(group)).fold(f64::INFINITY, f64::min);
    let often = frequency(beginnings);
    often < RARE || often <= 2.0 * rarest
}

/// Tells what an expression needs that is searched where `at` says.
fn needed_in(text: &str, at: At) -> Needed {
    let mut needed = needed(text);
    if at == At::Code {
        needed.groups = needed.groups.into_iter().filter_map(without_blanks).collect();
        needed.beginnings = needed.beginnings.and_then(|group| up_to_blanks(group, SHORTEST));
    }
    if at == At::File {
        // Nothing runs over the places where it may match.
        needed.beginnings = None;
    }
    needed
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
        filter.in_file(text.as_bytes(), &[]).list
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
        assert_eq!(able.list, [(0, 0), (2, 0), (3, 0)]);
        let of = |pattern: usize| filter.of(pattern, &able).map(|run| run.index).collect::<Vec<_>>();
        assert_eq!((of(0), of(1), of(2)), (vec![0], vec![1, 2], vec![]));
    }

    #[test]
    fn comments_count_where_they_are_read_and_may_stand_for_blanks() {
        let needs = |at| Needs { any: vec![r"forget\ all"], all: vec![], at };
        let filter = Prefilter::new(&[needs(At::Code), needs(At::File)]);
        let able =
            |text: &[u8], start: usize| filter.in_file(text, &[Token::comment(start, start + 12)]).list;
        assert_eq!(able(b"// forget all", 0), [(1, 0)]);
        assert_eq!(able(b"forget all// forget all", 10), [(0, 0), (1, 0)]);
        assert_eq!(able(b"forget/*________*/all", 6), [(0, 0)]);
    }

    #[test]
    fn a_window_holds_a_literal_of_every_group() {
        let filter = filter(&[(&[r"\bquack\b[^.]{0,9}\bzebra\b[^.]{0,9}(?:\bwombat\b|@)"], &[])]);
        let apart = "-".repeat(400);
        let text = format!(
            "quack zebra{apart}zebra @{apart}wombat{apart}quack zebra me@host{apart}quack zebra wombat"
        );
        let segment = Segment { start: 0, end: text.len(), context: Context::Docs, field: 0, hidden: None };
        let able = filter.in_segments(text.as_bytes(), &[segment]);
        let run = filter.of(0, &able).next().unwrap();
        let windows = run.windows(text.as_bytes(), 0..text.len());
        let matches = ["quack zebra me@", "quack zebra wombat"].map(|found| text.find(found).unwrap());
        assert_eq!(windows.len(), 2, "{windows:?}");
        assert!(windows.iter().zip(matches).all(|(window, found)| window.contains(&found)), "{windows:?}");
    }

    #[test]
    fn literals_of_two_segments_do_not_add_up() {
        let filter = filter(&[(&["ignore.*rules", "x"], &[])]);
        let text = "ignore it.rules ignore.ignore rules";
        let segment = |start, end| Segment { start, end, context: Context::Docs, field: 0, hidden: None };
        let segments = [segment(0, 10), segment(10, 23), segment(23, 35)];
        let able = filter.in_segments(text.as_bytes(), &segments);
        assert_eq!(able.list, [(0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]);
    }
}
