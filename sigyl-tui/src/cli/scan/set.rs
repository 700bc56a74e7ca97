//! `sigyl scan --set`: lists of tools, as the servers that one agent reaches.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sigyl_core::clock::SystemClock;
use sigyl_core::domain::{Kind, Tool};
use sigyl_core::scan::render::Origin;
use sigyl_core::scan::{Member, Scanner, ServerSet, SetReport};

use super::Bench;
use crate::cli::{Context, results};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::{self, specimen};
use crate::settings::Format;

/// Bytes of one list.
const BYTES: u64 = 64 << 20;

/// Does it.
pub(super) fn run(files: &[PathBuf], bench: &Bench, cx: &mut Context) -> Result<Exit, Problem> {
    let mut lists = Vec::new();
    for file in files {
        lists.push((unused(&name(file), lists.iter().map(|(name, _)| name)), read(file)?));
    }
    let servers = lists.iter().map(|(name, tools)| Member { name: name.clone(), tools, ..Member::default() });
    let set = ServerSet { servers: servers.collect(), unheard: Vec::new() };
    let mut report = Scanner::new(&bench.rules, bench.policy.clone()).scan_set(&set, &SystemClock);
    bench.unreviewed(&mut report.report);
    match cx.output.format {
        Format::Json => {
            let text =
                serde_json::to_string_pretty(&report).map_err(|error| wrong(Path::new("-"), &error))?;
            cx.output.document_text(&(text + "\n"))?;
        }
        Format::Plain => {
            let text = plain(&report, cx);
            cx.output.document_text(&text)?;
        }
        _ => results::write(&report.report, &bench.rules, &Origin::default(), None, cx)?,
    }
    Ok(Exit::of_report(&report.report))
}

/// Writes the report, and what each tool can do.
pub(super) fn plain(report: &SetReport, cx: &Context) -> String {
    let mut text = render::report(&report.report, &cx.output.look, None);
    if !report.labels.is_empty() {
        text.push_str("\nlabels (what tools can do; no findings)\n");
    }
    for tool in &report.labels {
        let labels: Vec<String> = tool.labels.iter().map(|(label, why)| format!("{label} ({why})")).collect();
        let line = format!("{}/{}: {}", tool.server, tool.tool, labels.join(", "));
        text.push_str(&format!("  {}\n", render::wrap(&specimen(&line), &cx.output.look, 4)));
    }
    text
}

/// Returns a name that is not taken: `name`, or that with a number.
pub(super) fn unused<'a>(name: &str, taken: impl Iterator<Item = &'a String> + Clone) -> String {
    let is_free = |name: &String| taken.clone().all(|other| other != name);
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
}

fn name(file: &Path) -> String {
    file.file_stem().map_or_else(|| "server".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

fn read(file: &Path) -> Result<Vec<Tool>, Problem> {
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(|error| wrong(file, &error))?;
    opened.take(BYTES + 1).read_to_string(&mut text).map_err(|error| wrong(file, &error))?;
    if text.len() as u64 > BYTES {
        return Err(wrong(file, &format!("it has more than {BYTES} bytes")));
    }
    tools(&text).map_err(|why| wrong(file, &why))
}

/// Reads a `tools/list` result, as it is or in its answer, an array, or one tool on each line.
fn tools(text: &str) -> Result<Vec<Tool>, String> {
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    let listed = match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(list)) => list,
        Ok(value) => {
            let list =
                value.get("tools").or_else(|| value.get("result").and_then(|result| result.get("tools")));
            match list.and_then(Value::as_array) {
                Some(list) => list.clone(),
                None if value.get("name").is_some() => vec![value],
                None => return Err("it holds no list of tools".to_owned()),
            }
        }
        Err(whole) => {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            // Of a text that is no JSON Lines either, what is wrong with the whole says more.
            lines.map(serde_json::from_str).collect::<Result<_, _>>().map_err(|_| whole.to_string())?
        }
    };
    let tool = |(at, value): (usize, Value)| {
        serde_json::from_value(value).map_err(|error| format!("tool {}: {error}", at + 1))
    };
    listed.into_iter().enumerate().map(tool).collect()
}

fn wrong(file: &Path, why: &impl ToString) -> Problem {
    let message = format!("{}: {}", file.display(), why.to_string());
    let hint = "give a tools/list result, an array of tools, or one tool on each line";
    Problem::failed("E0027", Kind::Invalid, message, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_in_each_form() {
        for text in [
            r#"{"tools": [{"name": "a"}]}"#,
            r#"{"jsonrpc": "2.0", "id": 1, "result": {"tools": [{"name": "a"}]}}"#,
            r#"[{"name": "a"}]"#,
            "{\"name\": \"a\"}\n",
        ] {
            assert_eq!(tools(text).unwrap()[0].name(), "a", "{text}");
        }
        assert_eq!(tools("{\"name\": \"a\"}\n{\"name\": \"b\"}\n").unwrap().len(), 2);
        for text in ["", "{}", "[{}]", "x"] {
            assert!(tools(text).is_err(), "{text}");
        }
    }

    #[test]
    fn two_files_of_one_name_are_two_servers() {
        let taken = ["a".to_owned(), "a-2".to_owned()];
        assert_eq!(unused("a", taken.iter()), "a-3");
    }
}
