//! `sigyl search`: names of the registry.

use sigyl_core::wire::registry::Finds;
use sigyl_core::wire::v1::Request;

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl search weather forecast
      Names that the words stand in, the best first.
  sigyl search postgrs -n 5 --format json
      Words may be cut short or mistyped; documents as one JSON object.";

/// Find servers in the registry by words
///
/// It looks at names, titles, descriptions, tags and tools, of each name at its latest version.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The words
    #[arg(required = true, value_name = "WORD")]
    words: Vec<String>,
    /// Names at most
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20)]
    limit: usize,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let request = Request::Search { words: self.words.join(" "), limit: self.limit };
        let finds: Finds = cx.ask(request).await?;
        if cx.output.is_json() {
            cx.output.document("sigyl.search/1", &finds)?;
        } else if finds.servers.is_empty() {
            cx.output.note("Nothing found.");
        } else {
            let text = render::finds(&finds, &cx.output.look);
            cx.output.print(&text)?;
        }
        Ok(Exit::Well)
    }
}
