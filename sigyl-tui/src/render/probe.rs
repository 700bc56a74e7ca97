//! What a probe met.

use std::time::Duration;

use serde_json::Value;
use sigyl_core::mcp::{Era, Probe};

use super::table::{Cell, Column, Table};
use super::{Look, Role, duration, specimen, specimen_lines, wrap};

/// Writes what a server said of itself.
pub(crate) fn probe(probe: &Probe, look: &Look) -> String {
    let info = |key: &str| probe.server_info.get(key).and_then(Value::as_str).map(specimen);
    let era = match probe.era {
        Era::Legacy => "legacy (initialize)".to_owned(),
        Era::Modern => "modern (server/discover)".to_owned(),
        other => other.to_string(),
    };
    let capabilities = probe.capabilities.as_object();
    let capabilities =
        capabilities.map(|map| map.keys().map(|key| specimen(key)).collect::<Vec<_>>().join(", "));
    let facts = [
        (
            "server",
            Some(format!("{} {}", info("name").unwrap_or_default(), info("version").unwrap_or_default())),
        ),
        ("era", Some(era)),
        ("protocol", Some(specimen(&probe.versions.join(", ")))),
        ("capabilities", capabilities.filter(|text| !text.is_empty())),
        ("latency", Some(duration(Duration::from_micros(probe.latency_micros)))),
        ("prompts", Some(probe.prompts.len().to_string())),
        ("resources", Some(probe.resources.len().to_string())),
        ("tools", Some(probe.tools.len().to_string())),
    ];
    let mut text = String::new();
    for (label, value) in facts.into_iter().filter_map(|(label, value)| Some((label, value?))) {
        let line = wrap(&format!("{label:<14}{}", value.trim()), look, 14);
        text.push_str(&line.replacen(label, &look.paint(Role::Dim, label), 1));
        text.push('\n');
    }
    if let Some(instructions) = &probe.instructions {
        let shown = wrap(&specimen_lines(instructions), look, 2);
        text.push_str(&format!(
            "\n{}\n  {}\n",
            look.paint(Role::Dim, "Instructions"),
            look.paint(Role::Specimen, &shown)
        ));
    }
    if !probe.tools.is_empty() {
        text.push('\n');
        text.push_str(&tools(probe, look));
    }
    text
}

fn tools(probe: &Probe, look: &Look) -> String {
    let mut table = Table::new([Column::key("TOOL"), Column::left("HASH"), Column::flexible("DESCRIPTION")]);
    for tool in &probe.tools {
        let first = tool.description().unwrap_or_default().trim().lines().next().unwrap_or_default();
        // A definition without canonical form has no hash, and the dash says so.
        let hash = tool.digest().map_or_else(|_| "-".to_owned(), |digest| digest.short());
        table.push([
            Cell::new(Role::Strong, specimen(tool.name())),
            Cell::new(Role::Dim, hash),
            Cell::new(Role::Specimen, specimen(first)),
        ]);
    }
    table.render(look)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn a_probe_shows_both_what_is_there_and_how_it_speaks() {
        insta::assert_snapshot!(probe(&fixtures::probe(), &Look::PLAIN), @r"
        server        clock 1.2.0
        era           legacy (initialize)
        protocol      2025-11-25
        capabilities  logging, tools
        latency       4 ms
        prompts       0
        resources     0
        tools         1

        Instructions
          Ask for the time.⟦ESC⟧[2J

        TOOL  HASH          DESCRIPTION
        now   6ed8dd542f67  Tells the time.
        ");
    }
}
