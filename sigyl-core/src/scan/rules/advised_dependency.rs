//! Dependencies that an advisory names, where the operator gave advisories.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::domain::{Confidence, Location, Severity};
use crate::scan::advisory::{Advised, Advisories, Degree};
use crate::scan::client::{Clients, Package, fetched};
use crate::scan::file::FileText;
use crate::scan::findings::{Findings, Hit};
use crate::scan::package::{Dependency, Ecosystem, read};
use crate::scan::rule::{Part, Rule, RuleMeta};

use super::named_lines::NamedLines;

/// Names that one finding lists.
const LISTED: usize = 10;

/// A rule and the advisories that it looks in.
struct Lookup {
    meta: RuleMeta,
    advisories: Option<Arc<Advisories>>,
    /// Whether it tells of malicious packages, or of the others.
    malicious: bool,
}

/// Finds packages that were published to do harm.
pub(in crate::scan) struct MaliciousDependency(Lookup);

/// Finds versions with a known vulnerability.
pub(in crate::scan) struct VulnerableDependency(Lookup);

impl MaliciousDependency {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self(Lookup { meta, advisories: None, malicious: true }))
    }
}

impl VulnerableDependency {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self(Lookup { meta, advisories: None, malicious: false }))
    }
}

/// Makes the rules that look in advisories, in place of those of the same names that have none.
pub(in crate::scan) fn with_advisories(rules: &mut Vec<Box<dyn Rule>>, advisories: &Arc<Advisories>) {
    let lookup = |meta: &RuleMeta, malicious| Lookup {
        meta: meta.clone(),
        advisories: Some(advisories.clone()),
        malicious,
    };
    for rule in rules {
        match rule.meta().id.as_str() {
            "malicious-dependency" => *rule = Box::new(MaliciousDependency(lookup(rule.meta(), true))),
            "vulnerable-dependency" => *rule = Box::new(VulnerableDependency(lookup(rule.meta(), false))),
            _ => {}
        }
    }
}

impl Lookup {
    fn look(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        match part {
            Part::File(file) => self.file(file, found),
            Part::Clients(clients) => self.clients(clients, found),
            _ => {}
        }
    }

    fn file(&self, file: &FileText<'_>, found: &mut Findings<'_>) {
        let Some(advisories) = &self.advisories else { return };
        let Some(listing) = read(file) else { return };
        // A manifest that cannot be read is told by the rule that compares names.
        let Ok(dependencies) = listing.dependencies else { return };
        let mut lines = NamedLines::new(file);
        let mut open = Vec::new();
        for one in dependencies.iter().filter(|one| !one.elsewhere) {
            let name = &one.name;
            let advised = look_up(advisories, listing.ecosystem, name, one.exact.as_deref());
            if one.exact.is_none() && advised.is_empty() && advisories.knows(listing.ecosystem, name) {
                open.push(one);
            }
            self.tell(name, one.exact.as_deref(), advised, || lines.of(name), found);
        }
        if !open.is_empty() && !self.malicious {
            self.open(lines.whole(), listing.ecosystem, &open, found);
        }
    }

    /// Looks at what clients fetch and run.
    fn clients(&self, clients: &Clients<'_>, found: &mut Findings<'_>) {
        let Some(advisories) = &self.advisories else { return };
        let all = clients
            .configs
            .iter()
            .flat_map(|config| config.servers.iter().map(move |entry| (*config, entry)));
        for (config, entry) in all.filter(|(_, entry)| !entry.disabled) {
            let Some(Package { ecosystem, name, version }) = fetched(entry).and_then(|one| one.package)
            else {
                continue;
            };
            let advised = look_up(advisories, ecosystem, name, version);
            let place =
                || Some(Location::File { path: config.path.clone(), line: Some(entry.line), column: None });
            self.tell(name, version, advised, place, found);
        }
    }

    /// Tells what is said of one package, if this rule tells it: the worst in words, the others by their ids.
    fn tell(
        &self,
        name: &str,
        exact: Option<&str>,
        mut advised: Vec<Advised<'_>>,
        place: impl FnOnce() -> Option<Location>,
        found: &mut Findings<'_>,
    ) {
        advised.retain(|advised| (advised.degree == Degree::Malicious) == self.malicious);
        advised.sort_by_key(|advised| (Reverse(advised.degree), advised.id));
        advised.dedup_by_key(|advised| advised.id);
        let [worst, others @ ..] = advised.as_slice() else { return };
        let severity = match worst.degree {
            Degree::Malicious => Severity::Block,
            Degree::Critical | Degree::High => Severity::Error,
            _ => Severity::Warning,
        };
        let version = exact.unwrap_or("in every version");
        let summary = match worst.summary {
            "" => String::new(),
            summary => format!(": {}", summary.trim_end_matches('.')),
        };
        let fixed = match worst.fixed {
            Some(fixed) => format!(" It is fixed in {fixed}."),
            None if self.malicious => String::new(),
            None => " No fixed version is named.".to_owned(),
        };
        let also = also(others);
        let (id, degree) = (worst.id, worst.degree.word());
        let message = format!("`{name}` {version} is named by {id} ({degree}){summary}.{fixed}{also}");
        let ids: Vec<&str> = std::iter::once(worst).chain(others).map(|advised| advised.id).collect();
        let evidence = format!("{name} {} ({})", exact.unwrap_or("*"), ids.join(", "));
        found.add_as(&self.meta, severity, Confidence::High, place(), Hit::whole(&evidence), Some(message));
    }

    /// Tells which packages cannot be judged, since their versions are chosen when they are installed.
    fn open(&self, whole: Option<Location>, of: Ecosystem, open: &[&Dependency], found: &mut Findings<'_>) {
        let names: Vec<&str> = open.iter().take(LISTED).map(|one| one.name.as_str()).collect();
        let more =
            if open.len() > LISTED { format!(" and {} more", open.len() - LISTED) } else { String::new() };
        let message = format!(
            "Advisories name some versions of {} of the {of} packages that are asked for here by range: {}{more}. A lock tells which versions are used.",
            open.len(),
            names.join(", "),
        );
        found.add_as(
            &self.meta,
            Severity::Info,
            Confidence::High,
            whole,
            Hit::whole(&names.join(", ")),
            Some(message),
        );
    }
}

/// Returns what is said of one version of a package, or of all of them.
fn look_up<'a>(
    advisories: &'a Advisories,
    ecosystem: Ecosystem,
    name: &str,
    exact: Option<&str>,
) -> Vec<Advised<'a>> {
    match exact {
        Some(version) => advisories.of(ecosystem, name, version),
        None => advisories.of_all(ecosystem, name),
    }
}

/// Names other advisories on the same package, with the versions that are free of them.
fn also(others: &[Advised<'_>]) -> String {
    let one = |advised: &Advised<'_>| match advised.fixed {
        Some(fixed) => format!("{} ({}, fixed in {fixed})", advised.id, advised.degree.word()),
        None => format!("{} ({})", advised.id, advised.degree.word()),
    };
    let named: Vec<String> = others.iter().take(LISTED).map(one).collect();
    match others.len() {
        0 => String::new(),
        count if count > LISTED => format!(" Also {} and {} more.", named.join(", "), count - LISTED),
        _ => format!(" Also {}.", named.join(", ")),
    }
}

impl Rule for MaliciousDependency {
    fn meta(&self) -> &RuleMeta {
        &self.0.meta
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        self.0.look(part, found);
    }
}

impl Rule for VulnerableDependency {
    fn meta(&self) -> &RuleMeta {
        &self.0.meta
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        self.0.look(part, found);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::clock::FixedClock;
    use crate::domain::{Finding, Policy, Severity, Verdict};
    use crate::scan::proof::findings;
    use crate::scan::{Advisories, ClientConfig, Found, RuleSet, Scanner, Scope, Subject};
    use crate::source::{Limits, SourceTree};

    fn set() -> RuleSet {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("osv.jsonl");
        let one = |id: &str, name: &str, events: &str, severity: &str| {
            format!(
                r#"{{"id": "{id}", "summary": "It is bad.", "affected": [{{"package": {{"ecosystem": "npm", "name": "{name}"}}, "ranges": [{{"type": "SEMVER", "events": [{events}]}}]}}], "severity": [{{"type": "CVSS_V3", "score": "{severity}"}}]}}"#
            )
        };
        let text = [
            one("MAL-2026-1", "evil", r#"{"introduced": "0"}"#, ""),
            one(
                "GHSA-1",
                "old",
                r#"{"introduced": "1.0.0"}, {"fixed": "1.2.0"}"#,
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            ),
            one(
                "GHSA-2",
                "mild",
                r#"{"introduced": "0"}, {"last_affected": "1.0.0"}"#,
                "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N",
            ),
        ];
        std::fs::write(&path, text.join("\n")).unwrap();
        let advisories = Advisories::read(&path).unwrap();
        RuleSet::builtin().unwrap().with_advisories(Arc::new(advisories))
    }

    fn told(set: &RuleSet, path: &str, text: &str) -> Vec<Finding> {
        let ours = |found: &Finding| {
            found.rule.as_str().ends_with("s-dependency") || found.rule.as_str() == "vulnerable-dependency"
        };
        findings(set, path, text).into_iter().filter(ours).collect()
    }

    #[test]
    fn pinned_versions_are_judged_and_ranges_told() {
        let set = set();
        let lock = r#"{"packages": {"node_modules/old": {"version": "1.1.0"}, "node_modules/evil": {"version": "9.0.0"}, "node_modules/mild": {"version": "1.0.0"}, "node_modules/good": {"version": "1.0.0"}}}"#;
        let found = told(&set, "package-lock.json", lock);
        let of = |rule: &str, part: &str| {
            found
                .iter()
                .find(|one| one.rule.as_str() == rule && one.message.contains(part))
                .map(|one| one.severity)
        };
        assert_eq!(found.len(), 3);
        assert_eq!(of("malicious-dependency", "MAL-2026-1"), Some(Severity::Block));
        assert_eq!(of("vulnerable-dependency", "fixed in 1.2.0"), Some(Severity::Error));
        assert_eq!(
            of("vulnerable-dependency", "GHSA-2 (low): It is bad. No fixed version"),
            Some(Severity::Warning)
        );
        assert!(
            told(
                &set,
                "package-lock.json",
                &lock.replace("1.1.0", "1.2.0").replace("evil", "good").replace("mild", "fine")
            )
            .is_empty()
        );
        let ranges = told(
            &set,
            "package.json",
            r#"{"dependencies": {"old": "^1.0.0", "evil": "^1.0.0", "good": "^1.0.0"}}"#,
        );
        let all: Vec<_> = ranges.iter().map(|one| (one.severity, one.evidence.as_str())).collect();
        assert_eq!(all, [(Severity::Block, "evil * (MAL-2026-1)"), (Severity::Info, "old")]);
    }

    #[test]
    fn the_report_names_the_advisories_that_were_used() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("package.json"), r#"{"dependencies": {"evil": "1.0.0"}}"#).unwrap();
        let tree = SourceTree::from_folder(folder.path(), &Limits::default()).unwrap();
        let report = |set: &RuleSet| {
            Scanner::new(set, Policy::default()).scan(&Subject::of(&tree), &FixedClock::default())
        };
        let set = set();
        let (with, without) = (report(&set), report(&RuleSet::builtin().unwrap()));
        let used = with.advisories.unwrap();
        assert_eq!((used.count, used.digest), (3, set.advisories().unwrap().digest()));
        assert_eq!((with.verdict, without.advisories), (Verdict::Block, None));
    }

    #[test]
    fn what_a_client_fetches_is_looked_up() {
        let set = set();
        let config = |args: &str| {
            let text = format!(r#"{{"mcpServers": {{"a": {{"command": "npx", "args": [{args}]}}}}}}"#);
            let config = ClientConfig::read("c", Scope::User, "mcp.json", &text);
            let found = Found { config, text };
            let report = Scanner::new(&set, Policy::default()).scan_clients(
                &[&found],
                &[],
                None,
                &FixedClock::default(),
            );
            let ids = report.findings.into_iter().map(|found| found.rule.to_string());
            ids.filter(|id| id.ends_with("s-dependency") || id == "vulnerable-dependency").collect::<Vec<_>>()
        };
        assert_eq!(config(r#""-y", "evil@1.0.0""#), ["malicious-dependency"]);
        assert_eq!(config(r#""-y", "evil""#), ["malicious-dependency"]);
        assert_eq!(config(r#""-y", "old@1.1.0""#), ["vulnerable-dependency"]);
        assert!(config(r#""-y", "old@1.2.0""#).is_empty() && config(r#""-y", "good@1.0.0""#).is_empty());
    }

    #[test]
    fn without_advisories_nothing_is_said() {
        let set = RuleSet::builtin().unwrap();
        assert!(set.advisories().is_none());
        assert!(told(&set, "package.json", r#"{"dependencies": {"evil": "1.0.0"}}"#).is_empty());
    }
}
