//! The last inputs, so that what went wrong can be told and played again: bounded, and without secrets.

use std::collections::VecDeque;
use std::io::{self, Write};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::Value;
use sigyl_core::event::{Event, EventKind};
use sigyl_core::wire::v1::{Frame, Response};

use super::input::Input;
use super::outside::Seen;

/// Inputs that are kept.
const COUNT: usize = 2_000;
/// Bytes that they have together.
const BYTES: usize = 1 << 20;
/// Bytes of one of them; of a larger one, only that it was there.
const ONE: usize = 64 << 10;

/// Inputs as lines of JSON, the newest last.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    lines: VecDeque<String>,
    bytes: usize,
    /// Inputs that were there before the first that is kept.
    dropped: u64,
}

impl Recorder {
    /// Keeps an input. What is typed into a hidden field is kept as so many letters, and what may hold a secret not at all.
    pub(super) fn keep(&mut self, input: &Input, hidden: bool) {
        let masked = masked(input, hidden);
        let line = if holds_what_is_nobodys(input) {
            left_out(input, "it may hold a secret")
        } else {
            line(masked.as_ref().unwrap_or(input)).unwrap_or_else(|| left_out(input, "it is too long"))
        };
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.lines.len() > COUNT || self.bytes > BYTES {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.len();
            self.dropped += 1;
        }
    }

    /// Inputs that are not kept any more.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The lines, oldest first.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }
}

/// Writes an input as a line, unless it is too long for one.
fn line(input: &Input) -> Option<String> {
    let mut line = Bounded(Vec::new());
    serde_json::to_writer(&mut line, input).ok()?;
    let text = String::from_utf8(line.0).ok()?;
    if !text.contains(ENV) && !text.contains(FAILED) {
        return Some(text);
    }
    // What servers are started with is in what is known of them, and what a tool said last in why a run failed.
    let mut value = serde_json::from_str(&text).ok()?;
    hide(&mut value);
    Some(value.to_string())
}

/// How variables of a server begin in a line.
const ENV: &str = r#""env":{"#;
/// What stands between the name of a tool and what it said last.
const FAILED: &str = "` failed";

fn letters(text: &str) -> String {
    "x".repeat(text.chars().count())
}

fn hide(value: &mut Value) {
    match value {
        Value::String(text) => {
            let tool = text.find(FAILED).and_then(|at| Some(at + text[at..].find(": ")? + 2));
            if let Some(said) = tool {
                *text = format!("{}{}", &text[..said], letters(&text[said..]));
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::Object(env) if name == "env" => {
                        env.values_mut().for_each(|value| *value = Value::from("x"));
                    }
                    other => hide(other),
                }
            }
        }
        _ => {}
    }
}

/// The line that stands for an input which is not kept.
fn left_out(input: &Input, why: &str) -> String {
    let (what, ticket) = match input {
        Input::Answered(ticket, _) => ("answered", Some(ticket.0)),
        Input::Told(ticket, _) => ("told", Some(ticket.0)),
        Input::Read(ticket, _) => ("read", Some(ticket.0)),
        Input::Seen(ticket, _) => ("seen", Some(ticket.0)),
        Input::Paste(_) => ("paste", None),
        _ => ("input", None),
    };
    serde_json::json!({ "left_out": what, "ticket": ticket, "why": why }).to_string()
}

/// What is kept instead of an input that shows what nobody may see.
fn masked(input: &Input, hidden: bool) -> Option<Input> {
    match input {
        Input::Key(key) if hidden && is_letter(key) => {
            Some(Input::Key(KeyEvent { code: KeyCode::Char('x'), ..*key }))
        }
        Input::Paste(text) if hidden => Some(Input::Paste(letters(text))),
        // Servers write what they like into their logs.
        Input::Told(ticket, frame) => match &**frame {
            Frame::Log(line) => {
                let line = sigyl_core::deploy::LogLine { text: letters(&line.text), ..line.clone() };
                Some(Input::Told(*ticket, Box::new(Frame::Log(line))))
            }
            // So do the tools that build them.
            Frame::Event(event) => {
                let EventKind::Log { step, line } = &event.kind else { return None };
                let kind = EventKind::Log { step: *step, line: letters(line) };
                Some(Input::Told(
                    *ticket,
                    Box::new(Frame::Event(Box::new(Event { kind, ..(**event).clone() }))),
                ))
            }
            _ => None,
        },
        _ => None,
    }
}

fn is_letter(key: &KeyEvent) -> bool {
    let held = KeyModifiers::CONTROL | KeyModifiers::ALT;
    matches!(key.code, KeyCode::Char(_)) && !key.modifiers.intersects(held)
}

/// Whether an input may hold secrets, or what a tool answered: whatever is not known to hold none may.
fn holds_what_is_nobodys(input: &Input) -> bool {
    match input {
        Input::Answered(_, Ok(answer)) => !is_harmless(answer),
        Input::Read(_, Ok(_)) => true,
        // How a stranger's server is started is in it.
        Input::Seen(_, Seen::Look(_)) => true,
        Input::Told(_, frame) => match &**frame {
            Frame::Done(answer) => !is_harmless(answer),
            Frame::Event(_) | Frame::Mark { .. } | Frame::Gap { .. } | Frame::Log(_) | Frame::Call(_) => {
                false
            }
            Frame::Failed(_) => false,
            _ => true,
        },
        _ => false,
    }
}

fn is_harmless(answer: &Response) -> bool {
    matches!(
        answer,
        Response::Owner(_)
            | Response::Run(_)
            | Response::Servers(_)
            | Response::Server(_)
            | Response::Versions(_)
            | Response::Runs(_)
            | Response::Report(_)
            | Response::Probe(_)
            | Response::Policy(_)
            | Response::PolicyTest(_)
            | Response::Rescanned(_)
            | Response::Finds(_)
            | Response::Listing(_)
            | Response::Listings(_)
            | Response::Page(_)
            | Response::Validation(_)
            | Response::WhoAmI(_)
            | Response::Keys(_)
            | Response::Accounts(_)
            | Response::CallCounts(_)
            | Response::SessionCounts(_)
            | Response::Usage(_)
            | Response::Workspaces(_)
            | Response::Ratings(_)
            | Response::Follows(_)
            | Response::Follow(_)
            | Response::GitHubInstallations(_)
            | Response::GitHubRepositories(_)
            | Response::GitHubRefs(_)
            | Response::GitHubFiles(_)
            | Response::Attested(_)
            | Response::Verification(_)
            | Response::PublicKey(_)
            | Response::Quarantines(_)
            | Response::Quarantine(_)
            | Response::Members(_)
            | Response::Audit(_)
            | Response::Secrets(_)
            | Response::SetSecret(_)
            | Response::MasterKey(_)
            | Response::GitHub(_)
            | Response::AuditChecked(_)
            | Response::Ok
    )
}

/// Takes bytes until there are too many for one input.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > ONE {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::Timestamp;

    use super::super::effect::Ticket;
    use super::*;

    fn text(recorder: &Recorder) -> String {
        recorder.lines().collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn only_the_newest_inputs_are_kept_and_the_others_are_counted() {
        let mut recorder = Recorder::default();
        for at in 0..5_000 {
            recorder.keep(&Input::Tick(Timestamp::from_millis(at)), false);
        }
        assert_eq!((recorder.lines.len(), recorder.dropped()), (COUNT, 3_000));
        (0..100).for_each(|_| recorder.keep(&Input::Paste("a".repeat(ONE - 100)), false));
        assert!(recorder.bytes <= BYTES);
        assert_eq!(recorder.bytes, recorder.lines().map(str::len).sum::<usize>());
    }

    #[test]
    fn what_is_too_long_is_named_and_not_kept() {
        let mut recorder = Recorder::default();
        recorder.keep(&Input::Paste("a".repeat(ONE)), false);
        assert_eq!(text(&recorder), r#"{"left_out":"paste","ticket":null,"why":"it is too long"}"#);
    }

    #[test]
    fn nothing_of_a_hidden_field_is_kept_but_its_length() {
        let mut recorder = Recorder::default();
        let key = |c| Input::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
        "hunter2".chars().for_each(|c| recorder.keep(&key(c), true));
        recorder.keep(&Input::Paste("hunter2".to_owned()), true);
        let sent = Input::Key(KeyEvent::new(KeyCode::Char('s'), KeyModifiers::CONTROL));
        recorder.keep(&sent, true);
        let kept = text(&recorder);
        assert!(!kept.contains("hunter2") && !kept.contains(r#""2""#), "{kept}");
        assert!(kept.contains(r#"{"paste":"xxxxxxx"}"#) && kept.contains(r#"{"Char":"s"}"#), "{kept}");
        assert_eq!(kept.matches(r#"{"Char":"x"}"#).count(), 7, "{kept}");
    }

    #[test]
    fn nothing_of_what_a_build_says_is_kept_but_its_length() {
        let mut recorder = Recorder::default();
        let event = |more: Value| {
            let mut event = serde_json::json!({
                "seq": 7, "at": "2026-11-22T14:01:00Z", "run": "019abc", "server": "clock", "step": "build_image",
            });
            event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let frame: Frame =
                serde_json::from_value(serde_json::json!({"frame": "event", "with": event})).unwrap();
            Input::Told(Ticket(1), Box::new(frame))
        };
        recorder.keep(&event(serde_json::json!({"kind": "log", "line": "hunter2"})), false);
        let note = "could not be built: `npm ci` failed with exit status 1: hunter2";
        recorder.keep(&event(serde_json::json!({"kind": "step", "state": "failed", "note": note})), false);
        let kept = text(&recorder);
        assert!(!kept.contains("hunter2"), "{kept}");
        assert!(kept.contains(r#""line":"xxxxxxx""#), "{kept}");
        assert!(kept.contains("`npm ci` failed with exit status 1: xxxxxxx"), "{kept}");
    }

    #[test]
    fn answers_that_may_hold_secrets_are_left_out() {
        let mut recorder = Recorder::default();
        let answers = [
            serde_json::json!({"result": "secret", "with": "hunter2"}),
            serde_json::json!({"result": "call", "with": {"content": "hunter2"}}),
        ];
        for answer in answers {
            let answer: Response = serde_json::from_value(answer).unwrap();
            recorder.keep(&Input::Answered(Ticket(7), Ok(Box::new(answer))), false);
        }
        recorder.keep(&Input::Read(Ticket(8), Ok("hunter2".to_owned())), false);
        let line = serde_json::json!({"frame": "log", "with": {
            "at": "2026-11-22T14:01:00Z", "stream": "server", "text": "the key is hunter2",
        }});
        let line: Frame = serde_json::from_value(line).unwrap();
        recorder.keep(&Input::Told(Ticket(9), Box::new(line)), false);
        let servers = Response::Servers(vec![crate::fixtures::serving()]);
        recorder.keep(&Input::Answered(Ticket(10), Ok(Box::new(servers))), false);
        let kept = text(&recorder);
        assert!(!kept.contains("hunter2") && kept.contains(r#""ZONE":"x""#), "{kept}");
        assert_eq!(kept.matches("it may hold a secret").count(), 3, "{kept}");
    }
}
