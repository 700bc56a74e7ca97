//! SARIF 2.1.0: the form that code hosts and editors read.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::origin::uri;
use super::sarif_rules::Catalogue;
use super::{Origin, runner};
use crate::domain::{
    AnalyzerStatus, Finding, Location, Locator, Report, Severity, SourceKind, Suppressed, SuppressedBy,
};
use crate::scan::RuleSet;
use crate::scan::spell::spell;

/// Where the official schema is.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Gaps that are listed one by one.
const GAPS: usize = 1_000;

/// Writes a report as a SARIF log of one run, with what `rules` say of themselves.
pub fn sarif(report: &Report, rules: &RuleSet, origin: &Origin) -> String {
    let metas = rules.metas();
    let catalogue = Catalogue::of(&metas, &report.findings);
    let mut run = json!({
        "tool": {"driver": {
            "name": "sigyl",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "shortDescription": {"text": "Looks for weaknesses and hidden instructions in MCP servers."},
            "rules": catalogue.descriptors(),
            "supportedTaxonomies": catalogue.supported(),
        }},
        "taxonomies": catalogue.taxonomies(),
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation(report)],
        "automationDetails": {"id": automation(report)},
        "results": results(report, &catalogue, origin),
        "properties": {
            "verdict": report.verdict, "partial": report.partial, "score": report.score, "stats": report.stats,
            "report": report.id().to_string(), "source": report.source, "rules": report.rules,
            "policy": report.policy, "advisories": report.advisories,
        },
    });
    if let Some(provenance) = provenance(report) {
        run["versionControlProvenance"] = json!([provenance]);
    }
    runner::json(format!("{:#}\n", json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})))
}

fn results(report: &Report, catalogue: &Catalogue<'_>, origin: &Origin) -> Vec<Value> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut settled: HashMap<(String, Option<&Location>), &Suppressed> = HashMap::new();
    settled.extend(report.suppressed.iter().map(|one| ((one.fingerprint.hex(), one.location.as_ref()), one)));
    let one = |finding: &Finding| {
        let print = finding.fingerprint().hex();
        let count = seen.entry(print.clone()).or_default();
        *count += 1;
        let suppressed = settled.get(&(print.clone(), finding.location.as_ref()));
        let mut result = result(finding, catalogue, origin, &print, *count);
        // A log that knows of suppressions says of each result whether there is one.
        if !report.suppressed.is_empty() {
            result["suppressions"] = suppressed.map(|one| suppression(one)).into_iter().collect();
        }
        result
    };
    report.findings.iter().map(one).collect()
}

fn result(finding: &Finding, catalogue: &Catalogue<'_>, origin: &Origin, print: &str, count: usize) -> Value {
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": {"text": message(finding)},
        "locations": [location(finding, origin)],
        // Lines move; the same finding twice in one place is told apart by its count.
        "partialFingerprints": {
            "sigylFinding/v1": format!("{print}:{count}"),
            "primaryLocationLineHash": format!("{}:{count}", &print[..16]),
        },
        "properties": {
            "category": finding.category, "severity": finding.severity, "confidence": finding.confidence,
            "evidence": spell(&finding.evidence, true), "fix": finding.fix,
        },
    });
    if let Some(index) = catalogue.index(&finding.rule) {
        result["ruleIndex"] = index.into();
    }
    result
}

/// Tells who wants a finding not to count, and whether it does.
fn suppression(one: &Suppressed) -> Value {
    let kind = if one.by == SuppressedBy::Comment { "inSource" } else { "external" };
    json!({
        "kind": kind,
        "status": if one.applied { "accepted" } else { "rejected" },
        "justification": spell(&one.reason, true),
        "properties": {"by": one.by, "owner": one.owner, "expires": one.expires},
    })
}

/// How bad a finding is, in the words of SARIF.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Block | Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn message(finding: &Finding) -> String {
    let mut text = finding.message.clone();
    if let Some(place @ Location::Tool { .. }) = &finding.location {
        text = format!("{place}: {text}");
    }
    if !finding.evidence.is_empty() {
        text = format!("{text} Evidence: {}", finding.evidence);
    }
    plain(&text)
}

/// Text that holds no link: SARIF knows `[text](address)` in messages.
pub(super) fn plain(text: &str) -> String {
    let text = spell(text, true);
    if text.contains("](") { text.replace('[', "\\[").replace(']', "\\]") } else { text.into_owned() }
}

fn location(finding: &Finding, origin: &Origin) -> Value {
    // What stands in no file belongs to the source as a whole.
    let path = origin.path(finding).map_or_else(|| format!("{}/", uri(&origin.folder)), |path| uri(&path));
    let path = if path == "/" { "./".to_owned() } else { path };
    let mut physical = json!({"artifactLocation": {"uri": path, "uriBaseId": "%SRCROOT%"}});
    if let (Some(line), column) = origin.place(finding) {
        let mut region = json!({"startLine": line.max(1)});
        if let Some(column) = column {
            region["startColumn"] = column.max(1).into();
        }
        physical["region"] = region;
    }
    let mut location = json!({"physicalLocation": physical});
    if let Some(Location::Tool { tool, field }) = &finding.location {
        let (tool, field) = (spell(tool, true), spell(field, true));
        location["logicalLocations"] =
            json!([{"name": tool, "fullyQualifiedName": format!("{tool}.{field}"), "kind": "function"}]);
    }
    location
}

fn invocation(report: &Report) -> Value {
    let mut told = Vec::new();
    let failed = |status| status == AnalyzerStatus::Failed;
    for one in report.analyzers.iter().filter(|one| failed(one.status)) {
        let reason = one.reason.as_deref().unwrap_or("no reason given");
        told.push(notification(
            "error",
            &format!("{} failed: {reason}", one.name),
            json!({"analyzer": one.name}),
        ));
    }
    let gaps: Vec<_> = report.skipped.iter().filter(|skipped| skipped.kind.is_told()).collect();
    for gap in gaps.iter().take(GAPS) {
        let text = format!("{}: {}: {}", gap.kind.words(), gap.path, gap.reason);
        told.push(notification("warning", &text, json!({"path": spell(&gap.path, true), "kind": gap.kind})));
    }
    if gaps.len() > GAPS {
        let text = format!("not looked at: {} more, which the JSON report lists", gaps.len() - GAPS);
        told.push(notification("warning", &text, json!({})));
    }
    let harmless = report.skipped.len() - gaps.len();
    if harmless > 0 {
        let text = format!("{harmless} paths hold only media or were left out on purpose");
        told.push(notification("note", &text, json!({})));
    }
    let successful = !report.analyzers.iter().any(|one| failed(one.status));
    json!({"executionSuccessful": successful, "toolExecutionNotifications": told})
}

fn notification(level: &str, text: &str, properties: Value) -> Value {
    json!({"level": level, "message": {"text": plain(text)}, "properties": properties})
}

/// Names the category of runs that this one continues: the same source, whatever was found in it.
fn automation(report: &Report) -> String {
    let kind = serde_json::to_value(report.source.kind).unwrap_or_default();
    format!("sigyl/{}/{}/", kind.as_str().unwrap_or("source"), uri(&report.source.locator))
}

/// Tells which revision of which repository was looked at, as far as it is known.
fn provenance(report: &Report) -> Option<Value> {
    if report.source.kind != SourceKind::Git {
        return None;
    }
    let Ok(Locator::Git { url, reference, .. }) = Locator::parse(&report.source.locator) else { return None };
    let known = ["https://", "http://", "ssh://", "git://", "file://"];
    let is_uri = known.iter().any(|scheme| url.starts_with(scheme)) && !url.contains(char::is_whitespace);
    let mut provenance = BTreeMap::from([("repositoryUri", is_uri.then_some(url)?)]);
    if let Some(commit) =
        reference.filter(|text| text.len() >= 40 && text.bytes().all(|b| b.is_ascii_hexdigit()))
    {
        provenance.insert("revisionId", commit);
    }
    Some(json!(provenance))
}
