//! What a finding shows of the text that matched: short, on one line, without secrets and without invisible marks.

use std::borrow::Cow;
use std::ops::Range;

use regex::{Captures, Regex};

use super::expression::TextExpression;
use super::secret::Finder;
use super::spell::spell;

/// Characters that evidence has at most.
const LONGEST: usize = 200;

/// Shapes of secrets beside those of the room `secret`, looser than a finding would need; the first group is shown, the
/// rest is masked.
const SECRETS: &[&str] = &[
    // Keys with the prefix of a vendor of whatever length: GitHub, GitLab, OpenAI and Anthropic, Slack, AWS, Google, npm,
    // PyPI, Stripe, Sigyl.
    r"\b(gh[pousr]_|github_pat_|glpat-|sk-(?:proj-|ant-)?|xox[abeoprs]-|AKIA|ASIA|AIza|npm_|pypi-|[rs]k_(?:live|test)_|sk_)[A-Za-z0-9_\-]{12,}",
    // The secret of an access key of AWS, behind its id, which is masked before.
    r#"((?:AKIA|ASIA)(?:⟦masked⟧|[A-Z0-9]{16})[^\n]{0,100}?["'\s:=,])[A-Za-z0-9/+]{40}"#,
    // JSON Web Tokens.
    r"\b(eyJ)[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*)?",
    // Private keys.
    r"(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----).{0,4000}?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    // Passwords in addresses.
    r"([a-z][a-z0-9+.\-]{1,20}://[^\s:/@]{0,80}:)[^\s/@]{3,}@",
    // Bearer and basic credentials.
    r"(?i)\b((?:bearer|basic)\s+)[A-Za-z0-9+/._~\-]{16,}=*",
    // Literals given to what is named like a secret.
    r#"(?i)\b([\w-]*(?:passw(?:or)?d|passphrase|passcode|pwd|secret|credentials?|(?:api|access|private|secret|encryption|signing|master|account|hmac|jwt|session|service|auth)[_-]?key|token)["']?\s*[:=]\s*["'`])[^"'`\s]{6,}"#,
];

/// Masks secrets in what is shown.
#[derive(Debug)]
pub(super) struct Masker {
    finder: Finder,
    loose: Vec<TextExpression>,
}

impl Masker {
    /// Takes the shapes of secrets.
    pub(super) fn new() -> Result<Self, regex::Error> {
        let loose = SECRETS.iter().map(|shape| TextExpression::new(*shape)).collect();
        Ok(Self { finder: Finder::new()?, loose })
    }

    /// Makes evidence of `text[start..end]`; it may stand anywhere in `text`, of which more is read so that a secret
    /// that the match cuts through is masked whole.
    pub(super) fn evidence(&self, text: &str, start: usize, end: usize) -> String {
        let from = floor(text, start.saturating_sub(300));
        let to = ceil(text, end.max(start).min(start + 4 * LONGEST) + 300);
        let (start, end) = (floor(text, start.min(text.len())), ceil(text, end.min(start + 4 * LONGEST)));
        let mut shown = Shown::new(&text[from..to], start - from, end.max(start) - from);
        shown.replace(self.finder.secrets(&shown.text));
        for shape in &self.loose {
            shown.mask(shape);
        }
        bounded(shown.middle())
    }

    /// Returns where the secrets of a text stand; places may overlap.
    pub(super) fn spans(&self, text: &str) -> Vec<(usize, usize)> {
        let places = |found: Captures<'_>| Some((found.get(1)?.end(), found.get(0)?.end()));
        let loose = self.loose.iter().flat_map(|shape| shape.captures_iter(text).filter_map(places));
        self.finder.secrets(text).into_iter().map(|place| (place.start, place.end)).chain(loose).collect()
    }

    /// Returns `text[start..end]` with each secret masked that it holds or cuts through.
    pub(super) fn middle(&self, text: &str, start: usize, end: usize) -> String {
        let mut shown = Shown::new(text, start, end);
        shown.replace(self.finder.secrets(&shown.text));
        for shape in &self.loose {
            shown.mask(shape);
        }
        shown.middle().to_owned()
    }

    /// Masks secrets in a text as a whole.
    pub(super) fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let secrets = self.finder.secrets(text);
        let mut masked = Cow::Borrowed(text);
        if !secrets.is_empty() {
            let mut whole = Shown::new(text, 0, 0);
            whole.replace(secrets);
            masked = Cow::Owned(whole.text);
        }
        for shape in &self.loose {
            if shape.is_match(&masked) {
                masked = Cow::Owned(shape.replace_all(&masked, "${1}⟦masked⟧").into_owned());
            }
        }
        masked
    }
}

/// A stretch of text with the part that is shown, which moves when something before it is masked.
struct Shown {
    text: String,
    start: usize,
    end: usize,
}

impl Shown {
    fn new(text: &str, start: usize, end: usize) -> Self {
        Self { text: text.to_owned(), start, end }
    }

    fn mask(&mut self, shape: &Regex) {
        let places = |found: Captures<'_>| {
            let whole = found.get(0)?;
            let shown = found.get(1)?;
            Some(shown.end()..whole.end())
        };
        let secrets = shape.captures_iter(&self.text).filter_map(places).collect();
        self.replace(secrets);
    }

    /// Masks places that follow on each other.
    fn replace(&mut self, mut secrets: Vec<Range<usize>>) {
        const MASK: &str = "⟦masked⟧";
        while let Some(Range { start: from, end: to }) = secrets.pop() {
            self.text.replace_range(from..to, MASK);
            let moved = |place: usize| match place {
                before if before <= from => before,
                inside if inside < to => from + MASK.len(),
                after => after - (to - from) + MASK.len(),
            };
            (self.start, self.end) = (
                if self.start > from && self.start < to { from } else { moved(self.start) },
                moved(self.end),
            );
        }
    }

    fn middle(&self) -> &str {
        self.text.get(self.start..self.end).unwrap_or_default()
    }
}

/// Characters of what is said of a finding: what a rule says of itself, with some names in it, is not cut.
const SAID: usize = 800;

/// Puts text on one line, spells out what does not show, and cuts it.
pub(super) fn bounded(text: &str) -> String {
    cut(text, LONGEST)
}

/// The same of what is said of a finding.
pub(super) fn said(text: &str) -> String {
    cut(text, SAID)
}

fn cut(text: &str, most: usize) -> String {
    let words = text.split_ascii_whitespace();
    let mut line = String::new();
    for word in words {
        if line.len() > 8 * most {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let spelled = spell(&line, true);
    if spelled.chars().count() <= most {
        return spelled.into_owned();
    }
    let kept: String = spelled.chars().take(most - 1).collect();
    kept + "…"
}

fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

fn ceil(text: &str, at: usize) -> usize {
    text.ceil_char_boundary(at.min(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(text: &str, part: &str) -> String {
        let start = text.find(part).unwrap();
        Masker::new().unwrap().evidence(text, start, start + part.len())
    }

    #[test]
    fn what_a_rule_says_is_told_to_its_end_and_what_strangers_say_is_cut() {
        let long = "word ".repeat(60);
        assert_eq!(said(&long).chars().count(), 299);
        assert_eq!(said(&"word ".repeat(600)).chars().count(), SAID);
        assert!(bounded(&long).ends_with('…'));
    }

    #[test]
    fn what_rules_say_of_themselves_is_never_cut() {
        let rules = crate::scan::RuleSet::builtin().unwrap();
        for rule in rules.metas() {
            assert!(rule.why.chars().count() + 200 < SAID, "{}", rule.id);
        }
    }

    #[test]
    fn secrets_are_masked_wherever_the_match_cuts_them() {
        let key = format!("ghp_{}", "a1B2".repeat(9));
        for text in [
            format!("fetch(u, {{ token: '{key}' }})"),
            "const password = \"hunter2hunter2\";".to_owned(),
            "https://user:hunter2hunter2@host.example/".to_owned(),
            "Authorization: Bearer abcdefghijklmnopqrstuvwxyz".to_owned(),
            "-----BEGIN RSA PRIVATE KEY-----\nMIIEabcdef\n-----END RSA PRIVATE KEY-----".to_owned(),
        ] {
            for part in ["a1B2a1B2", "hunter2hun", "mnopqrst", "MIIEabc"] {
                if text.contains(part) {
                    let shown = evidence(&text, part);
                    assert!(!shown.contains(part), "{shown}");
                }
            }
            let whole = evidence(&text, &text);
            assert!(whole.contains("⟦masked⟧"), "{whole}");
            for part in ["a1B2", "hunter2", "mnop", "MIIE"] {
                assert!(!whole.contains(part), "{whole}");
            }
        }
    }

    #[test]
    fn the_secret_behind_the_id_of_a_key_is_masked_with_it() {
        let secret = "nDzAtAIKzCYuheDByziCzzvOJ1NQAx9G4LJqcb0c";
        let text = format!("const aws = [\"AKIA{}\", \"{secret}\"];", "Q8ZK2MW9XLT4R7VB");
        let shown = evidence(&text, &text);
        assert!(!shown.contains("nDzA") && shown.contains("const aws"), "{shown}");
    }

    #[test]
    fn evidence_is_one_short_line() {
        let text = format!("ignore\n\n previous {}", "é".repeat(5000));
        let shown = evidence(&text, &text);
        assert_eq!(shown.chars().count(), 200);
        assert!(shown.starts_with("ignore previous é") && shown.ends_with('…'));
        assert_eq!(evidence("a\u{200b}b", "a\u{200b}b"), "a⟦ZWSP⟧b");
    }
}
