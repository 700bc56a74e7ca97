//! Drift: any two lists of declarations; what did not change is no drift, and what is told fits on its line.
#![no_main]

use std::collections::HashSet;
use std::sync::LazyLock;

use serde_json::Value;
use sigyl_core::domain::{Drift, Entity, Pin, Policy, Tool};
use sigyl_core::scan::{RuleSet, Scanner};

static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::builtin().expect("the built-in rules compile"));
const ENTITIES: [Entity; 4] = [Entity::Tool, Entity::Prompt, Entity::Resource, Entity::Instructions];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((entity, text)) = data.split_first() else { return };
    let Ok([old, new]) = serde_json::from_slice::<[Vec<Value>; 2]>(text) else { return };
    let entity = ENTITIES[usize::from(*entity) % ENTITIES.len()];
    let pins = |list: &[Value]| -> Vec<Pin> {
        list.iter().filter_map(|one| Pin::new(entity, one.clone()).ok()).collect()
    };
    let tools = |list: &[Value]| -> Vec<Tool> {
        list.iter().filter_map(|one| serde_json::from_value(one.clone()).ok()).collect()
    };
    let scanner = Scanner::new(&RULES, Policy::default());
    let (was, is) = (pins(&old), pins(&new));
    sound(&scanner.drift(&was, &is));
    sound(&scanner.drift_from_declared(&tools(&old), &tools(&new)));
    let names: HashSet<&str> = was.iter().map(|pin| pin.name.as_str()).collect();
    assert!(
        names.len() < was.len() || scanner.drift(&was, &was).is_empty(),
        "nothing changed, and it drifts"
    );
});

fn sound(drift: &Drift) {
    let text = serde_json::to_string(drift).expect("a drift is JSON");
    assert_eq!(serde_json::from_str::<Drift>(&text).ok().as_ref(), Some(drift));
    assert!(drift.lines().all(|line| !line.chars().any(char::is_control)), "{drift:?}");
    assert!(drift.entries.is_sorted_by(|one, other| one.gravity >= other.gravity), "{drift:?}");
    for entry in &drift.entries {
        let worst = entry.changes.iter().map(|change| change.gravity);
        let worst = worst.chain(entry.findings.iter().map(|found| found.gravity)).max();
        assert!(worst.is_none_or(|worst| entry.gravity >= worst), "{entry:?}");
    }
}
