//! `sigyl publish`: puts a document into the registry.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use sigyl_core::domain::{IssueSeverity, Kind, RawDocument};
use sigyl_core::wire::registry::{ServerResponse, Validation};
use sigyl_core::wire::v1::Request;

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl publish server.json
      Put it into the registry, if it passes every check.
  sigyl publish server.json --check
      Only say what is wrong with it; exit code 3 if it would be refused.";

/// Publish a server.json in the registry
///
/// A published version never changes: publish another.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The document; `-` is standard input
    file: PathBuf,
    /// Say what is wrong with it, and publish nothing
    #[arg(long)]
    check: bool,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let document = read(&self.file)?;
        let request = Request::CheckListing { document: document.clone() };
        let checked: Validation = cx.ask(request).await?;
        let refused = !checked.valid;
        let issues = render::issues(&checked.issues, &cx.output.err_look);
        if self.check {
            if cx.output.is_json() {
                cx.output.document("sigyl.publish-check/1", &checked)?;
            } else {
                cx.output.tell(&issues);
                cx.output.note(if refused { "It would be refused." } else { "It would be published." });
            }
            return Ok(if refused { Exit::Failed } else { Exit::Well });
        }
        cx.output.tell(&issues);
        if refused {
            let errors = checked.issues.iter().filter(|issue| issue.severity == IssueSeverity::Error).count();
            let message = format!("{} has {errors} error(s), and nothing was published", self.file.display());
            let hint = "mend what is listed above; `sigyl publish --check FILE` tells without publishing";
            return Err(Problem::failed("E1101", Kind::Invalid, message, hint));
        }
        let published: ServerResponse = cx.ask(Request::PublishListing { document }).await?;
        if cx.output.is_json() {
            cx.output.document("sigyl.publish/1", &published)?;
        } else {
            let text = render::published(&published, &cx.output.look);
            cx.output.print(&text)?;
        }
        Ok(Exit::Well)
    }
}

/// Reads a document, up to one byte more than is taken.
fn read(file: &Path) -> Result<String, Problem> {
    let most = RawDocument::MAX_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    let read = match file == Path::new("-") {
        true => std::io::stdin().lock().take(most).read_to_end(&mut bytes),
        false => std::fs::File::open(file).and_then(|file| file.take(most).read_to_end(&mut bytes)),
    };
    let wrong = |why: String| {
        let message = format!("could not read {}: {why}", file.display());
        Problem::failed("E0031", Kind::Invalid, message, "name a server.json, or `-` for standard input")
    };
    read.map_err(|error| wrong(error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| wrong("it is no UTF-8 text".to_owned()))
}
