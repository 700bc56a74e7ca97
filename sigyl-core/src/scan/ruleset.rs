//! The rules of a scanner, compiled once.

use std::sync::Arc;

use serde::Deserialize as _;

use super::advisory::Advisories;
use super::evidence::Masker;
use super::expression::Compile;
use super::pattern::{FILE_BYTES, Pattern, PatternSpec};
use super::prefilter::{At, Needs, Prefilter};
use super::rule::{Rule, RuleMeta};
use super::scanner::Scanner;
use super::tool_text::ToolText;
use super::{patterns, rules, secret};
use crate::domain::{Digest, Kind, Policy, RuleId, RulesUsed};

/// Patterns in one file.
const PATTERNS: usize = 200;

/// Every rule that a scanner runs: patterns, which are data, and rules written as code.
pub struct RuleSet {
    pub(super) patterns: Vec<Pattern>,
    /// What can match in code and settings, and after them which code rules can find anything in a file.
    pub(super) files: Prefilter,
    /// What can match in prose.
    pub(super) prose: Prefilter,
    pub(super) rules: Vec<Box<dyn Rule>>,
    pub(super) masker: Masker,
    /// Of the texts of all pattern files, in order.
    pub(super) digest: Digest,
    pub(super) advisories: Option<Arc<Advisories>>,
}

/// A rule set that cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuleSetError {
    /// A pattern file that cannot be read or compiled.
    #[error("{file}{}: {why}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
    Pattern {
        /// The file.
        file: String,
        /// The line, from 1, where it is known.
        line: Option<usize>,
        /// What is wrong and where.
        why: String,
    },
    /// The forms of credentials do not go together.
    #[error("the forms of credentials cannot be searched together: {0}")]
    Together(String),
    /// Two rules with one id.
    #[error("two rules are called {0}; rename one of them")]
    Duplicate(RuleId),
}

impl RuleSetError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Pattern { .. } | Self::Duplicate(_) => Kind::Invalid,
            Self::Together(_) => Kind::Internal,
        }
    }
}

impl RuleSet {
    /// Takes the rules that come with the library.
    pub fn builtin() -> Result<Self, RuleSetError> {
        let mut all = Vec::new();
        let mut digest = nothing();
        for (name, text) in patterns::FILES.iter().chain(rules::files()) {
            digest = with(with(digest, name), text);
        }
        for (name, text) in patterns::FILES {
            all.extend(read(text, name, Compile::WhenNeeded)?);
        }
        Self::new(all, rules::all()?, digest)
    }

    /// Compiles the patterns of a YAML text, one document each; `name` is what errors call it.
    pub fn from_patterns(yaml: &str, name: &str) -> Result<Self, RuleSetError> {
        Self::new(read(yaml, name, Compile::Now)?, Vec::new(), with(nothing(), yaml))
    }

    /// Adds the patterns of another YAML text.
    pub fn with_patterns(self, yaml: &str, name: &str) -> Result<Self, RuleSetError> {
        let patterns = self.patterns.into_iter().chain(read(yaml, name, Compile::Now)?).collect();
        let set = Self::new(patterns, self.rules, with(self.digest, yaml))?;
        Ok(Self { advisories: self.advisories, ..set })
    }

    /// Adds a rule written as code.
    pub fn with_rule(mut self, rule: Box<dyn Rule>) -> Result<Self, RuleSetError> {
        let digest = with(with(self.digest, rule.meta().id.as_str()), rule.version());
        self.rules.push(rule);
        let set = Self::new(self.patterns, self.rules, digest)?;
        Ok(Self { advisories: self.advisories, ..set })
    }

    /// Looks dependencies up in advisories.
    pub fn with_advisories(mut self, advisories: Arc<Advisories>) -> Self {
        rules::with_advisories(&mut self.rules, &advisories);
        let digest = with(self.digest, &advisories.digest().to_string());
        Self { advisories: Some(advisories), digest, ..self }
    }

    /// Returns the advisories that dependencies are looked up in.
    pub fn advisories(&self) -> Option<&Advisories> {
        self.advisories.as_deref()
    }

    /// Returns the digest of the rules: of every rule file, the names and versions of rules that were added, the
    /// advisories, and the version of this library, whose code they run by.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Yields what is true of each rule, sorted by id.
    pub fn metas(&self) -> Vec<&RuleMeta> {
        let patterns = self.patterns.iter().map(|pattern| &pattern.meta);
        let mut all: Vec<&RuleMeta> = patterns.chain(self.rules.iter().map(|rule| rule.meta())).collect();
        all.sort_by(|one, other| one.id.cmp(&other.id));
        all
    }

    /// Finds a rule by its id.
    pub fn meta(&self, id: &RuleId) -> Option<&RuleMeta> {
        self.metas().into_iter().find(|meta| meta.id == *id)
    }

    /// Returns what a report says of these rules.
    pub(super) fn used(&self) -> RulesUsed {
        let count = self.patterns.len() + self.rules.len();
        RulesUsed { digest: self.digest, count: count as u64 }
    }

    /// Runs the samples that patterns carry through the whole engine and returns those that do not give what they
    /// should, each in one line.
    pub fn unproved(&self) -> Vec<String> {
        self.patterns.iter().flat_map(|pattern| self.unproved_by(pattern)).collect()
    }

    /// Does the same for one rule; a rule written as code has proved itself before it was built.
    pub fn unproved_of(&self, id: &RuleId) -> Vec<String> {
        self.patterns
            .iter()
            .filter(|pattern| pattern.meta.id == *id)
            .flat_map(|one| self.unproved_by(one))
            .collect()
    }

    fn unproved_by(&self, pattern: &Pattern) -> Vec<String> {
        let mut wrong = Vec::new();
        for (samples, expected) in [(&pattern.hits, true), (&pattern.misses, false)] {
            let texts = samples.iter().flat_map(|(name, texts)| texts.iter().map(move |text| (name, text)));
            for (name, text) in texts.filter(|(name, text)| self.hits(pattern, name, text) != expected) {
                let should = if expected { "should hit" } else { "should not hit" };
                wrong.push(format!("{} {should} {name}: {text:?}", pattern.meta.id));
            }
        }
        wrong
    }

    fn hits(&self, pattern: &Pattern, name: &str, text: &str) -> bool {
        let scanner = Scanner::new(self, Policy::default());
        let found = match name {
            "tool" => Ok(scanner.tool(&ToolText::of_text("sample", "description", text))),
            path => scanner.file(path, text.as_bytes()),
        };
        found.is_ok_and(|found| found.iter().any(|finding| finding.rule == pattern.meta.id))
    }

    pub(super) fn new(
        patterns: Vec<Pattern>,
        rules: Vec<Box<dyn Rule>>,
        digest: Digest,
    ) -> Result<Self, RuleSetError> {
        let of_rules =
            rules.iter().map(|rule| Needs { any: rule.needs().to_vec(), all: Vec::new(), at: At::File });
        let in_files = patterns.iter().map(|pattern| pattern.needs(false)).chain(of_rules);
        // Rules that look for secrets are code; without any, nothing asks where that search begins.
        let anchors = if rules.is_empty() { &[] } else { secret::literals() };
        let files = Prefilter::with_anchors(&in_files.collect::<Vec<_>>(), anchors);
        let in_prose = patterns.iter().map(|pattern| pattern.needs(true));
        let prose = Prefilter::with_anchors(&in_prose.collect::<Vec<_>>(), anchors);
        let masker = Masker::new().map_err(|error| RuleSetError::Together(error.to_string()))?;
        let set = Self { patterns, files, prose, rules, masker, digest, advisories: None };
        let metas = set.metas();
        match metas.windows(2).find(|pair| pair[0].id == pair[1].id) {
            Some(pair) => Err(RuleSetError::Duplicate(pair[0].id.clone())),
            None => Ok(set),
        }
    }
}

impl std::fmt::Debug for RuleSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.metas().iter().map(|meta| &meta.id)).finish()
    }
}

/// Returns the digest of no rules.
fn nothing() -> Digest {
    Digest::of(concat!("sigyl.rules/", env!("CARGO_PKG_VERSION")).as_bytes())
}

/// Adds a text to what a digest stands for.
pub(super) fn with(digest: Digest, text: &str) -> Digest {
    Digest::of(&[&digest.as_bytes()[..], Digest::of(text.as_bytes()).as_bytes()].concat())
}

/// Reads the patterns of one text, or the first thing that is wrong with it.
fn read(yaml: &str, name: &str, compile: Compile) -> Result<Vec<Pattern>, RuleSetError> {
    read_all(yaml, name, compile).map_err(|wrong| match wrong.into_iter().next() {
        Some(first) => first,
        None => {
            RuleSetError::Pattern { file: name.to_owned(), line: None, why: "it cannot be read".to_owned() }
        }
    })
}

/// Reads the patterns of one text, or everything that is wrong with it.
pub(super) fn read_all(yaml: &str, name: &str, compile: Compile) -> Result<Vec<Pattern>, Vec<RuleSetError>> {
    let wrong = |line, why: String| RuleSetError::Pattern { file: name.to_owned(), line, why };
    if yaml.len() > FILE_BYTES {
        return Err(vec![wrong(None, format!("{} bytes, {FILE_BYTES} at most", yaml.len()))]);
    }
    let (mut patterns, mut problems, mut last) = (Vec::new(), Vec::new(), String::new());
    for (count, document) in serde_yaml::Deserializer::from_str(yaml).enumerate() {
        if count == PATTERNS {
            problems.push(wrong(None, format!("more than {PATTERNS} patterns")));
            break;
        }
        match PatternSpec::deserialize(document) {
            Ok(spec) => {
                let id = spec.id.clone();
                match Pattern::new(spec, compile) {
                    Ok(pattern) => patterns.push(pattern),
                    Err(error) => {
                        let why = format!("{id}: `{}`: {}", error.field, error.why);
                        problems.push(wrong(line_of(yaml, &error.text), why));
                    }
                }
            }
            Err(error) => {
                // A text that is no YAML gives the same error for ever.
                if std::mem::replace(&mut last, error.to_string()) == error.to_string() {
                    break;
                }
                problems.push(wrong(error.location().map(|at| at.line()), error.to_string()));
            }
        }
    }
    if problems.is_empty() { Ok(patterns) } else { Err(problems) }
}

/// Finds the line that an expression begins on.
fn line_of(yaml: &str, expression: &str) -> Option<usize> {
    let first = expression.trim().lines().next()?;
    yaml.lines().position(|line| line.contains(first)).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "id: a-b\ntitle: T\ncategory: form\nseverity: info\nconfidence: low\nlooks_at: [tool]\n\
                       patterns:\n  - 'abc'\nwhy: w\nfix: f\ntaxa: []\nreferences: []\n";

    #[test]
    fn a_wrong_pattern_file_is_named_by_line() {
        let error = |yaml: &str| RuleSet::from_patterns(yaml, "mine.yaml").unwrap_err().to_string();
        assert!(RuleSet::from_patterns(ONE, "mine.yaml").is_ok());
        let broken = error(&ONE.replace("'abc'", "'a(bc'"));
        assert!(broken.starts_with("mine.yaml:8: a-b: `patterns`: unclosed group"), "{broken}");
        let unknown = error(&ONE.replace("title: T", "titel: T"));
        assert!(unknown.starts_with("mine.yaml:") && unknown.contains("titel"), "{unknown}");
        let huge = error(&ONE.replace("'abc'", "'(a{1000}){1000}'"));
        assert!(huge.contains("size limit"), "{huge}");
        let anywhere = error(&ONE.replace("why: w", "unless: ['x']\nwhy: w"));
        assert!(anywhere.contains("use `unless_match`"), "{anywhere}");
        let all = error(&ONE.replace("why: w", "unless_match: ['<match>']\nwhy: w"));
        assert!(all.contains("excuse everything"), "{all}");
        assert!(error(&format!("{ONE}---\n{ONE}")).contains("two rules are called a-b"));
        assert!(error(&"#".repeat(FILE_BYTES + 1)).contains("at most"));
        assert!(error(&ONE.replace("id: a-b", "id: A b")).contains("not a rule id"));
    }

    #[test]
    fn the_digest_changes_with_every_rule() {
        let digest = |set: Result<RuleSet, RuleSetError>| *set.unwrap().digest();
        let builtin = digest(RuleSet::builtin());
        assert_eq!(builtin, digest(RuleSet::builtin()));
        let more = digest(RuleSet::builtin().unwrap().with_patterns(ONE, "mine.yaml"));
        let other = ONE.replace("abc", "abd");
        let another = digest(RuleSet::builtin().unwrap().with_patterns(&other, "mine.yaml"));
        let alone = digest(RuleSet::from_patterns(ONE, "mine.yaml"));
        let all = std::collections::HashSet::from([builtin, more, another, alone]);
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn every_builtin_expression_compiles() {
        for (name, text) in patterns::FILES {
            assert!(RuleSet::from_patterns(text, name).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_builtin_set_compiles_and_is_found_by_id() {
        let set = RuleSet::builtin().unwrap();
        let metas = set.metas();
        assert!(metas.len() >= 20);
        assert_eq!(set.meta(&metas[0].id), Some(metas[0]));
        assert_eq!(set.used().count, metas.len() as u64);
    }
}
