//! `sigyl rate`: says how good a server is.

use sigyl_core::domain::{Blurb, ServerName, Stars};
use sigyl_core::wire::v1::{RatingsView, Request};

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl rate clock 4 --comment 'knows every zone but one'
      One to five stars; what you said before is replaced.
  sigyl rate clock
      List what others said.";

/// Rate a server, or list its ratings
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server
    name: ServerName,
    /// One to five stars; without them, the ratings are listed
    #[arg(value_parser = stars)]
    stars: Option<Stars>,
    /// Why
    #[arg(long, value_name = "TEXT", requires = "stars")]
    comment: Option<Blurb>,
    /// Take your rating back
    #[arg(long, conflicts_with_all = ["stars", "comment"])]
    remove: bool,
}

fn stars(text: &str) -> Result<Stars, String> {
    let count = text.parse::<u8>().map_err(|error| error.to_string())?;
    Stars::new(count).map_err(|error| error.to_string())
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let Self { name, stars, comment, remove } = self;
        let body = serde_json::json!({ "server": name, "stars": stars });
        if let Some(stars) = stars {
            let said = format!("{name} is rated with {} of 5 stars.", stars.count());
            cx.done(Request::Rate { name, stars, comment }).await?;
            return cx.say("sigyl.rated/1", &body, &said);
        }
        if remove {
            let said = format!("{name} is not rated by you any more.");
            cx.done(Request::TakeRating { name }).await?;
            return cx.say("sigyl.rated/1", &body, &said);
        }
        let view: RatingsView = cx.ask(Request::Ratings { name }).await?;
        if cx.output.is_json() {
            cx.output.document("sigyl.ratings/1", &view)?;
        } else if view.ratings.is_empty() {
            cx.output.note("Nobody has rated it yet.");
        } else {
            let text = render::ratings(&view, &cx.output.look, cx.output.now());
            cx.output.print(&text)?;
        }
        Ok(Exit::Well)
    }
}
