//! The far end: something that speaks MCP over pipes or over HTTP.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::domain::SecretValue;

/// How to speak to an instance of a server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Upstream {
    /// A process for each session: what a stdio server expects.
    Stdio(Arc<dyn Spawn>),
    /// Streamable HTTP.
    Http {
        /// Address of its MCP endpoint.
        url: String,
    },
    /// Streamable HTTP behind a door that opens only to who shows something.
    Guarded {
        /// Address of its MCP endpoint.
        url: String,
        /// What is shown with each request.
        pass: Arc<dyn Pass>,
    },
}

impl Upstream {
    /// Returns the address of one that speaks HTTP.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Stdio(_) => None,
            Self::Http { url } | Self::Guarded { url, .. } => Some(url),
        }
    }

    /// Returns what has to be shown with each request.
    pub fn pass(&self) -> Option<&Arc<dyn Pass>> {
        match self {
            Self::Guarded { pass, .. } => Some(pass),
            _ => None,
        }
    }
}

/// A header that opens a door.
#[derive(Debug)]
pub struct Shown {
    /// Its name, in small letters.
    pub header: &'static str,
    /// Its value.
    pub value: SecretValue,
}

/// Gets what is shown at a door: a token that is replaced before it ends.
#[async_trait]
pub trait Pass: Send + Sync + std::fmt::Debug {
    /// Returns what is shown now.
    async fn show(&self) -> Result<Shown, PassError>;

    /// Returns what is shown after `refused` was not taken, although it should hold; nothing where something new would
    /// not be taken either. Whoever asks does so once for each request.
    async fn show_anew(&self, refused: &Shown) -> Result<Option<Shown>, PassError> {
        let _same = refused;
        Ok(None)
    }
}

/// There is nothing to show. Never holds a secret.
#[derive(Debug, thiserror::Error)]
#[error("there is no token to reach the server with: {why}")]
pub struct PassError {
    why: String,
}

impl PassError {
    /// Says why.
    pub fn new(why: String) -> Self {
        Self { why }
    }
}

/// Starts one more process of a stdio server.
#[async_trait]
pub trait Spawn: Send + Sync + std::fmt::Debug {
    /// Starts it; standard error goes to the server's log.
    async fn spawn(&self) -> Result<Pipes, SpawnError>;

    /// Tells how the process behind `guard` ended, in words (its status, its last lines on standard error).
    ///
    /// Asked for when its pipes closed; it may wait a moment for the process. `None` when nothing is known.
    async fn ended(&self, guard: &(dyn Any + Send + Sync)) -> Option<String> {
        let _unknown = guard;
        None
    }
}

/// The pipes of one process.
pub struct Pipes {
    /// Its standard input; dropping it asks the process to end.
    pub stdin: Box<dyn AsyncWrite + Send + Unpin>,
    /// Its standard output.
    pub stdout: Box<dyn AsyncRead + Send + Unpin>,
    /// Stops the process and its family when dropped: standard input closed, then TERM, then KILL.
    pub guard: Box<dyn Any + Send + Sync>,
}

impl std::fmt::Debug for Pipes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pipes(…)")
    }
}

/// A process could not be started.
#[derive(Debug, thiserror::Error)]
#[error("could not start the server: {why}")]
pub struct SpawnError {
    /// What happened, in words.
    pub why: String,
}
