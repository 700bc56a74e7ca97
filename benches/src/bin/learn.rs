//! Learns the weights of the scanner's learned signal from labelled texts:
//!
//! ```sh
//! cargo run --release -p sigyl-benches --bin learn -- --out WEIGHTS TEXTS… --test LABELLED…
//! ```
//!
//! `--test` says how the weights alone do on the files behind it, `--each` also how each of their rows does.

use std::io::Write as _;
use std::path::PathBuf;

use color_eyre::eyre::{Result, bail};
use sigyl_benches::learning::{Weights, read_texts, tell};

fn main() -> Result<()> {
    color_eyre::install()?;
    let (mut weights_file, mut texts, mut tests) = (None, Vec::new(), Vec::new());
    let (mut is_test, mut each) = (false, false);
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--out") => weights_file = arguments.next().map(PathBuf::from),
            Some("--test") => is_test = true,
            Some("--each") => each = true,
            _ if is_test => tests.push(PathBuf::from(argument)),
            _ => texts.push(PathBuf::from(argument)),
        }
    }
    let Some(weights_file) = weights_file.filter(|_| !texts.is_empty()) else {
        bail!("write `learn --out WEIGHTS TEXTS…`, and `--test LABELLED…` behind it");
    };
    let mut out = std::io::stdout().lock();
    let texts = read_texts(&texts)?;
    let weights = Weights::learn(&texts);
    std::fs::write(&weights_file, weights.to_bytes())?;
    let (count, name) = (weights.count(), weights_file.display());
    writeln!(out, "{} texts; {count} features weigh something: {name}", texts.len())?;
    for file in &tests {
        tell(&weights, file, each, &mut out)?;
    }
    Ok(out.flush()?)
}
