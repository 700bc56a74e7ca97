//! A policy, what another one would change, and what is found when sources are looked at again.

use sigyl_core::domain::{Clause, Mode, Policy, StandingWaiver, Timestamp, Verdict};
use sigyl_core::wire::v1::{PolicyTest, Rescanned};

use super::table::{Cell, Column, Table};
use super::{Glyph, Look, Role, specimen, wrap};

/// Writes something that the operator should know, as one line that is broken where it has to be.
pub(crate) fn notice(text: &str, look: &Look) -> String {
    let line = wrap(&format!("{} {}", look.sign(Glyph::Warning), specimen(text)), look, 2);
    format!("{}\n", look.paint(Role::Warn, &line))
}

/// Writes a policy: thresholds, then its rules in order, then its waivers.
pub(crate) fn policy(policy: &Policy, look: &Look, now: Timestamp) -> String {
    let used = policy.used(now);
    let mut text =
        format!("{}  {}\n", look.paint(Role::Strong, &specimen(&policy.name)), used.digest.short());
    if let (Mode::Observe, Some(until)) = (used.mode, used.until) {
        text.push_str(&notice(&format!("it only observes until {until}: nothing is stopped"), look));
    }
    let confidence = format!("{:?}", policy.hold_confidence).to_lowercase();
    let asked = policy.analyzers.iter().cloned().collect::<Vec<_>>().join(", ");
    let suppressions = format!("{:?}", policy.suppressions).to_lowercase();
    for (label, value) in [
        ("blocks", format!("severity {} and worse", policy.block)),
        ("holds", format!("severity {} and worse, of {confidence} confidence at least", policy.hold)),
        ("partial", policy.partial.to_string()),
        ("unfollowed", policy.unfollowed.to_string()),
        ("failed analyzer", policy.failed_analyzer.to_string()),
        ("must run", if asked.is_empty() { "-".to_owned() } else { asked }),
        ("comments", suppressions),
        ("four eyes", if policy.four_eyes { "nobody approves their own release" } else { "-" }.to_owned()),
    ] {
        text.push_str(&format!(
            "  {}  {}\n",
            look.paint(Role::Dim, &format!("{label:<16}")),
            specimen(&value)
        ));
    }
    for (at, clause) in policy.clauses.iter().enumerate() {
        let line = wrap(&format!("  {:<3} {}", at + 1, specimen(&said(clause))), look, 6);
        text.push_str(&format!("{line}\n"));
    }
    for standing in &policy.waivers {
        let line = wrap(&format!("  {}", specimen(&waived(standing, now))), look, 6);
        let role = if standing.waiver.expires < now { Role::Warn } else { Role::Text };
        text.push_str(&format!("{}\n", look.paint(role, &line)));
    }
    text
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "ignore",
        Verdict::Warn => "warn",
        Verdict::Hold => "hold",
        Verdict::Block => "block",
    }
}

fn said(clause: &Clause) -> String {
    let when = serde_json::to_string(&clause.when).unwrap_or_default();
    let reason = clause.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
    format!("{} {when}{reason}", word(clause.then))
}

fn waived(standing: &StandingWaiver, now: Timestamp) -> String {
    let waiver = &standing.waiver;
    let server = standing.server.as_ref().map_or_else(String::new, |name| format!(" of {name}"));
    let owner = waiver.owner.as_ref().map_or_else(String::new, |owner| format!(", {owner}"));
    let end = match waiver.expires < now {
        true => format!("ran out at {}, does not count", waiver.expires),
        false => format!("until {}", waiver.expires),
    };
    format!("waived: {waiver}{server}, {end} ({}{owner})", waiver.reason)
}

/// Writes what another policy would change, worst first.
pub(crate) fn policy_test(test: &PolicyTest, look: &Look) -> String {
    let mut text = String::new();
    for (verdict, title) in [
        (Verdict::Block, "would block"),
        (Verdict::Hold, "would hold"),
        (Verdict::Warn, "would pass with warnings"),
        (Verdict::Pass, "would pass"),
    ] {
        let changes: Vec<_> = test.changes.iter().filter(|change| change.after == verdict).collect();
        if changes.is_empty() {
            continue;
        }
        text.push_str(&format!("{}\n", look.paint(Role::Strong, title)));
        for change in changes {
            let serves = if change.running { ", serves" } else { "" };
            let run = change.run.as_ref().map(|run| format!("run {run}"));
            let version = change.version.as_ref().map(|version| specimen(version.as_str()));
            let which: Vec<String> = version.into_iter().chain(run).collect();
            let line = format!("  {} {} (now {}{serves})", change.server, which.join(", "), change.before);
            text.push_str(&format!("{line}\n"));
            text.push_str(&reasons(&change.why, look));
        }
    }
    for line in &test.unread {
        text.push_str(&notice(line, look));
    }
    let (changed, versions, stopped) = (test.changes.len(), test.versions, test.stopped);
    text.push_str(&format!(
        "{changed} of {versions} versions and {stopped} stopped releases would get another verdict\n"
    ));
    text
}

fn reasons(why: &[String], look: &Look) -> String {
    let line = |reason: &String| wrap(&format!("      {}", specimen(reason)), look, 8);
    why.iter().map(|reason| format!("{}\n", look.paint(Role::Dim, &line(reason)))).collect()
}

/// Writes what was found when sources were looked at again.
pub(crate) fn rescanned(rows: &[Rescanned], look: &Look) -> String {
    let mut table = Table::new([
        Column::key("NAME"),
        Column::flexible("VERSION"),
        Column::left("SERVES"),
        Column::left("WAS"),
        Column::left("NOW"),
        Column::left("ADMITTED"),
    ]);
    for row in rows {
        let admitted = match (&row.failed, row.admitted) {
            (Some(_), _) => Cell::new(Role::Error, "unknown"),
            (None, true) => Cell::new(Role::Ok, "yes"),
            (None, false) => Cell::new(Role::Block, "no"),
        };
        table.push([
            Cell::new(Role::Strong, row.server.as_str()),
            specimen(row.version.as_str()).into(),
            Cell::new(Role::Ok, if row.running { "yes" } else { "" }),
            super::server::verdict(row.was),
            super::server::verdict(row.verdict),
            admitted,
        ]);
    }
    let mut text = table.render(look);
    for row in rows {
        let version = specimen(row.version.as_str());
        if let Some(why) = &row.failed {
            text.push_str(&notice(&format!("{} {version}: {why}", row.server), look));
        } else if row.running && !row.admitted {
            let line = format!("{} {version} serves and would not be admitted any more", row.server);
            text.push_str(&notice(&line, look));
            text.push_str(&reasons(&row.why, look));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::Digest;
    use sigyl_core::wire::v1::PolicyChange;

    use super::*;
    use crate::fixtures;

    #[test]
    fn a_policy_reads_in_the_order_that_it_counts_in() {
        let clauses = serde_json::json!([{"match": {"rule": ["debug-*"], "path": ["tests/**"]}, "then": "pass", "reason": "tests\u{1b}"}]);
        let waiver = serde_json::json!({"server": "clock", "waiver": {
            "rule": "debug-mode", "path": "a.py", "reason": "known", "owner": "ada", "expires": "2026-01-01"}});
        let own = Policy {
            name: "team".to_owned(),
            clauses: serde_json::from_value(clauses).unwrap(),
            waivers: vec![serde_json::from_value(waiver).unwrap()],
            observe: Some(Timestamp::parse("2026-12-24").unwrap()),
            ..Policy::default()
        };
        let text = policy(&own, &Look::PLAIN, fixtures::now());
        let body: String = text.lines().skip(1).map(|line| format!("{line}\n")).collect();
        insta::assert_snapshot!(body);
    }

    #[test]
    fn changes_are_listed_by_what_they_lead_to() {
        let used = Policy::default().used(fixtures::now());
        assert_eq!(used.digest, Digest::of(b"Block Error High true"));
        let change = |name: &str, before, after| PolicyChange {
            server: name.parse().unwrap(),
            version: Some("1.0.0".parse().unwrap()),
            run: None,
            running: after == Verdict::Block,
            before,
            after,
            why: vec!["finding debug-mode".to_owned()],
        };
        let run = Some("019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4b10".parse().unwrap());
        let stopped = PolicyChange { version: None, run, ..change("c", Verdict::Block, Verdict::Pass) };
        let test = PolicyTest {
            policy: used,
            versions: 4,
            stopped: 1,
            unread: vec!["old 1.0.0: its report is gone".to_owned()],
            changes: vec![
                change("b", Verdict::Hold, Verdict::Pass),
                change("a", Verdict::Warn, Verdict::Block),
                stopped,
            ],
        };
        insta::assert_snapshot!(policy_test(&test, &Look::PLAIN));
    }
}
