//! Scan throughput over a folder of real packages: all rules on, one file after another and on every core.
//!
//!     cargo bench -p sigyl-benches --bench scan -- FOLDER
//!
//! Without a folder it takes the sources of the crates that cargo has fetched, which every machine that built Sigyl
//! has.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints figures and may stop at any failure"
)]

use std::path::PathBuf;
use std::time::Instant;

use sigyl_core::clock::SystemClock;
use sigyl_core::domain::Policy;
use sigyl_core::scan::{RuleSet, Scanner, Subject};
use sigyl_core::source::{Limits, SourceTree};

fn corpus() -> PathBuf {
    if let Some(named) = std::env::args().skip(1).find(|argument| !argument.starts_with('-')) {
        return named.into();
    }
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cargo"));
    home.join("registry/src")
}

fn main() {
    let begun = Instant::now();
    let rules = RuleSet::builtin().unwrap();
    println!("rule set ready in {:.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    let limits = Limits { entries: 1_000_000, total: 8 << 30, ..Limits::default() };
    let tree = SourceTree::from_folder(&corpus(), &limits).unwrap();
    for round in 1..=3 {
        let subject = Subject::of(&tree);
        let begun = Instant::now();
        let report = Scanner::new(&rules, Policy::default()).scan(&subject, &SystemClock);
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "round {round}: {} files, {:.1} MB in {seconds:.2} s by the clock on {} cores: {:.0} MB/s, {} findings",
            report.stats.files,
            report.stats.bytes as f64 / 1e6,
            std::thread::available_parallelism().unwrap(),
            report.stats.bytes as f64 / 1e6 / seconds,
            report.findings.len(),
        );
    }
}
