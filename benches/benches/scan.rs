//! What the scanner costs, in bytes for each second of processor time: start-up, tools, one core, a second scan.
//!
//!     cargo bench -p sigyl-benches --bench scan -- [FOLDER] [--rules FILE]
//!
//! Without a folder it takes the sources of the crates that cargo has fetched, which every machine that built Sigyl
//! has. With a file of rules only those run, file by file, and nothing else is measured: `compare_scan.py` does that
//! beside other programs.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints figures and may stop at any failure"
)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use sigyl_core::clock::SystemClock;
use sigyl_core::domain::{Policy, Report, Tool};
use sigyl_core::scan::{KnownFolder, RuleSet, Scanner, Subject, ToolText};
use sigyl_core::source::{Limits, SourceTree};

/// Bytes of a file that are looked at.
const FILE: u64 = 24 << 20;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (mut folder, mut rules) = (corpus(), None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rules" => rules = arguments.next(),
            named => folder = named.into(),
        }
    }
    match rules {
        Some(file) => alone(&folder, &std::fs::read_to_string(file).unwrap()),
        None => whole(&folder),
    }
}

fn corpus() -> PathBuf {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cargo"));
    home.join("registry/src")
}

/// Returns the seconds that the processor has worked for this process, on all cores.
fn worked() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Runs some rules over each file, with the time it takes to read them.
fn alone(folder: &Path, rules: &str) {
    let rules = RuleSet::from_patterns(rules, "rules").unwrap();
    let scanner = Scanner::new(&rules, Policy::default());
    let tree = tree(folder);
    let begun = worked();
    let (mut bytes, mut findings) = (0, 0);
    for entry in tree.entries().iter().filter(|entry| entry.size <= FILE) {
        let text = std::fs::read(tree.root().join(&entry.path)).unwrap();
        findings += scanner.file(&entry.path, &text).map_or(0, |found| found.len());
        bytes += text.len();
    }
    println!("{:.1} MB/s, {findings} findings", bytes as f64 / 1e6 / (worked() - begun));
}

fn whole(folder: &Path) {
    let begun = worked();
    let rules = RuleSet::builtin().unwrap();
    println!("rule set      {:>8.1} ms", (worked() - begun) * 1e3);
    tools(&rules);
    let (begun, clock) = (worked(), Instant::now());
    let all = tree(folder);
    let took = (worked() - begun, clock.elapsed().as_secs_f64());
    println!("read          {:>8.2} s of the processor, {:.2} s by the clock", took.0, took.1);
    let scan = |what: &str, scanner: Scanner<'_>| -> (Report, f64) {
        let (begun, clock) = (worked(), Instant::now());
        let report = scanner.scan(&Subject::of(&all), &SystemClock);
        let (work, clock) = (worked() - begun, clock.elapsed().as_secs_f64());
        let megabytes = report.stats.bytes as f64 / 1e6;
        println!(
            "{what:<13} {:>8.1} MB/s: {megabytes:.1} MB of {} files in {work:.2} s of the processor, {clock:.2} s by \
             the clock, {} known, {} findings",
            megabytes / work,
            report.stats.files,
            report.stats.known,
            report.findings.len(),
        );
        (report, took.1 + clock)
    };
    let new = || Scanner::new(&rules, Policy::default());
    scan("warming up", new());
    let home = tempfile::tempdir().unwrap();
    let known = KnownFolder::open(home.path(), "bench").unwrap();
    let (first, long) = scan("first scan", new().known_files(&known));
    known.save().unwrap();
    let clock = Instant::now();
    let known = KnownFolder::open(home.path(), "bench").unwrap();
    println!("what is known {:>8.1} ms to read", clock.elapsed().as_secs_f64() * 1e3);
    let (second, short) = scan("second scan", new().known_files(&known));
    assert_eq!(first.findings, second.findings);
    println!("second scan, reading the folder included, {:.1} x as fast", long / short);
}

fn tree(folder: &Path) -> SourceTree {
    let limits = Limits { entries: 1_000_000, total: 8 << 30, ..Limits::default() };
    SourceTree::from_folder(folder, &limits).unwrap()
}

/// Looks at a thousand tools such as servers declare.
fn tools(rules: &RuleSet) {
    let tools: Vec<Tool> = (0..1_000).map(tool).collect();
    let scanner = Scanner::new(rules, Policy::default());
    let mut least = f64::MAX;
    for _ in 0..5 {
        let begun = worked();
        let found: usize = tools.iter().map(|tool| scanner.tool(&ToolText::of_tool(tool)).len()).sum();
        least = least.min(worked() - begun);
        assert_eq!(found, 0);
    }
    println!("1000 tools    {:>8.1} ms", least * 1e3);
}

fn tool(number: usize) -> Tool {
    let verb = ["List", "Create", "Update", "Search", "Read"][number % 5];
    let noun = ["issues", "files", "messages", "invoices", "calendar events", "pods", "tables"][number % 7];
    let description = format!(
        "{verb} {noun} of a project. Returns at most `limit` {noun}, newest first, as JSON with one object for each. \
         Use `filter` to narrow the result down; see the documentation of the API for its syntax.\n\nArgs:\n    \
         project: name of the project\n    filter: expression, optional\n    limit: how many, 1 to 100"
    );
    serde_json::from_value(serde_json::json!({
        "name": format!("{}_{}_{number}", verb.to_lowercase(), noun.replace(' ', "_")),
        "description": description,
        "inputSchema": {"type": "object", "required": ["project"], "properties": {
            "project": {"type": "string", "description": "Name of the project, as it is shown in the list of projects"},
            "filter": {"type": "string", "description": format!("Which {noun} to {}", verb.to_lowercase())},
            "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
        }},
    }))
    .unwrap()
}
