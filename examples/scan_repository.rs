//! Scans a folder with the synchronous scanner: no tokio, no store, no network.
//!
//!     cargo run -p sigyl-examples --no-default-features --example scan_repository -- examples/servers/poisoned
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;
use std::path::PathBuf;

use sigyl_core::clock::SystemClock;
use sigyl_core::domain::Policy;
use sigyl_core::manifest;
use sigyl_core::scan::render::{Plain, plain};
use sigyl_core::scan::{RuleSet, Scanner, Subject, TreeFiles};
use sigyl_core::source::{Limits, SourceTree};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map_or_else(|| "examples/servers/poisoned".into(), PathBuf::from);

    // What is looked at is bounded and digested first.
    let tree = SourceTree::from_folder(&folder, &Limits::default())?;
    let read = manifest::read(&TreeFiles(&tree))?;

    // A rule set is compiled once, and scans as many subjects as you like.
    let rules = RuleSet::builtin()?;
    let subject = Subject { manifest: Some(&read.manifest), ..Subject::of(&tree) };
    let report = Scanner::new(&rules, Policy::default()).scan(&subject, &SystemClock);

    println!("{}", plain(&report, &Plain));
    Ok(())
}
