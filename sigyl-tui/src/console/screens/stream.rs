//! Lines that come: logs, calls, events.

mod facts;
mod time;

use std::collections::VecDeque;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use regex::{Regex, RegexBuilder};
use sigyl_core::deploy::LogStream;
use sigyl_core::domain::{Failure, Kind, Timestamp};
use sigyl_core::wire::v1::{Frame, Request, Response};

use self::facts::{Facts, Level, Line};
use super::Screen;
use super::overlap::{Met, Overlap};
use crate::console::command::{Command, Place};
use crate::console::keymap::Scope;
use crate::console::layers::Prompt;
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
const TIME: Tag = Tag(1);
const FILE: Tag = Tag(2);
const FILE_WORDS: &str =
    "a file of this machine that is not there yet: the lines that are shown go into it, without colours";

/// Asks for a time to go to.
fn to_time() -> Prompt {
    Prompt::new(
        TIME,
        "go to a time",
        "14:05 or 14:05:30 of the day of the newest line, 5m ago, or 2026-11-22T14:05:30Z; in UTC",
    )
}

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
    lines: VecDeque<Line>,
    /// How many of them name no level.
    unnamed: usize,
    bytes: usize,
    /// The number of the first line that is kept, counted from the beginning.
    gone: usize,
    /// Numbers of the lines that are shown.
    shown: VecDeque<usize>,
    /// Whether its lines have levels, and somebody who wrote them.
    leveled: bool,
    /// How grave a line is at least, and who wrote it, where that is wanted.
    level: Option<Level>,
    by: Option<LogStream>,
    filter: String,
    wanted: Option<Result<Regex, String>>,
    coming: Coming,
    /// What comes again after a rest, until it meets what is here.
    again: Option<Overlap<Line>>,
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
            unnamed: 0,
            leveled: false,
            level: None,
            by: None,
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

    /// The same, of lines that may name a level.
    pub(in crate::console) fn leveled(self) -> Self {
        Self { leveled: true, ..self }
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

    fn fits(&self, line: &Line) -> bool {
        let facts = line.facts;
        if self.level.is_some_and(|least| facts.level.is_none_or(|level| level < least)) {
            return false;
        }
        if self.by.is_some_and(|by| facts.by != Some(by)) {
            return false;
        }
        match &self.wanted {
            None => true,
            Some(Ok(wanted)) => wanted.is_match(&console::strip_ansi_codes(&line.text)),
            Some(Err(_)) => console::strip_ansi_codes(&line.text).contains(&self.filter),
        }
    }

    /// Looks anew which lines fit, and shows the newest of them.
    fn narrow(&mut self) {
        let numbers = (0..self.lines.len()).filter(|at| self.fits(&self.lines[*at])).map(|at| at + self.gone);
        self.shown = numbers.collect();
        self.follow = true;
    }

    /// Goes to the first line of a time or later; nothing comes after the last one.
    fn jump(&mut self, text: &str, turn: &mut Turn<'_>) {
        let newest = self.lines.iter().rev().find_map(|line| line.facts.at).unwrap_or(turn.now);
        let at = match time::read(text, turn.state.zone, newest, turn.now) {
            Ok(at) => at,
            Err(wrong) => return turn.todo.push(Do::Prompt(to_time().again(text, wrong))),
        };
        let late = |number: &usize| {
            let line = self.lines.get(number.saturating_sub(self.gone));
            line.and_then(|line| line.facts.at).is_some_and(|it| it >= at)
        };
        let newest = self.shown.len().saturating_sub(1);
        let found = self.shown.iter().position(late).unwrap_or(newest);
        let page = usize::from(turn.height.saturating_sub(1)).max(1);
        self.last = (found + page - 1).min(newest);
        self.follow = false;
    }

    /// All lines that are shown, as plain text.
    fn plain(&self) -> String {
        let lines = (0..self.shown.len()).map(|at| console::strip_ansi_codes(self.line(at)).into_owned());
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Takes a line; after a rest, those that are here already come once more.
    fn came(&mut self, line: Line) {
        let Some(overlap) = &mut self.again else { return self.push(line) };
        let new = match overlap.take(line) {
            Met::Pending => return,
            Met::New(new) => new,
            Met::Gap(new) => {
                self.push(Line { text: LOOK.paint(Role::Warn, GAP), facts: Facts::default() });
                new
            }
        };
        self.again = None;
        new.into_iter().for_each(|line| self.push(line));
    }

    fn push(&mut self, line: Line) {
        let number = self.gone + self.lines.len();
        if self.fits(&line) {
            self.shown.push_back(number);
        }
        self.bytes += line.text.len();
        self.unnamed += usize::from(line.facts.level.is_none());
        self.lines.push_back(line);
        while self.lines.len() > LINES || self.bytes > BYTES {
            let Some(line) = self.lines.pop_front() else { break };
            self.bytes -= line.text.len();
            self.unnamed -= usize::from(line.facts.level.is_none());
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
        self.lines.get(number.saturating_sub(self.gone)).map_or("", |line| &line.text)
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
            None if self.shown.len() < self.lines.len() => {
                parts.push(format!("{} of {} lines", self.shown.len(), self.lines.len()));
            }
            None => parts.push(format!("{} lines", self.lines.len())),
        }
        if let Some(level) = self.level {
            parts.push(format!("{}; {} lines name no level and are not shown", level.words(), self.unnamed));
        }
        match self.by {
            Some(LogStream::Supervisor) => parts.push("only Sigyl's notes".to_owned()),
            Some(_) => parts.push("only of the server".to_owned()),
            None => {}
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
            Coming::Failed(why, true) => {
                return (Role::Warn, format!("{} · cut off, goes on by itself: {why}", parts.join(" · ")));
            }
            Coming::Failed(why, false) => {
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
            let facts = Facts::of(&frame);
            text.lines().for_each(|line| self.came(Line { text: line.to_owned(), facts }));
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
            Command::Copy => turn.todo.push(Do::Copy(self.plain())),
            Command::Level => {
                self.level = Level::after(self.level);
                self.narrow();
            }
            Command::By => {
                self.by = match self.by {
                    None => Some(LogStream::Server),
                    Some(LogStream::Server) => Some(LogStream::Supervisor),
                    Some(_) => None,
                };
                self.narrow();
            }
            Command::Jump => turn.todo.push(Do::Prompt(to_time())),
            Command::Save => turn.todo.push(Do::Prompt(Prompt::new(FILE, "save", FILE_WORDS))),
            other => return self.scroll(other, turn.height),
        }
        true
    }

    fn typed(&mut self, tag: Tag, text: &str, turn: &mut Turn<'_>) {
        match tag {
            _ if text.is_empty() => {}
            TIME => self.jump(text, turn),
            _ => turn.todo.push(Do::Save(text.to_owned(), format!("{}\n", self.plain()))),
        }
    }

    fn offers(&self, command: Command) -> bool {
        match command {
            Command::Level | Command::By => self.leveled,
            Command::Jump | Command::Save => !self.shown.is_empty(),
            _ => true,
        }
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
        self.narrow();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::state::State;

    #[test]
    fn a_million_lines_are_followed_within_bounds() {
        let line =
            serde_json::json!({"at": "2026-11-22T14:01:00Z", "stream": "server", "text": "INFO a line"});
        let frame = Frame::Log(serde_json::from_value(line).unwrap());
        let write: Write = |_, _| Some("2026-11-22T14:01:00  INFO a line".to_owned());
        let mut stream = Stream::new("logs", Request::List, write).leveled();
        let state = State::default();
        let mut turn = Turn::new(&state, Timestamp::from_millis(0), 20);
        for number in 0..1_000_000_usize {
            stream.told(WHOLE, frame.clone(), &mut turn);
            // Somebody reads what is older meanwhile, and narrows it now and then.
            if number.is_multiple_of(100_000) {
                stream.command(Command::PageUp, &mut turn);
                stream.command(Command::Level, &mut turn);
            }
        }
        assert_eq!((stream.lines.len(), stream.gone), (LINES, 1_000_000 - LINES));
        assert!(stream.bytes <= BYTES && stream.shown.len() <= LINES && stream.end() < LINES);
        assert_eq!(stream.unnamed, 0);
    }
}
