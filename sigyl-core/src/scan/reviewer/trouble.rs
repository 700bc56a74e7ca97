//! Why a question has no answer that counts.

use std::time::Duration;

/// One question that was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// Nothing was asked, since nothing may leave this machine.
    #[error("offline: {0} is not asked")]
    Offline(String),
    /// The settings say that nothing is reviewed.
    #[error("turned off: `llm.review` is `never`")]
    Off,
    /// The service could not be spoken to.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// It did not answer in time.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The time of the whole review is over.
    #[error("the review took longer than {} s", .0.as_secs())]
    Deadline(Duration),
    /// It refused the request, or failed at it.
    #[error("the service answered {status}{}", told(.message))]
    Status {
        /// The status of HTTP.
        status: u16,
        /// What it said, masked and bounded.
        message: String,
    },
    /// It asks for more patience than there is.
    #[error("the service answered {status} and asks to wait {} s", .wait.as_secs())]
    Busy {
        /// The status of HTTP.
        status: u16,
        /// How long it asks to wait.
        wait: Duration,
    },
    /// Its answer is larger than any answer has to be.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// Its answer is none of that protocol.
    #[error("the answer is no chat completion: {0}")]
    Malformed(String),
    /// The model refused.
    #[error("the model refused{}", told(.0))]
    Refused(String),
    /// The model did not come to its end.
    #[error("the answer was cut off: finish_reason {0}")]
    CutOff(String),
    /// The answer does not carry the mark that only an answer to this question can know.
    #[error("the answer does not carry its receipt: it may have been dictated by what was shown")]
    Receipt,
    /// The answer does not have the form that was asked for.
    #[error("the answer does not have the form that was asked for: {0}")]
    Form(String),
    /// It would take more than the operator gave.
    #[error("over budget: {0}")]
    Budget(String),
    /// What was to be shown could not be made.
    #[error("the question cannot be made: {0}")]
    Question(String),
}

fn told(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

impl Trouble {
    /// Tells whether asking again may help.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut(_) => true,
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504 | 529),
            _ => false,
        }
    }

    /// Tells whether other questions would end the same way, so that none is asked any more.
    pub(super) fn is_for_all(&self) -> bool {
        match self {
            Self::Offline(_) | Self::Off | Self::Unreachable(_) | Self::TimedOut(_) | Self::Busy { .. } => {
                true
            }
            Self::Deadline(_) => true,
            // A bad request may be about one question: it may be too long for this model.
            Self::Status { status, .. } => !matches!(status, 400 | 413 | 422),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_asked_again() {
        let status = |status| Trouble::Status { status, message: String::new() };
        assert!(
            status(429).may_pass() && status(503).may_pass() && Trouble::Unreachable("x".into()).may_pass()
        );
        for last in [status(401), status(404), Trouble::Receipt, Trouble::CutOff("length".into())] {
            assert!(!last.may_pass(), "{last}");
        }
        assert!(status(401).is_for_all() && !status(400).is_for_all() && !Trouble::Receipt.is_for_all());
    }

    #[test]
    fn what_the_service_says_stands_in_the_reason() {
        let trouble = Trouble::Status { status: 404, message: "no such model".into() };
        assert_eq!(trouble.to_string(), "the service answered 404: no such model");
        assert_eq!(Trouble::Refused(String::new()).to_string(), "the model refused");
    }
}
