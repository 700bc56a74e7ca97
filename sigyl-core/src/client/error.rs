//! What goes wrong between a client and a server.

use std::time::Duration;

use super::Refused;
use super::problem::is_code;
use crate::domain::{Failure, Kind};
use crate::wire::v1::Broken;

/// A cause, whatever it is.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// An operation of a server failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// No server is asked there.
    #[error("{url} cannot be the address of a server: {why}")]
    Address {
        /// The address.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The key cannot be sent.
    #[error("the key holds characters that no key has")]
    Key,
    /// The client cannot be made.
    #[error("a connection cannot be prepared")]
    Setup(#[source] Cause),
    /// A part of an address would mean another operation.
    #[error("`{part}` cannot be part of an address, and {operation} needs it there")]
    Part {
        /// The operation.
        operation: &'static str,
        /// The part.
        part: String,
    },
    /// A request cannot be written down.
    #[error("the request for {operation} cannot be written as JSON")]
    Unwritten {
        /// The operation.
        operation: &'static str,
        /// The cause.
        source: Cause,
    },
    /// Nobody answers there.
    #[error("could not reach {url}")]
    Unreachable {
        /// The address of the server.
        url: String,
        /// The cause.
        source: Cause,
    },
    /// The server did not answer in time.
    #[error("{url} did not answer {operation} within {} s", within.as_secs())]
    Timeout {
        /// The address of the server.
        url: String,
        /// The operation.
        operation: &'static str,
        /// How long it had.
        within: Duration,
    },
    /// The server says no.
    #[error("the server refused ({}): {}", .0.status, .0.detail)]
    Refused(Box<Refused>),
    /// The answer is larger than anything that it could be.
    #[error("the answer to {operation} is larger than {limit} bytes")]
    TooLarge {
        /// The operation.
        operation: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The answer is not what the operation answers.
    #[error("the answer to {operation} cannot be read: it is {kind}")]
    Unreadable {
        /// The operation.
        operation: &'static str,
        /// What it says that it is.
        kind: String,
        /// The cause.
        source: Cause,
    },
    /// A list goes on and on.
    #[error("the list that {operation} gives does not end")]
    Endless {
        /// The operation.
        operation: &'static str,
    },
    /// Something went wrong after the answer had begun.
    #[error("the server stopped: {}", .0.detail)]
    Broken(Broken),
    /// A stream ended before it was over.
    #[error("the stream of {operation} ended before it was over")]
    CutOff {
        /// The operation.
        operation: &'static str,
    },
}

impl ClientError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Address { .. } | Self::Key | Self::Part { .. } => Kind::Invalid,
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::CutOff { .. } => Kind::Unavailable,
            Self::Refused(refused) => refused.kind(),
            Self::TooLarge { .. } | Self::Unreadable { .. } | Self::Endless { .. } | Self::Broken(_) => {
                Kind::Upstream
            }
            Self::Setup(_) | Self::Unwritten { .. } => Kind::Internal,
        }
    }

    /// Returns the code of this failure: the server's own, where it gave one.
    pub fn code(&self) -> &str {
        match self {
            Self::Refused(refused) => refused.code.as_deref().unwrap_or("E1303"),
            Self::Broken(broken) => broken.code.as_deref().filter(|code| is_code(code)).unwrap_or("E1305"),
            Self::Address { .. } | Self::Key => "E1301",
            Self::Unreachable { .. } | Self::Timeout { .. } => "E1302",
            Self::TooLarge { .. } | Self::Unreadable { .. } | Self::Endless { .. } => "E1304",
            Self::CutOff { .. } => "E1305",
            Self::Part { .. } => "E1306",
            Self::Setup(_) | Self::Unwritten { .. } => "E0999",
        }
    }

    /// Tells this failure as it crosses a boundary, with its causes.
    pub fn failure(&self) -> Failure {
        let mut message = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(next) = cause {
            let text = next.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            cause = next.source();
        }
        let hint = match self {
            Self::Refused(refused) => {
                for place in &refused.errors {
                    message = format!("{message}\n{}: {}", place.location, place.message);
                }
                if let Some(request) = &refused.request {
                    message = format!("{message} (request {request})");
                }
                refused.hint.clone()
            }
            Self::Broken(broken) => broken.hint.clone(),
            _ => None,
        };
        Failure { code: self.code().to_owned(), kind: self.kind(), message, hint }
    }
}
