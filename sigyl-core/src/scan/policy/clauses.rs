//! The rules of a policy file.

use std::collections::BTreeSet;

use super::values::{Map, quoted, word};
use crate::domain::{Clause, Condition, Glob, RuleId, Taxon, Verdict};
use crate::manifest::{Node, Place, Problems};
use crate::scan::RuleSet;

/// Rules of one policy.
pub(super) const CLAUSES: usize = 500;

const KEYS: &[&str] = &["match", "then", "reason"];
const MATCH: &[&str] = &["category", "rule", "path", "tool", "server", "severity", "confidence", "taxa"];

/// Reads a verdict as a policy writes it.
pub(super) fn then(text: &str) -> Result<Verdict, String> {
    match text {
        "block" => Ok(Verdict::Block),
        "hold" => Ok(Verdict::Hold),
        "warn" => Ok(Verdict::Warn),
        "ignore" => Ok(Verdict::Pass),
        other => Err(format!("{} is none of block, hold, warn, ignore", quoted(other))),
    }
}

/// Reads one rule of the list.
pub(super) fn clause(node: &Node, path: &str, rules: &RuleSet, problems: &mut Problems) -> Option<Clause> {
    let map = Map::new(node, path, KEYS, problems)?;
    let reason = map.text("reason", problems);
    let verdict = map.parsed("then", then, problems);
    if map.find("then").is_none() {
        map.wrong("then", "is missing: block, hold, warn or ignore", problems);
    }
    if verdict == Some(Verdict::Pass) && map.find("reason").is_none() {
        map.wrong("reason", "is missing: what is ignored is ignored for a reason", problems);
    }
    let when = match map.find("match") {
        Some(node) => condition(node, &map.at("match"), rules, problems)?,
        None => {
            map.wrong("match", "is missing: write `match: {}` for every finding", problems);
            return None;
        }
    };
    let then = verdict?;
    let names_rules = !when.rule.is_empty() && when.rule.iter().all(Glob::is_plain);
    if then <= Verdict::Warn && !names_rules {
        let message =
            "does not let pass what blocks: a finding that blocks is let pass by the id of its rule only";
        problems
            .notice(node.place.problem(path, message).hint("name the rules one by one where that is meant"));
    }
    Some(Clause { when, then, reason })
}

fn condition(node: &Node, path: &str, rules: &RuleSet, problems: &mut Problems) -> Option<Condition> {
    let map = Map::new(node, path, MATCH, problems)?;
    let globs = |key, problems: &mut Problems| map.list(key, Glob::parse, problems);
    let ids = globs("rule", problems);
    for (glob, place) in &ids {
        require_rule(glob, place, &map.at("rule"), rules, problems);
    }
    let taxa = map.list("taxa", Taxon::parse, problems);
    for (taxon, place) in taxa.iter().filter(|(taxon, _)| of_taxon(rules, taxon).next().is_none()) {
        let message = format!("names {taxon}, which no rule names");
        problems
            .error(place.problem(&map.at("taxa"), message).hint("`sigyl rules` lists what each rule names"));
    }
    Some(Condition {
        category: bare(map.list("category", word, problems)),
        path: bare(globs("path", problems)),
        tool: bare(globs("tool", problems)),
        server: bare(globs("server", problems)),
        severity: map.word("severity", problems),
        confidence: map.word("confidence", problems),
        rules_of_taxa: taxa.iter().flat_map(|(taxon, _)| of_taxon(rules, taxon)).collect::<BTreeSet<_>>(),
        taxa: bare(taxa),
        rule: bare(ids),
    })
}

fn bare<T>(list: Vec<(T, Place)>) -> Vec<T> {
    list.into_iter().map(|(value, _)| value).collect()
}

fn of_taxon<'a>(rules: &'a RuleSet, taxon: &'a Taxon) -> impl Iterator<Item = RuleId> + 'a {
    let names = |meta: &&crate::scan::RuleMeta| meta.taxa.contains(taxon);
    rules.metas().into_iter().filter(names).map(|meta| meta.id.clone())
}

/// Notes a pattern of ids that fits no rule: what it is for would silently not happen.
pub(super) fn require_rule(glob: &Glob, place: &Place, path: &str, rules: &RuleSet, problems: &mut Problems) {
    if rules.metas().iter().any(|meta| glob.fits(meta.id.as_str())) {
        return;
    }
    let problem = place.problem(path, format!("names {}, and there is no such rule", quoted(glob.as_str())));
    let hint = match rules.nearest(glob.as_str()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "docs/rules.md lists the rules".to_owned(),
    };
    problems.error(problem.hint(hint));
}
