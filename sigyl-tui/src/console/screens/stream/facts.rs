//! What is known of a line that came, beside its text.

use sigyl_core::deploy::{LogLine, LogStream};
use sigyl_core::domain::Timestamp;
use sigyl_core::wire::v1::Frame;

/// Characters at the beginning of a line that its level is looked for in.
const HEAD: usize = 200;

/// How grave a line is, in its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    /// The next one to ask for, from all lines over graver and graver ones to all again.
    pub(super) fn after(level: Option<Self>) -> Option<Self> {
        match level {
            None => Some(Self::Info),
            Some(Self::Debug | Self::Info) => Some(Self::Warn),
            Some(Self::Warn) => Some(Self::Error),
            Some(Self::Error) => None,
        }
    }

    /// What is shown of lines.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Debug => "debug and graver",
            Self::Info => "info and graver",
            Self::Warn => "warnings and errors",
            Self::Error => "errors",
        }
    }

    fn of(word: &str) -> Option<Self> {
        match word {
            "trace" | "debug" => Some(Self::Debug),
            "info" | "notice" => Some(Self::Info),
            "warn" | "warning" => Some(Self::Warn),
            "error" | "err" | "fatal" | "critical" | "panic" => Some(Self::Error),
            _ => None,
        }
    }

    /// The level that a line names, if it names one: as a word in capitals, as the value of a field that is called so, in
    /// brackets, or as the word before its first colon. The same words in a sentence are no level.
    pub(super) fn named(text: &str) -> Option<Self> {
        let end = text.char_indices().nth(HEAD).map_or(text.len(), |(at, _)| at);
        let head = &text[..end];
        let mut field = false;
        let mut at = 0;
        for word in head.split(|c: char| !c.is_ascii_alphanumeric()) {
            let (before, after) = (&head[..at], &head[at + word.len()..]);
            at = (at + word.len() + 1).min(head.len());
            while !head.is_char_boundary(at) {
                at += 1;
            }
            if word.is_empty() {
                continue;
            }
            let lower = word.to_ascii_lowercase();
            let capital = word.len() > 2 && word.chars().all(|c| c.is_ascii_uppercase());
            let bracket = before.ends_with(['[', '<', '(']) && after.starts_with([']', '>', ')']);
            let first = before.trim().is_empty() && after.starts_with(':');
            if (capital || field || bracket || first)
                && let Some(level) = Self::of(&lower)
            {
                return Some(level);
            }
            field = matches!(&*lower, "level" | "lvl" | "severity");
        }
        None
    }
}

/// What is known of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// When it was written.
    pub(super) at: Option<Timestamp>,
    /// By whom.
    pub(super) by: Option<LogStream>,
    /// How grave it is.
    pub(super) level: Option<Level>,
}

impl Facts {
    /// What is known of what was told.
    pub(super) fn of(frame: &Frame) -> Self {
        match frame {
            Frame::Log(LogLine { at, stream, text }) => {
                Self { at: Some(*at), by: Some(*stream), level: Level::named(text) }
            }
            Frame::Call(call) => Self { at: Some(call.at), ..Self::default() },
            Frame::Event(event) => Self { at: Some(event.at), ..Self::default() },
            _ => Self::default(),
        }
    }
}

/// A line with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// As it is shown, with colours.
    pub(super) text: String,
    /// The rest.
    pub(super) facts: Facts,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_read_where_a_line_names_one_and_nowhere_else() {
        let cases = [
            ("2026-11-22 ERROR could not connect", Some(Level::Error)),
            ("WARNING:root:low", Some(Level::Warn)),
            ("warn: low", Some(Level::Warn)),
            ("[info] ready", Some(Level::Info)),
            (r#"{"ts":1,"level":"error","msg":"x"}"#, Some(Level::Error)),
            ("ts=1 level=debug msg=info", Some(Level::Debug)),
            ("severity: CRITICAL", Some(Level::Error)),
            ("é ERROR x", Some(Level::Error)),
            ("日本 [warn]", Some(Level::Warn)),
            ("there was no error so far", None),
            ("it is a warning to all: info follows", None),
            ("ready", None),
            ("", None),
        ];
        for (text, level) in cases {
            assert_eq!(Level::named(text), level, "{text}");
        }
        assert_eq!(
            Level::named(&format!("{} ERROR", "x ".repeat(200))),
            None,
            "only its beginning is looked at"
        );
    }

    #[test]
    fn levels_go_round() {
        let mut level = Level::after(None);
        let mut seen = Vec::new();
        while let Some(it) = level {
            seen.push(it);
            level = Level::after(level);
        }
        assert_eq!(seen, [Level::Info, Level::Warn, Level::Error]);
    }
}
