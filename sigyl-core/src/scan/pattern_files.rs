//! The user's own pattern files, and what a rule proves itself with.

use std::collections::HashSet;

use super::expression::Compile;
use super::rule::Proof;
use super::ruleset::{RuleSetError, read_all, with};
use super::{RuleSet, rules};
use crate::domain::RuleId;

impl RuleSet {
    /// Adds the patterns of several files, each a name and its YAML text, or tells everything that is wrong with them.
    pub fn with_pattern_files(mut self, files: &[(String, String)]) -> Result<Self, Vec<RuleSetError>> {
        let mut known: HashSet<RuleId> = self.metas().into_iter().map(|meta| meta.id.clone()).collect();
        let mut problems = Vec::new();
        for (name, yaml) in files {
            match read_all(yaml, name, Compile::Now) {
                Ok(patterns) => {
                    for pattern in patterns {
                        let id = pattern.meta.id.clone();
                        if known.insert(id.clone()) {
                            self.patterns.push(pattern);
                        } else {
                            let why = format!("there is a rule {id} already; rename this one");
                            problems.push(RuleSetError::Pattern { file: name.clone(), line: None, why });
                        }
                    }
                }
                Err(wrong) => problems.extend(wrong),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let digest = files.iter().fold(self.digest, |digest, (_, yaml)| with(digest, yaml));
        let set = Self::new(self.patterns, self.rules, digest).map_err(|error| vec![error])?;
        Ok(Self { advisories: self.advisories, ..set })
    }

    /// Returns the texts that a rule proves itself with.
    pub fn proof(&self, id: &RuleId) -> Option<Proof> {
        match self.patterns.iter().find(|pattern| pattern.meta.id == *id) {
            Some(pattern) => Some(Proof { hits: pattern.hits.clone(), misses: pattern.misses.clone() }),
            None => rules::samples().ok()?.remove(id),
        }
    }

    /// Returns where a pattern looks, with its severity there when that differs; nothing for a rule written as code.
    pub fn looks_at(&self, id: &RuleId) -> Option<String> {
        self.patterns.iter().find(|pattern| pattern.meta.id == *id).map(super::pattern::Pattern::places)
    }
}

#[cfg(test)]
mod tests {
    use super::super::proof::{OF_TREES, builtin};
    use super::*;

    const ONE: &str = "id: a-b\ntitle: T\ncategory: form\nseverity: info\nconfidence: low\nlooks_at: [tool]\n\
                       patterns:\n  - 'abc'\nwhy: w\nfix: f\ntaxa: []\nreferences: []\n";

    fn added(files: &[(&str, String)]) -> Result<RuleSet, Vec<String>> {
        let files: Vec<_> = files.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect();
        let all = RuleSet::from_patterns(&ONE.replace("a-b", "known"), "first.yaml").unwrap();
        all.with_pattern_files(&files).map_err(|wrong| wrong.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn everything_wrong_with_several_files_is_told_at_once() {
        let two = format!("{}---\n{}", ONE.replace("'abc'", "'a(bc'"), ONE.replace("title", "titel"));
        let wrong = added(&[
            ("one.yaml", two),
            ("two.yaml", "a: [".to_owned()),
            ("three.yaml", ONE.replace("a-b", "known")),
            ("four.yaml", ONE.to_owned()),
        ])
        .unwrap_err();
        assert_eq!(wrong.len(), 5, "{wrong:?}");
        assert!(wrong[0].starts_with("one.yaml:8: a-b: `patterns`: unclosed group"), "{wrong:?}");
        assert!(wrong[1].starts_with("one.yaml:") && wrong[1].contains("titel"), "{wrong:?}");
        assert!(wrong[2].starts_with("two.yaml:") && wrong[3].starts_with("two.yaml:2: "), "{wrong:?}");
        assert_eq!(wrong[4], "three.yaml: there is a rule known already; rename this one");
    }

    #[test]
    fn rules_of_ones_own_run_beside_the_others() {
        let set = added(&[("one.yaml", ONE.to_owned()), ("two.yaml", ONE.replace("a-b", "c-d"))]).unwrap();
        let ids: Vec<_> = set.metas().iter().map(|meta| meta.id.to_string()).collect();
        assert_eq!(ids, ["a-b", "c-d", "known"]);
    }

    #[test]
    fn every_rule_shows_what_it_proves_itself_with() {
        for meta in builtin().metas() {
            let proof = builtin().proof(&meta.id).unwrap();
            assert!(OF_TREES.contains(&meta.id.as_str()) || !proof.hits.is_empty(), "{}", meta.id);
        }
        let important = RuleId::parse("important-tag").unwrap();
        assert!(builtin().looks_at(&important).unwrap().contains("docs (warning)"));
    }
}
