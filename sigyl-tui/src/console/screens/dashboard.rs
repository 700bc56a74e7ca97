//! What needs somebody now, every server, what runs, and what it comes to.

mod empty;
mod foot;
mod needs;
mod servers;

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sigyl_core::domain::{Failure, RunId, RunState, ServerName, Timestamp};
use sigyl_core::wire::v1::{FindingCounts, Response, ServerView};

use self::empty::empty;
use self::foot::foot;
use self::needs::{Need, needs};
use self::servers::{By, SERVERS, row_of};
use super::{RunScreen, Screen, drift, server};
use crate::console::command::{Command, Place};
use crate::console::keymap::Scope;
use crate::console::state::State;
use crate::console::turn::{Do, Tag, Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Column, Grid, cell, put};
use crate::render::{self, Glyph, Role, age, duration, specimen};

/// Rows that what needs somebody, and what ran, take at most; on a low screen the servers keep three rows.
const NEEDS: usize = 6;
const RUNS: usize = 5;

/// Where a row leads.
#[derive(Clone, Debug, PartialEq, Eq)]
enum To {
    Server(ServerName),
    Run(RunId),
}

/// Whether what needs somebody is that a server declares other tools than were recorded.
fn drifts(state: &State, name: &ServerName) -> bool {
    state
        .server(name)
        .is_some_and(|view| view.drift.is_some() && view.held.is_none() && view.quarantine.is_none())
}

/// The first screen.
#[derive(Default)]
pub(in crate::console) struct Dashboard {
    /// What needs somebody, how many servers there are, and what was found in them: looked at when something changed, not for
    /// each frame.
    all: Vec<Need>,
    tally: String,
    found: Option<FindingCounts>,
    filter: String,
    /// Rows in order: what needs somebody, servers, runs.
    rows: Vec<To>,
    needs: usize,
    servers: usize,
    at: usize,
    /// What is selected and in which part, once somebody selected something.
    selected: Option<(usize, To)>,
    /// Whether that is not there any more: nothing is selected until somebody selects something.
    gone: bool,
    first: usize,
    /// How servers are ordered.
    by: By,
    /// Servers that are marked.
    marks: BTreeSet<ServerName>,
    /// Rows of the screen, when it was last told.
    height: u16,
}

/// Rows below everything else on a screen of this height: what was found and what is called, after an empty one where there is
/// room for it.
fn below(height: u16) -> u16 {
    if height >= 18 { 2 } else { 1 }
}

/// Rows that what needs somebody, and what ran, have on a screen of this height, beside their titles and three servers.
fn parts(height: u16) -> (usize, usize) {
    let spare = usize::from(height.saturating_sub(below(height))).saturating_sub(9);
    let needs = (spare * NEEDS).div_ceil(NEEDS + RUNS).clamp(1, NEEDS);
    (needs, spare.saturating_sub(needs).min(RUNS))
}

impl Dashboard {
    fn arrange(&mut self, state: &State, now: Timestamp) {
        let wanted = self.filter.to_lowercase();
        let fits = |text: &str| wanted.is_empty() || text.to_lowercase().contains(&wanted);
        if let Some(known) = state.servers.get().filter(|_| !self.marks.is_empty()) {
            self.marks.retain(|name| known.iter().any(|view| view.server.name == *name));
        }
        self.all = needs(state, now);
        self.tally = tally(state.servers.get().map_or(&[][..], Vec::as_slice));
        self.found = foot::found(state);
        let (most, ran) = parts(self.height);
        let needs = self.all.iter().filter(|need| fits(&need.what)).take(most);
        self.rows = needs.map(|need| need.to.clone()).collect();
        self.needs = self.rows.len();
        let all = state.servers.get().into_iter().flatten();
        let mut shown: Vec<&ServerView> = all.filter(|view| fits(view.server.name.as_str())).collect();
        self.by.order(&mut shown);
        self.rows.extend(shown.into_iter().map(|view| To::Server(view.server.name.clone())));
        self.servers = self.rows.len() - self.needs;
        let runs = state.runs.get().into_iter().flatten();
        let shown = runs.filter(|run| fits(run.server.as_ref().map_or("", |name| name.as_str())));
        self.rows.extend(shown.take(ran).map(|run| To::Run(run.id.clone())));
        // The selection stays on what it was on, in the part it was in.
        let parts = [
            0..self.needs,
            self.needs..self.needs + self.servers,
            self.needs + self.servers..self.rows.len(),
        ];
        let same = self
            .selected
            .as_ref()
            .and_then(|(part, to)| parts[*part].clone().find(|at| self.rows[*at] == *to));
        match (same, &self.selected) {
            (None, None) => self.at = 0,
            (None, Some(_)) if self.filter.is_empty() && !self.rows.is_empty() => {
                self.at = self.at.min(self.rows.len() - 1);
                self.gone = true;
            }
            (same, _) => self.select(same.unwrap_or(self.at)),
        }
    }

    fn part(&self, at: usize) -> usize {
        usize::from(at >= self.needs) + usize::from(at >= self.needs + self.servers)
    }

    fn select(&mut self, at: usize) {
        self.at = at.min(self.rows.len().saturating_sub(1));
        self.gone = false;
        self.selected = self.rows.get(self.at).map(|to| (self.part(self.at), to.clone()));
    }

    /// Where the selected row leads.
    fn chosen(&self) -> Option<&To> {
        self.rows.get(self.at).filter(|_| !self.gone)
    }

    /// Rows that the servers have on a screen of this height.
    fn room(&self, height: u16, runs: usize) -> usize {
        let needs = if self.needs > 0 { self.needs + 2 } else { 0 };
        let runs = if runs > 0 { runs + 2 } else { 0 };
        usize::from(height.saturating_sub(below(height))).saturating_sub(needs + runs + 2).max(1)
    }

    fn runs(&self) -> usize {
        self.rows.len() - self.needs - self.servers
    }

    fn scroll(&mut self, height: u16) {
        let room = self.room(height, self.runs());
        let at = self.at.saturating_sub(self.needs).min(self.servers.saturating_sub(1));
        self.first = self.first.clamp(at.saturating_sub(room - 1), at);
    }

    fn mark(&self, row: usize, area: Rect, y: u16, buf: &mut Buffer, view: &View<'_>) {
        if row == self.at && !self.gone {
            put(buf, area, area.x, y, if view.look.ascii { ">" } else { "▌" }, view.theme.accent);
            buf.set_style(Rect { y, height: 1, ..area }, view.theme.selection);
        }
    }

    fn draw_needs(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
        if self.needs == 0 {
            return area.y;
        }
        let all = &self.all;
        let shown =
            all.iter().filter(|need| self.filter.is_empty() || self.rows[..self.needs].contains(&need.to));
        put(buf, area, area.x + 2, area.y, "Needs you", view.theme.accent);
        if all.len() > self.needs && self.filter.is_empty() {
            let go = view.key(Command::GoTo, &[]);
            let more = format!("{} more: {go} s, {go} n", all.len() - self.needs);
            put(buf, area, area.x + 13, area.y, &more, view.theme.role(Role::Dim));
        }
        let grid = Grid::new(NEED, area.width.saturating_sub(2));
        for (row, need) in shown.take(self.needs).enumerate() {
            let y = area.y + 1 + u16::try_from(row).unwrap_or(0);
            let role = need.glyph.role();
            let cells = [
                cell(role, view.look.sign(need.glyph)),
                cell(Role::Strong, need.what.as_str()),
                cell(Role::Text, need.why.as_str()),
                cell(Role::Dim, need.at.map_or_else(String::new, |at| age(at, view.now))),
            ];
            grid.row(
                Rect { x: area.x + 2, y, width: area.width.saturating_sub(2), height: 1 },
                buf,
                &cells,
                view,
            );
            self.mark(row, area, y, buf, view);
        }
        area.y + u16::try_from(self.needs).unwrap_or(0) + 2
    }

    fn draw_servers(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
        let all = view.state.servers.get().map_or(&[][..], Vec::as_slice);
        put(buf, area, area.x + 2, area.y, "Servers", view.theme.accent);
        let mut filter = if self.filter.is_empty() {
            String::new()
        } else {
            format!(" · only /{}", specimen(&self.filter))
        };
        if !self.marks.is_empty() {
            filter.push_str(&format!(" · {} marked", self.marks.len()));
        }
        put(buf, area, area.x + 11, area.y, &format!("{}{filter}", self.tally), view.theme.role(Role::Dim));
        if let Some((role, says)) = view.state.servers.says(view.now) {
            let x = area.x + 13 + u16::try_from(self.tally.chars().count()).unwrap_or(0);
            put(
                buf,
                area,
                x,
                area.y,
                &view.look.cut(&says, usize::from(area.right().saturating_sub(x))),
                view.theme.role(role),
            );
        }
        let grid = Grid::new(SERVERS, area.width.saturating_sub(2));
        let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(2), ..area };
        grid.titles(Rect { y: area.y + 1, height: 1, ..inner }, buf, self.by.shown(), view);
        let room = usize::from(area.height.saturating_sub(2));
        let at = self.at.saturating_sub(self.needs).min(self.servers.saturating_sub(1));
        let first = self.first.clamp((at + 1).saturating_sub(room.max(1)), at);
        let mut y = area.y + 2;
        for row in (first..self.servers).take(room) {
            let To::Server(name) = &self.rows[self.needs + row] else { continue };
            let Some(server) = view.state.server(name) else { continue };
            grid.row(Rect { y, height: 1, ..inner }, buf, &row_of(server, view), view);
            self.mark(self.needs + row, area, y, buf, view);
            if self.marks.contains(name) {
                put(buf, area, area.x + 1, y, view.look.sign(Glyph::Done), view.theme.accent);
            }
            y += 1;
        }
        if all.is_empty() && view.state.servers.get().is_some() {
            y = empty(Rect { y, ..inner }, buf, view);
        }
        y + 1
    }

    fn draw_runs(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        if self.runs() == 0 {
            return;
        }
        put(buf, area, area.x + 2, area.y, "Runs", view.theme.accent);
        let grid = Grid::new(RUN, area.width.saturating_sub(2));
        let known = view.state.runs.get().map_or(&[][..], Vec::as_slice);
        for (row, to) in self.rows.iter().enumerate().skip(self.needs + self.servers) {
            let y = area.y + 1 + u16::try_from(row - self.needs - self.servers).unwrap_or(0);
            let To::Run(id) = to else { continue };
            let Some(run) = known.iter().find(|run| run.id == *id).filter(|_| y < area.bottom()) else {
                continue;
            };
            let (glyph, word) = render::run_state(run.state);
            let until = if run.state == RunState::Running { view.now } else { run.updated };
            let step = view.state.at_step.get(run.id.as_str()).cloned().unwrap_or_default();
            let cells = [
                cell(glyph.role(), view.look.sign(glyph)),
                cell(Role::Text, render::plan(run.plan)),
                cell(Role::Strong, run.server.as_ref().map_or("-", |name| name.as_str())),
                cell(glyph.role(), format!("{word} {step}")),
                cell(Role::Text, duration(until.since(run.created))),
                cell(Role::Dim, age(run.created, view.now)),
            ];
            grid.row(
                Rect { x: area.x + 2, y, width: area.width.saturating_sub(2), height: 1 },
                buf,
                &cells,
                view,
            );
            self.mark(row, area, y, buf, view);
        }
    }
}

const NEED: &[Column] =
    &[Column::fixed("", 1), Column::fixed("", 24), Column::wide("", 20), Column::number("", 9)];
const RUN: &[Column] = &[
    Column::fixed("", 1),
    Column::fixed("", 9),
    Column::wide("", 11),
    Column::fixed("", 24),
    Column::number("", 9),
    Column::number("", 9),
];

/// How many servers there are, by how they are.
fn tally(views: &[ServerView]) -> String {
    let words = ["serving", "starting", "held", "failed", "stopped", "recorded", "quarantine", "unknown"];
    let mut counts = [0_usize; 8];
    for view in views {
        let word = render::server_state(view).1;
        if let Some(at) = words.iter().position(|it| *it == word) {
            counts[at] += 1;
        }
    }
    let parts = counts.into_iter().zip(words).filter(|(count, _)| *count > 0);
    let parts: Vec<_> = parts.map(|(count, word)| format!("{count} {word}")).collect();
    parts.join(" · ")
}

impl Screen for Dashboard {
    fn title(&self) -> String {
        Place::Dashboard.title().to_owned()
    }

    fn scopes(&self) -> Vec<Scope> {
        vec![Scope::Dashboard, Scope::List]
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Dashboard)
    }

    fn ask(&mut self, turn: &mut Turn<'_>) {
        self.height = turn.height;
        self.arrange(turn.state, turn.now);
    }

    fn answered(&mut self, _tag: Tag, _answer: Result<Response, Failure>, _turn: &mut Turn<'_>) {}

    fn news(&mut self, turn: &mut Turn<'_>) {
        self.height = turn.height;
        self.arrange(turn.state, turn.now);
        self.scroll(turn.height);
    }

    fn command(&mut self, command: Command, turn: &mut Turn<'_>) -> bool {
        let page = self.room(turn.height, self.runs());
        match command {
            Command::Up => self.select(self.at.saturating_sub(1)),
            Command::Down => self.select(self.at + 1),
            Command::PageUp => self.select(self.at.saturating_sub(page)),
            Command::PageDown => self.select(self.at + page),
            Command::Top => self.select(0),
            Command::Bottom => self.select(usize::MAX),
            Command::Open => match self.chosen() {
                // What is said to be other than it was is shown.
                Some(To::Server(name)) if self.at < self.needs && drifts(turn.state, name) => {
                    turn.open(drift(name));
                }
                Some(To::Server(name)) => turn.open(server(name)),
                Some(To::Run(run)) => turn.open(RunScreen::of(run.clone())),
                None => {}
            },
            Command::Sort => {
                self.by = self.by.next();
                self.arrange(turn.state, turn.now);
            }
            Command::Reverse => {
                self.by = self.by.reversed();
                self.arrange(turn.state, turn.now);
            }
            Command::Mark => {
                if let Some(To::Server(name)) = self.chosen().cloned()
                    && !self.marks.remove(&name)
                {
                    self.marks.insert(name);
                }
                self.select(self.at + 1);
            }
            Command::Copy => {
                let text = match self.chosen() {
                    Some(To::Server(name)) => name.to_string(),
                    Some(To::Run(run)) => run.to_string(),
                    None => String::new(),
                };
                turn.todo.push(Do::Copy(text));
            }
            _ => return false,
        }
        self.scroll(turn.height);
        true
    }

    fn values(&self, turn: &Turn<'_>) -> Values {
        match self.chosen() {
            Some(To::Server(name)) => Values::from([("name", name.to_string())]),
            Some(To::Run(id)) => {
                let known = turn.state.runs.get().into_iter().flatten().find(|run| run.id == *id);
                let server = known.and_then(|run| run.server.as_ref());
                let name = server.map(|server| ("name", server.to_string()));
                name.into_iter().chain([("run", id.to_string())]).collect()
            }
            None => Values::new(),
        }
    }

    fn marked(&self) -> Vec<Values> {
        self.marks.iter().map(|name| Values::from([("name", name.to_string())])).collect()
    }

    fn unmark(&mut self) {
        self.marks.clear();
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.filter)
    }

    fn set_filter(&mut self, text: &str, turn: &mut Turn<'_>) {
        text.clone_into(&mut self.filter);
        self.arrange(turn.state, turn.now);
        self.scroll(turn.height);
    }

    fn click(&mut self, (_, row): (u16, u16), turn: &mut Turn<'_>) {
        let needs = u16::try_from(self.needs).unwrap_or(0);
        let head = if needs > 0 { needs + 2 } else { 0 };
        let at = match row {
            row if row >= 1 && row <= needs => usize::from(row - 1),
            row if row >= head + 2 => {
                let at = usize::from(row - head - 2);
                let room = self.room(turn.height, self.runs()).min(self.servers);
                match at {
                    at if at < room => self.needs + self.first + at,
                    at if at >= room + 2 => self.needs + self.servers + at - room - 2,
                    _ => return,
                }
            }
            _ => return,
        };
        if at == self.at {
            self.command(Command::Open, turn);
        } else if at < self.rows.len() {
            self.select(at);
        }
    }

    fn draw(&self, whole: Rect, buf: &mut Buffer, view: &View<'_>) {
        let area = Rect { height: whole.height.saturating_sub(below(whole.height)), ..whole };
        let y = self.draw_needs(area, buf, view);
        let runs = self.runs();
        let below = if runs > 0 { u16::try_from(runs + 2).unwrap_or(0) } else { 0 };
        let height = (area.bottom().saturating_sub(y)).saturating_sub(below);
        let y = self.draw_servers(Rect { y, height, ..area }, buf, view);
        self.draw_runs(Rect { y, height: area.bottom().saturating_sub(y), ..area }, buf, view);
        foot(Rect { y: whole.bottom().saturating_sub(1), height: 1, ..whole }, self.found, buf, view);
    }
}
