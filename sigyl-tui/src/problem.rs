//! A failure on its way to the screen: the core's own, or one of the command line, with the exit code it leads to.

use std::error::Error;
use std::fmt;

use sigyl_core::domain::Kind;
use sigyl_core::wire::v1::{Failure, Response};

use crate::exit::Exit;

/// What was wrong, and how the command ends because of it.
#[derive(Debug)]
pub(crate) struct Problem {
    /// Code, message and hint.
    pub(crate) failure: Failure,
    /// The exit code it leads to.
    pub(crate) exit: Exit,
    /// Whether the message is already on the screen.
    pub(crate) told: bool,
}

impl Problem {
    /// Something is wrong with the command line, the configuration or the environment.
    pub(crate) fn wrong_use(code: &str, message: impl fmt::Display, hint: impl Into<String>) -> Self {
        let failure = Failure {
            code: code.to_owned(),
            kind: Kind::Invalid,
            message: message.to_string(),
            hint: Some(hint.into()),
        };
        Self { failure, exit: Exit::WrongUse, told: false }
    }

    /// The command line was right, and yet it failed.
    pub(crate) fn failed(
        code: &str,
        kind: Kind,
        message: impl fmt::Display,
        hint: impl Into<String>,
    ) -> Self {
        let failure =
            Failure { code: code.to_owned(), kind, message: message.to_string(), hint: Some(hint.into()) };
        Self { exit: Exit::of_kind(kind), failure, told: false }
    }

    /// The owner answered something else than what was asked for.
    pub(crate) fn unexpected(response: &Response) -> Self {
        // Only the name of the answer: its content is not what anybody asked for.
        let name = serde_json::to_value(response).ok();
        let name = name.as_ref().and_then(|value| value["result"].as_str()).unwrap_or("something else");
        Self::failed(
            "E0014",
            Kind::Internal,
            format!("the owner of the data directory answered `{name}`, which was not asked for"),
            "stop the owner with `sigyl stop` and start it again with this version of sigyl",
        )
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self { exit: Exit::of_kind(failure.kind), failure, told: false }
    }
}

/// Writes an error with all its causes on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
