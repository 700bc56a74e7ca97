//! One line of the table.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::app::App;
use crate::respond::{Answer, Problem};

/// What a request is handed to.
pub(crate) type Handler = fn(Arc<App>) -> Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send>>;

/// A method of HTTP that routes have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
}

impl Method {
    /// Returns its name in a request.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One operation of the server.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// Its address; a part in braces stands for any text without `/`.
    pub(crate) path: &'static str,
    /// Whether it is answered when no more requests are: only what costs nothing.
    pub(crate) always: bool,
    pub(crate) handler: Handler,
    pub(crate) doc: Doc,
}

/// What the OpenAPI document says of a route.
#[derive(Debug)]
pub(crate) struct Doc {
    /// Its name in clients that are made from the document.
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    /// What it answers; problems that every route can have are not named.
    pub(crate) answers: &'static [Reply],
}

/// One answer that a route can give.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) means: &'static str,
    pub(crate) carries: Carries,
}

/// What an answer carries.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Carries {
    /// JSON, by the name of its schema.
    Json(&'static str),
    /// Text of a type.
    Text(&'static str),
}
