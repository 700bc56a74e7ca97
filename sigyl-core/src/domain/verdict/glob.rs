//! Patterns of names and paths, as a policy writes them.

use serde::{Deserialize, Serialize};

use crate::domain::text::checked_text;

/// Characters of one pattern.
const MOST: usize = 200;

/// A pattern: `?` is any character but `/`, `*` any number of them, `**` any number of any. It fits the whole text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Glob(Box<str>);

/// Text that is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a pattern: it is 1 to {MOST} characters, none of them a control character")]
pub struct GlobError(String);

impl Glob {
    /// Checks and takes a pattern.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        if text.is_empty() || text.chars().count() > MOST || text.chars().any(char::is_control) {
            return Err(GlobError(text.chars().filter(|c| !c.is_control()).take(MOST).collect()));
        }
        Ok(Self(text.into()))
    }

    /// Tells whether it means one text only.
    pub fn is_plain(&self) -> bool {
        !self.0.contains(['*', '?'])
    }

    /// Tells whether it fits `text`. The work is bounded by the length of both.
    pub fn fits(&self, text: &str) -> bool {
        if self.is_plain() {
            return *self.0 == *text;
        }
        let steps = steps(&self.0);
        // Whether the first n steps fit what was read so far.
        let mut fit = vec![false; steps.len() + 1];
        fit[0] = true;
        pass_over(&steps, &mut fit);
        for c in text.chars() {
            let mut next = vec![false; steps.len() + 1];
            for (at, step) in steps.iter().enumerate().filter(|(at, _)| fit[*at]) {
                match step {
                    Step::One(one) => next[at + 1] |= *one == c,
                    Step::Any => next[at + 1] |= c != '/',
                    Step::Many => next[at] |= c != '/',
                    Step::All => next[at] = true,
                }
            }
            pass_over(&steps, &mut next);
            fit = next;
            if !fit.contains(&true) {
                return false;
            }
        }
        fit[steps.len()]
    }
}

checked_text!(Glob, GlobError);

#[derive(Clone, Copy, Debug)]
enum Step {
    One(char),
    Any,
    Many,
    All,
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for c in text.chars() {
        match (c, steps.last()) {
            ('*', Some(Step::Many | Step::All)) => {
                steps.pop();
                steps.push(Step::All);
            }
            ('*', _) => steps.push(Step::Many),
            ('?', _) => steps.push(Step::Any),
            (c, _) => steps.push(Step::One(c)),
        }
    }
    steps
}

/// A step that fits nothing at all may be passed over.
fn pass_over(steps: &[Step], fit: &mut [bool]) {
    for (at, step) in steps.iter().enumerate() {
        if matches!(step, Step::Many | Step::All) && fit[at] {
            fit[at + 1] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_the_whole_text_and_a_star_stays_in_its_folder() {
        for (pattern, text, fits) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "a-b", true),
            ("*", "a/b", false),
            ("**", "a/b", true),
            ("tests/**", "tests/a/b.py", true),
            ("tests/**", "src/tests/a.py", false),
            ("**/tests/**", "src/tests/a.py", true),
            ("src/*.py", "src/a.py", true),
            ("src/*.py", "src/a/b.py", false),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("*-injection", "command-injection", true),
            ("*ab*ab*", "abaab", true),
            ("ü*", "üx", true),
        ] {
            assert_eq!(Glob::parse(pattern).unwrap().fits(text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_over_a_long_text_end_soon() {
        let pattern = Glob::parse(&"*a".repeat(100)).unwrap();
        assert!(!pattern.fits(&"a".repeat(50).repeat(2).replace('a', "ab").repeat(50)));
    }

    #[test]
    fn what_is_too_long_or_unseen_is_refused() {
        for text in ["", "a\nb", &"a".repeat(MOST + 1)] {
            assert!(Glob::parse(text).is_err(), "{text:?}");
        }
    }
}
