//! Lines that come: logs, calls, events.

use std::collections::VecDeque;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use regex::{Regex, RegexBuilder};
use sigyl_core::domain::{Failure, Kind, Timestamp};
use sigyl_core::wire::v1::{Frame, Request, Response};

use super::Screen;
use super::overlap::{Met, Overlap};
use crate::console::command::{Command, Place};
use crate::console::keymap::Scope;
use crate::console::loaded::sentence;
use crate::console::paint;
use crate::console::turn::{Do, Tag, Turn};
use crate::console::view::View;
use crate::console::widgets::put;
use crate::render::{Look, Role};

/// Lines and bytes that are kept; the oldest go first, and how many went is said.
const LINES: usize = 20_000;
const BYTES: usize = 16 << 20;
/// Lines that what comes after a rest is held against.
const AGAIN: usize = 2_000;
/// How large an expression of the operator may become.
const EXPRESSION: usize = 1 << 20;

const WHOLE: Tag = Tag(0);

/// Writes a line of what was told; nothing when it tells something else.
type Write = fn(&Frame, &Look) -> Option<String>;

/// What has the lines of a stream made, with colours: they are kept as text and not as what they were told by.
const LOOK: Look = Look { color: true, width: None, ..Look::PLAIN };

/// Whether more comes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Coming {
    Yes,
    /// It rests as long as nobody sees it.
    Rests,
    Ended,
    /// Why, and whether whoever answers was lost.
    Failed(String, bool),
}

/// What stands where lines are missing.
const GAP: &str = "what came before this, while nobody looked or nothing was heard, is not shown";
/// Time between two tries to take up what was cut off, at least.
const PAUSE_MILLIS: u64 = 5_000;

/// Lines of one kind.
pub(in crate::console) struct Stream {
    title: String,
    place: Option<Place>,
    request: Request,
    write: Write,
    lines: VecDeque<String>,
    bytes: usize,
    /// The number of the first line that is kept, counted from the beginning.
    gone: usize,
    /// Numbers of the lines that are shown.
    shown: VecDeque<usize>,
    filter: String,
    wanted: Option<Result<Regex, String>>,
    coming: Coming,
    /// What comes again after a rest, until it meets what is here.
    again: Option<Overlap>,
    /// When it was asked for last.
    asked: Timestamp,
    follow: bool,
    wrap: bool,
    /// The last line on the screen, as its place among those shown, when it is not the newest.
    last: usize,
}

impl Stream {
    /// A stream that was not asked for.
    pub(in crate::console) fn new(title: impl Into<String>, request: Request, write: Write) -> Self {
        Self {
            title: title.into(),
            place: None,
            request,
            write,
            lines: VecDeque::new(),
            bytes: 0,
            gone: 0,
            shown: VecDeque::new(),
            filter: String::new(),
            wanted: None,
            coming: Coming::Yes,
            again: None,
            asked: Timestamp::from_millis(0),
            follow: true,
            wrap: false,
            last: 0,
        }
    }

    /// The same, as a place.
    pub(in crate::console) fn at(self, place: Place) -> Self {
        Self { place: Some(place), ..self }
    }

    /// Takes up what comes where it ended; what is here already stays.
    fn resume(&mut self, turn: &mut Turn<'_>) {
        self.coming = Coming::Yes;
        self.asked = turn.now;
        let known = self.lines.len().saturating_sub(AGAIN);
        let known: Vec<_> = self.lines.iter().skip(known).cloned().collect();
        self.again = (!known.is_empty()).then(|| Overlap::new(known));
        turn.ask(WHOLE, self.request.clone());
    }

    fn fits(&self, line: &str) -> bool {
        match &self.wanted {
            None => true,
            Some(Ok(wanted)) => wanted.is_match(&console::strip_ansi_codes(line)),
            Some(Err(_)) => console::strip_ansi_codes(line).contains(&self.filter),
        }
    }

    /// Takes a line; after a rest, those that are here already come once more.
    fn came(&mut self, line: String) {
        let Some(overlap) = &mut self.again else { return self.push(line) };
        let new = match overlap.take(line) {
            Met::Pending => return,
            Met::New(new) => new,
            Met::Gap(new) => {
                self.push(LOOK.paint(Role::Warn, GAP));
                new
            }
        };
        self.again = None;
        new.into_iter().for_each(|line| self.push(line));
    }

    fn push(&mut self, line: String) {
        let number = self.gone + self.lines.len();
        if self.fits(&line) {
            self.shown.push_back(number);
        }
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.lines.len() > LINES || self.bytes > BYTES {
            let Some(line) = self.lines.pop_front() else { break };
            self.bytes -= line.len();
            if self.shown.front() == Some(&self.gone) {
                self.shown.pop_front();
                self.last = self.last.saturating_sub(1);
            }
            self.gone += 1;
        }
    }

    fn end(&self) -> usize {
        let newest = self.shown.len().saturating_sub(1);
        if self.follow { newest } else { self.last.min(newest) }
    }

    fn scroll(&mut self, command: Command, height: u16) -> bool {
        let page = usize::from(height.saturating_sub(2)).max(1);
        let newest = self.shown.len().saturating_sub(1);
        let end = self.end();
        let last = match command {
            Command::Up => end.saturating_sub(1),
            Command::Down => end + 1,
            Command::PageUp => end.saturating_sub(page),
            Command::PageDown => end + page,
            Command::Top => page - 1,
            Command::Bottom => newest,
            _ => return false,
        };
        self.last = last.max(page - 1).min(newest);
        self.follow = self.last == newest;
        true
    }

    fn line(&self, at: usize) -> &str {
        let number = self.shown.get(at).copied().unwrap_or(self.gone);
        self.lines.get(number.saturating_sub(self.gone)).map_or("", String::as_str)
    }

    /// Lines of the screen, the last one at the bottom.
    fn visible(&self, area: Rect, view: &View<'_>) -> Vec<ratatui::text::Line<'static>> {
        let rows = usize::from(area.height);
        let look = view.look_of(area.width);
        let mut rest = Vec::new();
        let newest = if self.shown.is_empty() { 0 } else { self.end() + 1 };
        for at in (0..newest).rev() {
            let text = self.line(at);
            let text = if self.wrap { crate::render::wrap(text, &look, 4) } else { text.to_owned() };
            rest.extend(paint::lines(&text, view.theme).into_iter().rev());
            if rest.len() >= rows {
                break;
            }
        }
        rest.truncate(rows);
        rest.reverse();
        rest
    }

    fn says(&self, view: &View<'_>) -> (Role, String) {
        let follow = view.key(Command::Follow, &[Scope::Stream]);
        let refresh = view.key(Command::Refresh, &[]);
        let mut parts = Vec::new();
        match &self.wanted {
            Some(Err(why)) => parts.push(format!("taken as plain text: {why}")),
            Some(Ok(_)) => {
                parts.push(format!(
                    "{} of {} with /{}/",
                    self.shown.len(),
                    self.lines.len(),
                    crate::render::specimen(&self.filter)
                ));
            }
            None => parts.push(format!("{} lines", self.lines.len())),
        }
        if self.gone > 0 {
            parts.push(format!("{} older ones are not kept", self.gone));
        }
        match &self.coming {
            Coming::Rests => {}
            Coming::Yes if self.follow => parts.push("following".to_owned()),
            Coming::Yes => {
                let new = self.shown.len().saturating_sub(self.end() + 1);
                parts.push(format!("stopped, {new} newer; {follow} follows"));
            }
            Coming::Ended => parts.push(format!("ended; {refresh} asks again")),
            Coming::Failed(why, _) => {
                return (Role::Error, format!("{why} · {} · {refresh} asks again", parts.join(" · ")));
            }
        }
        (Role::Dim, parts.join(" · "))
    }
}

impl Screen for Stream {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn scopes(&self) -> Vec<Scope> {
        vec![Scope::Stream]
    }

    fn place(&self) -> Option<Place> {
        self.place
    }

    fn ask(&mut self, turn: &mut Turn<'_>) {
        self.resume(turn);
    }

    fn answered(&mut self, _tag: Tag, answer: Result<Response, Failure>, _turn: &mut Turn<'_>) {
        self.coming = match answer {
            Ok(_) => Coming::Ended,
            Err(failure) => Coming::Failed(sentence(&failure), failure.kind == Kind::Unavailable),
        };
    }

    fn told(&mut self, _tag: Tag, frame: Frame, turn: &mut Turn<'_>) {
        if let Some(text) = (self.write)(&frame, &Look { zone: turn.state.zone, ..LOOK }) {
            text.lines().for_each(|line| self.came(line.to_owned()));
        }
    }

    fn hidden(&mut self, turn: &mut Turn<'_>) {
        if matches!(self.coming, Coming::Yes | Coming::Failed(_, true)) {
            self.coming = Coming::Rests;
            turn.todo.push(Do::Forget(WHOLE));
        }
    }

    fn in_sight(&mut self, turn: &mut Turn<'_>) {
        if self.coming != Coming::Yes {
            self.resume(turn);
        }
    }

    fn heard(&mut self, turn: &mut Turn<'_>) {
        if self.coming != Coming::Yes {
            self.resume(turn);
        }
    }

    fn news(&mut self, turn: &mut Turn<'_>) {
        // Its end may be told after whoever answers was heard again.
        let lost = matches!(self.coming, Coming::Failed(_, true)) && turn.state.broken.is_none();
        if lost && turn.now.millis().abs_diff(self.asked.millis()) >= PAUSE_MILLIS {
            self.resume(turn);
        }
    }

    fn command(&mut self, command: Command, turn: &mut Turn<'_>) -> bool {
        match command {
            Command::Follow => {
                self.last = self.end();
                self.follow = !self.follow;
            }
            Command::Wrap => self.wrap = !self.wrap,
            Command::Refresh => self.ask(turn),
            Command::Copy => {
                let lines =
                    (0..self.shown.len()).map(|at| console::strip_ansi_codes(self.line(at)).into_owned());
                turn.todo.push(Do::Copy(lines.collect::<Vec<_>>().join("\n")));
            }
            other => return self.scroll(other, turn.height),
        }
        true
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.filter)
    }

    fn set_filter(&mut self, text: &str, _turn: &mut Turn<'_>) {
        text.clone_into(&mut self.filter);
        let made = |text: &str| RegexBuilder::new(text).size_limit(EXPRESSION).case_insensitive(true).build();
        self.wanted = (!text.is_empty()).then(|| {
            made(text)
                .map_err(|error| error.to_string().lines().last().unwrap_or("not an expression").to_owned())
        });
        let numbers = (0..self.lines.len()).filter(|at| self.fits(&self.lines[*at])).map(|at| at + self.gone);
        self.shown = numbers.collect();
        self.follow = true;
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let body = Rect {
            x: area.x + 1,
            width: area.width.saturating_sub(2),
            height: area.height.saturating_sub(1),
            ..area
        };
        for (y, line) in (body.y..body.bottom()).zip(self.visible(body, view)) {
            buf.set_line(body.x, y, &line, body.width);
        }
        let (role, says) = self.says(view);
        let foot = Rect { y: area.bottom().saturating_sub(1), height: 1, ..body };
        put(buf, foot, foot.x, foot.y, &view.look.cut(&says, usize::from(foot.width)), view.theme.role(role));
    }
}
