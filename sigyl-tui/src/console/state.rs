//! What every screen may look at: servers, runs, and what answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use sigyl_core::domain::{Run, RunState, ServerName, Timestamp, Version};
use sigyl_core::event::{Event, EventKind};
use sigyl_core::wire::v1::{CallCount, ServerView, SessionCounts, WhoAmI};

use super::input::{LinkKind, Linked};
use super::loaded::Loaded;
use super::pulse::Pulse;
use crate::render::{Role, Zone};

/// Messages that are kept.
const SAID: usize = 200;
/// Ends of runs that are remembered.
const ENDED: usize = 1_000;
/// How long a message stands above the footer.
const STANDS_MILLIS: i64 = 6_000;

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// When.
    pub(super) at: Timestamp,
    /// As what.
    pub(super) role: Role,
    /// The words.
    pub(super) text: String,
}

/// Files that colours and keys are from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Files {
    /// Colours.
    pub(super) theme: Option<PathBuf>,
    /// Keys.
    pub(super) keymap: Option<PathBuf>,
}

/// A version that is tried beside the one that serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tried {
    /// Its server.
    pub(super) server: ServerName,
    /// The version.
    pub(super) version: Version,
    /// Percent of new clients that reach it.
    pub(super) percent: u8,
    /// When that was told first, and until when the share stays.
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
}

/// What is known.
#[derive(Debug, Default)]
pub(super) struct State {
    /// What answers; nothing while it is looked for.
    pub(super) link: Option<Linked>,
    /// Files of the operator that colours and keys are from.
    pub(super) files: Files,
    /// What a command of a shell needs to reach the same: `--data-dir` or `--server`, where it was not found without.
    pub(super) flags: String,
    /// Why nothing answers.
    pub(super) broken: Option<String>,
    /// All servers.
    pub(super) servers: Loaded<Vec<ServerView>>,
    /// The newest runs.
    pub(super) runs: Loaded<Vec<Run>>,
    /// Who asks.
    pub(super) who: Loaded<WhoAmI>,
    /// Calls by caller, server and tool, as they were counted last, and how many came since the console looks.
    pub(super) counts: Loaded<Vec<CallCount>>,
    pub(super) pulse: Pulse,
    /// Sessions that are open, as they were counted last.
    pub(super) sessions: Loaded<SessionCounts>,
    /// Whose times are shown.
    pub(super) zone: Zone,
    /// What was said, oldest first.
    pub(super) said: Vec<Said>,
    /// The step that each run is at, by the events since the console began.
    pub(super) at_step: BTreeMap<String, String>,
    /// What runs try, by the events since the console began.
    pub(super) tried: BTreeMap<String, Tried>,
    /// Runs that ended since the console began: a list may be older than their end.
    ended: BTreeSet<String>,
}

impl State {
    /// Keeps something that is said.
    pub(super) fn say(&mut self, at: Timestamp, role: Role, text: String) {
        if self.said.len() == SAID {
            self.said.remove(0);
        }
        self.said.push(Said { at, role, text });
    }

    /// What stands above the footer now.
    pub(super) fn says(&self, now: Timestamp) -> Option<&Said> {
        self.said.last().filter(|said| now.millis() - said.at.millis() < STANDS_MILLIS)
    }

    /// The clock was set back: what was said later than now was said now.
    pub(super) fn set_back(&mut self, now: Timestamp) {
        self.said.iter_mut().for_each(|said| said.at = said.at.min(now));
        self.servers.set_back(now);
        self.runs.set_back(now);
        self.who.set_back(now);
        self.counts.set_back(now);
    }

    /// One server.
    pub(super) fn server(&self, name: &ServerName) -> Option<&ServerView> {
        // They come in the order of their names; should they not, each is looked at.
        let servers = self.servers.get()?;
        let found = servers.binary_search_by(|view| view.server.name.cmp(name)).ok();
        found.map(|at| &servers[at]).or_else(|| servers.iter().find(|view| view.server.name == *name))
    }

    /// Whether tools are called without a key: this process serves alone, on loopback. Another one may be a server with keys.
    pub(super) fn is_open_here(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.kind == LinkKind::Own)
    }

    /// Whether something would end with this process.
    pub(super) fn would_stop(&self) -> Vec<&ServerName> {
        if self.link.as_ref().is_none_or(|link| link.kind != LinkKind::Own) {
            return Vec::new();
        }
        let running = |view: &&ServerView| view.status.as_ref().is_some_and(|status| status.running);
        let local = |view: &&ServerView| view.deployment.as_ref().is_some_and(|it| it.elsewhere().is_none());
        let views = self.servers.get().into_iter().flatten();
        views.filter(running).filter(local).map(|view| &view.server.name).collect()
    }

    /// Runs that would be cut off with this process.
    pub(super) fn runs_here(&self) -> Vec<&str> {
        if self.link.as_ref().is_none_or(|link| link.kind != LinkKind::Own) {
            return Vec::new();
        }
        // What was told since is newer than the list.
        let known = self.runs.get().into_iter().flatten();
        let running = known.filter(|run| run.state == RunState::Running).map(|run| run.id.as_str());
        let running = running.filter(|run| !self.ended.contains(*run));
        let mut runs: Vec<&str> = running.chain(self.at_step.keys().map(String::as_str)).collect();
        runs.sort_unstable();
        runs.dedup();
        runs
    }

    /// Whether a run of this server works, as far as it is known.
    pub(super) fn is_at_work(&self, server: &ServerName) -> bool {
        self.running(server).next().is_some()
    }

    /// Runs of this server that work, as far as it is known.
    pub(super) fn running<'a>(&'a self, server: &'a ServerName) -> impl Iterator<Item = &'a Run> + 'a {
        let runs = self.runs.get().into_iter().flatten();
        let runs = runs.filter(|run| run.state == RunState::Running && !self.ended.contains(run.id.as_str()));
        runs.filter(move |run| run.server.as_ref() == Some(server))
    }

    /// Takes notice of an event. Tells whether servers or runs have to be asked for again.
    pub(super) fn event(&mut self, event: &Event) -> bool {
        let Some(run) = &event.run else { return true };
        match &event.kind {
            EventKind::Step { step, .. } => {
                self.at_step.insert(run.to_string(), step.to_string());
                false
            }
            EventKind::Run { state, .. } => {
                if *state == RunState::Running {
                    self.ended.remove(run.as_str());
                } else {
                    self.at_step.remove(run.as_str());
                    self.tried.remove(run.as_str());
                    if self.ended.len() == ENDED {
                        self.ended.clear();
                    }
                    self.ended.insert(run.to_string());
                }
                true
            }
            EventKind::Tried { version, percent, until, .. } => {
                if let Some(server) = event.server.clone() {
                    let since = self.tried.get(run.as_str()).map_or(event.at, |tried| tried.since);
                    let tried =
                        Tried { server, version: version.clone(), percent: *percent, since, until: *until };
                    self.tried.insert(run.to_string(), tried);
                }
                false
            }
            EventKind::Progress { .. } | EventKind::Log { .. } => false,
            _ => true,
        }
    }
}
