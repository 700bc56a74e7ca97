//! `sigyl rules`: what the scanner looks for.

use std::path::PathBuf;

use serde_json::{Value, json};
use sigyl_core::domain::{Category, Kind, RuleId, Severity};
use sigyl_core::scan::{RuleMeta, RuleSet};

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;
use crate::rule_files;

const EXAMPLES: &str = "\
Examples:
  sigyl rules --category tool-poisoning --severity error
      The rules of one class that are at least errors.
  sigyl rules important-tag
      Why, how to mend it, what it is known as, and what it must find and must not.";

/// Show what the scanner looks for
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The rule [default: list them all]
    rule: Option<String>,
    /// Only this class, such as tool-poisoning
    #[arg(long, value_name = "CATEGORY", conflicts_with = "rule", value_parser = word::<Category>)]
    category: Option<Category>,
    /// Only what is at least this bad: info, warning, error or block
    #[arg(long, value_name = "SEVERITY", conflicts_with = "rule", value_parser = word::<Severity>)]
    severity: Option<Severity>,
    /// Add the rules of the .yaml files of DIR, and run the samples that they carry
    #[arg(long, value_name = "DIR")]
    rules: Vec<PathBuf>,
}

impl Args {
    /// Does it.
    pub(super) fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let rules = rule_files::rule_set(&self.rules)?;
        match &self.rule {
            Some(id) => {
                let meta = find(&rules, id).ok_or_else(|| unknown(&rules, id))?;
                show(&rules, meta, cx)?;
            }
            None => self.list(&rules, cx)?,
        }
        match rule_files::unproved(&rules, &self.rules)? {
            wrong if wrong.is_empty() => Ok(Exit::Well),
            wrong => {
                let hint = "correct the rules, or the samples that they do not hold";
                Err(Problem::failed("E0029", Kind::Invalid, wrong.join("\n"), hint))
            }
        }
    }

    fn list(&self, rules: &RuleSet, cx: &mut Context) -> Result<(), Problem> {
        let mut metas = rules.metas();
        metas.retain(|meta| self.category.is_none_or(|category| category == meta.category));
        metas.retain(|meta| self.severity.is_none_or(|severity| meta.severity >= severity));
        if cx.output.is_json() {
            return cx.output.document("sigyl.rules/1", &json!({ "rules": metas }));
        }
        let text = render::rules(&metas, &cx.output.look);
        cx.output.print(&text).map(|_| ())
    }
}

/// Finds a rule by what the user calls it.
pub(super) fn find<'a>(rules: &'a RuleSet, id: &str) -> Option<&'a RuleMeta> {
    rules.meta(&RuleId::parse(id).ok()?)
}

/// Shows all that is known of a rule.
pub(super) fn show(rules: &RuleSet, meta: &RuleMeta, cx: &mut Context) -> Result<(), Problem> {
    let proof = rules.proof(&meta.id).unwrap_or_default();
    let looks_at = rules.looks_at(&meta.id);
    if cx.output.is_json() {
        let taxa: Vec<Value> =
            meta.taxa.iter().map(|taxon| json!({"id": taxon, "url": taxon.url()})).collect();
        let mut body = serde_json::to_value(meta).unwrap_or_default();
        body["taxa"] = taxa.into();
        body["example"] = json!(meta.example);
        body["looks_at"] = json!(looks_at);
        (body["hits"], body["misses"]) = (json!(proof.hits), json!(proof.misses));
        return cx.output.document("sigyl.rule/1", &body);
    }
    let text = render::rule(meta, looks_at.as_deref(), &proof, &cx.output.look);
    cx.output.print(&text).map(|_| ())
}

fn unknown(rules: &RuleSet, id: &str) -> Problem {
    let shown: String = id.chars().take(80).collect();
    let hint = match rules.nearest(id) {
        Some(near) => format!("did you mean `{near}`? `sigyl rules` lists them all"),
        None => "`sigyl rules` lists them all".to_owned(),
    };
    Problem::wrong_use("E0026", format!("there is no rule `{shown}`"), hint)
}

/// Reads a word as reports write it, with `-` or `_`.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    let name = Value::String(text.replace('-', "_"));
    serde_json::from_value(name).map_err(|error| match error.to_string().split_once("expected ") {
        Some((_, known)) => format!("write {}", known.replace('_', "-")),
        None => "it is not known".to_owned(),
    })
}
