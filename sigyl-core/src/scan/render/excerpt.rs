//! Lines of a file of a source, as they may be shown: every secret that reports mask is masked here too.

use std::ops::Range;

use crate::domain::{Finding, Kind, Location};
use crate::scan::RuleSet;
use crate::scan::decode::{Decoded, decode};
use crate::scan::language::Language;
use crate::scan::rules::hardcoded_values;

/// Characters of a line.
const LINE: usize = 2_000;
/// Bytes of all lines together.
const WHOLE: usize = 256 << 10;
/// Bytes that a mask may begin behind where a report says that it begins: blanks, quotes and types stand between.
const SLACK: usize = 64;
/// What stands in place of a secret.
const MASK: &str = "⟦masked⟧";
/// How a mask in a report begins: some have a mark that tells secrets apart.
const MASKED: &str = "⟦masked";
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
}

impl ExcerptError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Beyond { .. } => Kind::Invalid,
            Self::NotText | Self::Large | Self::Unproved { .. } => Kind::Conflict,
        }
    }
}

impl RuleSet {
    /// Shows at most `count` lines of the file `path` from line `from` on, both from 1. `findings` are those of the report on
    /// its source: where one of them masks a secret at or before the last line, and that is not masked here as well, no line
    /// is shown.
    pub fn excerpt(
        &self,
        path: &str,
        bytes: &[u8],
        (from, count): (usize, usize),
        findings: &[Finding],
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
        let secrets = self.secrets(path, &text);
        let last = from.saturating_add(count).saturating_sub(1).min(total);
        for finding in findings {
            prove(finding, path, &text, &rows, last, &secrets)?;
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
    fn secrets(&self, path: &str, text: &str) -> Vec<Range<usize>> {
        let formed = self.masker.spans(text).into_iter().map(|(start, end)| start..end);
        let given = hardcoded_values(text, Language::of(path, text));
        let mut all: Vec<_> = formed.chain(given).chain(keys(text)).filter(|it| !it.is_empty()).collect();
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

/// Tells whether what a finding masks is masked here as well, if it stands in this file and not behind its line `last`.
fn prove(
    finding: &Finding,
    path: &str,
    text: &str,
    rows: &[Range<usize>],
    last: usize,
    secrets: &[Range<usize>],
) -> Result<(), ExcerptError> {
    let Some((before, _)) = finding.evidence.split_once(MASKED) else { return Ok(()) };
    let Some(Location::File { path: at, line, column }) = &finding.location else { return Ok(()) };
    if at != path {
        return Ok(());
    }
    let unproved = ExcerptError::Unproved { rule: finding.rule.to_string(), at: *line };
    let number = line.and_then(|line| usize::try_from(line).ok());
    if number.is_some_and(|number| number > last) {
        return Ok(());
    }
    let row = number.and_then(|number| rows.get(number.checked_sub(1)?)).ok_or(unproved.clone())?;
    let column = column.and_then(|column| usize::try_from(column).ok()?.checked_sub(1));
    let (place, reach) = match column {
        Some(column) => {
            let at = text[row.clone()].char_indices().nth(column).map_or(row.end, |(at, _)| row.start + at);
            (at, at + before.len() + SLACK)
        }
        None => (row.start, row.end),
    };
    let is_there = |secret: &Range<usize>| secret.end > place && secret.start <= reach;
    if secrets.iter().any(is_there) { Ok(()) } else { Err(unproved) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Category, Confidence, RuleId, Severity};
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
        builtin().excerpt("a.py", text.as_bytes(), window, &[])
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
            let shown = builtin().excerpt("a.txt", bytes, (1, 1), &[]);
            assert_eq!(shown, Err(ExcerptError::NotText), "{bytes:?}");
        }
        let large = vec![b'x'; Excerpt::LARGEST + 1];
        assert_eq!(builtin().excerpt("a.txt", &large, (1, 1), &[]), Err(ExcerptError::Large));
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
    fn values_without_quotes_are_masked_as_the_rule_finds_them() {
        let env = "A=1\nDB_PASSWORD=velvet-0tter!\n";
        let excerpt = builtin().excerpt(".env", env.as_bytes(), (1, 2), &[]).unwrap();
        assert_eq!(excerpt.lines, ["A=1", "DB_PASSWORD=⟦masked⟧"]);
    }

    #[test]
    fn a_secret_that_a_report_masks_and_this_does_not_shows_nothing() {
        let text = "a = 1\nb = 'aHVudGVyMg=='\nc = 3\n";
        let shown = |found: &[Finding], window| builtin().excerpt("a.py", text.as_bytes(), window, found);
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
        let token = format!("x = 1; f('ghp_{}')\n", "a1B2".repeat(9));
        for (column, is_shown) in [(Some(11), true), (None, true), (Some(1), true)] {
            let found = [finding("a.py", Some(1), column, "f('ghp_⟦masked⟧")];
            assert_eq!(builtin().excerpt("a.py", token.as_bytes(), (1, 1), &found).is_ok(), is_shown);
        }
        let far = format!("b = 'aHVudGVyMg=='; {} f('ghp_{}')\n", "x;".repeat(60), "a1B2".repeat(9));
        let found = [finding("a.py", Some(1), Some(6), "hunter⟦masked⟧")];
        assert!(builtin().excerpt("a.py", far.as_bytes(), (1, 1), &found).is_err(), "that is another secret");
    }
}
