//! What it costs to judge a thousand definitions of tools.
//!
//!     cargo bench -p sigyl-benches --bench tools -- [FILE]
//!
//! Without a file it makes tools, two thirds as long as those of real servers and as different. A file holds one tool a line,
//! or a `tools/list` result, as `sigyl scan --tools` takes it.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints figures and may stop at any failure"
)]

use sigyl_core::clock::FixedClock;
use sigyl_core::domain::{Policy, Tool};
use sigyl_core::scan::{RowsOf, RuleSet, Scanner, ToolText};

/// How often each figure is measured; the least counts.
const ROUNDS: usize = 7;

fn main() {
    let file = std::env::args().skip(1).find(|argument| argument != "--bench");
    let text = match file {
        Some(file) => std::fs::read_to_string(file).unwrap(),
        None => (0..1_000).map(|number| format!("{}\n", tool(number))).collect(),
    };
    let rules = RuleSet::builtin().unwrap();
    let scanner = Scanner::new(&rules, Policy::default());
    let tools: Vec<Tool> = text.lines().filter_map(read).collect();
    let (count, bytes) = (tools.len(), text.len() as f64 / 1e3);
    println!("{count} tools in {bytes:.0} kB of JSON; milliseconds of the processor for a thousand of them:");
    let thousand = 1e6 / count.max(1) as f64;
    let texts = least(|| drop(tools.iter().map(ToolText::of_tool).collect::<Vec<_>>()));
    println!("their texts   {:>8.1}", texts * thousand);
    let judged = least(|| tools.iter().for_each(|tool| drop(scanner.tool(&ToolText::of_tool(tool)))));
    println!("judged        {:>8.1}", judged * thousand);
    let rows = least(|| {
        scanner.rows(text.as_bytes(), RowsOf::Tools, &FixedClock::default(), &mut |_| true).unwrap();
    });
    println!("from JSON on  {:>8.1}, with hashes and verdicts", rows * thousand);
}

fn read(line: &str) -> Option<Tool> {
    let mut members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).ok()?;
    if let Some(schema) = members.remove("input_schema") {
        members.insert("inputSchema".to_owned(), schema);
    }
    Tool::new(members).ok()
}

/// Returns the seconds that the processor has worked for this process, on all cores.
fn worked() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

fn least(mut what: impl FnMut()) -> f64 {
    let measure = |_| {
        let begun = worked();
        what();
        worked() - begun
    };
    (0..ROUNDS).map(measure).fold(f64::MAX, f64::min)
}

const VERBS: [&str; 8] = ["list", "create", "update", "search", "read", "delete", "send", "export"];
const NOUNS: [&str; 11] = [
    "issue",
    "file",
    "message",
    "invoice",
    "calendar_event",
    "pod",
    "table",
    "pull_request",
    "customer",
    "metric",
    "secret_version",
];
/// What descriptions go on with; every tool has some of it, from nothing to nearly all.
const SENTENCES: [&str; 12] = [
    "Returns at most `limit` entries, newest first, as JSON with one object for each.",
    "Use `filter` to narrow the result down; see the documentation of the API for its syntax.",
    "Requires the scope `project:read`, and fails with 403 if the token lacks it.",
    "Call this before changing anything, to find the id that the other tools of this server take.",
    "Dates are ISO 8601 (2024-05-01T12:00:00Z); without a time zone they are read as UTC.",
    "Do not use it for more than 100 entries at a time; page through them with `cursor` instead.",
    "\n\nExamples:\n- `status:open AND assignee:me`\n- `created > 2024-01-01 AND label in (bug, \"needs triage\")`",
    "\n\n**Note**: the user has to confirm what cannot be undone, unless `force` is set to true.",
    "\n\nArgs:\n    project: name or id of the project\n    filter: expression, optional\n    limit: 1 to 100",
    "Large results are written to a file in the workspace, and its path (e.g. `/tmp/export-42.csv`) is returned.",
    "Supports Markdown, read-only links (https://api.example.com/v2/items?sort=name&order=asc) and file-based input.",
    "If the server answers with an error, the message tells which field was wrong and what it expects.",
];
const PARAMETERS: [(&str, &str); 7] = [
    ("project", "Name of the project, as it is shown in the list of projects"),
    ("filter", "Expression that entries have to match (e.g. `status:open`). Leave it out for all of them."),
    ("limit", "How many entries to return"),
    ("cursor", "Opaque cursor from the `next_cursor` of an earlier result, to go on where that ended"),
    ("include_archived", "Whether archived entries are listed too; they are marked with \"archived\": true"),
    ("output_format", "One of json, csv or markdown. Defaults to json."),
    ("path", "Absolute path"),
];

/// Makes one tool: two thirds as long as those of real servers on average, and as different from each other.
fn tool(number: usize) -> serde_json::Value {
    // Numbers that look drawn by lot and are the same each time.
    let draw = |salt: usize, of: usize| (number * 7_919 + salt * 104_729) % 1_009 % of;
    let (verb, noun) = (VERBS[draw(1, VERBS.len())], NOUNS[draw(2, NOUNS.len())]);
    // Half of them are short.
    let sentences = [0, 0, 1, 1, 2, 3, 5, 9][draw(3, 8)];
    let mut description = format!("{verb} each {} of a project.", noun.replace('_', " "));
    for at in 0..sentences {
        description.push(' ');
        description.push_str(SENTENCES[(draw(4, SENTENCES.len()) + at * 5) % SENTENCES.len()]);
    }
    let parameters = (0..[0, 1, 2, 2, 3, 4, 5, 7][draw(5, 8)]).map(|at| {
        let (name, text) = PARAMETERS[(draw(6, PARAMETERS.len()) + at) % PARAMETERS.len()];
        let described = draw(7 + at, 3) > 0;
        let description = if described { serde_json::json!(text) } else { serde_json::Value::Null };
        (name.to_owned(), serde_json::json!({"type": "string", "title": name, "description": description}))
    });
    serde_json::json!({
        "name": format!("{verb}_{noun}_{number}"),
        "description": description,
        "inputSchema": {
            "type": "object",
            "properties": parameters.collect::<serde_json::Map<_, _>>(),
            "$schema": "http://json-schema.org/draft-07/schema#",
        },
    })
}
