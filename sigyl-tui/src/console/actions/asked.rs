//! What an order asks for beside a source: who may call it, how clients are led to it, and which findings may stay.

use sigyl_core::domain::{Audience, Canary, Member, RuleId, Timestamp, Waiver};

use super::{Given, Wrong};
use crate::lasting::time;

/// Reads who else may call it where it runs: nothing is said where it is to stay as it is.
pub(super) fn audience(given: &Given<'_>) -> Result<Option<Audience>, Wrong> {
    let wrong = |why: String| Wrong { field: "callers", why };
    let words: Vec<String> = given.list("callers")?;
    let (mut audience, mut private) = (Audience::default(), false);
    for word in &words {
        match word.as_str() {
            "public" => audience.public = true,
            "private" => private = true,
            member => {
                audience.members.insert(Member::parse(member).map_err(|error| wrong(error.to_string()))?);
            }
        }
    }
    if private && !audience.is_empty() {
        return Err(wrong("private is for nobody else: leave out the others".to_owned()));
    }
    audience.check().map_err(|error| wrong(error.to_string()))?;
    Ok((!words.is_empty()).then_some(audience))
}

/// Reads how clients are led to it: all at once where nothing is said.
pub(super) fn canary(given: &Given<'_>) -> Result<Option<Canary>, Wrong> {
    let steps: Vec<u8> = given.list("canary")?;
    if steps.is_empty() {
        // Who wants it to last, or to be asked, is not passed over.
        let says = "percents are needed where one waits, or waits to be promoted, such as 10".to_owned();
        let waits = ["hold", "soak", "failures", "latency"].into_iter().find_map(|name| given.text(name));
        return waits.map_or(Ok(None), |_| Err(Wrong { field: "canary", why: says }));
    }
    let hold = given.text("hold").map(time).transpose().map_err(|why| Wrong { field: "hold", why })?;
    let soak = given.text("soak").map_or(Ok(Canary::SOAK), time);
    let soak = soak.map_err(|why| Wrong { field: "soak", why })?;
    let latency =
        given.text("latency").map(time).transpose().map_err(|why| Wrong { field: "latency", why })?;
    let usual = Canary::new(steps, soak);
    let canary = Canary {
        hold: hold.map(|hold| hold.as_secs()),
        max_failures: given.maybe("failures")?.unwrap_or(usual.max_failures),
        max_latency: latency.map(|most| u64::try_from(most.as_millis()).unwrap_or(u64::MAX)),
        ..usual
    };
    canary.check().map_err(|error| Wrong { field: "canary", why: error.to_string() })?;
    Ok(Some(canary))
}

/// Reads findings that may stay, all for the same reason.
pub(super) fn accepted(given: &Given<'_>) -> Result<Vec<Waiver>, Wrong> {
    let findings: Vec<String> = given.list("accept")?;
    if findings.is_empty() {
        return match given.text("reason").or(given.text("until")) {
            Some(_) => {
                Err(Wrong { field: "accept", why: "a reason or a day is given, and no finding".to_owned() })
            }
            None => Ok(Vec::new()),
        };
    }
    findings.iter().map(|finding| waiver(given, finding, ["accept", "reason", "until"])).collect()
}

/// Reads a finding that may stay, of fields with these names.
pub(super) fn waiver(given: &Given<'_>, finding: &str, names: [&'static str; 3]) -> Result<Waiver, Wrong> {
    let [of, why, until] = names;
    let wrong = |field: &'static str, why: String| Wrong { field, why };
    let (rule, path) = match finding.split_once('@') {
        Some((rule, path)) => (rule, Some(path.to_owned()).filter(|path| !path.is_empty())),
        None => (finding, None),
    };
    let rule = RuleId::parse(rule).map_err(|error| wrong(of, error.to_string()))?;
    let expires: String = given.need(until)?;
    let expires = Timestamp::parse(&expires).map_err(|error| wrong(until, error.to_string()))?;
    Ok(Waiver { rule, path, fingerprint: None, reason: given.need(why)?, owner: None, expires })
}

/// Reads what was accepted before and still is: an order accepts only what it names.
pub(super) fn also(given: &Given<'_>, first: Waiver) -> Result<Vec<Waiver>, Wrong> {
    let wrong = |why: String| Wrong { field: "also", why };
    let mut all = vec![first];
    for text in given.text("also").unwrap_or_default().split(';').map(str::trim).filter(|it| !it.is_empty()) {
        let parts = text.split_once(" until ").and_then(|(of, rest)| Some((of, rest.split_once(": ")?)));
        let (of, (until, reason)) =
            parts.ok_or_else(|| wrong(format!("{text}: it is written RULE@PLACE until DAY: REASON")))?;
        let fields = [("finding", of), ("expires", until), ("reason", reason)];
        let fields = fields.map(|(name, text)| (name, text.to_owned())).into();
        let one = waiver(&Given(&fields), of, ["finding", "reason", "expires"]);
        let one = one.map_err(|inner| wrong(format!("{text}: {}", inner.why)))?;
        // What is accepted anew has its new reason and day.
        if !all.iter().any(|known| (&known.rule, &known.path) == (&one.rule, &one.path)) {
            all.push(one);
        }
    }
    Ok(all)
}
