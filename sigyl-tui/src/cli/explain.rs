//! `sigyl explain`: what an error code or a rule means.

use super::{Context, rules};
use crate::codes::{self, CodeDoc};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::{Role, help, wrap};
use crate::rule_files;

const EXAMPLES: &str = "\
Examples:
  sigyl explain E0004
      What happened, and what to do about it.
  sigyl explain
      Every code with its title.";

/// Tell what an error code or a rule means and what to do
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The code, or the id of a rule [default: list all codes]
    code: Option<String>,
}

impl Args {
    /// Does it.
    pub(super) fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        if let Some(id) = self.code.as_deref().filter(|code| codes::find(code).is_none()) {
            let rules = rule_files::rule_set(&[])?;
            let meta = rules::find(&rules, id).ok_or_else(|| unknown(id))?;
            rules::show(&rules, meta, cx)?;
            return Ok(Exit::Well);
        }
        let docs = match &self.code {
            None => codes::all().collect(),
            Some(code) => vec![codes::find(code).ok_or_else(|| unknown(code))?],
        };
        if cx.output.is_json() {
            let codes: Vec<_> = docs.iter().map(|doc| json(doc)).collect();
            cx.output.document("sigyl.codes/1", &serde_json::json!({ "codes": codes }))?;
        } else if self.code.is_some() {
            for doc in docs {
                let text = explanation(doc, cx);
                cx.output.print(&text)?;
            }
        } else {
            let lines: String = docs.iter().map(|doc| format!("{}  {}\n", doc.code, doc.title)).collect();
            cx.output.print(&lines)?;
        }
        Ok(Exit::Well)
    }
}

fn unknown(code: &str) -> Problem {
    let shown: String = code.chars().take(40).collect();
    Problem::wrong_use(
        "E0016",
        format!("there is no code or rule {shown}"),
        "`sigyl explain` lists every code, and `sigyl rules` every rule",
    )
}

fn json(doc: &CodeDoc) -> serde_json::Value {
    serde_json::json!({
        "code": doc.code, "title": doc.title, "meaning": doc.meaning, "remedy": doc.remedy,
    })
}

fn explanation(doc: &CodeDoc, cx: &Context) -> String {
    let look = &cx.output.look;
    format!(
        "{}: {}\n\n{}\n\n{}",
        look.paint(Role::Error, doc.code),
        doc.title,
        wrap(doc.meaning, look, 0),
        help(doc.remedy, look)
    )
}
