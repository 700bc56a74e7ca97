//! A document as text: what it is, how it is installed, and then the document itself.

use serde::Deserialize as _;
use serde_json::{Map, Value};
use sigyl_core::domain::ListingStatus;
use sigyl_core::registry::document::{KeyValue, Package, Remote, Repository};

use super::entry::{Entry, PARTS, packages};
use crate::render::{Look, Role, document_scan, specimen, specimen_lines, wrap};

/// Columns of a label.
const LABEL: usize = 12;

/// Writes all of it.
pub(super) fn whole(entry: &Entry, look: &Look) -> String {
    let members = entry.document.server.members().unwrap_or_default();
    let mut text =
        format!("{} {}\n", look.paint(Role::Strong, &specimen(&entry.name)), specimen(&entry.version));
    let title = members.get("title").and_then(Value::as_str).unwrap_or_default();
    for said in [title, entry.description.as_str()].into_iter().filter(|said| !said.is_empty()) {
        for line in specimen_lines(said).lines() {
            text.push_str(&format!("{}\n", look.paint(Role::Specimen, &wrap(line, look, 0))));
        }
    }
    text.push('\n');
    for (label, value) in facts(entry, &members) {
        let label = look.paint(Role::Dim, &format!("{label:<LABEL$}"));
        text.push_str(&format!("{label}{}\n", wrap(&specimen(&value), look, LABEL)));
    }
    for package in packages(&members) {
        text.push_str(&package_of(&package, look));
    }
    let remotes = members.get("remotes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for remote in remotes.iter().take(PARTS).filter_map(|one| Remote::deserialize(one).ok()) {
        let line = format!("remote {} {}", specimen(&remote.kind), specimen(&remote.url));
        text.push_str(&format!("\n{}\n", look.paint(Role::Strong, &wrap(&line, look, 2))));
        text.push_str(&inputs(&remote.headers, look));
    }
    text.push_str(&format!("\n{}\n", look.paint(Role::Dim, "the document, as it was published")));
    text + &json(&members, look)
}

fn facts(entry: &Entry, members: &Map<String, Value>) -> Vec<(&'static str, String)> {
    let (official, sigyl) = (&entry.document.meta.official, &entry.document.meta.sigyl);
    let status = match (official.status, &official.status_message) {
        (ListingStatus::Active, None) => None,
        (status, None) => Some(status.to_string()),
        (status, Some(why)) => Some(format!("{status}: {why}")),
    };
    let repository = members.get("repository").and_then(|one| Repository::deserialize(one).ok());
    let told = [
        ("status", status),
        ("verdict", Some(document_scan(&entry.document).1)),
        ("runs by", Some(entry.runtimes()).filter(|it| !it.is_empty())),
        ("rating", entry.rating().map(|it| format!("{:.1} of 5, by {}", it.average, it.count))),
        ("tags", Some(entry.tags.join(" ")).filter(|it| !it.is_empty())),
        ("deploys as", entry.source.clone()),
        ("repository", repository.map(|it| it.url).filter(|it| !it.is_empty())),
        ("website", members.get("websiteUrl").and_then(Value::as_str).map(str::to_owned)),
        ("latest", Some(if official.is_latest { "yes" } else { "no" }.to_owned())),
        ("published", Some(official.published_at.to_string())),
        ("updated", Some(official.updated_at.to_string())),
        ("from", sigyl.imported_from.clone()),
        ("problems", sigyl.problems.filter(|count| *count > 0).map(|count| count.to_string())),
        (
            "tools",
            sigyl.pins.as_ref().map(|pins| {
                let names: Vec<&str> = pins.tools.iter().map(|tool| tool.name.as_str()).collect();
                let more =
                    if pins.omitted > 0 { format!(", and {} more", pins.omitted) } else { String::new() };
                format!("{}{more}", names.join(" "))
            }),
        ),
    ];
    told.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
}

fn package_of(package: &Package, look: &Look) -> String {
    let version = package.version.as_deref().unwrap_or("any version");
    let line = format!(
        "{} {} {} over {}",
        specimen(&package.registry_type),
        specimen(&package.identifier),
        specimen(version),
        specimen(&package.transport.kind)
    );
    format!(
        "\n{}\n{}",
        look.paint(Role::Strong, &wrap(&line, look, 2)),
        inputs(&package.environment_variables, look)
    )
}

/// What somebody has to give it.
fn inputs(inputs: &[KeyValue], look: &Look) -> String {
    let line = |one: &KeyValue| {
        let marks = [(one.input.is_required, " needed"), (one.input.is_secret, " secret")];
        let marks: String = marks.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
        let says = one.input.description.as_deref().map(specimen).unwrap_or_default();
        let head = format!("  {}{}\n", specimen(&one.name), look.paint(Role::Warn, &marks));
        if says.is_empty() {
            return head;
        }
        format!("{head}    {}\n", look.paint(Role::Specimen, &wrap(&says, look, 4)))
    };
    inputs.iter().take(PARTS).map(line).collect()
}

/// Its members line by line; what is too long for a line goes on in the next one, below its own beginning.
fn json(members: &Map<String, Value>, look: &Look) -> String {
    let text = match serde_json::to_string_pretty(members) {
        Ok(text) => specimen_lines(&text),
        Err(error) => return format!("it cannot be written as JSON: {error}\n"),
    };
    let line = |line: &str| {
        let indent = line.len() - line.trim_start().len();
        format!("{:indent$}{}\n", "", wrap(line.trim_start(), look, indent + 2))
    };
    text.lines().map(line).collect()
}
