//! Consent to what a document of the registry has a client start.

use std::io::BufRead as _;

use sigyl_core::domain::Kind;
use sigyl_core::registry::install::{Entry, Power, Risk};

use super::Context;
use crate::problem::Problem;
use crate::render::{notice, specimen};

/// What may be put in without another question.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Consent {
    /// Put it in though something of it is worth knowing, without asking
    #[arg(long, short)]
    yes: bool,
    /// Let it reach this machine past its container: folders of the system, the container socket, other processes
    #[arg(long)]
    allow_host: bool,
    /// Let it run other code than the package that the document names
    #[arg(long)]
    allow_code: bool,
}

impl Consent {
    /// Shows what a client will start, with what it is given, and what of it is worth knowing; refuses what was not allowed,
    /// and asks about the rest.
    pub(super) fn require(self, client: &str, entry: &Entry, cx: &Context) -> Result<(), Problem> {
        show(client, entry, cx);
        if let Some(risk) = entry.risks.iter().find(|risk| !self.allows(risk)) {
            let flag = if risk.power == Power::Host { "--allow-host" } else { "--allow-code" };
            let message = format!("{} was not put in: {}", specimen(&entry.name), told(risk));
            let hint = format!("look at the document first; {flag} puts it in all the same");
            return Err(Problem::failed("E0048", Kind::Denied, message, hint));
        }
        if self.yes || entry.risks.is_empty() {
            return Ok(());
        }
        if !cx.output.interactive {
            let message = format!("{} was not put in: there is no terminal to ask", specimen(&entry.name));
            return Err(Problem::failed(
                "E0048",
                Kind::Denied,
                message,
                "read what is told above, and add --yes",
            ));
        }
        cx.output.tell("Put it in? [y/N] ");
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        if read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes") {
            return Ok(());
        }
        let message = format!("{} was not put in", specimen(&entry.name));
        Err(Problem::failed("E0048", Kind::Denied, message, "nothing was changed"))
    }

    fn allows(self, risk: &Risk) -> bool {
        match risk.power {
            Power::Notable => true,
            Power::Host => self.allow_host,
            _ => self.allow_code,
        }
    }
}

/// Tells what a client will start or ask, what that is given and who says so, and what of it is worth knowing.
pub(super) fn show(client: &str, entry: &Entry, cx: &Context) {
    cx.output.note(&format!("{client} will use: {}", specimen(&entry.shown)));
    for given in &entry.given {
        let said = match &given.value {
            Some(value) => format!("`{}`, as the document says", specimen(value)),
            None => "what you say".to_owned(),
        };
        cx.output.note(&format!("  {} is {said}", specimen(&given.name)));
    }
    for risk in &entry.risks {
        cx.output.tell(&notice(&told(risk), &cx.output.err_look));
    }
}

fn told(risk: &Risk) -> String {
    format!("`{}`: {}", specimen(&risk.what), risk.why)
}
