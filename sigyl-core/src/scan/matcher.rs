//! Runs patterns over the views of a file or tool.

use std::ops::Range;

use super::file::FileText;
use super::findings::{Findings, Hit, in_file};
use super::pattern::{Context, Pattern, Unit};
use super::prose::{Prose, Segment};
use super::tool_text::ToolText;
use crate::domain::{Location, Severity};

/// Bytes that a sentence or statement has at most, to each side of a match.
const REACH: usize = 500;
/// Bytes that a block has at most, to each side of a match.
const BLOCK: usize = 1_500;
/// Lines of a block before and after a match.
const BLOCK_LINES: (usize, usize) = (3, 12);
/// Matches of one pattern in one view that are weighed; more of the same say nothing new.
const WEIGHED: usize = 10_000;

/// Runs `pattern` over a file.
pub(super) fn check_file(pattern: &Pattern, file: &FileText<'_>, found: &mut Findings<'_>) {
    if !pattern.speaks(file.language()) {
        return;
    }
    let code = file.language().is_code();
    for &context in &pattern.looks_at {
        match context {
            Context::Code if code => check_code(pattern, context, file, file.code(), found),
            Context::Bare if code => check_code(pattern, context, file, file.bare(), found),
            Context::Settings if file.language().is_config() => {
                check_code(pattern, context, file, file.code(), found);
            }
            _ => {}
        }
    }
    if pattern.looks_at.iter().any(|context| context.is_prose()) {
        each_in_prose(pattern, file.prose(), |segment, place| {
            let origin = file.prose().origin(place.start);
            let hit = Hit { text: file.prose().text(), start: place.start, end: place.end };
            add(pattern, segment, in_file(file, origin), hit, found);
        });
    }
}

/// Runs `pattern` over the texts of a tool.
pub(super) fn check_tool(pattern: &Pattern, tool: &ToolText, found: &mut Findings<'_>) {
    if !pattern.looks_at.contains(&Context::Tool) {
        return;
    }
    each_in_prose(pattern, tool.prose(), |segment, place| {
        let hit = Hit { text: tool.prose().text(), start: place.start, end: place.end };
        add(pattern, segment, tool.location(segment.field as usize), hit, found);
    });
}

fn add(
    pattern: &Pattern,
    segment: &Segment,
    location: Option<Location>,
    hit: Hit<'_>,
    found: &mut Findings<'_>,
) {
    let meta = &pattern.meta;
    let message = segment.hidden.map(|how| format!("Hidden as {how}: {}", meta.why));
    // What had to be decoded first was hidden on purpose.
    let severity = match pattern.severity(segment.context) {
        severity if segment.hidden.is_some() => severity.max(Severity::Error),
        severity => severity,
    };
    found.add_as(meta, severity, meta.confidence, location, hit, message);
}

fn check_code(
    pattern: &Pattern,
    context: Context,
    file: &FileText<'_>,
    view: &[u8],
    found: &mut Findings<'_>,
) {
    for expression in &pattern.patterns {
        for place in expression.find_iter(view).take(WEIGHED).map(|found| found.range()) {
            if pattern.holds(&view[around(view, &place, pattern.unit)]) {
                let hit = Hit { text: file.text(), start: place.start, end: place.end };
                let severity = pattern.severity(context);
                let meta = &pattern.meta;
                found.add_as(meta, severity, meta.confidence, in_file(file, place.start), hit, None);
            }
        }
    }
}

/// Calls `hit` with every place where the pattern holds, never across two segments.
fn each_in_prose(pattern: &Pattern, prose: &Prose, mut hit: impl FnMut(&Segment, Range<usize>)) {
    let bytes = prose.text().as_bytes();
    for expression in &pattern.patterns {
        let mut at = 0;
        let mut weighed = 0;
        while let Some(place) = expression.find_at(bytes, at).map(|found| found.range()) {
            weighed += 1;
            let next = prose.segments().partition_point(|segment| segment.end <= place.start);
            let Some(segment) = prose.segments().get(next).filter(|_| weighed < WEIGHED) else { break };
            if place.start < segment.start {
                at = segment.start;
                continue;
            }
            // A match that runs over the end of its segment may hide a shorter one inside it.
            let inside = match place.end <= segment.end {
                true => Some(place),
                false => expression.find_at(&bytes[..segment.end], place.start).map(|found| found.range()),
            };
            let Some(place) = inside else {
                at = segment.end;
                continue;
            };
            at = place.end.max(place.start + 1);
            if pattern.looks_at.contains(&segment.context) {
                let own = &bytes[segment.start..segment.end];
                let place_in = place.start - segment.start..place.end - segment.start;
                if pattern.holds(&own[around(own, &place_in, pattern.unit)]) {
                    hit(segment, place);
                }
            }
            if at >= bytes.len() {
                break;
            }
        }
    }
}

/// Returns the stretch of `text` that a match at `place` is judged with.
fn around(text: &[u8], place: &Range<usize>, unit: Unit) -> Range<usize> {
    match unit {
        Unit::Whole => 0..text.len(),
        Unit::Line => line_start(text, place.start, REACH)..line_end(text, place.end, REACH),
        Unit::Sentence => sentence_start(text, place.start)..sentence_end(text, place.end),
        Unit::Statement => place.start..statement_end(text, place.end),
        Unit::Block => block_start(text, place.start)..block_end(text, place.end),
    }
}

fn line_start(text: &[u8], at: usize, reach: usize) -> usize {
    let from = at.saturating_sub(reach);
    text[from..at].iter().rposition(|&byte| byte == b'\n').map_or(from, |line| from + line + 1)
}

fn line_end(text: &[u8], at: usize, reach: usize) -> usize {
    let to = text.len().min(at + reach);
    text[at..to].iter().position(|&byte| byte == b'\n').map_or(to, |line| at + line)
}

/// Tells whether a sentence ends with the byte at `at`.
fn ends_sentence(text: &[u8], at: usize) -> bool {
    match text[at] {
        b'.' | b'!' | b'?' => text.get(at + 1).is_none_or(|next| next.is_ascii_whitespace() || *next == b'<'),
        b'\n' => matches!(text.get(at + 1), Some(b'\n' | b'-' | b'*' | b'#')),
        // The full stop of Chinese and Japanese: E3 80 82.
        0x82 => at >= 2 && text[at - 2..at] == [0xe3, 0x80],
        _ => false,
    }
}

fn sentence_start(text: &[u8], at: usize) -> usize {
    let from = at.saturating_sub(REACH);
    (from..at).rev().find(|&place| ends_sentence(text, place)).map_or(from, |place| place + 1)
}

fn sentence_end(text: &[u8], at: usize) -> usize {
    let to = text.len().min(at + REACH);
    (at..to).find(|&place| ends_sentence(text, place)).map_or(to, |place| place + 1)
}

fn statement_end(text: &[u8], at: usize) -> usize {
    let to = text.len().min(at + REACH);
    (at..to).find(|&place| text[place] == b';' || text[place..].starts_with(b"\n\n")).unwrap_or(to)
}

fn block_start(text: &[u8], at: usize) -> usize {
    let from = at.saturating_sub(BLOCK);
    let mut breaks = (from..at).rev().filter(|&place| text[place] == b'\n');
    breaks.nth(BLOCK_LINES.0).map_or(from, |place| place + 1)
}

fn block_end(text: &[u8], at: usize) -> usize {
    let to = text.len().min(at + BLOCK);
    (at..to).filter(|&place| text[place] == b'\n').nth(BLOCK_LINES.1).unwrap_or(to)
}
