//! What an earlier run was asked, to ask for it again.

use std::collections::BTreeMap;

use serde_json::Value;
use sigyl_core::domain::{Canary, Plan, Run, Waiver};

use crate::console::turn::Values;

/// What is known of a deploy from the record of its run: what was typed then, but for values of secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) source: String,
    pub(super) more: Values,
    pub(super) env: BTreeMap<String, String>,
}

impl Recorded {
    /// Reads it; nothing of a run that was no deploy.
    pub(super) fn of(run: &Run) -> Option<Self> {
        if run.plan != Plan::Release {
            return None;
        }
        let text =
            |field: &str| run.request.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let list = |field: &str| {
            let values = run.request.get(field).and_then(Value::as_array);
            let words = values.into_iter().flatten().filter_map(Value::as_str);
            words.collect::<Vec<_>>().join(" ")
        };
        let deep = run.request.get("deep") == Some(&Value::Bool(true));
        let env = run.request.get("env").and_then(Value::as_object).into_iter().flatten();
        let mut more = Values::from([
            ("as", text("name")),
            ("target", text("target")),
            ("workspace", run.workspace.to_string()),
            ("grant", list("grant")),
            ("scripts", list("allow_scripts")),
            ("deep", if deep { "yes" } else { "" }.to_owned()),
        ]);
        more.extend(accepted(run));
        more.extend(trial(run)?);
        more.retain(|_, text| !text.is_empty());
        let env = env.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        Some(Self { source: text("source"), more, env: env.collect() })
    }
}

/// How clients were to be led to it; nothing where that cannot be read, since then it would go to all of them at once.
fn trial(run: &Run) -> Option<Values> {
    let canary = run.request.get("canary").cloned().unwrap_or_default();
    let Some(canary) = serde_json::from_value::<Option<Canary>>(canary).ok()? else {
        return Some(Values::new());
    };
    let steps: Vec<String> = canary.steps.iter().map(ToString::to_string).collect();
    let mut values = Values::from([("canary", steps.join(",")), ("soak", format!("{}s", canary.soak))]);
    values.extend(canary.hold.map(|hold| ("hold", format!("{hold}s"))));
    values.insert("failures", canary.max_failures.to_string());
    values.extend(canary.max_latency.map(|most| ("latency", format!("{most}ms"))));
    Some(values)
}

/// Findings that were accepted, where all were for one reason; otherwise they are accepted anew.
fn accepted(run: &Run) -> Values {
    let waivers = run.request.get("waive").cloned().unwrap_or_default();
    // What cannot be read is not filled in: its findings stop the run again.
    let Ok(waivers) = serde_json::from_value::<Vec<Waiver>>(waivers) else { return Values::new() };
    let Some(first) = waivers.first() else { return Values::new() };
    if waivers.iter().any(|it| it.reason != first.reason || it.expires != first.expires) {
        return Values::new();
    }
    let one = |it: &Waiver| match &it.path {
        Some(path) => format!("{}@{path}", it.rule),
        None => it.rule.to_string(),
    };
    let all: Vec<_> = waivers.iter().map(one).collect();
    Values::from([
        ("accept", all.join(" ")),
        ("reason", first.reason.clone()),
        ("until", first.expires.to_string()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn a_trial_that_cannot_be_read_is_not_filled_in_as_none() {
        let run = |canary: Value| Run {
            plan: Plan::Release,
            request: serde_json::json!({"source": "npm:clock@1", "canary": canary}),
            ..fixtures::held_run()
        };
        assert!(Recorded::of(&run(Value::Null)).is_some());
        assert!(Recorded::of(&run("10 %".into())).is_none());
    }
}
