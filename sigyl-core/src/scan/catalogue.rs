//! `docs/rules.md`, written from the rules themselves.
#![cfg(test)]

use std::fmt::Write as _;

use super::rule::{RuleMeta, Samples};
use super::rules::samples;
use super::{RuleSet, proof};

const HEAD: &str = "# Rules

Written by `sigyl-core/src/scan/catalogue.rs` from the rules; do not edit. To write it anew:
`UPDATE_GENERATED=1 cargo test -p sigyl-core --lib scan::catalogue`.

`block` keeps a server from running, `error` of high confidence holds it until somebody approves, the rest is told.
Each rule proves itself in the tests: the whole engine must find its hits and none of its misses.

## Where they come from

Invariant Labs found and named tool poisoning, cross-server shadowing and rug pulls; their mcp-scan (now Snyk
agent-scan, Apache-2.0) gave the families that the pattern rules look for, and the rule of the compatible tool hash (the
MD5 of a description's UTF-8 bytes). Cisco mcp-scanner, Ramparts, AI-Infra-Guard and SkillSpector (Apache-2.0), Agent
Threat Rules, mcp-shield and npm mcp-scan by ThynkQ (MIT) look for some of the same mechanisms; no text or code of theirs
is here. damn-vulnerable-MCP-server and MCPSecBench show what real attacks look like. Weaknesses are named after MITRE CWE,
MITRE ATLAS, the OWASP MCP Top 10, the OWASP Top 10 for LLM applications, and the security best practices of the Model
Context Protocol. `NOTICE` says the same with the licences.

## What excuses a match

Whoever writes a poisoned text writes all of it. A pattern that reads text therefore never excuses a match by a word
elsewhere in the sentence: `unless_match` has to overlap the match, or stand directly before or after it and govern it.
`<match>` is the place of the match; `<negated>` (\"does not …\"), `<reported>` (\"detects prompts that …\") and `<said>`
(\"prompts that …\") are closed lists of words; `<words>` is a few words in which the clause does not break off.
`unless_match_in` does so in one context alone. Patterns that read code alone may have `unless` (names anywhere in their
unit, never the contents of strings) and `unless_literal` (strings too).

";

/// Writes what is known of every rule.
fn page(set: &RuleSet) -> String {
    let coded = samples().unwrap();
    let mut page = HEAD.to_owned();
    let metas = set.metas();
    page.push_str(
        "## All of them\n\n| rule | category | severity | confidence | finds |\n|---|---|---|---|---|\n",
    );
    for meta in &metas {
        let (id, title) = (&meta.id, &meta.title);
        let _ = writeln!(
            page,
            "| [`{id}`](#{id}) | {} | {} | {} | {title} |",
            word(&meta.category),
            meta.severity,
            word(&meta.confidence)
        );
    }
    for meta in metas {
        let pattern = set.patterns.iter().find(|pattern| pattern.meta.id == meta.id);
        let own = pattern.map(|pattern| (&pattern.hits, &pattern.misses));
        let (hits, misses) = own.unwrap_or_else(|| (&coded[&meta.id].hits, &coded[&meta.id].misses));
        entry(&mut page, meta, pattern.map(super::pattern::Pattern::places).as_deref());
        for (what, samples) in [("Hits", hits), ("Misses", misses)] {
            list(&mut page, what, samples);
        }
    }
    page
}

fn entry(page: &mut String, meta: &RuleMeta, places: Option<&str>) {
    let places = places.unwrap_or("by a rule in code");
    let _ = write!(
        page,
        "\n## {}\n\n**{}** · {} · {} · confidence {} · looks at: {places}\n\n{}\n\n**Fix.** {}\n",
        meta.id,
        meta.title,
        word(&meta.category),
        meta.severity,
        word(&meta.confidence),
        meta.why,
        meta.fix,
    );
    if let Some(example) = &meta.example {
        let _ = write!(page, "\n```text\n{example}\n```\n");
    }
    let taxa = meta.taxa.iter().map(|taxon| format!("[{taxon}]({})", taxon.url()));
    let known = taxa.chain(meta.references.iter().cloned()).collect::<Vec<_>>();
    let _ = write!(page, "\n**Known as.** {}\n", known.join("; "));
}

/// Writes samples as JSON strings, so that nothing in them is taken for Markdown or stays out of sight.
fn list(page: &mut String, what: &str, samples: &Samples) {
    if samples.is_empty() {
        return;
    }
    let _ = write!(page, "\n{what}:\n\n```text\n");
    for (subject, texts) in samples {
        for text in texts {
            let _ = writeln!(page, "{subject}: {}", serde_json::to_string(text).unwrap());
        }
    }
    page.push_str("```\n");
}

/// Writes a value as it is written in reports.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/rules.md");
        let made = page(proof::builtin());
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::write(path, &made).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(kept == made, "docs/rules.md is stale: run this test with UPDATE_GENERATED=1");
    }

    #[test]
    fn every_rule_says_what_is_known_of_its_weakness() {
        for meta in proof::builtin().metas() {
            assert!(!meta.taxa.is_empty(), "{} names nothing of CWE, OWASP or ATLAS", meta.id);
        }
    }
}
