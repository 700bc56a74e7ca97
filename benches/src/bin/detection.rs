//! Recall, precision and F1 of the scanner on labelled tools and code, by set and by category:
//!
//! ```sh
//! cargo run --release -p sigyl-benches --bin detection -- FILE…
//! ```
//!
//! `--wrong` lists each sample that is judged wrongly. `--half tuning` and `--half validation` look at one half of the
//! samples each, so that rules are not checked with what they were written by. Precision is counted against all benign
//! samples given, tools for dual use apart.

use std::io::Write as _;
use std::path::PathBuf;

use color_eyre::eyre::{OptionExt as _, Result, bail};
use sigyl_benches::detection::{Half, Judge, print, rows};

fn main() -> Result<()> {
    color_eyre::install()?;
    let (mut files, mut half, mut wrong) = (Vec::new(), None, false);
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--wrong") => wrong = true,
            Some("--half") => {
                let named = arguments.next().ok_or_eyre("--half needs `tuning` or `validation`")?;
                half = Some(match named.to_str() {
                    Some("tuning") => Half::Tuning,
                    Some("validation") => Half::Validation,
                    _ => bail!("--half is `tuning` or `validation`, not {named:?}"),
                });
            }
            _ => files.push(PathBuf::from(argument)),
        }
    }
    if files.is_empty() {
        bail!("name at least one file of labelled samples, one JSON object a line");
    }
    let judge = Judge::new()?;
    let mut outcomes = Vec::new();
    for file in &files {
        for row in rows(file)?.into_iter().filter(|row| half.is_none_or(|half| half.holds(row))) {
            outcomes.push(judge.judge(row)?);
        }
    }
    let mut out = std::io::stdout().lock();
    print(&outcomes, wrong, &mut out)?;
    Ok(out.flush()?)
}
