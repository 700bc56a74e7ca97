//! How many calls there were, by caller, server and tool, since this process began.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::Sigyl;
use crate::domain::{Action, Caller, ServerName, Times};
use crate::error::Error;
use crate::store::{CallOutcome, CallRecord};
use crate::wire::v1::{CallCount, SessionCount, SessionCounts};

/// Callers and tools of one server that are counted apart; what comes beside these is counted as one.
const EACH_MOST: usize = 1_000;
/// The same of all servers together.
const ALL_MOST: usize = 20_000;
/// The caller and the tool of what is not counted apart. No login and no tool is called so.
const OTHER: &str = "(other)";
/// Kinds of sessions that are told at a time.
const SESSIONS_MOST: usize = 1_000;

/// Counts calls in memory, of a bounded number of kinds.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Counted>);

/// Counts and times by caller and tool.
type Counts = BTreeMap<(String, String), (CallCount, Times)>;

#[derive(Debug, Default)]
struct Counted {
    /// By server, then by caller and tool.
    servers: BTreeMap<ServerName, Counts>,
    kinds: usize,
}

impl Tally {
    /// Counts a call.
    pub(super) fn count(&self, call: &CallRecord) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Counted { servers, kinds } = &mut *all;
        // Only what runs here is called, so the servers need no bound of their own.
        let counts = servers.entry(call.server.clone()).or_default();
        let mut kind = (call.caller.clone().unwrap_or_default(), call.tool.clone());
        if !counts.contains_key(&kind) {
            if counts.len() >= EACH_MOST || *kinds >= ALL_MOST {
                kind = (OTHER.to_owned(), OTHER.to_owned());
            } else {
                *kinds += 1;
            }
        }
        let (caller, tool) = kind.clone();
        let new = || (CallCount::none(call.server.clone(), caller, tool), Times::default());
        let (count, times) = counts.entry(kind).or_insert_with(new);
        match call.outcome {
            CallOutcome::Ok => count.ok += 1,
            CallOutcome::ToolError => count.tool_error += 1,
            CallOutcome::ProtocolError => count.protocol_error += 1,
            CallOutcome::Failed => count.failed += 1,
        }
        count.micros = count.micros.saturating_add(call.micros);
        times.add(call.micros);
    }

    fn servers(&self) -> Vec<ServerName> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).servers.keys().cloned().collect()
    }

    fn of(&self, server: &ServerName) -> Vec<CallCount> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kinds = all.servers.get(server).into_iter().flat_map(BTreeMap::values);
        let told = |(count, times): &(CallCount, Times)| CallCount {
            p50: times.within(50),
            p95: times.within(95),
            p99: times.within(99),
            ..count.clone()
        };
        kinds.map(told).collect()
    }
}

impl Sigyl {
    /// Tells how many calls there were of the servers whose calls the caller may see, by caller and tool, since this
    /// process began.
    pub async fn call_counts(&self, caller: &Caller) -> Result<Vec<CallCount>, Error> {
        caller.require(Action::ReadLogs)?;
        let mut counts = Vec::new();
        for name in self.inner.front.tally.servers() {
            // What is gone, or not for them, is left out.
            if let Some(server) = self.inner.platform.store.server(&name).await?
                && caller.may_on(Action::ReadLogs, &server.workspace, &name)
            {
                counts.extend(self.inner.front.tally.of(&name));
            }
        }
        Ok(counts)
    }
}

impl Sigyl {
    /// Tells how many sessions are open at the endpoint now, of the servers whose calls the caller may see. A process that has no
    /// endpoint does not know.
    pub async fn session_counts(&self, caller: &Caller) -> Result<SessionCounts, Error> {
        caller.require(Action::ReadLogs)?;
        if self.inner.front.reached().is_none() {
            return Ok(SessionCounts::default());
        }
        let (mut shown, mut seen) = (BTreeMap::new(), Vec::new());
        for ((name, by), open) in self.inner.front.gateway().open_sessions() {
            let may = match shown.get(&name) {
                Some(may) => *may,
                None => {
                    let server = self.inner.platform.store.server(&name).await?;
                    server.is_some_and(|it| caller.may_on(Action::ReadLogs, &it.workspace, &name))
                }
            };
            shown.insert(name.clone(), may);
            if may {
                let caller = by.map(|by| by.to_string()).unwrap_or_default();
                seen.push(SessionCount { server: name, caller, open });
            }
        }
        Ok(most_of(seen))
    }
}

/// Lists those with the most sessions, and counts the others.
fn most_of(mut seen: Vec<SessionCount>) -> SessionCounts {
    // Stable: those of the same number stay in the order of their names.
    seen.sort_by_key(|count| std::cmp::Reverse(count.open));
    let left = seen.split_off(seen.len().min(SESSIONS_MOST));
    let others = left.iter().map(|count| count.open).fold(0, u64::saturating_add);
    SessionCounts { sessions: Some(seen), others }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::fixture;

    #[test]
    fn of_very_many_sessions_the_others_are_counted() {
        let of =
            |at: u64| SessionCount { server: fixture::name("clock"), caller: format!("c{at}"), open: at };
        let told = most_of((1..=SESSIONS_MOST as u64 + 2).map(of).collect());
        let sessions = told.sessions.unwrap();
        assert_eq!((sessions.len(), sessions[0].open, told.others), (SESSIONS_MOST, 1_002, 1 + 2));
    }

    #[test]
    fn calls_are_counted_by_caller_server_and_tool_and_how_they_ended() {
        let tally = Tally::default();
        let call = |caller: &str, tool: &str, outcome| {
            let caller = Some(caller.to_owned());
            tally.count(&CallRecord { caller, outcome, micros: 5, ..fixture::call("clock", tool) });
        };
        for (caller, outcome) in [
            ("ada", CallOutcome::Ok),
            ("ada", CallOutcome::Ok),
            ("ada", CallOutcome::Failed),
            ("bob", CallOutcome::ToolError),
        ] {
            call(caller, "now", outcome);
        }
        let counts = tally.of(&fixture::name("clock"));
        assert_eq!(counts.len(), 2);
        assert_eq!(
            (counts[0].caller.as_str(), counts[0].ok, counts[0].failed, counts[0].micros),
            ("ada", 2, 1, 15)
        );
        assert_eq!((counts[1].caller.as_str(), counts[1].tool_error), ("bob", 1));
        // All took as long, and are in one range.
        let [half, most] = [counts[0].p50, counts[0].p99].map(Option::unwrap);
        assert!(half == most && (5..=6).contains(&half), "{half} {most}");
    }

    #[test]
    fn what_is_more_than_is_counted_apart_is_counted_as_one() {
        let tally = Tally::default();
        for at in 0..EACH_MOST + 7 {
            tally.count(&fixture::call("clock", &format!("tool-{at}")));
        }
        let counts = tally.of(&fixture::name("clock"));
        assert_eq!(counts.len(), EACH_MOST + 1);
        let other = counts.iter().find(|count| count.tool == OTHER).unwrap();
        assert_eq!(other.ok + other.failed + other.tool_error + other.protocol_error, 7);
        for at in 0..ALL_MOST {
            tally.count(&fixture::call(&format!("server-{}", at / 500), &format!("tool-{at}")));
        }
        let all: usize = tally.servers().iter().map(|server| tally.of(server).len()).sum();
        assert!((ALL_MOST..ALL_MOST + 50).contains(&all), "{all}");
    }
}
