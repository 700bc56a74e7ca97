//! Learns the weights of the scanner's learned signal from labelled texts.
//!
//! ```sh
//! cargo run --release -p sigyl-benches --bin learn -- --out WEIGHTS TEXTS… --test LABELLED…
//! ```

use std::path::PathBuf;

use color_eyre::eyre::{Result, bail};
use sigyl_benches::learning::{Weights, read_texts, tell};

fn main() -> Result<()> {
    color_eyre::install()?;
    let (mut out, mut texts, mut tests) = (None, Vec::new(), Vec::new());
    let mut is_test = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--out" => out = arguments.next().map(PathBuf::from),
            "--test" => is_test = true,
            file if is_test => tests.push(PathBuf::from(file)),
            file => texts.push(PathBuf::from(file)),
        }
    }
    let Some(out) = out.filter(|_| !texts.is_empty()) else {
        bail!("usage: learn --out WEIGHTS TEXTS… [--test LABELLED…]");
    };
    let lessons = read_texts(&texts)?;
    println!("{} texts", lessons.len());
    let weights = Weights::learn(&lessons);
    std::fs::write(&out, weights.to_bytes())?;
    println!("{} features weigh something: {}", weights.count(), out.display());
    for file in &tests {
        tell(&weights, file)?;
    }
    Ok(())
}
