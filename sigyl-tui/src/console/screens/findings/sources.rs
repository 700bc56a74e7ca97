//! What findings are read of: the versions that serve, and the runs that were stopped.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use sigyl_core::domain::{Run, RunId, RunState, ServerName};
use sigyl_core::wire::v1::ServerView;

use crate::console::state::State;
use crate::render::Glyph;

/// Runs that were stopped and are read, at most: the newest.
const STOPPED: usize = 100;

/// How that stands in which something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::console::screens) enum Standing {
    /// It serves, or is on record.
    Serves,
    /// It waits for a decision.
    Held,
    /// It was turned away.
    Blocked,
}

impl Standing {
    /// The word for it, and its sign.
    pub(super) fn said(self) -> Option<(Glyph, &'static str)> {
        match self {
            Self::Serves => None,
            Self::Held => Some((Glyph::Held, "held")),
            Self::Blocked => Some((Glyph::Blocked, "blocked")),
        }
    }
}

/// One thing that is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Of {
    /// The version of a server that serves, and the run that started it: what was accepted since it was recorded is told there.
    Server(ServerName, Option<String>, Option<RunId>),
    /// A run that was stopped, of a server or of one that is not there yet.
    Run(RunId, Option<ServerName>, Standing),
}

impl Of {
    /// What it is called.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Server(name, ..) | Self::Run(_, Some(name), _) => name.to_string(),
            Self::Run(run, None, _) => short(run),
        }
    }

    /// Its server, and how it stands.
    pub(super) fn stands(&self) -> (Option<&ServerName>, Standing) {
        match self {
            Self::Server(name, ..) => (Some(name), Standing::Serves),
            Self::Run(_, name, standing) => (name.as_ref(), *standing),
        }
    }
}

/// A run without a server, in the room of a name.
pub(super) fn short(run: &RunId) -> String {
    format!("run {}", run.as_str().chars().take(8).collect::<String>())
}

fn stopped<'a>(state: &'a State, only: Option<&'a ServerName>) -> impl Iterator<Item = (&'a Run, Standing)> {
    let runs = state.runs.get().map_or(&[][..], Vec::as_slice);
    let served = only.is_none_or(|name| state.server(name).is_some_and(|view| view.server.active.is_some()));
    let newest =
        |run: &Run| run.server.is_none() || runs.iter().find(|it| it.server == run.server) == Some(run);
    let fits = move |run: &&Run| served && only.is_none_or(|name| run.server.as_ref() == Some(name));
    let stands = move |run: &'a Run| match run.state {
        RunState::Held => Some((run, Standing::Held)),
        // What came after it says how its server stands now.
        RunState::Blocked if only.is_none() && newest(run) => Some((run, Standing::Blocked)),
        _ => None,
    };
    runs.iter().filter(fits).filter_map(stands).take(STOPPED)
}

/// All that is to be read now.
pub(super) fn wanted(state: &State, only: Option<&ServerName>) -> BTreeSet<Of> {
    let views = state.servers.get().into_iter().flatten().filter(|view| view.server.active.is_some());
    let serves = |view: &ServerView| {
        let started = view.deployment.as_ref().map(|deployment| deployment.run.clone());
        (view.server.active.as_ref().map(ToString::to_string), started)
    };
    let servers: Vec<Of> = match only {
        Some(name) => {
            let (active, started) = state.server(name).map(serves).unwrap_or_default();
            vec![Of::Server(name.clone(), active, started)]
        }
        None => {
            let of = |view: &ServerView| {
                let (active, started) = serves(view);
                Of::Server(view.server.name.clone(), active, started)
            };
            views.map(of).collect()
        }
    };
    let runs =
        stopped(state, only).map(|(run, standing)| Of::Run(run.id.clone(), run.server.clone(), standing));
    servers.into_iter().chain(runs).collect()
}

/// A number that is another one once something else is to be read: what is many is not written down each time.
pub(super) fn mark(state: &State, only: Option<&ServerName>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let views = state.servers.get().into_iter().flatten();
    for view in views.filter(|view| only.is_none_or(|name| view.server.name == *name)) {
        let started = view.deployment.as_ref().map(|deployment| deployment.run.as_str());
        let active = view.server.active.as_ref().map(|version| version.as_str());
        (view.server.name.as_str(), active, started).hash(&mut hasher);
    }
    stopped(state, only).for_each(|(run, standing)| (run.id.as_str(), standing as u8).hash(&mut hasher));
    hasher.finish()
}
