//! What the fuzz targets of the scanner drive, with the laws that hold for any input. Nobody outside needs it.
//!
//! # Panics
//!
//! Each function, when its law does not hold: that is what the fuzzer looks for.

use super::equivalence::both;
use super::file::FileText;
use super::package;
use super::prose::Prose;
use super::signal::disguised;
use super::spell::{is_spelled, spell};
use super::unpack::{ENCODINGS, unpack};
use super::wrap::unwrap_lines;
use super::{RuleSet, Scanner};
use crate::domain::{Finding, Location};

pub use super::advisory::fuzz::{advisories, versions};
#[cfg(feature = "ast")]
pub use super::ast::fuzz::flows;
pub use super::client::fuzz::configuration;
pub use super::places::{misplaced, misplaced_in_tool};
#[cfg(feature = "llm")]
pub use super::reviewer::fuzz::{redacted, replies};

/// Characters that evidence has at most, a note on what is not listed included.
const SHOWN: usize = 260;
/// Characters that a message has at most, the note included: a rule says why in it.
const SAID: usize = 860;
/// Packages of one list that are looked up in its text.
const PACKAGES: usize = 20;
/// A credential that no evidence may show.
const KEY: &str = "ghp_q8Zk2mW9xLt4R7vB1nYc5dH3sJ6fG0pQaTeU";

/// Reads a text by all that undoes disguises: what comes out is bounded by it, shows whole, and is finished.
pub fn normal(text: &str) {
    for flat in [false, true] {
        let spelled = spell(text, flat).into_owned();
        assert!(!spelled.chars().any(|c| is_spelled(c, flat)), "what does not show is left: {spelled:?}");
        assert_eq!(spell(&spelled, flat), spelled, "spelled twice");
    }
    let start = text.floor_char_boundary(text.len() / 3);
    let mut unwrapped = text.to_owned();
    unwrap_lines(&mut unwrapped, start);
    let joined = |(was, is): (u8, u8)| was == is || was == b'\n' && is == b' ';
    assert_eq!(unwrapped[..start], text[..start], "what stands before is none of its business");
    assert!(
        unwrapped.len() == text.len() && text.bytes().zip(unwrapped.bytes()).all(joined),
        "{unwrapped:?}"
    );
    for (plain, how) in unpack(text).into_iter().chain(disguised(text)) {
        assert!(plain.len() <= 4 * text.len() + 16, "{how}: {} bytes of {}", plain.len(), text.len());
        assert!(!ENCODINGS.contains(&how) || !plain.is_empty(), "nothing was encoded as {how}");
    }
    let prose = Prose::of_instructions(text);
    assert!(prose.text().len() <= 8 * text.len() + 64, "{} bytes of {}", prose.text().len(), text.len());
}

/// Makes evidence of a part of a text around a credential, and masks the whole: it is never shown, nor is what could
/// move a cursor.
pub fn evidence(rules: &RuleSet, before: &str, after: &str, from: usize, length: usize) {
    // What stands there for itself as well is no part of the credential.
    if shows(before) || shows(after) {
        return;
    }
    let text = format!("{before} {KEY} {after}");
    let start = text.floor_char_boundary(from.min(text.len()));
    let end = text.floor_char_boundary((start + length).min(text.len()));
    let shown = rules.masker.evidence(&text, start, end);
    assert_shown(&shown);
    assert_hides(&shown);
    assert_hides(&rules.masker.mask(&text));
    assert_hides(&rules.masker.middle(&text, start, end));
}

/// Looks at a file: each finding is at a place in it, shows what stands there, and comes again.
pub fn found(rules: &RuleSet, path: &str, bytes: &[u8]) {
    let scanner = Scanner::new(rules, crate::domain::Policy::default());
    let looked = scanner.look(path, bytes);
    let again = scanner.look(path, bytes);
    assert_eq!(looked.findings, again.findings, "the same bytes come to something else");
    assert_eq!((&looked.skipped, &looked.gaps), (&again.skipped, &again.gaps));
    let text = match super::decode::decode(path, bytes) {
        super::decode::Decoded::Text(text) => text,
        _ => return,
    };
    for finding in &looked.findings {
        assert_shown(&finding.evidence);
        assert_said(&finding.message);
        assert_placed(rules, path, &text, finding);
    }
    for answer in &looked.objections {
        assert!(answer.path == path && answer.first <= answer.last, "{answer:?}");
        assert!(answer.first as usize <= text.matches('\n').count() + 1, "{answer:?}");
    }
}

/// Holds that the literals that decide where an expression runs never change what is found.
pub fn prefiltered(rules: &RuleSet, path: &str, text: &str) {
    let (fast, plain) = both(rules, path, text);
    assert_eq!(fast, plain, "what the literals of a pattern let through is not what it finds");
}

/// Reads a manifest or lock: each package that is named by a text stands in that text.
pub fn packages(path: &str, text: &str) {
    let Some(listing) = package::read(&FileText::new(path, text)) else { return };
    // The law looks through the whole text for each; that a list is long is no reason to do so without end.
    for one in listing.dependencies.unwrap_or_default().into_iter().take(PACKAGES) {
        for at in package::whole_names(text, &one.name) {
            assert!(text[at..].starts_with(&one.name), "{one:?} at {at}");
        }
        assert!(one.exact.is_none() || !one.elsewhere, "{one:?} is of one version and from elsewhere");
        std::hint::black_box(package::imitated(listing.ecosystem, &one.name));
    }
}

pub(super) fn assert_shown(shown: &str) {
    assert_bounded(shown, SHOWN);
}

pub(super) fn assert_said(said: &str) {
    assert_bounded(said, SAID);
}

fn assert_bounded(text: &str, most: usize) {
    assert!(text.chars().count() <= most, "{} characters are shown", text.chars().count());
    assert!(!text.chars().any(|c| is_spelled(c, true)), "it is not spelled out: {text:?}");
}

fn assert_hides(shown: &str) {
    assert!(!shows(shown), "a part of the credential is shown: {shown:?}");
}

fn shows(text: &str) -> bool {
    KEY.as_bytes()[4..].windows(8).any(|part| text.as_bytes().windows(8).any(|there| there == part))
}

/// Holds that a finding stands in its file, and that evidence of a pattern begins with what stands at its place.
fn assert_placed(rules: &RuleSet, path: &str, text: &str, finding: &Finding) {
    let Some(Location::File { path: there, line: Some(line), column }) = &finding.location else { return };
    assert_eq!(there, path);
    let lines: Vec<&str> = text.split('\n').collect();
    let Some(content) = (*line as usize).checked_sub(1).and_then(|at| lines.get(at)) else {
        panic!("there is no line {line} in {} lines: {finding:?}", lines.len());
    };
    let Some(column) = column else { return };
    let column = *column as usize;
    assert!(column >= 1 && column <= content.chars().count() + 1, "there is no column {column}: {finding:?}");
    let is_pattern = rules.patterns.iter().any(|pattern| pattern.meta.id == finding.rule);
    let first = finding.evidence.chars().next().filter(char::is_ascii_alphanumeric);
    let (true, Some(first), false) = (is_pattern, first, finding.message.starts_with("Hidden as")) else {
        return;
    };
    // Blanks and the marks of comments and strings before the first word are not shown.
    let is_mark = |c: char| c.is_whitespace() || c.is_control() || "/*#!\"'`+".contains(c);
    let at = content.char_indices().nth(column - 1).map_or(content.len(), |(at, _)| at);
    let rest = std::iter::once(&content[at..]).chain(lines[*line as usize..].iter().copied());
    let there = rest.flat_map(str::chars).find(|c| !is_mark(*c));
    // An escape, and what looks like another letter, is shown as what it stands for.
    let fits = there.is_some_and(|there| there == first || there == '\\' || !there.is_ascii());
    assert!(fits, "{first:?} is shown and {there:?} is there: {finding:?}");
}
