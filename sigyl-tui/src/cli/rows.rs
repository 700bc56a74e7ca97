//! Tools, or pieces of code, of a file: judged one by one as they are read.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use sigyl_core::clock::SystemClock;
use sigyl_core::domain::Kind;
use sigyl_core::scan::render::{self as form, Origin};
use sigyl_core::scan::{BadRow, JudgedRow, RowsOf, Scanner};
use sigyl_core::wire::v1::Failure;

use super::scan::Bench;
use super::{Context, results};
use crate::exit::Exit;
use crate::output::Output;
use crate::problem::Problem;
use crate::render;
use crate::settings::Format;

/// Bad entries that are told one by one.
const TOLD: u64 = 20;

/// Judges the entries of a file, or of standard input when it is called `-`.
pub(super) fn run(path: &Path, of: RowsOf, bench: &Bench, cx: &mut Context) -> Result<Exit, Problem> {
    let is_input = path == Path::new("-");
    let name = if is_input { "standard input".to_owned() } else { path.display().to_string() };
    let input = open(path, is_input).map_err(|error| unreadable(&name, &error))?;
    let Bench { rules, policy, .. } = bench;
    let lines = cx.output.format == Format::Jsonl;
    let (mut failed, mut bad) = (None, 0);
    let mut each = |row: Result<&JudgedRow, &BadRow>| {
        match row {
            Ok(row) if lines => failed = cx.output.document_text(&form::row(row)).err(),
            Ok(_) => {}
            Err(row) => {
                bad += 1;
                tell(row, bad, &name, &cx.output);
            }
        }
        failed.is_none()
    };
    let scanner = Scanner::new(rules, policy.clone());
    let tally =
        scanner.rows(input, of, &SystemClock, &mut each).map_err(|error| unreadable(&name, &error))?;
    if let Some(problem) = failed {
        return Err(problem);
    }
    if bad > TOLD {
        cx.output.note(&format!("{name}: {} more entries cannot be read.", bad - TOLD));
    }
    if lines {
        let unreviewed = bench.unreviewed_verdict();
        let verdict = unreviewed.map_or(tally.verdict(), |verdict| verdict.max(tally.verdict()));
        return Ok(Exit::of_verdict(verdict, unreviewed.is_some() || tally.is_partial()));
    }
    let mut report = tally.report(&name, &scanner, &SystemClock);
    bench.unreviewed(&mut report);
    let file = (!is_input).then(|| name.clone());
    results::write(&report, rules, &Origin { folder: String::new(), file }, None, cx)?;
    Ok(Exit::of_report(&report))
}

fn open(path: &Path, is_input: bool) -> io::Result<Box<dyn BufRead>> {
    if is_input {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
}

fn unreadable(name: &str, error: &io::Error) -> Problem {
    let hint = "name a file with a list of tools, or - for standard input";
    Problem::failed("E0028", Kind::Invalid, format!("could not read {name}: {error}"), hint)
}

/// Tells what is wrong with an entry, as long as there are few.
fn tell(row: &BadRow, number: u64, name: &str, output: &Output) {
    if number > TOLD {
        return;
    }
    let failure = Failure {
        code: "E0028".to_owned(),
        kind: Kind::Invalid,
        message: format!("{name}, {}: {}", row.place, row.why),
        hint: None,
    };
    output.tell(&render::error(&failure, &output.err_look));
}
