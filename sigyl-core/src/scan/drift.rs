//! Compares the tools of a running server with those that were pinned.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::{Tool, ToolPin};

/// What differs between pinned and present tools.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// Tools that were not pinned.
    pub added: BTreeSet<String>,
    /// Pinned tools that are gone.
    pub removed: BTreeSet<String>,
    /// Tools whose definition changed, with the fields that did.
    pub changed: BTreeMap<String, BTreeSet<String>>,
    /// Names that more than one present tool carries; which one a client calls is not known.
    pub ambiguous: BTreeSet<String>,
}

impl Drift {
    /// Compares `now` with `pinned`, field by field of each tool.
    pub fn between(pinned: &[ToolPin], now: &[Tool]) -> Self {
        let old: BTreeMap<&str, &ToolPin> = pinned.iter().map(|pin| (pin.tool.name(), pin)).collect();
        let mut seen: BTreeMap<&str, &Tool> = BTreeMap::new();
        let mut drift = Self::default();
        for tool in now {
            if seen.insert(tool.name(), tool).is_some() {
                drift.ambiguous.insert(tool.name().to_owned());
            }
            match old.get(tool.name()) {
                None => {
                    drift.added.insert(tool.name().to_owned());
                }
                Some(pin) => drift.compare(pin, tool),
            }
        }
        let gone = old.keys().filter(|name| !seen.contains_key(*name));
        drift.removed = gone.map(|name| (*name).to_owned()).collect();
        drift
    }

    /// Compares `now` with what a manifest declares. One that declares no tools says nothing of them, and a member that
    /// it leaves out of a tool is no difference.
    pub fn from_declared(declared: &[Tool], now: &[Tool]) -> Self {
        let mut drift = Self::default();
        if declared.is_empty() {
            return drift;
        }
        for tool in now {
            let Some(told) = declared.iter().find(|told| told.name() == tool.name()) else {
                drift.added.insert(tool.name().to_owned());
                continue;
            };
            let live = tool.definition();
            let fields = told.definition().iter().filter(|(key, value)| live.get(*key) != Some(value));
            let fields: BTreeSet<String> = fields.map(|(key, _)| key.clone()).collect();
            if !fields.is_empty() {
                drift.changed.insert(tool.name().to_owned(), fields);
            }
        }
        let gone = declared.iter().filter(|told| now.iter().all(|tool| tool.name() != told.name()));
        drift.removed = gone.map(|told| told.name().to_owned()).collect();
        drift
    }

    fn compare(&mut self, pin: &ToolPin, tool: &Tool) {
        let fields = changed_fields(&pin.tool, tool);
        // The digest decides; a definition that has none counts as changed.
        let same = tool.digest().is_ok_and(|digest| digest == pin.sha256);
        if !same || !fields.is_empty() {
            self.changed.entry(tool.name().to_owned()).or_default().extend(fields);
        }
    }

    /// Tells whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.removed.is_empty()
            && self.changed.is_empty()
            && self.ambiguous.is_empty()
    }
}

fn changed_fields(old: &Tool, new: &Tool) -> BTreeSet<String> {
    let (old, new) = (old.definition(), new.definition());
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    keys.into_iter().filter(|key| old.get(*key) != new.get(*key)).cloned().collect()
}

impl std::fmt::Display for Drift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_empty() {
            return f.write_str("tools unchanged");
        }
        let list = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let mut parts = Vec::new();
        for (what, names) in
            [("added", &self.added), ("removed", &self.removed), ("ambiguous", &self.ambiguous)]
        {
            if !names.is_empty() {
                parts.push(format!("{what} {}", list(names)));
            }
        }
        for (name, fields) in &self.changed {
            parts.push(format!("changed {name} ({})", list(fields)));
        }
        f.write_str(&parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(value: serde_json::Value) -> Tool {
        serde_json::from_value(value).unwrap()
    }

    fn pin(value: serde_json::Value) -> ToolPin {
        let tool = tool(value);
        ToolPin { sha256: tool.digest().unwrap(), md5: tool.mcp_scan_md5(), tool }
    }

    #[test]
    fn each_changed_field_is_named() {
        let pinned = [
            pin(json!({"name": "a", "description": "x", "inputSchema": {"type": "object"}})),
            pin(json!({"name": "b", "description": "y"})),
            pin(json!({"name": "c"})),
        ];
        let now = [
            tool(
                json!({"inputSchema": {"type": "object", "required": ["note"]}, "name": "a", "description": "x"}),
            ),
            tool(json!({"name": "b", "description": "y", "annotations": {"readOnlyHint": true}})),
            tool(json!({"name": "d"})),
        ];
        let drift = Drift::between(&pinned, &now);
        assert_eq!(drift.to_string(), "added d; removed c; changed a (inputSchema); changed b (annotations)");
        assert!(Drift::between(&pinned, &pinned.clone().map(|pin| pin.tool)).is_empty());
    }

    #[test]
    fn two_tools_of_one_name_are_told() {
        let pinned = [pin(json!({"name": "a"}))];
        let now = [tool(json!({"name": "a"})), tool(json!({"name": "a", "description": "other"}))];
        let drift = Drift::between(&pinned, &now);
        assert_eq!(drift.to_string(), "ambiguous a; changed a (description)");
    }

    #[test]
    fn a_declaration_binds_to_what_it_says() {
        let declared = [tool(json!({"name": "a", "description": "x"})), tool(json!({"name": "b"}))];
        let same = [
            tool(json!({"name": "b", "inputSchema": {}})),
            tool(json!({"name": "a", "description": "x", "title": "A"})),
        ];
        assert!(Drift::from_declared(&declared, &same).is_empty());
        assert!(Drift::from_declared(&[], &same).is_empty());
        let other = [tool(json!({"name": "a", "description": "y"})), tool(json!({"name": "c"}))];
        let drift = Drift::from_declared(&declared, &other);
        assert_eq!(drift.to_string(), "added c; removed b; changed a (description)");
    }

    #[test]
    fn the_order_of_members_is_no_change() {
        let pinned = [pin(json!({"name": "a", "inputSchema": {"a": 1, "b": 2}}))];
        let now = [tool(json!({"inputSchema": {"b": 2, "a": 1}, "name": "a"}))];
        assert!(Drift::between(&pinned, &now).is_empty());
    }
}
