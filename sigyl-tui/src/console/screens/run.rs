//! A run: its steps, what they say, and how it ended.

mod drawn;

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sigyl_core::domain::{
    Failure, Kind, Plan, RunId, RunState, Seq, ServerName, StepId, StepState, Timestamp,
};
use sigyl_core::event::{Event, EventKind};
use sigyl_core::wire::v1::{Frame, Request, Response, RunEnd};

use super::trial::Trial;
use super::{Screen, Wizard, server};
use crate::console::command::Command;
use crate::console::keymap::Scope;
use crate::console::loaded::sentence;
use crate::console::paint;
use crate::console::turn::{Do, Tag, Turn, Values};
use crate::console::view::View;
use crate::console::widgets::put;
use crate::link::Answer as _;
use crate::render::{self, Role, specimen};

const WHOLE: Tag = Tag(0);
/// The code of a version that is on record with another source.
const TAKEN: &str = "E0401";
/// Lines of its log that are kept.
const LINES: usize = 5_000;
/// Columns of the steps, where the log stands beside them.
const STEPS: u16 = 38;

/// One step, as far as events tell.
struct Step {
    step: StepId,
    state: StepState,
    started: Timestamp,
    ended: Option<Timestamp>,
    note: Option<String>,
}

/// A run that is followed.
pub(in crate::console) struct RunScreen {
    /// What began it, as long as its number is not known.
    request: Option<Box<Request>>,
    words: String,
    run: Option<RunId>,
    server: Option<ServerName>,
    state: Option<RunState>,
    steps: Vec<Step>,
    progress: BTreeMap<StepId, (u64, Option<u64>, String)>,
    /// Lines of the log, each with whether it is our own.
    log: VecDeque<(bool, String)>,
    lost: usize,
    seen: Seq,
    end: Option<Box<RunEnd>>,
    failure: Option<Failure>,
    /// Since when nothing is heard of it any more, and why: the run itself may well go on.
    unheard: Option<(Timestamp, Failure)>,
    /// What calls came to while its version is tried.
    tried: Option<Trial>,
    /// The state that it was last followed again for.
    went_on: Option<RunState>,
    /// What it is from, to try it again.
    from: Option<From>,
    /// Lines up from the last one, and how many there can be, as it was drawn last.
    up: usize,
    most: Cell<usize>,
}

/// Where what was asked was filled in.
enum From {
    /// On the pages of a deploy.
    Wizard(Box<Wizard>),
    /// In the form of an action.
    Form(&'static str, Values),
}

impl RunScreen {
    fn new(words: String) -> Self {
        Self {
            request: None,
            words,
            run: None,
            server: None,
            state: None,
            steps: Vec::new(),
            progress: BTreeMap::new(),
            log: VecDeque::new(),
            lost: 0,
            seen: Seq(0),
            end: None,
            failure: None,
            unheard: None,
            tried: None,
            went_on: None,
            from: None,
            up: 0,
            most: Cell::new(0),
        }
    }

    /// A run that is on record.
    pub(in crate::console) fn of(run: RunId) -> Self {
        Self { run: Some(run), ..Self::new("run".to_owned()) }
    }

    /// A run that begins when this is asked.
    pub(in crate::console) fn begin(words: &str, request: Box<Request>) -> Self {
        Self { request: Some(request), ..Self::new(words.to_owned()) }
    }

    /// The same, filled in on the pages of a deploy.
    pub(in crate::console) fn with_pages(self, wizard: Box<Wizard>) -> Self {
        Self { from: Some(From::Wizard(wizard)), ..self }
    }

    /// The same, filled in in the form of an action; what nobody may see is not among the values.
    pub(in crate::console) fn with_form(self, name: &'static str, values: Values) -> Self {
        Self { from: Some(From::Form(name, values)), ..self }
    }

    /// What was refused before it began goes back to where it was filled in.
    fn refused(&mut self, failure: &Failure, turn: &mut Turn<'_>) {
        match self.from.take() {
            Some(From::Wizard(wizard)) => {
                turn.todo.push(Do::Instead(Box::new(wizard.again(Some(sentence(failure))))));
            }
            Some(From::Form(name, values)) => turn.todo.push(Do::Again(name, values, sentence(failure))),
            None => {}
        }
    }

    /// Whether it ended otherwise than it should have.
    fn went_wrong(&self) -> bool {
        self.is_over() && !matches!(self.state, Some(RunState::Done | RunState::Held | RunState::Running))
    }

    /// Fills in again what was asked, from what was typed here, else from its record.
    fn again(&mut self, turn: &mut Turn<'_>) {
        match self.from.take() {
            Some(From::Wizard(wizard)) => return turn.open(wizard.again(None)),
            Some(From::Form(name, values)) => {
                turn.todo.push(Do::Act(name, values.clone()));
                self.from = Some(From::Form(name, values));
                return;
            }
            None => {}
        }
        let Some(run) = self.end.as_ref().map(|end| &end.run) else { return };
        if let Some(wizard) = Wizard::of_run(run) {
            return turn.open(wizard);
        }
        if let Some(action) = action_of(run.plan) {
            turn.todo.push(Do::Act(action, self.values(turn)));
        }
    }

    /// Whether it failed because its version is on record with another source: a redeploy takes what changed.
    fn is_recorded(&self) -> bool {
        let failure = self.end.as_ref().and_then(|end| end.run.failure.as_ref());
        self.went_wrong() && self.server.is_some() && failure.is_some_and(|failure| failure.code == TAKEN)
    }

    /// Whether what was asked can be filled in again.
    fn is_known(&self) -> bool {
        let plan = self.end.as_ref().map(|end| end.run.plan);
        self.from.is_some() || plan == Some(Plan::Release) || plan.and_then(action_of).is_some()
    }

    fn event(&mut self, event: &Event) {
        if event.seq <= self.seen && self.seen != Seq(0) {
            return;
        }
        self.seen = event.seq;
        self.run = self.run.take().or_else(|| event.run.clone());
        self.server = event.server.clone().or_else(|| self.server.take());
        match &event.kind {
            EventKind::Run { state, .. } => self.state = Some(*state),
            EventKind::Step { step, state, note } => self.step(*step, *state, note.clone(), event.at),
            EventKind::Progress { step, done, total, unit } => {
                self.progress.insert(*step, (*done, *total, unit.clone()));
            }
            EventKind::Log { line, .. } => self.say(false, specimen(line)),
            EventKind::Tried { version, percent, until, held, serving, tried } => {
                let (version, sides) = (version.clone(), [*serving, *tried]);
                self.tried = Some(Trial { version, percent: *percent, until: *until, held: *held, sides });
            }
            EventKind::Activated { version, url } => {
                self.say(true, format!("{} serves at {}", specimen(version.as_str()), specimen(url)));
            }
            EventKind::Promoted { version, by, percent, to, tried } => {
                self.say(true, specimen(&render::promoted(version, by, *percent, *to, tried)));
            }
            EventKind::Decided { approved, by, reason } => {
                let word = if *approved { "approved" } else { "rejected" };
                self.say(true, format!("{word} by {}: {}", specimen(by), specimen(reason)));
            }
            _ => {}
        }
    }

    fn step(&mut self, step: StepId, state: StepState, note: Option<String>, at: Timestamp) {
        if state == StepState::Started {
            // It begins anew once somebody has decided.
            if self.steps.iter().any(|known| known.step == step) {
                self.steps.clear();
                self.log.clear();
            }
            self.steps.push(Step { step, state, started: at, ended: None, note });
            return;
        }
        self.progress.remove(&step);
        match self.steps.iter_mut().rev().find(|known| known.step == step) {
            Some(known) => {
                known.state = state;
                known.ended = known.ended.or(Some(at));
                known.note = note.or_else(|| known.note.take());
            }
            None => self.steps.push(Step { step, state, started: at, ended: Some(at), note }),
        }
    }

    fn say(&mut self, ours: bool, line: String) {
        if self.log.len() == LINES {
            self.log.pop_front();
            self.lost += 1;
        }
        self.log.push_back((ours, line));
        if self.up > 0 {
            self.up += 1;
        }
    }

    fn is_over(&self) -> bool {
        self.end.is_some() || self.failure.is_some()
    }

    /// Whether a version is tried now.
    fn tries(&self) -> bool {
        let last = self.steps.last().filter(|it| it.step == StepId::Canary && it.state == StepState::Started);
        self.tried.is_some() && last.is_some() && !self.is_over()
    }

    /// The last time that something is known of: it may have ended since it was heard of last.
    fn present(&self, now: Timestamp) -> Timestamp {
        self.unheard.as_ref().map_or(now, |(since, _)| *since)
    }

    /// The server that is there after it.
    fn serves(&self) -> Option<&ServerName> {
        let end = self.end.as_ref().filter(|end| end.run.plan != Plan::Delete)?;
        self.server.as_ref().filter(|_| end.run.state == RunState::Done)
    }
}

/// The action that begins such a run for a server that is there.
fn action_of(plan: Plan) -> Option<&'static str> {
    match plan {
        Plan::Redeploy => Some("redeploy"),
        Plan::Rollback => Some("rollback"),
        Plan::Reconfigure => Some("configure"),
        Plan::Delete => Some("delete"),
        _ => None,
    }
}

impl Screen for RunScreen {
    fn title(&self) -> String {
        match (&self.server, &self.run) {
            (Some(server), _) => format!("{} {server}", self.words),
            (None, Some(run)) => {
                format!("{} {}", self.words, run.as_str().chars().take(8).collect::<String>())
            }
            (None, None) => self.words.clone(),
        }
    }

    fn scopes(&self) -> Vec<Scope> {
        vec![Scope::Run, Scope::Sheet]
    }

    fn ask(&mut self, turn: &mut Turn<'_>) {
        if let Some(request) = self.request.take() {
            turn.todo.push(Do::Ask(WHOLE, request));
        } else if let Some(run) = &self.run {
            self.unheard = None;
            turn.ask(WHOLE, Request::Watch { run: run.clone(), after: self.seen });
        }
    }

    fn answered(&mut self, _tag: Tag, answer: Result<Response, Failure>, turn: &mut Turn<'_>) {
        match answer.and_then(|response| RunEnd::take(response).map_err(|problem| problem.failure)) {
            Ok(end) => {
                self.state = Some(end.run.state);
                self.server = end.run.server.clone().or_else(|| self.server.take());
                self.run = Some(end.run.id.clone());
                (self.failure, self.unheard) = (None, None);
                // What was typed is not kept longer than it may be needed.
                self.from = self.from.take().filter(|_| end.run.state != RunState::Done);
                self.end = Some(Box::new(end));
            }
            // How it ends is not for the link to say: its own state stands, and is asked for again.
            Err(failure) if self.run.is_some() => self.unheard = Some((turn.now, failure)),
            Err(failure) => {
                self.refused(&failure, turn);
                self.failure = Some(failure);
            }
        }
    }

    fn told(&mut self, _tag: Tag, frame: Frame, _turn: &mut Turn<'_>) {
        if let Frame::Event(event) = frame {
            self.event(&event);
        }
    }

    fn heard(&mut self, turn: &mut Turn<'_>) {
        if self.unheard.is_some() {
            self.ask(turn);
        }
    }

    fn news(&mut self, turn: &mut Turn<'_>) {
        let lost = self.unheard.as_ref().is_some_and(|(_, why)| why.kind == Kind::Unavailable);
        if lost && turn.state.broken.is_none() {
            return self.ask(turn);
        }
        // A decision lets a held run go on: it is followed again.
        let Some(run) = &self.run else { return };
        let known = turn.state.runs.get().into_iter().flatten().find(|known| known.id == *run);
        let state = known.map(|known| known.state).filter(|state| Some(*state) != self.state);
        if self.is_over() && state.is_some() && state != self.went_on {
            self.went_on = state;
            self.end = None;
            self.ask(turn);
        }
    }

    fn command(&mut self, command: Command, turn: &mut Turn<'_>) -> bool {
        let page = usize::from(turn.height.saturating_sub(4)).max(1);
        self.up = self.up.min(self.most.get());
        match command {
            Command::Refresh => self.ask(turn),
            Command::Open => {
                if let Some(name) = self.serves() {
                    turn.open(server(name));
                }
            }
            Command::Again => self.again(turn),
            Command::Copy => {
                let run = self.run.as_ref().map_or_else(String::new, ToString::to_string);
                turn.todo.push(Do::Copy(run));
            }
            Command::Up => self.up = (self.up + 1).min(self.most.get()),
            Command::Down => self.up = self.up.saturating_sub(1),
            Command::PageUp => self.up = (self.up + page).min(self.most.get()),
            Command::PageDown => self.up = self.up.saturating_sub(page),
            Command::Top => self.up = self.most.get(),
            Command::Bottom => self.up = 0,
            _ => return false,
        }
        true
    }

    fn offers(&self, command: Command) -> bool {
        match command {
            Command::Act("approve" | "reject") => self.state == Some(RunState::Held),
            Command::Act("seen") => self.end.as_ref().is_some_and(|end| end.run.seen.is_some()),
            Command::Act("cancel") => {
                self.run.is_some() && self.state.is_none_or(|it| it == RunState::Running)
            }
            Command::Act("promote") => self.run.is_some() && self.tries(),
            Command::Act("redeploy") => self.is_recorded(),
            // Before a source was scanned there is none.
            Command::Act("report") => {
                let scanned = |it: &Step| it.step == StepId::ScanSource && it.state != StepState::Started;
                let ended = self.end.as_ref().is_some_and(|end| end.report.is_some());
                self.run.is_some() && (ended || self.steps.iter().any(scanned))
            }
            Command::Open => self.serves().is_some(),
            Command::Again => self.went_wrong() && self.is_known(),
            Command::Filter => false,
            _ => true,
        }
    }

    fn values(&self, _turn: &Turn<'_>) -> Values {
        let run = self.run.as_ref().map(|run| ("run", run.to_string()));
        let name = self.server.as_ref().map(|server| ("name", server.to_string()));
        run.into_iter().chain(name).collect()
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        self.head(area, buf, view);
        let body = Rect { y: area.y + 2, height: area.height.saturating_sub(3), ..area };
        let beside = body.width >= STEPS + 40;
        let steps = u16::try_from(self.steps.len()).unwrap_or(u16::MAX).min(body.height);
        self.track(
            if beside { Rect { width: STEPS, ..body } } else { Rect { height: steps, ..body } },
            buf,
            view,
        );
        let text = match beside {
            true => Rect { x: body.x + STEPS + 2, width: body.width - STEPS - 3, ..body },
            false => Rect {
                x: body.x + 1,
                y: body.y + steps,
                width: body.width.saturating_sub(2),
                height: body.height - steps,
            },
        };
        let lines = paint::folded(&self.text(&view.look_of(text.width), view.now), text.width, view.theme);
        let rows = usize::from(text.height);
        self.most.set(lines.len().saturating_sub(rows));
        let up = self.up.min(self.most.get());
        // While it runs the newest line is at the bottom; what is over is read from its beginning.
        let first = lines.len().saturating_sub(rows + up);
        for (y, line) in (text.y..text.bottom()).zip(lines.iter().skip(first)) {
            buf.set_line(text.x, y, line, text.width);
        }
        if let Some(says) = self.says(view) {
            let foot = area.bottom().saturating_sub(1);
            put(buf, area, area.x + 1, foot, &says, view.theme.role(Role::Warn));
        }
    }
}
