//! The literals that an expression cannot match without.
//!
//! From an expression follow groups, of each of which one literal must stand in whatever it matches. A literal knows
//! whether a word must begin or end with it: `\bcat\b` is not in "concatenate".

use std::collections::HashSet;
use std::sync::OnceLock;

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::starts::beginnings;
use super::window::reach;

/// A text that must stand somewhere, in letters of either case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Literal {
    /// In lower case.
    pub(super) text: Vec<u8>,
    /// Whether no letter, digit or `_` may stand before it.
    pub(super) begins: bool,
    /// Whether none may stand after it.
    pub(super) ends: bool,
}

impl Literal {
    /// Tells whether it stands anywhere in a short text, be it a word there or not.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        let Some((&first, rest)) = self.text.split_first() else { return true };
        let stands = |at: usize| {
            text.get(at + 1..at + self.text.len()).is_some_and(|there| there.eq_ignore_ascii_case(rest))
        };
        memchr::memchr2_iter(first, first.to_ascii_uppercase(), text).any(stands)
    }
}

/// Literals of which one must occur.
pub(super) type Group = Vec<Literal>;

/// Shorter literals say too little.
pub(super) const SHORTEST: usize = 3;
/// Larger groups cost more than they save.
const LARGEST: usize = 200;
/// Texts that one part of an expression may stand for, to be taken as all there are.
const VARIANTS: usize = 16;
/// Groups of one expression; a few rare ones filter as well as many.
const GROUPS: usize = 4;
/// Occurrences in a byte of text above which a group is left out when there is a better one.
const COMMON: f64 = 1e-4;
/// The same for a group that is looked for in a few hundred bytes.
const THIN: f64 = 1.0 / 64.0;
/// Literals that such a group has at most.
const FEW: usize = 8;

/// What follows from an expression.
#[derive(Clone, Debug, Default)]
pub(super) struct Needed {
    /// Its groups, the rarest first; none when it may match without any literal.
    pub(super) groups: Vec<Group>,
    /// A group with literals too short to be looked for in a whole text: `@` of every address.
    pub(super) thin: Group,
    /// How long a match is at most, see [`super::window`].
    pub(super) reach: Option<usize>,
    /// The literals that every match begins with, see [`super::starts`].
    pub(super) beginnings: Option<Group>,
}

/// Tells what an expression cannot match without.
pub(super) fn needed(expression: &str) -> Needed {
    let parsed = regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .ignore_whitespace(true)
        .build()
        .parse(expression);
    match parsed {
        Ok(hir) => Needed {
            groups: ranked(Walk::of(&hir, false, SHORTEST)),
            thin: thin(Walk::of(&hir, false, 1)),
            reach: reach(&hir),
            // What is tried at one place is built from the text, and in it blanks must mean nothing to the end.
            beginnings: beginnings(&hir, SHORTEST).filter(|_| !minds_blanks(expression)),
        },
        // What does not parse is told where it is compiled; without groups it merely always runs.
        Err(_) => Needed::default(),
    }
}

/// Tells whether an expression may turn off that blanks in it mean nothing: `(?-x)`, `(?i-sx:…)`.
fn minds_blanks(expression: &str) -> bool {
    expression.split("(?").skip(1).any(|rest| {
        let flags = rest.split([')', ':']).next().unwrap_or_default();
        flags.split_once('-').is_some_and(|(_, off)| off.contains('x'))
    })
}

/// Keeps the rarest groups.
fn ranked(groups: Vec<Group>) -> Vec<Group> {
    let mut ranked: Vec<(f64, Group)> = groups.into_iter().map(|group| (frequency(&group), group)).collect();
    ranked.sort_by(|(one, a), (other, b)| one.total_cmp(other).then_with(|| a.cmp(b)));
    ranked.dedup_by(|(_, one), (_, other)| one == other);
    ranked.truncate(GROUPS);
    let kept = ranked.into_iter().enumerate().filter(|(at, (often, _))| *at == 0 || *often < COMMON);
    kept.map(|(_, (_, group))| group).collect()
}

/// Keeps the rarest group that holds a short literal.
fn thin(groups: Vec<Group>) -> Group {
    let is_short = |group: &Group| group.len() <= FEW && group.iter().any(|one| one.text.len() < SHORTEST);
    let ranked = groups.into_iter().filter(is_short).map(|group| (frequency(&group), group));
    let rarest =
        ranked.filter(|(often, _)| *often < THIN).min_by(|(one, _), (other, _)| one.total_cmp(other));
    rarest.map(|(_, group)| group).unwrap_or_default()
}

/// Guesses how often one literal of a group stands in a byte of text.
pub(super) fn frequency(group: &[Literal]) -> f64 {
    let edge = |is: bool| if is { 1.0 } else { 0.0 };
    let one = |literal: &Literal| bits(&literal.text) + edge(literal.begins) + edge(literal.ends);
    group.iter().map(|literal| (-one(literal)).exp2()).sum()
}

/// Words of which code and its comments are full.
const WORDS: &[u8] = b"function return const this import export string number object value default module require \
    prototype undefined interface type name data error message options param license version public private static \
    self.assert response request content result index length property method class path file text self argument \
    instance context config component element attribute parameter expression statement information using through \
    with that from have will must should user ation ments ";
/// Bits by which what stands in one of them is the less rare.
const WORD: f64 = 8.0;

/// Guesses how rare a text is, in bits.
pub(super) fn bits(text: &[u8]) -> f64 {
    let common = if stands_in_words(text) { WORD } else { 0.0 };
    let of = |byte: u8| match byte {
        b' ' | b'e' | b't' => 3.0,
        b'a' | b'i' | b'n' | b'o' | b'r' | b's' => 3.5,
        b'c' | b'd' | b'l' | b'm' | b'p' | b'u' => 4.5,
        b'f' | b'g' | b'h' | b'.' | b',' | b'(' | b')' | b'"' | b'\'' | b'=' => 5.0,
        b'b' | b'v' | b'w' | b'y' | b'_' | b'/' | b'-' | b':' | b';' | b'0'..=b'9' => 6.0,
        _ => 7.5,
    };
    text.iter().map(|byte| of(byte.to_ascii_lowercase())).sum::<f64>() - common
}

/// Tells whether every three bytes of a text stand in one of the common words.
fn stands_in_words(text: &[u8]) -> bool {
    static THREES: OnceLock<HashSet<[u8; 3]>> = OnceLock::new();
    let threes = THREES.get_or_init(|| WORDS.array_windows().copied().collect());
    text.len() >= 3 && text.array_windows().all(|three: &[u8; 3]| threes.contains(three))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Walks an expression and gathers what it cannot do without.
struct Walk {
    /// Every text that the parts since the last break may stand for.
    runs: Vec<Vec<u8>>,
    /// Whether a word begins or ends where they begin.
    begins: bool,
    /// Whether a word begins or ends here.
    edge: bool,
    /// Bytes of the shortest literal that is taken.
    shortest: usize,
    groups: Vec<Group>,
}

impl Walk {
    fn of(hir: &Hir, edge: bool, shortest: usize) -> Vec<Group> {
        let mut walk = Self { runs: vec![Vec::new()], begins: edge, edge, shortest, groups: Vec::new() };
        walk.visit(hir);
        walk.flush();
        walk.groups
    }

    fn visit(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty => {}
            HirKind::Look(look) => self.look(*look),
            HirKind::Capture(capture) => self.visit(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.visit(part)),
            kind => match variants(hir) {
                Some(variants) => self.append(&variants),
                None => self.step_over(kind),
            },
        }
    }

    fn look(&mut self, look: Look) {
        self.edge |= matches!(look, Look::WordAscii | Look::WordStartAscii | Look::WordEndAscii);
        if self.runs.iter().all(Vec::is_empty) {
            self.begins = self.edge;
        }
    }

    fn append(&mut self, variants: &[Vec<u8>]) {
        if self.runs.len() * variants.len() > VARIANTS {
            self.flush();
        }
        self.runs = product(&self.runs, variants);
        self.edge = false;
    }

    /// Steps over a part that may stand for too much to name it all.
    fn step_over(&mut self, kind: &HirKind) {
        self.flush();
        match kind {
            HirKind::Repetition(repetition) if repetition.min > 0 => {
                self.groups.extend(Self::of(&repetition.sub, self.edge, self.shortest));
            }
            HirKind::Alternation(branches) => {
                self.groups.extend(alternation(branches, self.edge, self.shortest))
            }
            _ => {}
        }
        (self.edge, self.begins) = (false, false);
    }

    fn flush(&mut self) {
        let runs = std::mem::replace(&mut self.runs, vec![Vec::new()]);
        let begins = std::mem::replace(&mut self.begins, self.edge);
        if runs.iter().any(|run| run.len() < self.shortest) {
            return;
        }
        let literal = |text: Vec<u8>| Literal {
            begins: begins && text.first().is_some_and(|&byte| is_word(byte)),
            ends: self.edge && text.last().is_some_and(|&byte| is_word(byte)),
            text,
        };
        self.groups.push(reduced(runs.into_iter().map(literal).collect()));
    }
}

/// Returns the group of an alternation: the rarest group of every branch, unless one has none.
fn alternation(branches: &[Hir], edge: bool, shortest: usize) -> Option<Group> {
    let mut all = Group::new();
    for branch in branches {
        let groups = Walk::of(branch, edge, shortest).into_iter().map(|group| (frequency(&group), group));
        all.extend(groups.min_by(|(one, _), (other, _)| one.total_cmp(other))?.1);
        if all.len() > LARGEST {
            return None;
        }
    }
    Some(reduced(all))
}

/// Leaves out every literal that holds another one of the group; what is left demands no more than both did.
fn reduced(mut group: Group) -> Group {
    group.sort_by(|one, other| one.text.len().cmp(&other.text.len()).then_with(|| one.cmp(other)));
    let mut kept = Group::new();
    for literal in group {
        let inside = |known: &&mut Literal| holds(&literal.text, &known.text);
        match kept.iter_mut().find(inside) {
            Some(known) => {
                known.begins &= literal.begins && literal.text.starts_with(&known.text);
                known.ends &= literal.ends && literal.text.ends_with(&known.text);
            }
            None => kept.push(literal),
        }
    }
    kept
}

/// Takes the longest word of each literal, for texts in which anything may stand for a blank.
pub(super) fn without_blanks(group: Group) -> Option<Group> {
    let mut words = Group::new();
    for literal in group {
        let pieces = literal.text.split(u8::is_ascii_whitespace);
        let longest = pieces.max_by_key(|piece| piece.len()).filter(|piece| piece.len() >= SHORTEST)?;
        words.push(Literal {
            begins: literal.begins && literal.text.starts_with(longest),
            ends: literal.ends && literal.text.ends_with(longest),
            text: longest.to_vec(),
        });
    }
    Some(reduced(words))
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Returns every text that a part of an expression may stand for, in lower case, if they are few.
fn variants(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(vec![Vec::new()]),
        HirKind::Literal(literal) => Some(vec![literal.0.to_ascii_lowercase()]),
        HirKind::Class(class) => letters(class),
        HirKind::Capture(capture) => variants(&capture.sub),
        HirKind::Repetition(repetition) => {
            let most = repetition.max.filter(|&most| most <= 2)?;
            let one = variants(&repetition.sub)?;
            let mut all = Vec::new();
            for times in repetition.min..=most {
                all.extend((0..times).try_fold(vec![Vec::new()], |so_far, _| few(product(&so_far, &one)))?);
            }
            few(all)
        }
        HirKind::Concat(parts) => {
            parts.iter().try_fold(vec![Vec::new()], |so_far, part| few(product(&so_far, &variants(part)?)))
        }
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(variants(branch)?);
            }
            few(all)
        }
    }
}

fn few(mut texts: Vec<Vec<u8>>) -> Option<Vec<Vec<u8>>> {
    texts.sort_unstable();
    texts.dedup();
    (texts.len() <= VARIANTS).then_some(texts)
}

fn product(one: &[Vec<u8>], other: &[Vec<u8>]) -> Vec<Vec<u8>> {
    one.iter().flat_map(|first| other.iter().map(|second| [&first[..], second].concat())).collect()
}

/// Returns the members of a class of few, both cases of a letter being one.
fn letters(class: &Class) -> Option<Vec<Vec<u8>>> {
    let Class::Bytes(class) = class else { return None };
    let members = class.ranges().iter().flat_map(|range| range.start()..=range.end());
    let mut members: Vec<u8> = members.take(9).map(|byte| byte.to_ascii_lowercase()).collect();
    members.sort_unstable();
    members.dedup();
    (!members.is_empty() && members.len() <= 4).then(|| members.into_iter().map(|one| vec![one]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_minds_blanks_is_not_tried_at_one_place() {
        assert!(needed("xyzzymarker [a-z]+").beginnings.is_some());
        for expression in ["(?-x)xyzzymarker [a-z]+", "(?i-x:xyzzymarker [a-z]+)"] {
            assert!(needed(expression).beginnings.is_none(), "{expression}");
        }
    }

    /// Spells groups with `<` and `>` where a word begins and ends.
    fn groups(expression: &str) -> Vec<Vec<String>> {
        let spell = |one: Literal| {
            let text = String::from_utf8(one.text).unwrap();
            format!("{}{text}{}", if one.begins { "<" } else { "" }, if one.ends { ">" } else { "" })
        };
        let mut groups: Vec<Vec<String>> = needed(expression)
            .groups
            .into_iter()
            .map(|group| group.into_iter().map(spell).collect())
            .collect();
        groups.iter_mut().for_each(|group| group.sort());
        groups.sort();
        groups
    }

    #[test]
    fn what_an_expression_needs_follows_from_it() {
        assert_eq!(
            groups(r"\b(?:ignore|disregard)\s+(?:all\s+)?previous\s+rules?\b"),
            [vec!["<disregard", "<ignore"], vec!["previous"], vec!["rule"]]
        );
        assert_eq!(groups(r"<important>.*?</important>"), [["</important>"], ["<important>"]]);
        assert!(groups(r"a|bcd").is_empty());
        assert!(groups(r"(?:bcd)?").is_empty());
        assert_eq!(groups(r"(?:bcd)+x"), [["bcd"]]);
        assert_eq!(groups(r"\bRules?\b"), [["<rule"]]);
        assert_eq!(groups(r"(?:\bcat\b|dog)\d"), [["cat", "dog"]]);
    }

    #[test]
    fn few_variants_are_spelled_out() {
        assert_eq!(groups(r"session[_-]?id\b"), [["session-id>", "session_id>", "sessionid>"]]);
        assert_eq!(groups(r"\bpass(?:word|wd)"), [["<passwd", "<password"]]);
        assert_eq!(groups(r"(?:x|y)?token"), [["token"]]);
        assert_eq!(groups(r"\b(?:x|y)?token"), [["token"]]);
    }

    #[test]
    fn a_class_of_many_ends_a_literal() {
        assert_eq!(groups(r"quack[0-9]zebra"), [["quack"], ["zebra"]]);
        assert_eq!(groups(r"\bquack\s\bzebra\b"), [["<quack"], ["<zebra>"]]);
        assert_eq!(groups(r"ab[0-9]cd"), Vec::<Vec<String>>::new());
    }

    #[test]
    fn a_group_with_short_literals_is_looked_for_apart() {
        let thin = |expression: &str| {
            let texts = needed(expression).thin.into_iter().map(|one| String::from_utf8(one.text).unwrap());
            texts.collect::<Vec<_>>()
        };
        assert_eq!(
            thin(r"\bsend\b.{0,9}(?:https?://\S+|\b[\w.]+@\w+(?:\.\w+)+)"),
            ["@", "http://", "https://"]
        );
        assert_eq!(thin(r"\bdo\s+not"), ["do"]);
        for expression in [r"send.{0,9}https?://", r"send.{0,9}(?:@|\w)", r"a{3,}", r"e?not"] {
            assert!(thin(expression).is_empty(), "{expression}: {:?}", thin(expression));
        }
        let one = |text: &str| Literal { text: text.as_bytes().to_vec(), begins: true, ends: true };
        assert!(one("http:").is_in(b"xhhtTP:") && one("@").is_in(b"a@") && !one("http:").is_in(b"http"));
    }

    #[test]
    fn the_rarest_groups_are_kept() {
        let all = needed(r"the .+ zebra .+ quokka .+ wombat .+ jackal").groups;
        assert_eq!(all.len(), GROUPS);
        assert!(all.iter().flatten().all(|literal| literal.text.len() > 4));
    }
}
