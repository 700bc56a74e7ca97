//! Calls and events: one line each.

use std::time::Duration;

use sigyl_core::deploy::{LogLine, LogStream};
use sigyl_core::domain::{Came, Timestamp, Version};
use sigyl_core::event::{Event, EventKind};
use sigyl_core::store::{CallOutcome, CallRecord};

use super::{Glyph, Look, Role, duration, specimen};

/// When, to the second: lines are sorted and compared by it.
fn at(at: Timestamp, look: &Look) -> String {
    look.paint(Role::Dim, &look.zone.second(at))
}

/// Writes a line of a log: when, and what; Sigyl's own notes are marked.
pub(crate) fn log(line: &LogLine, look: &Look) -> String {
    let at = at(line.at, look);
    let text = specimen(&line.text);
    match line.stream {
        LogStream::Supervisor => format!("{at}  {}\n", look.paint(Role::Dim, &format!("[sigyl] {text}"))),
        _ => format!("{at}  {text}\n"),
    }
}

/// Writes a call: when, how it ended, how long it took, which tool of which version.
pub(crate) fn call(call: &CallRecord, look: &Look) -> String {
    let (glyph, word) = match call.outcome {
        CallOutcome::Ok => (Glyph::Done, "ok"),
        CallOutcome::ToolError => (Glyph::Warning, "tool error"),
        CallOutcome::ProtocolError => (Glyph::Failed, "refused"),
        CallOutcome::Failed => (Glyph::Failed, "no answer"),
        _ => (Glyph::Info, "unknown"),
    };
    let how = look.paint(glyph.role(), &format!("{} {word:<10}", look.sign(glyph)));
    let took = duration(Duration::from_micros(call.micros));
    let version = look.paint(Role::Dim, &specimen(call.version.as_str()));
    let by = call.caller.as_deref().map(|by| format!("  by {}", specimen(by))).unwrap_or_default();
    format!("{}  {how} {took:>9}  {}  {version}{by}\n", at(call.at, look), specimen(&call.tool))
}

/// Writes an event that belongs to no run: when, of which server, what happened.
pub(crate) fn event(event: &Event, look: &Look) -> String {
    let (glyph, said) = match &event.kind {
        EventKind::Health { healthy: true, note } => (Glyph::Serving, note.clone()),
        EventKind::Health { healthy: false, note } => (Glyph::Failed, note.clone()),
        EventKind::Restarted { attempt, note } => {
            (Glyph::Starting, format!("started again (attempt {attempt}): {note}"))
        }
        EventKind::ToolsChanged { added, removed, changed } => {
            (Glyph::Warning, tools_changed(&[("added", added), ("removed", removed), ("changed", changed)]))
        }
        EventKind::Quarantined { what, reason } => {
            (Glyph::Failed, format!("under quarantine ({what}): {reason}"))
        }
        EventKind::QuarantineLifted { what, reason } => {
            (Glyph::Serving, format!("under quarantine no more ({what}): {reason}"))
        }
        EventKind::Followed { branch, note } => (Glyph::Info, format!("{branch}: {note}")),
        EventKind::Edited => (Glyph::Info, "presented otherwise".to_owned()),
        EventKind::Rated { count, average: Some(average) } => {
            (Glyph::Info, format!("rated: {average} of 5 stars, by {count}"))
        }
        EventKind::Rated { average: None, .. } => (Glyph::Info, "rated by nobody any more".to_owned()),
        EventKind::Moved { workspace } => (Glyph::Info, format!("belongs to {workspace}")),
        EventKind::Deleted => (Glyph::Stopped, "removed".to_owned()),
        EventKind::Activated { version, url } => (Glyph::Serving, format!("{version} serves at {url}")),
        EventKind::Promoted { version, by, percent, to, tried } => {
            (Glyph::Serving, promoted(version, by, *percent, *to, tried))
        }
        EventKind::Decided { approved, by, reason } => {
            let (glyph, word) =
                if *approved { (Glyph::Serving, "approved") } else { (Glyph::Failed, "rejected") };
            (glyph, format!("{} {word} by {by}: {reason}", of_run(event)))
        }
        EventKind::Run { state, note } => {
            let note = note.as_ref().map_or(String::new(), |note| format!(": {note}"));
            (Glyph::Info, format!("{} is {state}{note}", of_run(event)))
        }
        EventKind::Scanned { verdict, findings } => {
            (Glyph::Info, format!("{} was scanned: {verdict}, {findings} findings", of_run(event)))
        }
        other => (Glyph::Info, format!("{other:?}")),
    };
    let server = event.server.as_ref().map_or("-", |server| server.as_str());
    let sign = look.paint(glyph.role(), look.sign(glyph));
    let server = look.paint(Role::Strong, server);
    format!("{}  {sign} {server}  {}\n", at(event.at, look), specimen(&said))
}

/// Says who let a version go on that was tried.
pub(crate) fn promoted(version: &Version, by: &str, percent: u8, to: Option<u8>, tried: &Came) -> String {
    let to = to.map_or_else(|| "all new clients".to_owned(), |to| format!("{to} % of new clients"));
    let (calls, failed) = (tried.calls, tried.failed);
    format!("{version} was promoted by {by} from {percent} % to {to}, after {calls} calls, {failed} failed")
}

fn of_run(event: &Event) -> String {
    event.run.as_ref().map_or_else(|| "a run".to_owned(), |run| format!("run {run}"))
}

fn tools_changed(parts: &[(&str, &Vec<String>)]) -> String {
    let parts = parts.iter().filter(|(_, names)| !names.is_empty());
    let parts: Vec<String> = parts.map(|(how, names)| format!("{how} {}", names.join(", "))).collect();
    format!("its tools differ from the recorded ones: {}", parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn a_call_is_one_line_and_its_tool_stays_text() {
        let text: String = fixtures::calls().iter().map(|record| call(record, &Look::PLAIN)).collect();
        insta::assert_snapshot!(text, @r"
        2026-11-22T14:01:00  ✓ ok              3 ms  now  1.2.0
        2026-11-22T14:01:00  ◆ tool error     2.5 s  ⟦ESC⟧[31mnow  1.2.0
        2026-11-22T14:01:00  ✖ no answer   5 m 00 s  now  1.2.0
        ");
    }

    #[test]
    fn an_event_is_one_line() {
        let text: String = fixtures::events().iter().map(|it| event(it, &Look::PLAIN)).collect();
        insta::assert_snapshot!(text, @r"
        2026-11-22T14:01:00  ● clock  answers, 2 tools as recorded
        2026-11-22T14:01:00  ◆ clock  its tools differ from the recorded ones: added b; changed a, c
        2026-11-22T14:01:00  ◐ clock  started again (attempt 2): exited with code 101
        ");
    }
}
