//! Runs.

use sigyl_core::domain::{Failure, Run, RunState, StepState};
use sigyl_core::wire::v1::{Request, Response};

use super::super::{Key, Noun, RunScreen};
use crate::console::command::Place;
use crate::console::keymap::Scope;
use crate::console::state::State;
use crate::console::turn::{Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell};
use crate::link::Answer as _;
use crate::render::{self, Role, age, duration, specimen};

/// Runs that are asked for.
pub(in crate::console) const NEWEST: usize = 500;

const COLUMNS: &[Column] = &[
    Column::fixed("STATE", 10),
    Column::fixed("PLAN", 9),
    Column::wide("SERVER", 12),
    Column::wide("VERSION", 8).optional(),
    Column::fixed("STEP", 14).optional(),
    Column::number("TOOK", 9),
    Column::number("WHEN", 10),
    Column::fixed("RUN", 13).optional(),
];

/// The newest runs.
pub(in crate::console) struct Runs;

impl Noun for Runs {
    type Item = Run;

    fn title(&self) -> String {
        Place::Runs.title().to_owned()
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Runs]
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Runs)
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn request(&self) -> Option<Request> {
        Some(Request::Runs { limit: NEWEST })
    }

    fn items(&self, response: Response) -> Result<Vec<Run>, Failure> {
        Vec::<Run>::take(response).map_err(|problem| problem.failure)
    }

    fn known(&self, state: &State) -> Option<Vec<Run>> {
        state.runs.get().cloned()
    }

    fn id(&self, run: &Run) -> String {
        run.id.to_string()
    }

    fn cells(&self, run: &Run, view: &View<'_>) -> Vec<Cell> {
        let (glyph, word) = render::run_state(run.state);
        let stopped = run.steps.iter().find(|step| matches!(step.state, StepState::Failed | StepState::Held));
        let step = stopped.or(run.steps.last()).filter(|_| run.state != RunState::Done);
        let now = view.state.at_step.get(run.id.as_str()).cloned();
        let until = if run.state == RunState::Running { view.now } else { run.updated };
        vec![
            cell(glyph.role(), format!("{} {word}", view.look.sign(glyph))),
            cell(Role::Text, render::plan(run.plan)),
            cell(Role::Strong, run.server.as_ref().map_or("-", |server| server.as_str())),
            cell(Role::Text, specimen(run.version.as_ref().map_or("-", |version| version.as_str()))),
            cell(Role::Dim, now.or(step.map(|step| step.step.to_string())).unwrap_or_default()),
            cell(Role::Text, duration(until.since(run.created))),
            cell(Role::Dim, age(run.created, view.now)),
            cell(Role::Dim, run.id.as_str()),
        ]
    }

    fn key(&self, run: &Run, column: usize) -> Key {
        match column {
            0 => Key::Text(run.state.to_string()),
            1 => Key::Text(render::plan(run.plan).to_owned()),
            2 => Key::Text(run.server.as_ref().map_or_else(String::new, ToString::to_string)),
            3 => Key::Text(run.version.as_ref().map_or_else(String::new, ToString::to_string)),
            5 => Key::Number(run.updated.millis() - run.created.millis()),
            _ => Key::Number(-run.created.millis()),
        }
    }

    fn words(&self, run: &Run) -> String {
        let server = run.server.as_ref().map_or("", |server| server.as_str());
        format!("{} {} {server} {} {}", run.state, render::plan(run.plan), run.id, run.caller)
    }

    fn values(&self, run: Option<&Run>) -> Values {
        let Some(run) = run else { return Values::new() };
        let mut values = Values::from([("run", run.id.to_string())]);
        values.extend(run.server.as_ref().map(|server| ("name", server.to_string())));
        values
    }

    fn open(&self, run: &Run, turn: &mut Turn<'_>) {
        turn.open(RunScreen::of(run.id.clone()));
    }

    fn next(&self, runs: &[Run], _cursor: Option<&str>) -> Option<(Request, Option<String>)> {
        // Older ones come with the newer ones once more: those that are known already are left out.
        (runs.len() >= NEWEST).then(|| (Request::Runs { limit: runs.len() + NEWEST }, None))
    }

    fn none(&self) -> &'static str {
        "Nothing was deployed, scanned or deleted yet. g d goes to the dashboard, where d deploys."
    }
}
