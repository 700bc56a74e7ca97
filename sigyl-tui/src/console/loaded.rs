//! A value that was asked for.

use std::time::Duration;

use sigyl_core::domain::{Failure, Timestamp};

use crate::render::{Role, duration, specimen};

/// How long an answer may take before the wait is shown.
const VISIBLE: Duration = Duration::from_millis(150);
/// How long before the time is shown too.
const TIMED: Duration = Duration::from_secs(2);

/// What is known of it: the value, when it was asked for, and why it could not be had.
#[derive(Clone, Debug)]
pub(super) struct Loaded<T> {
    value: Option<T>,
    asked: Option<Timestamp>,
    failure: Option<Failure>,
}

impl<T> Default for Loaded<T> {
    fn default() -> Self {
        Self { value: None, asked: None, failure: None }
    }
}

impl<T> Loaded<T> {
    /// It was asked for; what is known stays until the answer is here.
    pub(super) fn ask(&mut self, now: Timestamp) {
        self.asked = Some(now);
    }

    /// The clock was set back: a wait that would begin in the future begins now.
    pub(super) fn set_back(&mut self, now: Timestamp) {
        self.asked = self.asked.map(|asked| asked.min(now));
    }

    /// The answer is here.
    pub(super) fn take(&mut self, answer: Result<T, Failure>) {
        self.exchange(answer);
    }

    /// The answer is here: what it stands in the place of is handed back.
    pub(super) fn exchange(&mut self, answer: Result<T, Failure>) -> Option<T> {
        self.asked = None;
        match answer {
            Ok(value) => {
                self.failure = None;
                self.value.replace(value)
            }
            Err(failure) => {
                self.failure = Some(failure);
                None
            }
        }
    }

    /// The value, even one that could not be renewed.
    pub(super) fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The value, to be changed in place.
    pub(super) fn get_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }

    /// Why it could not be had the last time.
    pub(super) fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Tells whether an answer is waited for.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// What a reader has to know of it beside the value, if anything.
    pub(super) fn says(&self, now: Timestamp) -> Option<(Role, String)> {
        if let Some(failure) = &self.failure {
            let old = if self.value.is_some() { " · shown as it was" } else { "" };
            return Some((Role::Error, format!("{}{old}", sentence(failure))));
        }
        let waited = now.since(self.asked?);
        match waited {
            _ if waited < VISIBLE && self.value.is_some() => None,
            _ if waited < TIMED => Some((Role::Dim, "asking…".to_owned())),
            _ => Some((Role::Dim, format!("asking for {}…", duration(waited)))),
        }
    }
}

/// A failure in one line: its code, what was wrong, what to do.
pub(super) fn sentence(failure: &Failure) -> String {
    let hint = failure.hint.as_ref().map(|hint| format!(" · {}", specimen(hint))).unwrap_or_default();
    format!("{} {}{hint}", failure.code, specimen(&failure.message))
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::Kind;

    use super::*;

    #[test]
    fn what_could_not_be_renewed_stays_and_says_so() {
        let now = Timestamp::from_millis(10_000);
        let mut loaded = Loaded::default();
        loaded.ask(now);
        assert_eq!(loaded.says(now).unwrap().1, "asking…");
        assert_eq!(loaded.says(now.plus(Duration::from_secs(4))).unwrap().1, "asking for 4.0 s…");
        loaded.take(Ok(7));
        assert!(loaded.says(now).is_none());
        loaded.ask(now);
        assert!(loaded.says(now).is_none(), "nothing flickers while a value is renewed");
        let failure = Failure {
            code: "E1".to_owned(),
            kind: Kind::Upstream,
            message: "gone\u{1b}".to_owned(),
            hint: None,
        };
        loaded.take(Err(failure));
        assert_eq!(loaded.get(), Some(&7));
        assert_eq!(loaded.says(now).unwrap().1, "E1 gone⟦ESC⟧ · shown as it was");
    }
}
