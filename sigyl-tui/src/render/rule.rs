//! Rules: all of them in a table, or one in full.

use std::fmt::{self, Write as _};

use sigyl_core::domain::Severity;
use sigyl_core::scan::{Proof, RuleMeta, Samples};

use super::table::{Cell, Column, Table};
use super::{Look, Role, specimen, wrap};

/// Writes one line for each rule.
pub(crate) fn rules(metas: &[&RuleMeta], look: &Look) -> String {
    let mut table = Table::new([
        Column::left("RULE"),
        Column::left("SEVERITY"),
        Column::optional("CONFIDENCE"),
        Column::optional("CATEGORY"),
        Column::flexible("TITLE"),
    ]);
    for meta in metas {
        table.push([
            specimen(meta.id.as_str()).into(),
            Cell::new(role(meta.severity), meta.severity.to_string()),
            word(&meta.confidence).into(),
            word(&meta.category).into(),
            specimen(&meta.title).into(),
        ]);
    }
    table.render(look)
}

/// Writes all that is known of one rule.
pub(crate) fn rule(meta: &RuleMeta, looks_at: Option<&str>, proof: &Proof, look: &Look) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    write(&mut text, meta, looks_at, look).ok();
    text.push_str(&samples("finds", &proof.hits, look));
    text.push_str(&samples("leaves alone", &proof.misses, look));
    text
}

fn write(text: &mut String, meta: &RuleMeta, looks_at: Option<&str>, look: &Look) -> fmt::Result {
    writeln!(text, "{}: {}", look.paint(Role::Strong, meta.id.as_str()), specimen(&meta.title))?;
    let severity = look.paint(role(meta.severity), &meta.severity.to_string());
    let looks_at = looks_at.unwrap_or("what its code says");
    let (confidence, category) = (word(&meta.confidence), word(&meta.category));
    writeln!(text, "{severity}, {confidence} confidence, {category}; looks at {looks_at}\n")?;
    writeln!(text, "{}\n", wrap(&specimen(&meta.why), look, 0))?;
    writeln!(text, "{} {}", look.paint(Role::Strong, "fix"), wrap(&specimen(&meta.fix), look, 4))?;
    for line in meta.example.iter().flat_map(|example| example.lines()) {
        writeln!(text, "    {}", specimen(line))?;
    }
    if !meta.taxa.is_empty() || !meta.references.is_empty() {
        writeln!(text, "\n{}", look.paint(Role::Strong, "known as"))?;
    }
    for taxon in &meta.taxa {
        writeln!(text, "  {taxon}  {}", look.paint(Role::Dim, &taxon.url()))?;
    }
    meta.references.iter().try_for_each(|one| writeln!(text, "  {}", wrap(&specimen(one), look, 2)))
}

fn samples(title: &str, samples: &Samples, look: &Look) -> String {
    let all = samples.iter().flat_map(|(place, all)| all.iter().map(move |one| (place, one)));
    let line = |(place, sample): (&String, &String)| {
        let line = format!("  {}  {}", specimen(place), specimen(sample));
        look.width.map_or(line.clone(), |width| look.cut(&line, width)) + "\n"
    };
    let lines: String = all.map(line).collect();
    if lines.is_empty() { lines } else { format!("\n{}\n{lines}", look.paint(Role::Strong, title)) }
}

fn role(severity: Severity) -> Role {
    match severity {
        Severity::Block => Role::Block,
        Severity::Error => Role::Error,
        Severity::Warning => Role::Warn,
        Severity::Info => Role::Dim,
    }
}

/// Writes a value as the command line takes it.
fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sigyl_core::scan::RuleSet;

    const RULE: &str = "id: my-own\ntitle: 'A title'\ncategory: tool_poisoning\nseverity: error\nconfidence: high\n\
                        looks_at: [tool, docs]\nseverity_in: {docs: info}\npatterns: ['abc']\nwhy: Because.\n\
                        fix: Remove it.\nexample: 'write this'\ntaxa: [CWE-78]\nreferences: ['A paper']\n\
                        hits: {tool: [\"abc \\e[2J\"]}\nmisses: {a.ts: ['ab']}\n";

    #[test]
    fn a_rule_is_shown_whole_and_its_samples_are_obeyed_by_nobody() {
        let set = RuleSet::from_patterns(RULE, "a.yaml").unwrap();
        let meta = set.metas()[0];
        let shown =
            rule(meta, set.looks_at(&meta.id).as_deref(), &set.proof(&meta.id).unwrap(), &Look::PLAIN);
        insta::assert_snapshot!(shown, @r"
        my-own: A title
        error, high confidence, tool-poisoning; looks at tool, docs (info), instructions (info)

        Because.

        fix Remove it.
            write this

        known as
          CWE-78  https://cwe.mitre.org/data/definitions/78.html
          A paper

        finds
          tool  abc ⟦ESC⟧[2J

        leaves alone
          a.ts  ab
        ");
        insta::assert_snapshot!(rules(&[meta], &Look::PLAIN), @r"
        RULE    SEVERITY  CONFIDENCE  CATEGORY        TITLE
        my-own  error     high        tool-poisoning  A title
        ");
    }
}
