//! What a look came to, as text.

use std::fmt::Write as _;

use sigyl_core::domain::{Judgement, Permissions, Transport, Verdict, Waiver};
use sigyl_core::manifest::{Manifest, Runtime};
use sigyl_core::scan::render::Frame;

use crate::console::outside::{Fault, Looked};
use crate::render::{self, Glyph, Look, Role, specimen, specimen_lines, wrap};

/// Columns of the names of fields.
const NAMES: usize = 12;

/// Writes everything that a look came to: what it is, what is wrong with that, and what was found.
pub(super) fn preview(looked: &Looked, look: &Look) -> String {
    let mut text = String::new();
    match &looked.manifest {
        Some(manifest) => {
            // What it comes to is read first, however much there is to read below.
            text.push_str(&format!("{}\n\n{}", verdict(looked, &[], look), about(manifest, look)));
        }
        None => {
            let says = format!(
                "{} Its manifest cannot be used: nothing can be deployed from it.",
                look.sign(Glyph::Failed)
            );
            let says = format!("{}\n{}\n", look.paint(Role::Error, &says), "Mend it, then ^R looks again.");
            text.push_str(&says);
        }
    }
    faults(&mut text, "Problems", Role::Error, &looked.problems, look);
    faults(&mut text, "Worth mending", Role::Warn, &looked.notices, look);
    text.push_str(&format!("\n{}\n", look.paint(Role::Strong, "Findings")));
    let line = |path: &str, line: u32, column: u32| {
        let known =
            looked.lines.iter().find(|one| (one.path.as_str(), one.line, one.column) == (path, line, column));
        known.map(|one| Frame { before: one.before.clone(), after: one.after.clone() })
    };
    text.push_str(&render::kept_report(&looked.report, look, &line));
    let _written = derived(&mut text, looked, look);
    text
}

/// What the verdict will mean, in a sentence: with the findings that may stay, as the run judges by the same policy.
pub(super) fn verdict(looked: &Looked, waive: &[Waiver], look: &Look) -> String {
    let judged = judged(looked, waive);
    let without = match judged != looked.report.verdict {
        true => format!("\nWithout the findings that may stay it would be {}.", looked.report.verdict),
        false => String::new(),
    };
    let (glyph, says) = match judged {
        Verdict::Warn if looked.report.findings.is_empty() => {
            (Glyph::Warning, "warn: it may run, though not everything was looked at")
        }
        Verdict::Pass => (Glyph::Done, "pass: it may run"),
        Verdict::Warn => (Glyph::Warning, "warn: it may run; read what was found"),
        Verdict::Hold => (Glyph::Held, "hold: the run will wait until somebody approves it"),
        Verdict::Block => (Glyph::Blocked, "block: the run will be stopped, and nothing starts"),
    };
    let mut line = look.paint(glyph.role(), &wrap(&format!("{} {says}", look.sign(glyph)), look, 2));
    line.push_str(&look.paint(Role::Dim, &without));
    if looked.report.partial {
        let says = "Not everything was looked at: see below.";
        line.push_str(&format!("\n{}", look.paint(Role::Warn, says)));
    }
    line
}

/// The verdict once what may stay is accepted. What cannot be judged here keeps its verdict: the run decides.
fn judged(looked: &Looked, waive: &[Waiver]) -> Verdict {
    if waive.is_empty() {
        return looked.report.verdict;
    }
    let granted = Permissions::default();
    let judged = Judgement::new(&looked.report, &looked.policy, waive, &granted, looked.at);
    judged.map_or(looked.report.verdict, |judged| judged.record().verdict)
}

fn row(text: &mut String, look: &Look, name: &str, role: Role, value: &str) {
    let line = wrap(&format!("{name:NAMES$}{value}"), look, NAMES);
    let value = line.get(NAMES..).unwrap_or_default();
    text.push_str(&format!(
        "{}{}\n",
        look.paint(Role::Dim, &format!("{name:NAMES$}")),
        painted(look, role, value)
    ));
}

fn painted(look: &Look, role: Role, lines: &str) -> String {
    lines.split('\n').map(|line| look.paint(role, line)).collect::<Vec<_>>().join("\n")
}

fn about(manifest: &Manifest, look: &Look) -> String {
    let mut text = String::new();
    let version = manifest.version.as_ref().map_or("without a version", |version| version.as_str());
    row(&mut text, look, "name", Role::Strong, &format!("{} {}", manifest.name, specimen(version)));
    if let Some(title) = &manifest.title {
        row(&mut text, look, "title", Role::Specimen, &specimen(title));
    }
    if let Some(description) = &manifest.description {
        row(&mut text, look, "what", Role::Specimen, &specimen(description));
    }
    row(&mut text, look, "runtime", Role::Text, runtime(manifest.runtime));
    row(&mut text, look, "build", Role::Text, &build(manifest));
    row(&mut text, look, "start", Role::Text, &start(manifest));
    row(&mut text, look, "speaks", Role::Text, &transport(&manifest.start.transport));
    let asked = &manifest.permissions;
    let asks = if asked.is_empty() {
        "nothing beyond its own files".to_owned()
    } else {
        specimen(&asked.to_string())
    };
    row(&mut text, look, "asks for", if asked.is_empty() { Role::Text } else { Role::Warn }, &asks);
    let names: Vec<String> = manifest.secrets.iter().map(|secret| secret.name.to_string()).collect();
    let secrets = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    row(&mut text, look, "secrets", Role::Text, &secrets);
    let tools: Vec<String> = manifest.tools.iter().take(20).map(|tool| specimen(tool.name())).collect();
    let more = manifest.tools.len().saturating_sub(tools.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let tools = if tools.is_empty() {
        "none declared; the started server is asked".to_owned()
    } else {
        format!("{}{more}", tools.join(", "))
    };
    row(&mut text, look, "tools", Role::Text, &tools);
    text
}

/// How a server is built, for a reader.
pub(super) fn build(manifest: &Manifest) -> String {
    match (&manifest.build.command, &manifest.build.dockerfile) {
        (Some(command), _) => specimen(&command.join(" ")),
        (None, Some(file)) => format!("an image, by {}", specimen(file)),
        (None, None) => "as its runtime is built".to_owned(),
    }
}

/// How a server is started, for a reader.
pub(super) fn start(manifest: &Manifest) -> String {
    let command = manifest.start.command.iter().chain(&manifest.start.entry_point);
    let words: Vec<String> = command.chain(&manifest.start.args).map(|word| specimen(word)).collect();
    if words.is_empty() { "as its runtime starts it".to_owned() } else { words.join(" ") }
}

fn transport(transport: &Transport) -> String {
    match transport {
        Transport::Stdio => "standard input and output".to_owned(),
        Transport::Http { path, port } => {
            let port = port.map_or_else(|| "a port that is chosen".to_owned(), |port| format!("port {port}"));
            format!("HTTP at {}, {port}", specimen(path))
        }
        _ => "another transport".to_owned(),
    }
}

fn runtime(runtime: Runtime) -> &'static str {
    match runtime {
        Runtime::Node => "Node.js",
        Runtime::Python => "Python",
        Runtime::Rust => "Rust",
        Runtime::Go => "Go",
        Runtime::Container => "a container",
        _ => "another one",
    }
}

fn faults(text: &mut String, title: &str, role: Role, faults: &[Fault], look: &Look) {
    if faults.is_empty() {
        return;
    }
    text.push_str(&format!("\n{}\n", look.paint(Role::Strong, title)));
    for fault in faults {
        let says = wrap(&format!("  {}", specimen(&fault.says)), look, 4);
        text.push_str(&format!("{}\n", painted(look, role, &says)));
        if let Some(line) = &fault.line {
            let number = line.line.to_string();
            let code = specimen_lines(&format!("{}{}", line.before, line.after));
            let code = look.cut(code.trim_end(), look.width.unwrap_or(100).saturating_sub(number.len() + 10));
            text.push_str(&format!(
                "      {} | {}\n",
                look.paint(Role::Dim, &number),
                look.paint(Role::Specimen, &code)
            ));
        }
    }
}

fn derived(text: &mut String, looked: &Looked, look: &Look) -> std::fmt::Result {
    for (at, derived) in looked.derived.iter().enumerate() {
        if at == 0 {
            text.push('\n');
        }
        let line = format!("{} comes from {}", specimen(&derived.field), specimen(&derived.from));
        writeln!(text, "{}", painted(look, Role::Dim, &wrap(&line, look, 2)))?;
    }
    Ok(())
}
