//! What is looked at, and what was seen.

use serde::Serialize;
use sigyl_core::domain::{Failure, Locator};

use super::Looked;

/// One thing to look at.
#[derive(Clone, Debug)]
pub(in crate::console) enum Outside {
    /// What a source is, without deploying it.
    Look(Box<Locator>),
    /// Which folders and archives have a path that begins so.
    Names(String),
}

/// What was seen.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub(in crate::console) enum Seen {
    /// What a source is.
    Look(Box<Result<Looked, Failure>>),
    /// Paths that begin as was asked for, or why there are none.
    Names(Result<Vec<String>, String>),
}
