//! Floods of comments in Python. Wherever its grammar looks for the end of a line it looks past all comments that follow,
//! and does so again at each of them: what a run of comments costs to parse grows with the square of its length.
//!
//! A long run is blanked out before the text is parsed. No rule reads comments from a tree, blanks mean as little as
//! comments do where a line begins, and every byte keeps its place.

use std::borrow::Cow;
use std::ops::Range;

use crate::scan::language::Language;
use crate::scan::lexer::{TokenKind, tokens};

/// Lines of a run that is blanked out.
const LINES: usize = 16;

/// Returns a text of Python without its long runs of comments.
pub(super) fn without_floods(text: &str) -> Cow<'_, str> {
    if !has_flood(text) {
        return Cow::Borrowed(text);
    }
    let mut bytes = text.as_bytes().to_vec();
    for comment in floods(text) {
        bytes[comment].fill(b' ');
    }
    // A comment ends where a line does, so that no character is cut.
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Tells whether so many lines in a row begin like comments; what they are is for the lexer to say.
fn has_flood(text: &str) -> bool {
    let mut run = 0;
    text.lines().any(|line| {
        match line.trim_ascii_start().as_bytes().first() {
            Some(b'#') => run += 1,
            Some(_) => run = 0,
            None => {}
        }
        run >= LINES
    })
}

/// Returns the comments of all long runs, in which nothing stands but comments and blanks.
fn floods(text: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut run: Vec<Range<usize>> = Vec::new();
    let mut take = |run: &mut Vec<Range<usize>>| {
        if run.len() >= LINES {
            all.append(run);
        }
        run.clear();
    };
    let comments = tokens(text, Language::Python).into_iter();
    for comment in comments.filter(|token| token.kind == TokenKind::Comment) {
        let line = text[..comment.start].rfind('\n').map_or(0, |feed| feed + 1);
        let before = run.last().map_or(line, |last| last.end);
        if !text[before..comment.start].trim_ascii_start().is_empty() {
            take(&mut run);
        }
        // What stands behind code on its line is no flood, and need not end one.
        if text[line..comment.start].trim_ascii_start().is_empty() {
            run.push(comment.start..comment.end);
        }
    }
    take(&mut run);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_of_comments_become_blanks_and_nothing_else_does() {
        let flood = "# é one\n\n    # two\n".repeat(LINES);
        let text = format!("a = 1  # here\n{flood}b = '''\n{flood}'''\n# a\n# b\nc = 2  # here\n{flood}");
        let blanked = without_floods(&text);
        assert_eq!(blanked.len(), text.len());
        assert_eq!(blanked.trim_ascii_end().matches('#').count(), text.matches('#').count() - 4 * LINES);
        assert!(blanked.contains(&format!("b = '''\n{flood}'''\n# a\n# b\nc = 2  # here\n")));
        assert!(blanked.starts_with("a = 1  # here\n"));
        let same = |(one, other): (char, char)| one == other || other == ' ';
        assert!(text.bytes().zip(blanked.bytes()).map(|(a, b)| (char::from(a), char::from(b))).all(same));
    }

    #[test]
    fn a_text_without_floods_is_left_as_it_is() {
        let text = "# a\n".repeat(LINES - 1) + "x = 1\n# b\n";
        assert!(matches!(without_floods(&text), Cow::Borrowed(_)));
    }
}
