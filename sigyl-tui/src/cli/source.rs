//! `sigyl source`: lines of the source that is kept of a version.

use sigyl_core::domain::{RunId, ServerName, Version};
use sigyl_core::wire::v1::{Request, SourceOf, SourceWindow};

use super::{Context, run_id};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl source clock README.md
      The file from its beginning, of the version that serves.
  sigyl source clock@1.2.0 src/server.py:48
      The lines around line 48, which is marked.";

/// How a run is named in place of a server.
const RUN: &str = "run:";
/// Lines before and after the one that is named.
const AROUND: u32 = 6;
/// Lines from the beginning when none is named.
const FIRST: u32 = 200;

/// Show lines of a file of the source that is kept of a version
///
/// Secrets are masked as in the report on that source. A file that is no text in UTF-8, is larger than 1 MiB, or holds a secret that
/// cannot be told from the text around it is not shown.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server, one of its versions as NAME@VERSION, or what a run fetched as run:RUN
    #[arg(value_name = "NAME[@VERSION]")]
    of: String,
    /// The file by its path inside the source, with a line as reports name it
    #[arg(value_name = "PATH[:LINE]")]
    path: String,
    /// How many lines, 2000 at most
    #[arg(long, value_name = "COUNT")]
    lines: Option<u32>,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let of = whose(&self.of)?;
        let of = match of {
            SourceOf::Run(run) => SourceOf::Run(run_id::find(&run, &cx.link().await?).await?),
            other => other,
        };
        let (path, line) = placed(&self.path);
        let lines = self.lines.unwrap_or(if line.is_some() { 2 * AROUND + 1 } else { FIRST });
        // The line that is named stands in the middle.
        let from = line.map_or(1, |line| line.saturating_sub(lines / 2).max(1));
        let request = Request::Source { of, path: path.to_owned(), from, lines };
        let window: SourceWindow = cx.ask(request).await?;
        if cx.output.is_json() {
            cx.output.document("sigyl.source/1", &serde_json::json!({ "window": window }))?;
            return Ok(Exit::Well);
        }
        let look = cx.output.look;
        let lines = render::source_lines(&window, line.map(u64::from), &look, false);
        cx.output.print(&lines)?;
        let notes = render::source_notes(&window, &look);
        if !notes.is_empty() {
            cx.output.print(&format!("\n{notes}"))?;
        }
        Ok(Exit::Well)
    }
}

/// Reads whose source is meant.
fn whose(text: &str) -> Result<SourceOf, Problem> {
    let wrong = |error: String| {
        Problem::wrong_use("E0001", error, "write NAME, NAME@VERSION, or run:RUN as `sigyl runs` shows it")
    };
    if let Some(run) = text.strip_prefix(RUN) {
        return RunId::parse(run).map(SourceOf::Run).map_err(|error| wrong(error.to_string()));
    }
    let (name, version) = match text.rsplit_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (text, None),
    };
    let name = ServerName::parse(name).map_err(|error| wrong(error.to_string()))?;
    let version = version.map(Version::parse).transpose().map_err(|error| wrong(error.to_string()))?;
    Ok(SourceOf::Version { name, version })
}

/// Parts a path from the line behind it, and from a column behind that: `a.py:48:12` as reports write it.
fn placed(text: &str) -> (&str, Option<u32>) {
    let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number > 0);
    let Some((rest, last)) = text.rsplit_once(':') else { return (text, None) };
    let Some(last) = number(last) else { return (text, None) };
    match rest.rsplit_once(':').and_then(|(path, line)| Some((path, number(line)?))) {
        Some((path, line)) => (path, Some(line)),
        None => (rest, Some(last)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_reports_write_it() {
        for (text, path, line) in [
            ("src/a.py", "src/a.py", None),
            ("src/a.py:48", "src/a.py", Some(48)),
            ("src/a.py:48:12", "src/a.py", Some(48)),
            ("src/a.py:0", "src/a.py:0", None),
            ("a:b", "a:b", None),
        ] {
            assert_eq!(placed(text), (path, line), "{text}");
        }
    }

    #[test]
    fn a_version_or_a_run_is_named() {
        let of = |text: &str| whose(text).ok();
        assert!(matches!(of("clock"), Some(SourceOf::Version { version: None, .. })));
        assert!(matches!(of("io.x/clock@1.2.0"), Some(SourceOf::Version { version: Some(_), .. })));
        assert!(matches!(of("run:019aa1b2"), Some(SourceOf::Run(_))));
        for text in ["", "clock@", "clock@^1", "A B", "run:"] {
            assert!(of(text).is_none(), "{text}");
        }
    }
}
