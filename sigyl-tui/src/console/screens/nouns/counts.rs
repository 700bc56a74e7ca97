//! How often tools were called.

use std::time::Duration;

use sigyl_core::domain::Failure;
use sigyl_core::wire::v1::{CallCount, Request, Response};

use super::super::{Key, Noun, server};
use crate::console::command::Place;
use crate::console::keymap::Scope;
use crate::console::turn::{Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell};
use crate::link::Answer as _;
use crate::render::{Role, duration, specimen};

const COLUMNS: &[Column] = &[
    Column::wide("SERVER", 10),
    Column::wide("TOOL", 10),
    Column::wide("CALLER", 8),
    Column::number("WELL", 8),
    Column::number("ERRORS", 7),
    Column::number("UNANSWERED", 10),
    Column::number("MEAN", 8).optional(),
];

/// Calls through the endpoint, by caller, server and tool.
pub(in crate::console) struct Counts;

fn all(count: &CallCount) -> u64 {
    count
        .ok
        .saturating_add(count.tool_error)
        .saturating_add(count.protocol_error)
        .saturating_add(count.failed)
}

fn number(count: u64) -> Key {
    Key::Number(i64::try_from(count).map_or(i64::MIN, |count| -count))
}

impl Noun for Counts {
    type Item = CallCount;

    fn title(&self) -> String {
        Place::Traffic.title().to_owned()
    }

    fn scopes(&self) -> &'static [Scope] {
        &[]
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Traffic)
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn request(&self) -> Option<Request> {
        Some(Request::CountCalls)
    }

    fn items(&self, response: Response) -> Result<Vec<CallCount>, Failure> {
        Vec::<CallCount>::take(response).map_err(|problem| problem.failure)
    }

    fn id(&self, count: &CallCount) -> String {
        format!("{} {} {}", count.server, count.tool, count.caller)
    }

    fn cells(&self, count: &CallCount, _view: &View<'_>) -> Vec<Cell> {
        let errors = count.tool_error.saturating_add(count.protocol_error);
        let some = |count: u64, role| if count == 0 { Role::Dim } else { role };
        let mean = Duration::from_micros(count.micros.checked_div(all(count)).unwrap_or(0));
        vec![
            cell(Role::Strong, count.server.as_str()),
            cell(Role::Text, specimen(&count.tool)),
            cell(Role::Text, specimen(&count.caller)),
            cell(some(count.ok, Role::Text), count.ok.to_string()),
            cell(some(errors, Role::Warn), errors.to_string()),
            cell(some(count.failed, Role::Error), count.failed.to_string()),
            cell(Role::Dim, duration(mean)),
        ]
    }

    fn key(&self, count: &CallCount, column: usize) -> Key {
        match column {
            0 => Key::Text(count.server.to_string()),
            1 => Key::Text(count.tool.to_lowercase()),
            2 => Key::Text(count.caller.to_lowercase()),
            3 => number(count.ok),
            4 => number(count.tool_error.saturating_add(count.protocol_error)),
            5 => number(count.failed),
            _ => number(count.micros.checked_div(all(count)).unwrap_or(0)),
        }
    }

    fn words(&self, count: &CallCount) -> String {
        self.id(count)
    }

    fn values(&self, count: Option<&CallCount>) -> Values {
        count.map(|count| ("name", count.server.to_string())).into_iter().collect()
    }

    fn open(&self, count: &CallCount, turn: &mut Turn<'_>) {
        turn.open(server(&count.server));
    }

    fn none(&self) -> &'static str {
        "No tool was called through the endpoint yet. A server's own screen has calls as they come."
    }
}
