//! The waivers of a policy file.

use super::clauses::require_rule;
use super::values::Map;
use crate::domain::{Digest, Glob, RuleId, ServerName, StandingWaiver, Timestamp, Waiver};
use crate::manifest::{Node, Problems};
use crate::scan::RuleSet;

/// Waivers of one policy.
pub(super) const WAIVERS: usize = 2_000;

const KEYS: &[&str] = &["rule", "server", "path", "tool", "fingerprint", "reason", "owner", "expires"];

/// Reads one waiver of the list.
pub(super) fn waiver(
    node: &Node,
    path: &str,
    rules: &RuleSet,
    now: Timestamp,
    problems: &mut Problems,
) -> Option<StandingWaiver> {
    let map = Map::new(node, path, KEYS, problems)?;
    for key in ["rule", "reason", "expires"].into_iter().filter(|key| map.find(key).is_none()) {
        map.wrong(key, "is missing: a waiver is of one finding, for a reason, until a date", problems);
    }
    let rule = map.parsed("rule", RuleId::parse, problems);
    if let (Some(node), Some(glob)) =
        (map.find("rule"), rule.as_ref().and_then(|id| Glob::parse(id.as_str()).ok()))
    {
        require_rule(&glob, &node.place, &map.at("rule"), rules, problems);
    }
    let server = map.parsed("server", ServerName::parse, problems);
    let fingerprint = map.parsed("fingerprint", Digest::parse, problems);
    if map.find("server").is_none() && map.find("fingerprint").is_none() {
        map.wrong(
            "server",
            "is missing, and so is `fingerprint`: name the server whose finding it is",
            problems,
        );
    }
    let (file, tool) = (map.text("path", problems), map.text("tool", problems));
    if let (Some(_), Some(_)) = (&file, &tool) {
        map.wrong("tool", "stands beside `path`, and a finding has one place", problems);
    }
    let place = file.or(tool);
    if place.as_ref().is_some_and(|place| place.contains(['*', '?'])) {
        map.wrong("path", "holds a wildcard; a waiver accepts exactly one finding", problems);
    }
    let reason = map.text("reason", problems);
    let owner = map.text("owner", problems);
    let expires = map.parsed("expires", Timestamp::parse, problems);
    if let Some(expires) = expires {
        check_end(&map, expires, now, problems);
    }
    let path = place.map(|place| place.strip_prefix("./").unwrap_or(&place).to_owned());
    let waiver = Waiver { rule: rule?, path, fingerprint, reason: reason?, owner, expires: expires? };
    Some(StandingWaiver { server, waiver })
}

fn check_end(map: &Map<'_>, expires: Timestamp, now: Timestamp, problems: &mut Problems) {
    if expires > now.plus(Waiver::LONGEST) {
        map.wrong("expires", "is more than a year away", problems);
    } else if expires < now {
        let place = map.find("expires").map_or(&map.node.place, |node| &node.place);
        let problem =
            place.problem(&map.at("expires"), format!("is over since {expires}: it does not count"));
        problems.notice(problem.hint("look at the finding again, then renew it or remove it"));
    }
}
