//! `sigyl logs`: what a server wrote.

use sigyl_core::deploy::{LogLine, LogStream};
use sigyl_core::domain::ServerName;
use sigyl_core::wire::v1::{Frame, Request};

use super::Context;
use crate::exit::Exit;
use crate::output::Reader;
use crate::problem::Problem;
use crate::render::{Look, Role, specimen};

const EXAMPLES: &str = "\
Examples:
  sigyl logs clock -n 200
      The last 200 lines over all its instances.
  sigyl logs clock -f --format json
      Stay, and write each line as one JSON object.";

/// Show what a server and its supervisor wrote
///
/// That is the server's standard error, and its standard output when it speaks HTTP.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server
    name: ServerName,
    /// Stay and show what comes
    #[arg(short, long)]
    follow: bool,
    /// Lines from the past
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 100)]
    lines: usize,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let follow = self.follow;
        let request = Request::Logs { name: self.name, lines: self.lines, follow };
        // Without a store there is no such server, which fails here.
        cx.answer_of_nothing(&request)?;
        let link = cx.link().await?;
        let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
        let mut on_frame = move |frame: Frame| {
            if let Frame::Log(line) = frame {
                // The receiver leaves only when nobody reads any more.
                sender.send(line).ok();
            }
        };
        let mut call = std::pin::pin!(link.call(request, &mut on_frame));
        let mut kept = Vec::new();
        let ended = loop {
            tokio::select! {
                biased;
                Some(line) = lines.recv() => match show(line, follow, &mut kept, cx)? {
                    Reader::There => {}
                    Reader::Gone => return Ok(Exit::Well),
                },
                ended = &mut call => break ended,
            }
        };
        ended?;
        while let Ok(line) = lines.try_recv() {
            show(line, follow, &mut kept, cx)?;
        }
        if cx.output.is_json() && !follow {
            cx.output.document("sigyl.logs/1", &serde_json::json!({ "lines": kept }))?;
        }
        Ok(Exit::Well)
    }
}

/// Writes a line at once, unless all of them make one document.
fn show(line: LogLine, follow: bool, kept: &mut Vec<LogLine>, cx: &mut Context) -> Result<Reader, Problem> {
    match (cx.output.is_json(), follow) {
        (true, false) => {
            kept.push(line);
            Ok(Reader::There)
        }
        (true, true) => cx.output.json_line(&line),
        (false, _) => {
            let text = plain(&line, &cx.output.look);
            cx.output.print(&text)
        }
    }
}

fn plain(line: &LogLine, look: &Look) -> String {
    let at = line.at.to_string();
    let at = look.paint(Role::Dim, at.get(..19).unwrap_or(&at));
    let text = specimen(&line.text);
    match line.stream {
        LogStream::Supervisor => format!("{at}  {}\n", look.paint(Role::Dim, &format!("[sigyl] {text}"))),
        _ => format!("{at}  {text}\n"),
    }
}
