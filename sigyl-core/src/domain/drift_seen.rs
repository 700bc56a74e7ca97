//! What a started server declared otherwise than what served, whole: for whoever decides whether it may serve.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Drift, Entity, Fate, Gravity, Pin, Version};

/// Things that are kept.
const THINGS: usize = 200;
/// Bytes of their definitions together.
const BYTES: usize = 256 << 10;

/// What differed when a run was held for what its server declares: both sides of each thing, the gravest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriftSeen {
    /// The version that it was compared with.
    pub since: Version,
    /// What differs.
    pub things: Vec<DriftedThing>,
    /// How many more things differ that were too many or too long to be kept.
    pub left_out: usize,
}

/// One declared thing that differs, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriftedThing {
    /// What it is.
    pub entity: Entity,
    /// What it is called.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
    /// How much that matters.
    pub gravity: Gravity,
    /// The definition that was pinned; nothing when there was none.
    pub was: Option<Value>,
    /// The definition of now; none when it is gone, and more than one when several go by this name.
    pub is: Vec<Value>,
}

impl DriftSeen {
    /// Takes both sides of what differs between `pinned`, which `since` declared, and `now`.
    pub fn of(since: Version, drift: &Drift, pinned: &[Pin], now: &[Pin]) -> Self {
        let (mut things, mut left) = (Vec::new(), BYTES);
        for entry in &drift.entries {
            let named = |pin: &&Pin| pin.entity == entry.entity && pin.name == entry.name;
            let thing = DriftedThing {
                entity: entry.entity,
                name: entry.name.clone(),
                fate: entry.fate,
                gravity: entry.gravity,
                was: pinned.iter().find(named).map(|pin| pin.definition.clone()),
                is: now.iter().filter(named).map(|pin| pin.definition.clone()).collect(),
            };
            // What cannot be measured is left out: it holds only strings, numbers and lists, which always serialise.
            let size = serde_json::to_vec(&thing).map_or(usize::MAX, |json| json.len());
            if let Some(rest) = left.checked_sub(size).filter(|_| things.len() < THINGS) {
                left = rest;
                things.push(thing);
            }
        }
        Self { since, left_out: drift.entries.len() - things.len(), things }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::DriftEntry;

    fn pin(name: &str, text: &str) -> Pin {
        Pin::new(Entity::Tool, json!({"name": name, "description": text})).unwrap()
    }

    fn entry(name: &str, fate: Fate) -> DriftEntry {
        DriftEntry {
            entity: Entity::Tool,
            name: name.to_owned(),
            fate,
            gravity: Gravity::Hold,
            changes: Vec::new(),
            unlisted: 0,
            findings: Vec::new(),
        }
    }

    #[test]
    fn both_sides_of_what_differs_are_kept_and_nothing_else() {
        let pinned = [pin("add", "Adds."), pin("same", "Stays."), pin("gone", "Went.")];
        let now = [pin("add", "Adds all."), pin("same", "Stays."), pin("two", "One."), pin("two", "Other.")];
        let fates = [("add", Fate::Changed), ("two", Fate::Ambiguous), ("gone", Fate::Removed)];
        let drift = Drift { entries: fates.map(|(name, fate)| entry(name, fate)).into() };
        let seen = DriftSeen::of(Version::parse("1.0.0").unwrap(), &drift, &pinned, &now);
        let sides: Vec<_> =
            seen.things.iter().map(|it| (it.name.as_str(), it.was.is_some(), it.is.len())).collect();
        assert_eq!(sides, [("add", true, 1), ("two", false, 2), ("gone", true, 0)]);
        assert_eq!(seen.things[0].is[0]["description"], "Adds all.");
        assert_eq!(seen.left_out, 0);
    }

    #[test]
    fn what_is_too_long_or_too_many_is_left_out_and_counted() {
        let version = Version::parse("1.0.0").unwrap();
        let now = [pin("long", &"x".repeat(BYTES)), pin("short", "y")];
        let drift = Drift { entries: vec![entry("long", Fate::Added), entry("short", Fate::Added)] };
        let seen = DriftSeen::of(version.clone(), &drift, &[], &now);
        assert_eq!((seen.things.len(), seen.left_out), (1, 1));
        assert_eq!(seen.things[0].name, "short");
        let many: Vec<_> = (0..=THINGS).map(|at| entry(&at.to_string(), Fate::Removed)).collect();
        let seen = DriftSeen::of(version, &Drift { entries: many }, &[], &[]);
        assert_eq!((seen.things.len(), seen.left_out), (THINGS, 1));
    }
}
