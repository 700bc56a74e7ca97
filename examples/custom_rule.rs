//! Adds rules of your own to the built-in ones: one as data, one as code.
//!
//!     cargo run -p sigyl-examples --no-default-features --example custom_rule
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use sigyl_core::domain::{Category, Confidence, Location, Policy, RuleId, Severity};
use sigyl_core::scan::{Findings, Hit, Part, Rule, RuleMeta, RuleSet, Scanner};

/// A pattern rule carries its own proof: each hit must be found, and no miss.
const PATTERN: &str = r#"
id: acme-staging-host
title: Staging Host
category: insecure_config
severity: warning
confidence: high
looks_at: [code]
patterns:
  - '\bstaging\.acme\.example\b'
why: The staging host has no real certificate.
fix: Use the production host, or read it from the environment.
taxa: [CWE-489]
references: [ACME engineering handbook, chapter 4]
hits:
  a.py: ["URL = 'https://staging.acme.example/api'"]
misses:
  a.py: ["URL = 'https://acme.example/api'"]
"#;

/// A rule as code, for what no pattern can say.
struct LongLines(RuleMeta);

impl Rule for LongLines {
    fn meta(&self) -> &RuleMeta {
        &self.0
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::File(file) = part else { return };
        for (at, line) in file.text().lines().enumerate().filter(|(_, line)| line.len() > 200) {
            let location = Location::File {
                path: file.path().to_owned(),
                line: u32::try_from(at + 1).ok(),
                column: None,
            };
            found.add(&self.0, Some(location), Hit::whole(line), None);
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let long_lines = LongLines(RuleMeta {
        id: RuleId::parse("acme-long-line")?,
        title: "Long Line".to_owned(),
        category: Category::InsecureConfig,
        severity: Severity::Info,
        confidence: Confidence::High,
        why: "Nobody reviews a line of more than 200 bytes.".to_owned(),
        fix: "Break it.".to_owned(),
        example: None,
        taxa: Vec::new(),
        references: Vec::new(),
    });
    let rules = RuleSet::builtin()?.with_patterns(PATTERN, "acme.yaml")?.with_rule(Box::new(long_lines))?;
    let unproved = rules.unproved();
    if !unproved.is_empty() {
        return Err(unproved.join("\n").into());
    }

    let scanner = Scanner::new(&rules, Policy::default());
    let file = format!("URL = 'https://staging.acme.example/api'\nDATA = '{}'\n", "x".repeat(300));
    let findings = scanner.file("server.py", file.as_bytes()).map_err(|skipped| skipped.reason)?;
    for finding in &findings {
        println!("{} {}: {}", finding.severity, finding.rule, finding.message);
    }
    for id in ["acme-staging-host", "acme-long-line"] {
        if !findings.iter().any(|finding| finding.rule.as_str() == id) {
            return Err(format!("{id} found nothing").into());
        }
    }
    Ok(())
}
