//! `sigyl calls`: which tools of a server were called.

use sigyl_core::domain::{Kind, ServerName};
use sigyl_core::wire::v1::{CallCount, Frame, Request, SessionCounts};

use super::Context;
use super::pieces::Pieces;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl calls clock -n 200
      The last 200 calls, oldest first: when, how they ended, how long they took.
  sigyl calls --totals --format json
      How many calls there were by caller, server and tool since the server
      began, and how many sessions are open now.";

/// Show the calls of a server's tools, never what they said
///
/// Calls through the endpoint are recorded, without arguments and results.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server
    #[arg(required_unless_present = "totals")]
    name: Option<ServerName>,
    /// Count calls by caller, server and tool since the server began, and sessions that are open now, instead
    #[arg(long, conflicts_with_all = ["name", "follow", "limit"])]
    totals: bool,
    /// Stay and show what comes
    #[arg(short, long)]
    follow: bool,
    /// Calls from the past
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 100)]
    limit: usize,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let Some(name) = self.name else { return totals(cx).await };
        let pieces = Pieces {
            pick: |frame| match frame {
                Frame::Call(call) => Some(*call),
                _ => None,
            },
            plain: render::call,
            schema: "sigyl.calls/1",
            field: "calls",
            none: "No calls yet.",
        };
        let request = Request::Calls { name, limit: self.limit, follow: self.follow };
        pieces.show(request, self.follow, cx).await
    }
}

/// What is known of sessions: an older server has nothing at that address, and counts calls all the same.
fn known(open: Result<SessionCounts, Problem>) -> Result<SessionCounts, Problem> {
    match open {
        Err(problem) if problem.failure.kind == Kind::NotFound => Ok(SessionCounts::default()),
        open => open,
    }
}

async fn totals(cx: &mut Context) -> Result<Exit, Problem> {
    let counts: Vec<CallCount> = cx.ask(Request::CountCalls).await?;
    let open = known(cx.ask(Request::CountSessions).await)?;
    if cx.output.is_json() {
        let document =
            serde_json::json!({ "counts": counts, "sessions": open.sessions, "other_sessions": open.others });
        cx.output.document("sigyl.call-counts/1", &document)?;
        return Ok(Exit::Well);
    }
    if counts.is_empty() {
        cx.output.note("No calls yet.");
    } else {
        cx.output.print(&render::call_counts(&counts, &cx.output.look))?;
    }
    match &open.sessions {
        None => cx.output.note("Sessions are not known here: no endpoint serves, or the server is older."),
        Some(sessions) if sessions.is_empty() => cx.output.note("No sessions are open."),
        Some(_) => {
            cx.output.print(&format!("\n{}", render::session_counts(&open, &cx.output.look)))?;
        }
    }
    Ok(Exit::Well)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_server_knows_no_sessions_and_other_failures_stay() {
        let failed = |kind| known(Err(Problem::failed("E0010", kind, "nothing is there", "")));
        assert_eq!(failed(Kind::NotFound).unwrap().sessions, None);
        assert_eq!(failed(Kind::Denied).unwrap_err().failure.kind, Kind::Denied);
    }
}
