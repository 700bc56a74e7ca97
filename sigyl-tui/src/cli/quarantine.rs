//! `sigyl quarantine`: what must not run, be called or shown.

use sigyl_core::domain::{Quarantine, Suspect};
use sigyl_core::wire::v1::{QuarantineView, Request};

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl quarantine add clock --reason 'sends what it reads elsewhere'
      Stop it, hide it and refuse its calls, now and after a restart.
  sigyl quarantine lift clock --reason 'mended, and read by Ada'
      Let it run again.";

/// Stop, hide and refuse a server, a source or a tool
///
/// It stays so, also after a restart, until somebody who may approve lifts it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Put something under quarantine
    Add {
        /// A server, or the digest (sha256:…) of a source, a tool, a prompt or a resource
        what: Suspect,
        /// Why: who is refused reads it
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// List what is under quarantine
    List,
    /// Show a quarantine, with the servers and versions that it covers
    Show {
        /// Of what
        what: Suspect,
    },
    /// Lift a quarantine; what it covered starts again
    Lift {
        /// Of what
        what: Suspect,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        match self.what {
            What::List => list(cx).await,
            What::Add { what, reason } => {
                let view = cx.ask(Request::Quarantine { what, reason }).await?;
                show(&view, "is under quarantine", cx)
            }
            What::Show { what } => {
                let view = cx.ask(Request::ShowQuarantine { what }).await?;
                show(&view, "is under quarantine", cx)
            }
            What::Lift { what, reason } => {
                let view = cx.ask(Request::LiftQuarantine { what, reason }).await?;
                show(&view, "is under quarantine no more", cx)
            }
        }
    }
}

async fn list(cx: &mut Context) -> Result<Exit, Problem> {
    let quarantines: Vec<Quarantine> = cx.ask(Request::Quarantines).await?;
    let (body, nothing) = (serde_json::json!({ "quarantines": quarantines }), "Nothing is under quarantine.");
    cx.list("sigyl.quarantines/1", &body, &quarantines, nothing, render::quarantines)
}

fn show(view: &QuarantineView, how: &str, cx: &mut Context) -> Result<Exit, Problem> {
    if cx.output.is_json() {
        cx.output.document("sigyl.quarantine/1", view)?;
    } else {
        cx.output.note(&format!("{} {how}.", view.quarantine.what));
        let text = render::affected(&view.affected, &cx.output.look);
        cx.output.print(&text)?;
        render::left(view).iter().for_each(|line| cx.output.note(line));
    }
    Ok(Exit::Well)
}
