//! Lines of a file of a source, as they may be shown: every secret that reports mask is masked here too.

use std::ops::Range;

use crate::domain::{Category, Finding, Kind, Location, Mask};
use crate::scan::RuleSet;
use crate::scan::decode::{Decoded, decode};
use crate::scan::findings::is_last_listed;
use crate::scan::language::Language;
use crate::scan::rules::hardcoded_values;
use crate::scan::secret::Assigned;
use crate::scan::spell::spell;

/// Characters of a line.
const LINE: usize = 2_000;
/// Bytes of all lines together.
const WHOLE: usize = 256 << 10;
/// Bytes of a secret in which evidence may go on that masked less of it.
const WITHIN: usize = 1_100;
/// Places of a line at which evidence without a column is looked for.
const LOOKS: usize = 10_000;
/// What stands in place of a secret.
const MASK: &str = "⟦masked⟧";
/// How a mask in a report begins: some have a mark that tells secrets apart.
const MASKED: &str = "⟦masked";
/// What stands behind the name of a value in evidence of one that is found by its name.
const GIVEN: &str = " = ⟦masked⟧";
/// How a private key begins.
const KEY: &str = "-----BEGIN ";

/// Lines that stand one after the other, with their secrets masked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Excerpt {
    /// How many lines the file has.
    pub total: usize,
    /// The number of the first one here, from 1.
    pub from: usize,
    /// The lines. There are fewer than were asked for where the file ends, or where all together would be too long.
    pub lines: Vec<String>,
    /// Numbers of lines that were cut, because they are too long.
    pub cut: Vec<usize>,
    /// How many secrets were masked in these lines.
    pub masked: usize,
}

impl Excerpt {
    /// Bytes of a file of which lines are shown: all of it is read, so that no secret begins before what was looked at.
    pub const LARGEST: usize = 1 << 20;
}

/// Lines of a file cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExcerptError {
    /// Not text in UTF-8.
    #[error("it is no text in UTF-8")]
    NotText,
    /// So large that not all of it is looked through for secrets.
    #[error("it has more than {} bytes, and secrets are masked in files of up to as many", Excerpt::LARGEST)]
    Large,
    /// No such line.
    #[error("line {from} was asked for, and it has {total}")]
    Beyond {
        /// The line.
        from: usize,
        /// The lines that there are.
        total: usize,
    },
    /// What a report masks was not found again.
    #[error("rule {rule} found a secret{} that cannot be told from the text around it", at.map(|at| format!(" in line {at}")).unwrap_or_default())]
    Unproved {
        /// The rule.
        rule: String,
        /// The line, if it is known.
        at: Option<u32>,
    },
    /// The report does not say where everything is that has to be masked.
    #[error("rule {rule} found more in it than its report lists, and not all of that may be shown")]
    Unlisted {
        /// The rule.
        rule: String,
    },
}

impl ExcerptError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Beyond { .. } => Kind::Invalid,
            Self::NotText | Self::Large | Self::Unproved { .. } | Self::Unlisted { .. } => Kind::Conflict,
        }
    }
}

impl RuleSet {
    /// Shows at most `count` lines of the file `path` from line `from` on, both from 1. `findings` are those of the report on
    /// its source: where one of them masks a secret at or before the last line, and that is not masked here as well, no line
    /// is shown. What `hidden` hides is masked too.
    pub fn excerpt(
        &self,
        path: &str,
        bytes: &[u8],
        (from, count): (usize, usize),
        findings: &[Finding],
        hidden: &Mask,
    ) -> Result<Excerpt, ExcerptError> {
        if bytes.len() > Excerpt::LARGEST {
            return Err(ExcerptError::Large);
        }
        // What the scanner reads otherwise than as UTF-8 is not guessed at; what it reads as no text is none.
        let Decoded::Text(text) = decode(path, bytes) else { return Err(ExcerptError::NotText) };
        if std::str::from_utf8(bytes).is_err() || text.len() != bytes.len() {
            return Err(ExcerptError::NotText);
        }
        let rows = rows(&text);
        let total = rows.len();
        if from == 0 || from > total.max(1) {
            return Err(ExcerptError::Beyond { from, total });
        }
        let given = hardcoded_values(&text, Language::of(path, &text));
        let secrets = self.secrets(&text, &given, hidden);
        let last = from.saturating_add(count).saturating_sub(1).min(total);
        let here: Vec<&Finding> = findings.iter().filter(|finding| is_in(finding, path)).collect();
        all_listed(&here)?;
        let masked = Masked { text: &text, rows: &rows, given: &given, secrets: &secrets };
        for finding in here {
            masked.prove(finding, last)?;
        }
        let shown = rows.get(from - 1..last).unwrap_or_default();
        let mut excerpt = Excerpt { total, from, lines: Vec::new(), cut: Vec::new(), masked: 0 };
        let mut left = WHOLE;
        for (number, row) in (from..).zip(shown) {
            let (line, is_cut) = cut(&self.masker.mask(&line(&text, row, &secrets)));
            let Some(rest) = left.checked_sub(line.len() + 1) else { break };
            left = rest;
            excerpt.cut.extend(is_cut.then_some(number));
            excerpt.lines.push(line);
        }
        let of = shown.get(..excerpt.lines.len()).unwrap_or_default();
        if let (Some(first), Some(last)) = (of.first(), of.last()) {
            let meets = |secret: &&Range<usize>| secret.start < last.end && secret.end > first.start;
            excerpt.masked = secrets.iter().filter(meets).count();
        }
        Ok(excerpt)
    }

    /// Finds all that is masked in a text, in order; no two overlap.
    fn secrets(&self, text: &str, given: &[Assigned<'_>], hidden: &Mask) -> Vec<Range<usize>> {
        let formed = self.masker.spans(text).into_iter().map(|(start, end)| start..end);
        let given = given.iter().map(|one| one.end - one.value.len()..one.end);
        let mut all: Vec<_> = formed
            .chain(given)
            .chain(keys(text))
            .chain(hidden.places(text))
            .filter(|it| !it.is_empty())
            .collect();
        all.sort_by_key(|place| place.start);
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(all.len());
        for place in all {
            match merged.last_mut() {
                Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
                _ => merged.push(place),
            }
        }
        merged
    }
}

/// Private keys of any length: up to where they end, else the rest of the text.
fn keys(text: &str) -> Vec<Range<usize>> {
    let begins = text.match_indices(KEY).filter_map(|(at, _)| {
        let head = text.get(at + KEY.len()..)?;
        let (kind, _) = head.split_once("-----")?;
        let is_key = kind.len() <= 40 && kind.ends_with("PRIVATE KEY");
        is_key.then_some(at + KEY.len() + kind.len() + "-----".len())
    });
    let whole = |start: usize| {
        let end = text[start..].find("-----END").map_or(text.len(), |length| start + length);
        start..end
    };
    begins.map(whole).collect()
}

/// Returns where each line stands, without what ends it.
fn rows(text: &str) -> Vec<Range<usize>> {
    let (mut rows, mut start) = (Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let own = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
        rows.push(start..start + own.len());
        start = end;
    }
    rows
}

/// Makes a line of a text, with each secret masked that stands in it or goes through it.
fn line(text: &str, row: &Range<usize>, secrets: &[Range<usize>]) -> String {
    let (mut line, mut at) = (String::new(), row.start);
    let first = secrets.partition_point(|secret| secret.end <= row.start);
    for secret in secrets[first..].iter().take_while(|secret| secret.start < row.end) {
        line.push_str(&text[at..secret.start.max(at)]);
        line.push_str(MASK);
        at = secret.end.min(row.end);
    }
    line.push_str(&text[at..row.end]);
    line
}

/// Cuts a line that is too long, and tells whether it was.
fn cut(line: &str) -> (String, bool) {
    match line.char_indices().nth(LINE) {
        Some((at, _)) => (line[..at].to_owned(), true),
        None => (line.to_owned(), false),
    }
}

fn is_in(finding: &Finding, path: &str) -> bool {
    matches!(&finding.location, Some(Location::File { path: at, .. }) if at == path)
}

/// Refuses a file of which the report counts findings without a place, if the rule is one that masks what it finds.
fn all_listed(here: &[&Finding]) -> Result<(), ExcerptError> {
    let masks = |rule| {
        let of = |one: &&&Finding| one.rule == rule;
        here.iter().filter(of).any(|one| one.category == Category::Secret || one.evidence.contains(MASKED))
    };
    match here.iter().find(|one| is_last_listed(one) && masks(one.rule.clone())) {
        Some(last) => Err(ExcerptError::Unlisted { rule: last.rule.to_string() }),
        None => Ok(()),
    }
}

/// A text with all that is masked in it.
struct Masked<'a> {
    text: &'a str,
    rows: &'a [Range<usize>],
    /// Values that are found by their names.
    given: &'a [Assigned<'a>],
    secrets: &'a [Range<usize>],
}

impl Masked<'_> {
    /// Tells whether what a finding of this text masks is masked here as well, if it does not stand behind the line `last`.
    fn prove(&self, finding: &Finding, last: usize) -> Result<(), ExcerptError> {
        let parts = parts(&finding.evidence);
        let Some(Location::File { line, column, .. }) = &finding.location else { return Ok(()) };
        if parts.len() < 2 {
            return Ok(());
        }
        let unproved = ExcerptError::Unproved { rule: finding.rule.to_string(), at: *line };
        let number = line.and_then(|line| usize::try_from(line).ok());
        if number.is_some_and(|number| number > last) {
            return Ok(());
        }
        let row = number.and_then(|number| self.rows.get(number.checked_sub(1)?)).ok_or(unproved.clone())?;
        let column = column.and_then(|column| usize::try_from(column).ok()?.checked_sub(1));
        let is_proved = match column {
            Some(column) => {
                let line = self.text.get(row.clone()).unwrap_or_default();
                let at = line.char_indices().nth(column).map_or(row.end, |(at, _)| row.start + at);
                self.is_given(at, &finding.evidence) || self.covers(blanks(self.text, at), &parts)
            }
            None => self.covers_within(row, &parts),
        };
        if is_proved { Ok(()) } else { Err(unproved) }
    }

    /// Tells whether a value is given at a place to the name that the evidence has, whatever stands between them.
    fn is_given(&self, at: usize, evidence: &str) -> bool {
        let mut here = self.given.iter().filter(|one| one.at == at);
        here.any(|one| evidence.strip_prefix(one.name) == Some(GIVEN))
    }

    /// Tells whether evidence is found in a line.
    fn covers_within(&self, row: &Range<usize>, parts: &[&str]) -> bool {
        let begins = |secret: &Range<usize>| secret.start.max(row.start);
        if parts.first().is_some_and(|first| first.is_empty()) {
            let first = self.secrets.partition_point(|secret| secret.end <= row.start);
            let here = self.secrets[first..].iter().take_while(|secret| secret.start < row.end);
            return here.take(LOOKS).any(|secret| self.covers(begins(secret), parts));
        }
        let line = self.text.get(row.clone()).unwrap_or_default();
        line.char_indices().take(LOOKS).any(|(at, _)| self.covers(row.start + at, parts))
    }

    /// Tells whether the text reads at a place as evidence does, with a secret wherever that masks one.
    fn covers(&self, at: usize, parts: &[&str]) -> bool {
        let Some((before, behind)) = parts.split_first() else { return false };
        let Some(mut at) = reads(self.text, at, before) else { return false };
        for part in behind {
            let place = self.secrets.partition_point(|secret| secret.end <= at);
            let Some(secret) = self.secrets.get(place).filter(|secret| secret.start <= at) else {
                return false;
            };
            // Evidence ends, or masks what comes next by itself: here the two may be one.
            if part.is_empty() {
                continue;
            }
            let within = at + 1..secret.end.min(at + WITHIN);
            let mut ends = std::iter::once(secret.end).chain(within);
            let Some(next) = ends.find_map(|end| reads(self.text, end, part)) else { return false };
            at = next;
        }
        true
    }
}

/// Returns what evidence shows before, between and behind what it masks.
fn parts(evidence: &str) -> Vec<&str> {
    let (shown, is_cut) = match evidence.strip_suffix('…') {
        Some(shown) => (shown, true),
        None => (evidence, false),
    };
    let mut parts = shown.split(MASKED);
    let first = parts.next().unwrap_or_default();
    let behind = parts.map(|part| part.split_once('⟧').map_or("", |(_, after)| after));
    let mut parts: Vec<&str> = std::iter::once(first).chain(behind).collect();
    // The cut may go through a mask.
    let begun = |part: &&str| {
        MASKED.char_indices().skip(1).map(|(at, _)| &MASKED[..at]).find(|it| part.ends_with(it))
    };
    if let Some(last) = parts.last_mut().filter(|_| is_cut)
        && let Some(mask) = begun(&&**last)
    {
        *last = last.strip_suffix(mask).unwrap_or(last);
        parts.push("");
    }
    parts
}

/// Returns where a text goes on from a place, blanks aside.
fn blanks(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_whitespace()).len()
}

/// Returns where a part of evidence ends in a text that has it at `at`: blanks are one there, and what does not show is
/// spelled out.
fn reads(text: &str, mut at: usize, part: &str) -> Option<usize> {
    let mut rest = part;
    while let Some(first) = rest.chars().next() {
        let character = text.get(at..)?.chars().next()?;
        let end = at + character.len_utf8();
        if first == ' ' {
            at = blanks(text, at);
            rest = rest.strip_prefix(' ').filter(|_| character.is_ascii_whitespace())?;
        } else {
            rest = rest.strip_prefix(&*spell(text.get(at..end)?, true))?;
            at = end;
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Confidence, RuleId, SecretName, SecretValue, Severity};
    use crate::scan::proof::builtin;

    fn finding(path: &str, line: Option<u32>, column: Option<u32>, evidence: &str) -> Finding {
        Finding {
            rule: RuleId::parse("some-secret").unwrap(),
            category: Category::Secret,
            severity: Severity::Error,
            confidence: Confidence::High,
            message: String::new(),
            location: Some(Location::File { path: path.to_owned(), line, column }),
            evidence: evidence.to_owned(),
            fix: None,
        }
    }

    fn of(text: &str, window: (usize, usize)) -> Result<Excerpt, ExcerptError> {
        builtin().excerpt("a.py", text.as_bytes(), window, &[], &Mask::default())
    }

    #[test]
    fn a_window_has_its_lines_and_says_how_many_there_are() {
        let text = "one\r\ntwo\n\nfour";
        let excerpt = of(text, (2, 2)).unwrap();
        assert_eq!(
            (excerpt.total, excerpt.from, excerpt.lines),
            (4, 2, vec!["two".to_owned(), String::new()])
        );
        assert_eq!(of(text, (4, 9)).unwrap().lines, ["four"]);
        assert_eq!(of(text, (5, 1)), Err(ExcerptError::Beyond { from: 5, total: 4 }));
        assert_eq!(of(text, (0, 1)), Err(ExcerptError::Beyond { from: 0, total: 4 }));
        let empty = of("", (1, 5)).unwrap();
        assert_eq!((empty.total, empty.lines.len()), (0, 0), "an empty file has no line, and is there");
    }

    #[test]
    fn what_is_no_text_in_utf8_is_not_guessed() {
        for bytes in [&b"caf\xe9 = 1\n"[..], b"\xff\xfea\0b\0", b"\x89PNG\r\n\x1a\n\0\0", b"a\0b\0\0\0\0c"] {
            let shown = builtin().excerpt("a.txt", bytes, (1, 1), &[], &Mask::default());
            assert_eq!(shown, Err(ExcerptError::NotText), "{bytes:?}");
        }
        let large = vec![b'x'; Excerpt::LARGEST + 1];
        assert_eq!(
            builtin().excerpt("a.txt", &large, (1, 1), &[], &Mask::default()),
            Err(ExcerptError::Large)
        );
    }

    #[test]
    fn what_is_too_long_is_cut_and_said() {
        let text = format!("{}\nshort\n{}", "é".repeat(LINE + 1), "x\n".repeat(3));
        let excerpt = of(&text, (1, 2)).unwrap();
        assert_eq!((excerpt.cut, excerpt.lines[0].chars().count()), (vec![1], LINE));
        let wide = format!("{}\n", "y".repeat(1_900)).repeat(200);
        let excerpt = of(&wide, (1, 200)).unwrap();
        assert!(excerpt.lines.len() < 200 && excerpt.total == 200, "{}", excerpt.lines.len());
        assert!(excerpt.lines.iter().map(|line| line.len() + 1).sum::<usize>() <= WHOLE);
    }

    #[test]
    fn no_part_of_a_secret_is_shown_wherever_the_window_cuts_it() {
        // Longer than what masks look over at a time.
        let body: Vec<String> =
            (0..200).map(|n| format!("MIIEabcdef{n:03}0123456789012345678901234567890123456789")).collect();
        let text = format!(
            "k = '''-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----'''\ntail = 1\n",
            body.join("\n")
        );
        for from in [1, 2, 90, 150, 199] {
            let excerpt = of(&text, (from, 3)).unwrap();
            assert!(!excerpt.lines.join("\n").contains("MII"), "{from}: {excerpt:?}");
            assert_eq!(excerpt.masked, 1, "{from}");
        }
        assert_eq!(of(&text, (203, 1)).unwrap().lines, ["tail = 1"], "lines keep their numbers");
        let cut_off = text.replace("-----END", "");
        assert!(!of(&cut_off, (180, 5)).unwrap().lines.join("\n").contains("MII"));
        let token = format!("a = 1\nf('ghp_{}')\nPASSWORD = \"velvet-0tter!\"\n", "a1B2".repeat(9));
        let shown = of(&token, (1, 9)).unwrap();
        assert_eq!(shown.lines, ["a = 1", "f('ghp_⟦masked⟧')", "PASSWORD = \"⟦masked⟧\""]);
        assert_eq!(shown.masked, 2);
    }

    #[test]
    fn what_is_hidden_is_masked_in_every_spelling_and_through_a_cut() {
        let (name, value) = (SecretName::parse("API").unwrap(), SecretValue::new("plain-words-of-ada"));
        let hidden = Mask::of([(&name, &value)]);
        let filled = "x".repeat(LINE - 5);
        let text =
            format!("a = 'plain-words-of-ada' # cGxhaW4td29yZHMtb2YtYWRh\n{filled}plain-words-of-ada\n");
        let shown = builtin().excerpt("a.py", text.as_bytes(), (1, 2), &[], &hidden).unwrap();
        assert_eq!(shown.lines[0], "a = '⟦masked⟧' # ⟦masked⟧");
        assert_eq!((shown.masked, shown.lines[1].contains("pl")), (3, false), "{shown:?}");
    }

    #[test]
    fn values_without_quotes_are_masked_as_the_rule_finds_them() {
        let env = "A=1\nDB_PASSWORD=velvet-0tter!\n";
        let excerpt = builtin().excerpt(".env", env.as_bytes(), (1, 2), &[], &Mask::default()).unwrap();
        assert_eq!(excerpt.lines, ["A=1", "DB_PASSWORD=⟦masked⟧"]);
    }

    #[test]
    fn a_secret_that_a_report_masks_and_this_does_not_shows_nothing() {
        let text = "a = 1\nb = 'aHVudGVyMg=='\nc = 3\n";
        let shown = |found: &[Finding], window| {
            builtin().excerpt("a.py", text.as_bytes(), window, found, &Mask::default())
        };
        let decoded = finding("a.py", Some(2), Some(6), "hunter⟦masked⟧");
        let unproved = Err(ExcerptError::Unproved { rule: "some-secret".to_owned(), at: Some(2) });
        assert_eq!(shown(std::slice::from_ref(&decoded), (1, 3)), unproved);
        assert_eq!(shown(std::slice::from_ref(&decoded), (3, 1)), unproved, "it may go on behind its line");
        assert!(shown(std::slice::from_ref(&decoded), (1, 1)).is_ok(), "it stands behind the window");
        assert!(shown(&[finding("b.py", Some(2), Some(6), "⟦masked⟧")], (1, 3)).is_ok(), "another file");
        assert!(shown(&[finding("a.py", Some(2), Some(6), "b = 1")], (1, 3)).is_ok(), "nothing is masked");
        assert!(
            shown(&[finding("a.py", None, None, "x ⟦masked:0a1b⟧")], (1, 1)).is_err(),
            "nobody knows where"
        );
    }

    fn key() -> String {
        format!("ghp_{}", "a1B2".repeat(9))
    }

    #[test]
    fn a_mask_that_is_not_where_the_report_has_it_proves_nothing() {
        let key = key();
        let near = format!("b = 'aHVudGVyMg=='; f('{key}'); g('{key}')\n");
        let given = "b = 'aHVudGVyMg=='; PASSWORD: str = \"velvet-0tter!\"\n".to_owned();
        let blank = format!("f(\t\t'{key}',\u{200b} 1)\n");
        for (text, column, evidence, is_shown) in [
            (&near, Some(6), "hunter⟦masked⟧", false),
            (&near, Some(6), "⟦masked⟧", false),
            (&near, Some(1), "b = ⟦masked⟧", false),
            (&near, None, "hunter⟦masked⟧", false),
            (&near, Some(24), "ghp_⟦masked⟧", true),
            (&near, Some(24), "ghp_⟦masked:0a1b2c3d⟧", true),
            (&near, Some(24), "⟦masked⟧", false),
            (&near, Some(30), "⟦masked⟧", true),
            (&near, None, "ghp_⟦masked⟧", true),
            (&near, None, "⟦masked⟧", true),
            (&near, Some(21), "f('ghp_⟦masked⟧'); g('ghp_⟦masked⟧')", true),
            (&near, Some(21), "f('ghp_⟦masked⟧'); g('ghp_⟦mas…", true),
            (&near, Some(21), "f('ghp_⟦masked⟧'); g('⟦masked⟧", false),
            (&near, Some(21), "f('ghp_⟦masked⟧'); h('ghp_⟦masked⟧", false),
            (&near, Some(21), "f('ghp_⟦masked⟧ more", false),
            (&given, Some(21), "PASSWORD = ⟦masked⟧", true),
            (&given, Some(1), "PASSWORD = ⟦masked⟧", false),
            (&given, Some(21), "WORD = ⟦masked⟧", false),
            (&blank, Some(1), "f( 'ghp_⟦masked⟧'", true),
            (&blank, Some(1), "f('ghp_⟦masked⟧'", false),
        ] {
            let found = [finding("a.py", Some(1), column, evidence)];
            let shown = builtin().excerpt("a.py", text.as_bytes(), (1, 1), &found, &Mask::default());
            assert_eq!(shown.is_ok(), is_shown, "{evidence} at {column:?} of {text}");
        }
    }

    #[test]
    fn what_the_rules_find_is_proved_at_its_place_and_more_than_is_listed_is_not() {
        let scanned = |lines: usize| {
            let line = |n| format!("f('{}{n:02}'); DB_PASSWORD = \"velvet-0tter!{n}\"\n", key());
            let text: String = (0..lines).map(line).collect();
            let found = crate::scan::proof::findings(builtin(), "a.py", &text);
            assert!(
                found.iter().filter(|one| one.evidence.contains(MASKED)).count() >= lines.min(20),
                "{found:?}"
            );
            builtin().excerpt("a.py", text.as_bytes(), (1, 1), &found, &Mask::default())
        };
        assert_eq!(scanned(3).unwrap().masked, 2);
        let refused = scanned(30).unwrap_err();
        assert!(matches!(refused, ExcerptError::Unlisted { .. }), "{refused}");
    }
}
