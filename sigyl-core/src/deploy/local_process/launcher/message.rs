//! What Sigyl, the keeper and the confined stage say to each other.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Sandbox;

/// What the keeper watches over.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in super::super) struct Watch {
    /// Bytes that the whole family may hold.
    pub(in super::super) memory: Option<u64>,
    /// Processes at a time.
    pub(in super::super) processes: usize,
    /// Threads of all of them at a time.
    pub(in super::super) threads: u64,
}

/// Limits that a process sets on itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct Limits {
    /// Open files.
    pub(in super::super) files: u64,
    /// Bytes of writable memory of one process, as the last stop between two samples of the keeper.
    pub(in super::super) data: Option<u64>,
    /// What shows to whom it belongs, for good.
    pub(in super::super) mark: u64,
}

/// What the confined stage becomes. It holds opened secrets: it is never shown and never written to disk.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct StartSpec {
    /// Absolute path of the program.
    pub(in super::super) program: PathBuf,
    /// Its arguments.
    pub(in super::super) args: Vec<String>,
    /// The folder it starts in.
    pub(in super::super) dir: PathBuf,
    /// Its whole environment.
    pub(in super::super) env: Vec<(String, String)>,
    /// Its limits.
    pub(in super::super) limits: Limits,
    /// Whether it keeps the privileges of this user: a build tool that the user runs anyway.
    pub(in super::super) trusted: bool,
    /// What holds it in.
    pub(in super::super) sandbox: Sandbox,
}

impl std::fmt::Debug for StartSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StartSpec").field("program", &self.program).finish_non_exhaustive()
    }
}

/// What Sigyl tells the keeper after the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Order {
    /// Ask the whole family to end.
    Term,
    /// End it.
    Kill,
}

/// What the keeper and the confined stage tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Told {
    /// The server runs.
    Started {
        /// Its process id.
        pid: u32,
    },
    /// The server could not be started.
    Refused {
        /// Why, in words.
        why: String,
    },
    /// The server ended, and so did its family.
    Exited {
        /// How.
        how: Exit,
        /// Descendants that outlived even KILL.
        left: Vec<u32>,
        /// Whether the kernel says that no descendant is left, whatever the keeper could see.
        alone: bool,
    },
}

/// How a server ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Exit {
    /// By itself.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// It held more memory than it may.
    Memory {
        /// Bytes it held.
        used: u64,
        /// Bytes it may hold.
        limit: u64,
    },
    /// It had more processes than it may.
    Processes {
        /// How many it had.
        count: usize,
        /// How many it may have.
        limit: usize,
    },
    /// It had more threads than it may.
    Threads {
        /// How many it had.
        count: u64,
        /// How many it may have.
        limit: u64,
    },
    /// Its keeper could not look at it any more.
    Unseen,
    /// The keeper itself was lost.
    Lost,
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exited with code {code}"),
            Self::Signal(9) => f.write_str("was killed (signal 9)"),
            Self::Signal(signal) => write!(f, "was ended by signal {signal}"),
            Self::Memory { used, limit } => write!(
                f,
                "was stopped: it held {} MiB of memory and may hold {} MiB",
                used >> 20,
                limit >> 20
            ),
            Self::Processes { count, limit } => {
                write!(f, "was stopped: it had {count} processes and may have {limit}")
            }
            Self::Threads { count, limit } => {
                write!(f, "was stopped: it had {count} threads and may have {limit}")
            }
            Self::Unseen => f.write_str("was stopped: its keeper could not look at it any more"),
            Self::Lost => f.write_str("was lost: its keeper was killed"),
        }
    }
}
