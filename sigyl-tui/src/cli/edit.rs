//! `sigyl edit`: says how a server is presented.

use sigyl_core::domain::{Blurb, Label, Link, ProfilePatch, ServerName, Tag};
use sigyl_core::wire::v1::{Request, ServerView};

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl edit clock --title Clock --tag time --tag zones
      Say what it is called, and give all words that it is found by.
  sigyl edit clock --clear title --clear tags
      Let its versions speak for themselves again.";

/// Say how a server is presented, beside what its versions say
///
/// What is not named stays as it is, and no version is altered.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server
    name: ServerName,
    /// What it is called
    #[arg(long, value_name = "TEXT")]
    title: Option<Label>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<Blurb>,
    /// A word to find it by; those that are given replace all
    #[arg(long = "tag", value_name = "WORD")]
    tags: Vec<Tag>,
    /// The kind of server that it is
    #[arg(long, value_name = "WORD")]
    category: Option<Tag>,
    /// A small picture of it, by its https:// address
    #[arg(long, value_name = "URL")]
    icon: Option<Link>,
    /// A picture of what it does; those that are given replace all
    #[arg(long = "screenshot", value_name = "URL")]
    screenshots: Vec<Link>,
    /// Take back what was said
    #[arg(long, value_name = "FIELD")]
    clear: Vec<Field>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Field {
    Title,
    Description,
    Tags,
    Category,
    Icon,
    Screenshots,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let clear = self.clear;
        let tags = (!self.tags.is_empty()).then_some(self.tags);
        let screenshots = (!self.screenshots.is_empty()).then_some(self.screenshots);
        let patch = ProfilePatch {
            title: changed(self.title, &clear, Field::Title),
            description: changed(self.description, &clear, Field::Description),
            tags: changed(tags, &clear, Field::Tags),
            category: changed(self.category, &clear, Field::Category),
            icon: changed(self.icon, &clear, Field::Icon),
            screenshots: changed(screenshots, &clear, Field::Screenshots),
        };
        let view: ServerView = cx.ask(Request::Edit { name: self.name, patch: Box::new(patch) }).await?;
        if cx.output.is_json() {
            cx.output.document("sigyl.server/1", &view)?;
        } else {
            let text = render::server(&view, &cx.output.look, cx.output.now());
            cx.output.print(&text)?;
        }
        Ok(Exit::Well)
    }
}

/// What is given, or nothing at all if it is to be taken back; what is neither stays.
fn changed<T>(given: Option<T>, clear: &[Field], field: Field) -> Option<Option<T>> {
    given.map(Some).or_else(|| clear.contains(&field).then_some(None))
}
