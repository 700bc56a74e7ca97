//! What a SARIF log says of rules, and of the catalogues that they refer to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::sarif::{level, plain};
use crate::domain::{Confidence, Finding, RuleId, Severity, Taxon, Taxonomy};
use crate::scan::RuleMeta;

/// The rules of a log in their order, with the entries of catalogues that they name.
pub(super) struct Catalogue<'a> {
    rules: Vec<(&'a RuleId, Option<&'a RuleMeta>)>,
    taxa: BTreeMap<Taxonomy, Vec<&'a Taxon>>,
}

impl<'a> Catalogue<'a> {
    /// Takes the rules that are known, and those that only findings name: a report may be older than the rules.
    pub(super) fn of(metas: &[&'a RuleMeta], findings: &'a [Finding]) -> Self {
        let mut rules: BTreeMap<&RuleId, Option<&RuleMeta>> =
            findings.iter().map(|finding| (&finding.rule, None)).collect();
        rules.extend(metas.iter().map(|meta| (&meta.id, Some(*meta))));
        let named: BTreeSet<&Taxon> = metas.iter().flat_map(|meta| &meta.taxa).collect();
        let mut taxa: BTreeMap<Taxonomy, Vec<&Taxon>> = BTreeMap::new();
        for taxon in named {
            taxa.entry(taxon.taxonomy()).or_default().push(taxon);
        }
        Self { rules: rules.into_iter().collect(), taxa }
    }

    /// Returns where a rule stands.
    pub(super) fn index(&self, rule: &RuleId) -> Option<usize> {
        self.rules.binary_search_by(|(id, _)| (*id).cmp(rule)).ok()
    }

    /// Describes each rule.
    pub(super) fn descriptors(&self) -> Vec<Value> {
        let one = |(id, meta): &(&RuleId, Option<&RuleMeta>)| match meta {
            Some(meta) => self.descriptor(meta),
            None => json!({"id": id}),
        };
        self.rules.iter().map(one).collect()
    }

    fn descriptor(&self, meta: &RuleMeta) -> Value {
        let example = meta.example.as_deref();
        let text = example.map(|example| format!("\n\nExample:\n{example}")).unwrap_or_default();
        let code = example.map(|example| format!("\n\n```text\n{example}\n```")).unwrap_or_default();
        let known: String = meta.taxa.iter().map(|taxon| format!("\n- [{taxon}]({})", taxon.url())).collect();
        json!({
            "id": meta.id,
            "name": pascal(&meta.id),
            "shortDescription": {"text": plain(&meta.title)},
            "fullDescription": {"text": plain(&meta.why)},
            "help": {
                "text": format!("{}\n\nFix: {}{text}", meta.why, meta.fix),
                "markdown": format!("{}\n\n**Fix.** {}{code}\n{known}", meta.why, meta.fix),
            },
            "defaultConfiguration": {"level": level(meta.severity)},
            "relationships": meta.taxa.iter().map(|taxon| self.relationship(taxon)).collect::<Vec<_>>(),
            "properties": {
                "tags": tags(meta),
                "precision": precision(meta.confidence),
                "problem.severity": problem(meta.severity),
                "security-severity": weight(meta.severity),
                "category": meta.category,
                "references": meta.references,
            },
        })
    }

    fn relationship(&self, taxon: &Taxon) -> Value {
        let taxonomy = taxon.taxonomy();
        let component = self.taxa.keys().position(|known| *known == taxonomy).unwrap_or_default();
        let index = self.taxa.get(&taxonomy).and_then(|taxa| taxa.iter().position(|known| *known == taxon));
        json!({
            "target": {
                "id": taxon, "index": index.unwrap_or_default(),
                "toolComponent": {"name": taxonomy.to_string(), "index": component},
            },
            "kinds": ["relevant"],
        })
    }

    /// Names the catalogues.
    pub(super) fn supported(&self) -> Vec<Value> {
        let one =
            |(index, taxonomy): (usize, &Taxonomy)| json!({"name": taxonomy.to_string(), "index": index});
        self.taxa.keys().enumerate().map(one).collect()
    }

    /// Describes the catalogues, with the entries that rules name.
    pub(super) fn taxonomies(&self) -> Vec<Value> {
        let entry = |taxon: &&Taxon| json!({"id": taxon, "helpUri": taxon.url()});
        let one = |(taxonomy, taxa): (&Taxonomy, &Vec<&Taxon>)| {
            let (organization, address) = publisher(*taxonomy);
            json!({
                "name": taxonomy.to_string(), "organization": organization, "informationUri": address,
                "shortDescription": {"text": taxonomy.to_string()},
                "taxa": taxa.iter().map(entry).collect::<Vec<_>>(),
            })
        };
        self.taxa.iter().map(one).collect()
    }
}

fn publisher(taxonomy: Taxonomy) -> (&'static str, &'static str) {
    match taxonomy {
        Taxonomy::OwaspMcp => ("OWASP", "https://owasp.org/www-project-mcp-top-10/"),
        Taxonomy::OwaspLlm => ("OWASP", "https://genai.owasp.org/llm-top-10/"),
        Taxonomy::Cwe => ("MITRE", "https://cwe.mitre.org/"),
        Taxonomy::Atlas => ("MITRE", "https://atlas.mitre.org/"),
    }
}

/// Labels by which code hosts filter.
fn tags(meta: &RuleMeta) -> Vec<String> {
    let category = serde_json::to_value(meta.category).unwrap_or_default();
    let category = category.as_str().unwrap_or_default().replace('_', "-");
    let mut tags = vec!["security".to_owned(), "mcp".to_owned(), category];
    for taxon in &meta.taxa {
        tags.push(match taxon.as_str().strip_prefix("CWE-") {
            Some(number) => format!("external/cwe/cwe-{number:0>3}"),
            None => taxon.to_string(),
        });
    }
    tags
}

fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    }
}

fn problem(severity: Severity) -> &'static str {
    match severity {
        Severity::Block | Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "recommendation",
    }
}

/// A number of the range that code hosts sort by: above 9 critical, 7 high, 4 medium, below low.
fn weight(severity: Severity) -> &'static str {
    match severity {
        Severity::Block => "9.5",
        Severity::Error => "8.0",
        Severity::Warning => "5.0",
        Severity::Info => "2.0",
    }
}

/// Writes an id as SARIF writes names.
fn pascal(id: &RuleId) -> String {
    let word = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    id.as_str().split('-').map(word).collect()
}
