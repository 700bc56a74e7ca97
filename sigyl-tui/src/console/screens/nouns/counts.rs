//! How often tools were called.

use std::time::Duration;

use sigyl_core::domain::{Failure, ServerName};
use sigyl_core::wire::v1::{CallCount, Request, Response};

use super::super::traffic::per_minute;
use super::super::{Asking, Key, Noun, Sheet, server};
use crate::console::command::Place;
use crate::console::keymap::Scope;
use crate::console::pulse::calls;
use crate::console::state::State;
use crate::console::turn::{Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell};
use crate::render::{Look, Role, duration, specimen, wrap};

const COLUMNS: &[Column] = &[
    Column::wide("SERVER", 10),
    Column::wide("TOOL", 10),
    Column::wide("CALLER", 8),
    Column::number("CALLS", 8),
    Column::number("A MINUTE", 8),
    Column::number("OPEN", 5).optional(),
    Column::number("ERRORS", 7),
    Column::number("UNANSWERED", 10).optional(),
    Column::number("MEAN", 8).optional(),
    Column::number("P50", 8).optional(),
    Column::number("P95", 8),
    Column::number("P99", 8).optional(),
];

/// Calls through the endpoint, by caller, server and tool.
pub(in crate::console) struct Counts {
    /// The only server that is looked at.
    pub(in crate::console) only: Option<ServerName>,
}

/// All numbers of one kind of call: narrow screens leave some of them out.
fn whole(Rated { count, open, .. }: &Rated, look: &Look) -> String {
    let time = |micros: Option<u64>| {
        micros.map_or_else(|| "not told".to_owned(), |it| duration(Duration::from_micros(it)))
    };
    let caller = if count.caller.is_empty() { "anybody".to_owned() } else { specimen(&count.caller) };
    let facts = [
        ("server", count.server.to_string()),
        ("tool", specimen(&count.tool)),
        ("caller", caller),
        ("calls", calls(count).to_string()),
        ("open sessions", open.map_or_else(|| "not told".to_owned(), |open| open.to_string())),
        ("well", count.ok.to_string()),
        ("errors of the tool", count.tool_error.to_string()),
        ("errors of the protocol", count.protocol_error.to_string()),
        ("unanswered", count.failed.to_string()),
        ("mean", time(count.micros.checked_div(calls(count)))),
        ("50 of 100 within", time(count.p50)),
        ("95 of 100 within", time(count.p95)),
        ("99 of 100 within", time(count.p99)),
    ];
    let lines = facts.map(|(label, value)| {
        format!("{}{}\n", look.paint(Role::Dim, &format!("{label:<24}")), wrap(&value, look, 24))
    });
    lines.concat()
}

/// Calls of one kind, and how many a minute there are, where they were counted twice.
#[derive(Clone)]
pub(in crate::console) struct Rated {
    count: CallCount,
    rate: Option<f64>,
    /// Sessions that its caller has open with its server; nothing where that is not known.
    open: Option<u64>,
}

/// The most first, and what is not known last. A thousandth of a call a minute is as near as it gets.
fn rate(rate: Option<f64>) -> Key {
    Key::Number(rate.map_or(i64::MAX, |rate| -((rate * 1_000.0).round() as i64)))
}

fn number(count: u64) -> Key {
    Key::Number(i64::try_from(count).map_or(i64::MIN, |count| -count))
}

/// Sessions that this caller has open with this server, whatever tools are called in them.
fn open(count: &CallCount, state: &State) -> Option<u64> {
    let told = state.sessions.get()?;
    let found =
        told.sessions.as_ref()?.iter().find(|it| it.server == count.server && it.caller == count.caller);
    // One that is not there may be among those that are not listed.
    found.map(|found| found.open).or_else(|| (told.others == 0).then_some(0))
}

impl Noun for Counts {
    type Item = Rated;

    fn title(&self) -> String {
        Place::Traffic.title().to_owned()
    }

    fn scopes(&self) -> &'static [Scope] {
        &[]
    }

    fn place(&self) -> Option<Place> {
        self.only.is_none().then_some(Place::Traffic)
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn request(&self) -> Option<Request> {
        None
    }

    fn items(&self, _response: Response) -> Result<Vec<Rated>, Failure> {
        Ok(Vec::new())
    }

    fn known(&self, state: &State) -> Option<Vec<Rated>> {
        let counts = state.counts.get()?;
        let fits = |count: &&CallCount| self.only.as_ref().is_none_or(|only| count.server == *only);
        let rated = |count: &CallCount| Rated {
            count: count.clone(),
            rate: state.pulse.rate_of(count),
            open: open(count, state),
        };
        Some(counts.iter().filter(fits).map(rated).collect())
    }

    fn aside(&self, state: &State) -> Option<&'static str> {
        state.is_open_here().then_some("nobody needs a key here: each caller is anybody")
    }

    fn id(&self, Rated { count, .. }: &Rated) -> String {
        format!("{} {} {}", count.server, count.tool, count.caller)
    }

    fn cells(&self, Rated { count, rate, open }: &Rated, _view: &View<'_>) -> Vec<Cell> {
        let errors = count.tool_error.saturating_add(count.protocol_error);
        let some = |count: u64, role| if count == 0 { Role::Dim } else { role };
        let mean = Duration::from_micros(count.micros.checked_div(calls(count)).unwrap_or(0));
        // What an earlier server does not tell, and what nobody has looked at twice, stays open.
        let told = |micros: Option<u64>| {
            micros.map_or_else(|| "-".to_owned(), |it| duration(Duration::from_micros(it)))
        };
        let rate = rate.map_or_else(|| "-".to_owned(), per_minute);
        vec![
            cell(Role::Strong, count.server.as_str()),
            cell(Role::Text, specimen(&count.tool)),
            match count.caller.as_str() {
                // The endpoint asks nobody for a key.
                "" => cell(Role::Dim, "anybody"),
                caller => cell(Role::Text, specimen(caller)),
            },
            cell(some(calls(count), Role::Text), calls(count).to_string()),
            cell(Role::Text, rate),
            cell(Role::Text, open.map_or_else(|| "-".to_owned(), |open| open.to_string())),
            cell(some(errors, Role::Warn), errors.to_string()),
            cell(some(count.failed, Role::Error), count.failed.to_string()),
            cell(Role::Dim, duration(mean)),
            cell(Role::Text, told(count.p50)),
            cell(Role::Text, told(count.p95)),
            cell(Role::Text, told(count.p99)),
        ]
    }

    fn key(&self, rated: &Rated, column: usize) -> Key {
        let count = &rated.count;
        match column {
            0 => Key::Text(count.server.to_string()),
            1 => Key::Text(count.tool.to_lowercase()),
            2 => Key::Text(count.caller.to_lowercase()),
            4 => rate(rated.rate),
            5 => rated.open.map_or(Key::Number(i64::MAX), number),
            6 => number(count.tool_error.saturating_add(count.protocol_error)),
            7 => number(count.failed),
            8 => number(count.micros.checked_div(calls(count)).unwrap_or(0)),
            9 => number(count.p50.unwrap_or(0)),
            10 => number(count.p95.unwrap_or(0)),
            11 => number(count.p99.unwrap_or(0)),
            _ => number(calls(count)),
        }
    }

    fn words(&self, count: &Rated) -> String {
        self.id(count)
    }

    fn values(&self, rated: Option<&Rated>) -> Values {
        rated.map(|rated| ("name", rated.count.server.to_string())).into_iter().collect()
    }

    fn counts(&self) -> bool {
        true
    }

    fn open(&self, rated: &Rated, turn: &mut Turn<'_>) {
        if self.only.is_none() {
            return turn.open(server(&rated.count.server));
        }
        let (title, rated) = (specimen(&rated.count.tool), rated.clone());
        turn.open(Sheet::new(title, Asking::Here(Box::new(move |look| whole(&rated, look)))));
    }

    fn none(&self) -> &'static str {
        "No tool was called through the endpoint yet. A server's own screen has calls as they come."
    }
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::{ServerName, Timestamp};

    use super::*;

    #[test]
    fn calls_a_minute_are_ordered_by_what_came_lately_and_not_by_all() {
        let kind = |tool: &str, ok| CallCount {
            ok,
            ..CallCount::none(ServerName::parse("clock").unwrap(), "ada".to_owned(), tool.to_owned())
        };
        let mut state = State::default();
        state.pulse.take(Timestamp::from_millis(0), &[kind("old", 1_000), kind("new", 10)]);
        let now = vec![kind("old", 1_001), kind("new", 60)];
        state.pulse.take(Timestamp::from_millis(60_000), &now);
        state.counts.take(Ok([now, vec![kind("unseen", 5)]].concat()));
        let column = |title| COLUMNS.iter().position(|column| column.title == title).unwrap();
        let by = |title| {
            let mut rated = Counts { only: None }.known(&state).unwrap();
            rated.sort_by_key(|rated| Counts { only: None }.key(rated, column(title)));
            rated.into_iter().map(|rated| rated.count.tool).collect::<Vec<_>>()
        };
        assert_eq!(by("A MINUTE"), ["new", "old", "unseen"]);
        assert_eq!(by("CALLS"), ["old", "new", "unseen"]);
        assert_eq!(by("OPEN"), ["old", "new", "unseen"], "nothing is known of it");
    }

    #[test]
    fn open_sessions_are_ordered_by_how_many_they_are_and_what_is_not_told_is_last() {
        let kind = |caller: &str, ok| CallCount {
            ok,
            ..CallCount::none(ServerName::parse("clock").unwrap(), caller.to_owned(), "now".to_owned())
        };
        let mut state = State::default();
        state.counts.take(Ok(vec![kind("few", 1_000), kind("many", 1), kind("unlisted", 5_000)]));
        let mut sessions = serde_json::json!({"others": 1, "sessions": [
            {"server": "clock", "caller": "few", "open": 1}, {"server": "clock", "caller": "many", "open": 9},
        ]});
        state.sessions.take(Ok(serde_json::from_value(sessions.clone()).unwrap()));
        let column = COLUMNS.iter().position(|column| column.title == "OPEN").unwrap();
        let ordered = |state: &State| {
            let mut rated = Counts { only: None }.known(state).unwrap();
            rated.sort_by_key(|rated| Counts { only: None }.key(rated, column));
            rated
        };
        let callers = |rated: Vec<Rated>| rated.into_iter().map(|it| it.count.caller).collect::<Vec<_>>();
        let rated = ordered(&state);
        assert!(whole(&rated[0], &Look::PLAIN).contains("open sessions           9"));
        assert!(whole(&rated[2], &Look::PLAIN).contains("open sessions           not told"));
        assert_eq!(callers(rated), ["many", "few", "unlisted"]);
        sessions["others"] = 0.into();
        state.sessions.take(Ok(serde_json::from_value(sessions).unwrap()));
        assert_eq!(ordered(&state)[2].open, Some(0));
    }
}
