//! Text of any length: what the command line would print, to be read in peace.

use std::cell::RefCell;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use sigyl_core::domain::{Failure, Timestamp};
use sigyl_core::wire::v1::{Request, Response};

use super::Screen;
use crate::console::command::{Command, Place};
use crate::console::keymap::Scope;
use crate::console::loaded::Loaded;
use crate::console::paint;
use crate::console::state::State;
use crate::console::turn::{Do, Tag, Turn, Values};
use crate::console::view::View;
use crate::console::widgets::put;
use crate::render::{Look, Role};

/// Makes the text of an answer; nothing when it is the answer to something else.
type Text = Box<dyn Fn(&Response, &Look, Timestamp) -> Option<String>>;

/// Makes the text of an answer, with all that is known beside it.
type Seen = Box<dyn Fn(&Response, &Look, &View<'_>) -> Option<String>>;

/// Makes a text that is here already, with an answer or a failure in it once that came.
type Meanwhile = Box<dyn Fn(&Loaded<Response>, &Look) -> String>;

/// Where the text is from.
pub(in crate::console) enum Asking {
    /// An answer.
    Of(Box<Request>, Text),
    /// An answer, beside what is known already.
    Beside(Box<Request>, Seen),
    /// It is here already, and an answer adds to it.
    Also(Box<Request>, Meanwhile),
    /// An answer to what is asked by how things stand.
    Standing(Box<dyn Fn(&State) -> Request>, Text),
    /// It is here already.
    Here(Box<dyn Fn(&Look) -> String>),
}

/// Lines that were made, and what for.
struct Made {
    width: u16,
    theme: &'static str,
    /// When: ages are told anew every ten seconds.
    tens: i64,
    lines: Vec<Line<'static>>,
}

/// Text that is scrolled.
pub(in crate::console) struct Sheet {
    title: String,
    place: Option<Place>,
    scopes: &'static [Scope],
    values: Values,
    asking: Asking,
    answer: Loaded<Response>,
    first: usize,
    /// Words that it begins at, until somebody scrolls.
    from: String,
    filter: String,
    renewed: bool,
    /// Whether the answer is never asked for again.
    kept: bool,
    /// Whether it shows a secret.
    secret: bool,
    made: RefCell<Option<Made>>,
}

const WHOLE: Tag = Tag(0);
/// Lines above the one that a sheet begins at for its words.
const ABOVE: usize = 2;

impl Sheet {
    /// A sheet that has not been asked for.
    pub(in crate::console) fn new(title: impl Into<String>, asking: Asking) -> Self {
        Self {
            title: title.into(),
            place: None,
            scopes: &[],
            values: Values::new(),
            asking,
            answer: Loaded::default(),
            first: 0,
            from: String::new(),
            filter: String::new(),
            renewed: false,
            kept: false,
            secret: false,
            made: RefCell::new(None),
        }
    }

    /// The same, with keys of its own, and what is known of the fields of actions.
    pub(in crate::console) fn with(self, scopes: &'static [Scope], values: Values) -> Self {
        Self { scopes, values, ..self }
    }

    /// The same, shown from the first line on that has these words.
    pub(in crate::console) fn from(self, words: &str) -> Self {
        Self { from: words.to_lowercase(), ..self }
    }

    /// The line that it begins at: as many are shown as fit, also on a screen that became larger.
    fn begins(&self, lines: &[Line<'static>], page: usize) -> usize {
        let found = || lines.iter().position(|line| line.to_string().to_lowercase().contains(&self.from));
        let first = if self.from.is_empty() { None } else { found().map(|at| at.saturating_sub(ABOVE)) };
        first.unwrap_or(self.first).min(lines.len().saturating_sub(page))
    }

    /// The same, as a place.
    pub(in crate::console) fn at(self, place: Place) -> Self {
        Self { place: Some(place), ..self }
    }

    /// The same, asked for again when servers or runs change.
    pub(in crate::console) fn renewed(self) -> Self {
        Self { renewed: true, ..self }
    }

    /// An answer that is here already. It is not asked for again: that would do it again.
    pub(in crate::console) fn shows(title: &str, asking: Asking, response: Response, secret: bool) -> Self {
        let mut sheet = Self { secret, ..Self::new(title, asking) };
        sheet.answer.take(Ok(response));
        sheet.kept = true;
        sheet
    }

    /// The text as it is for this many columns, without what is filtered away.
    fn text(&self, width: u16, view: &View<'_>) -> Option<String> {
        let look = view.look_of(width);
        match &self.asking {
            Asking::Of(_, text) | Asking::Standing(_, text) => text(self.answer.get()?, &look, view.now),
            Asking::Beside(_, text) => text(self.answer.get()?, &look, view),
            Asking::Also(_, text) => Some(text(&self.answer, &look)),
            Asking::Here(text) => Some(text(&look)),
        }
    }

    fn make(&self, width: u16, view: &View<'_>) {
        let mut made = self.made.borrow_mut();
        let tens = view.now.seconds() / 10;
        let same = |made: &Made| (made.width, made.theme, made.tens) == (width, view.theme.name, tens);
        if made.as_ref().is_some_and(same) {
            return;
        }
        let Some(text) = self.text(width, view) else { return };
        let wanted = self.filter.to_lowercase();
        let mut lines = paint::folded(&text, width, view.theme);
        lines.retain(|line| wanted.is_empty() || line.to_string().to_lowercase().contains(&wanted));
        *made = Some(Made { width, theme: view.theme.name, tens, lines });
    }

    fn len(&self) -> usize {
        self.made.borrow().as_ref().map_or(0, |made| made.lines.len())
    }

    fn scroll(&mut self, command: Command, height: u16) -> bool {
        if self.made.borrow().is_none() {
            // Nothing was drawn since the text changed: how long it is is not known.
            return matches!(
                command,
                Command::Up
                    | Command::Down
                    | Command::PageUp
                    | Command::PageDown
                    | Command::Top
                    | Command::Bottom
            );
        }
        let page = usize::from(height.saturating_sub(2)).max(1);
        let last = self.len().saturating_sub(page);
        if !self.from.is_empty() {
            self.first = self.made.borrow().as_ref().map_or(0, |made| self.begins(&made.lines, page));
            self.from.clear();
        }
        self.first = match command {
            Command::Up => self.first.saturating_sub(1),
            Command::Down => self.first + 1,
            Command::PageUp => self.first.saturating_sub(page),
            Command::PageDown => self.first + page,
            Command::Top => 0,
            Command::Bottom => last,
            _ => return false,
        }
        .min(last);
        true
    }
}

impl Screen for Sheet {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn scopes(&self) -> Vec<Scope> {
        self.scopes.iter().copied().chain([Scope::Sheet]).collect()
    }

    fn place(&self) -> Option<Place> {
        self.place
    }

    fn ask(&mut self, turn: &mut Turn<'_>) {
        let request = match &self.asking {
            _ if self.kept => return,
            Asking::Of(request, _) | Asking::Beside(request, _) | Asking::Also(request, _) => request.clone(),
            Asking::Standing(request, _) => Box::new(request(turn.state)),
            Asking::Here(_) => return,
        };
        self.answer.ask(turn.now);
        turn.todo.push(Do::Ask(WHOLE, request));
    }

    fn answered(&mut self, _tag: Tag, answer: Result<Response, Failure>, _turn: &mut Turn<'_>) {
        self.answer.take(answer);
        *self.made.borrow_mut() = None;
    }

    fn heard(&mut self, turn: &mut Turn<'_>) {
        if !self.answer.is_asked() {
            self.ask(turn);
        }
    }

    fn news(&mut self, turn: &mut Turn<'_>) {
        if self.renewed && !self.answer.is_asked() {
            self.ask(turn);
        }
    }

    fn command(&mut self, command: Command, turn: &mut Turn<'_>) -> bool {
        match command {
            Command::Refresh => self.ask(turn),
            Command::Copy if self.secret => {
                let text = match self.answer.get() {
                    Some(Response::MadeKey(made)) => made.plain.reveal().to_owned(),
                    Some(Response::Secret(value)) => value.reveal().to_owned(),
                    _ => String::new(),
                };
                turn.todo.push(Do::CopySecret(text));
            }
            Command::Copy => {
                let made = self.made.borrow();
                let lines = made.iter().flat_map(|made| &made.lines).map(ToString::to_string);
                turn.todo.push(Do::Copy(lines.collect::<Vec<_>>().join("\n")));
            }
            other => return self.scroll(other, turn.height),
        }
        true
    }

    fn is_secret(&self) -> bool {
        self.secret
    }

    fn values(&self, _turn: &Turn<'_>) -> Values {
        self.values.clone()
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.filter)
    }

    fn set_filter(&mut self, text: &str, _turn: &mut Turn<'_>) {
        text.clone_into(&mut self.filter);
        self.first = 0;
        self.from.clear();
        *self.made.borrow_mut() = None;
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let body = Rect {
            x: area.x + 1,
            width: area.width.saturating_sub(2),
            height: area.height.saturating_sub(1),
            ..area
        };
        self.make(body.width, view);
        let made = self.made.borrow();
        let lines = made.as_ref().map_or(&[][..], |made| made.lines.as_slice());
        let first = self.begins(lines, usize::from(body.height));
        for (y, line) in (body.y..body.bottom()).zip(lines.iter().skip(first)) {
            buf.set_line(body.x, y, line, body.width);
        }
        let foot = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
        // What adds to a text says in it why it is not there.
        let in_text = matches!(self.asking, Asking::Also(..)) && !self.answer.is_asked();
        if let Some((role, says)) = self.answer.says(view.now).filter(|_| !in_text) {
            let says = view.look.cut(&says, usize::from(foot.width.saturating_sub(2)));
            put(buf, foot, foot.x + 1, foot.y, &says, view.theme.role(role));
        } else if lines.len() > usize::from(body.height) {
            let last = (first + usize::from(body.height)).min(lines.len());
            let says = format!("lines {} to {last} of {}", first + 1, lines.len());
            put(buf, foot, foot.x + 1, foot.y, &says, view.theme.role(Role::Dim));
        }
    }
}
