//! The console as a value: what is known, which screen is shown, and what every input makes of that.

use std::collections::BTreeMap;
use std::rc::Rc;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use sigyl_core::domain::{Failure, Seq, Timestamp};
use sigyl_core::wire::v1::Request;

use super::command::{Command, Place};
use super::effect::{Effect, Ticket};
use super::input::Input;
use super::keymap::Keymap;
use super::layers::{Confirm, FilterLine, GoTo, Help, Layer, Messages, Palette};
use super::loaded::sentence;
use super::mouse::Held;
use super::recorder::Recorder;
use super::screens::{Screen, screen_of};
use super::state::State;
use super::theme::{self, Theme};
use super::turn::{Do, Tag, Turn, Values};
use super::undo::Done;
use crate::render::{Look, Role};

/// Rows above and below the body: header, path, message, keys.
pub(super) const BANDS: u16 = 4;
/// The least that a screen needs.
pub(super) const LEAST: (u16, u16) = (60, 16);

/// A screen, and the number that its questions have.
pub(super) struct Shown {
    pub(super) id: u64,
    pub(super) screen: Box<dyn Screen>,
    /// Whether whoever answers was lost and came back while this was not in sight.
    pub(super) missed: bool,
}

/// Who asked.
pub(super) enum Asked {
    Servers,
    Runs,
    Who,
    Owner,
    Counts,
    /// How many sessions are open.
    Sessions,
    Feed,
    /// A file that is written.
    Save,
    Screen(u64, Tag),
    /// An action: what was typed, since when it is asked, how many keys had been pressed then, and what takes it back.
    Action(&'static str, Values, Timestamp, u64, Option<Done>),
    /// An action on one of several: on what, since when, and what takes it back.
    Each(&'static str, String, Timestamp, Option<Done>),
}

/// The console.
pub(super) struct App {
    pub(super) state: State,
    pub(super) theme: Theme,
    pub(super) look: Look,
    pub(super) now: Timestamp,
    pub(super) size: (u16, u16),
    /// The way here; the last one is shown.
    pub(super) screens: Vec<Shown>,
    /// Screens that one went back from, the nearest last.
    pub(super) ahead: Vec<Shown>,
    pub(super) layers: Vec<Box<dyn Layer>>,
    pub(super) asked: BTreeMap<Ticket, Asked>,
    /// Files that are read for an action: the field that each is for, and how many keys had been pressed then.
    pub(super) files: BTreeMap<Ticket, (&'static str, Values, &'static str, u64)>,
    pub(super) effects: Vec<Effect>,
    pub(super) next: u64,
    /// Whether servers and runs have to be asked for again, and when they were last; nothing where that is no reason to wait.
    pub(super) stale: bool,
    pub(super) renewed: Option<Timestamp>,
    /// Milliseconds that the last look at servers took.
    pub(super) took: i64,
    /// When calls were counted last, and whether the caller may not see that.
    pub(super) counted: Option<Timestamp>,
    pub(super) uncounted: bool,
    /// The last event that was told, and when to listen again after the feed ended.
    pub(super) seen: Option<Seq>,
    pub(super) listen_at: Option<Timestamp>,
    /// Of what is done to several at once, what ended well, and what did not.
    pub(super) each: (usize, usize),
    /// What was done and can be taken back, the newest last.
    pub(super) undone: Vec<Done>,
    /// Keys that were pressed so far.
    pub(super) pressed: u64,
    /// The button of the mouse that is held.
    pub(super) held: Option<Held>,
    dirty: bool,
    /// What keys mean.
    pub(super) keys: Rc<Keymap>,
    /// The operator's own theme, beside those that are shipped.
    pub(super) own: Option<Theme>,
    /// What happened lately, for a report.
    pub(super) recorder: Recorder,
}

impl App {
    /// A console that knows nothing yet, with its first screen.
    pub(super) fn new(theme: Theme, look: Look, now: Timestamp, size: (u16, u16)) -> Self {
        let mut app = Self {
            state: State::default(),
            theme,
            look,
            now,
            size,
            screens: Vec::new(),
            ahead: Vec::new(),
            layers: Vec::new(),
            asked: BTreeMap::new(),
            files: BTreeMap::new(),
            effects: Vec::new(),
            next: 0,
            stale: false,
            renewed: None,
            took: 0,
            counted: None,
            uncounted: false,
            seen: None,
            listen_at: None,
            each: (0, 0),
            undone: Vec::new(),
            pressed: 0,
            held: None,
            dirty: true,
            keys: Rc::default(),
            own: None,
            recorder: Recorder::default(),
        };
        app.open(screen_of(Place::Dashboard));
        app
    }

    /// Takes an input, and returns what is to be done outside.
    pub(super) fn update(&mut self, input: Input) -> Vec<Effect> {
        self.dirty |= !matches!(input, Input::Tick(_));
        let shown = &self.shown().screen;
        self.recorder.keep(&input, self.layers.last().map_or(shown.hides(), |layer| layer.hides()));
        match input {
            Input::Key(key) => self.key(key),
            Input::Paste(text) => self.paste(&text),
            Input::Mouse(mouse) => self.mouse(mouse),
            Input::Resized(width, height) => {
                self.size = (width, height);
                self.held = None;
                self.news();
            }
            Input::Linked(link) => self.linked(link),
            Input::Told(ticket, frame) => self.told(ticket, *frame),
            Input::Answered(ticket, answer) => self.answered(ticket, answer),
            Input::Read(ticket, text) => self.read(ticket, text),
            Input::Seen(ticket, seen) => self.seen(ticket, seen),
            Input::Wrote(ticket, wrote) => self.wrote(ticket, wrote),
            Input::Edited(text) => self.edited(text),
            Input::Tick(now) => self.tick(now),
            Input::Note(text) => self.say(Role::Warn, text),
            Input::AskedToEnd => self.effects.push(Effect::Quit),
        }
        std::mem::take(&mut self.effects)
    }

    /// Whether something may look different since the last time this was asked.
    pub(super) fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    fn tick(&mut self, now: Timestamp) {
        // Ages, clocks and waits are told to the second.
        let waits = self.acts() || !self.asked.is_empty() && self.state.servers.get().is_none();
        self.dirty |= waits || now.seconds() != self.now.seconds();
        if now < self.now {
            self.set_back(now);
        }
        self.now = now;
        self.renew();
    }

    /// The clock was set back: nothing waits for a time that is far away now.
    fn set_back(&mut self, now: Timestamp) {
        self.stale = true;
        (self.renewed, self.counted) = (None, None);
        self.listen_at = self.listen_at.map(|at| at.min(now));
        self.state.set_back(now);
    }

    pub(super) fn say(&mut self, role: Role, text: String) {
        self.state.say(self.now, role, text);
    }

    pub(super) fn ticket(&mut self) -> Ticket {
        self.next += 1;
        Ticket(self.next)
    }

    pub(super) fn ask(&mut self, who: Asked, request: Request) {
        let ticket = self.ticket();
        self.asked.insert(ticket, who);
        self.effects.push(Effect::Ask(ticket, Box::new(request)));
    }

    /// Lets a screen or a layer take something, and does what it asks for.
    pub(super) fn turn<T>(&mut self, id: Option<u64>, take: impl FnOnce(&mut Self, &mut Turn<'_>) -> T) -> T {
        // What is known is lent to the turn, and nobody changes it meanwhile.
        let state = std::mem::take(&mut self.state);
        let mut turn = Turn::new(&state, self.now, self.size.1.saturating_sub(BANDS));
        let taken = take(self, &mut turn);
        let todo = turn.todo;
        self.state = state;
        for thing in todo {
            self.act(id, thing);
        }
        taken
    }

    /// Lets the screen with this number take something.
    pub(super) fn tell(&mut self, id: u64, tell: impl FnOnce(&mut dyn Screen, &mut Turn<'_>)) {
        self.turn(Some(id), |app, turn| {
            let mut screens = app.screens.iter_mut().chain(&mut app.ahead);
            if let Some(shown) = screens.find(|shown| shown.id == id) {
                tell(shown.screen.as_mut(), turn);
            }
        });
    }

    pub(super) fn shown(&self) -> &Shown {
        // There is a first screen from the beginning, and nobody goes back from it.
        &self.screens[self.screens.len() - 1]
    }

    fn act(&mut self, id: Option<u64>, thing: Do) {
        let id = id.unwrap_or(self.shown().id);
        match thing {
            Do::Ask(tag, request) => {
                self.forget(
                    |asked| matches!(asked, Asked::Screen(screen, of) if *screen == id && *of == tag),
                );
                self.ask(Asked::Screen(id, tag), *request);
            }
            Do::See(tag, outside) => {
                self.forget(
                    |asked| matches!(asked, Asked::Screen(screen, of) if *screen == id && *of == tag),
                );
                let ticket = self.ticket();
                self.asked.insert(ticket, Asked::Screen(id, tag));
                self.effects.push(Effect::See(ticket, outside));
            }
            Do::Forget(tag) => {
                self.forget(|asked| matches!(asked, Asked::Screen(screen, of) if *screen == id && *of == tag))
            }
            Do::Open(screen) => self.open(screen),
            Do::Instead(screen) => self.instead(id, screen),
            Do::Again(name, values, wrong) => self.form_again(id, name, &values, wrong),
            Do::Act(name, values) => self.start(name, values),
            Do::Send(name, values) => self.send(name, values),
            Do::Lasting(words) => self.keep_lasting(words),
            Do::SendEach(name, each) => self.send_each(name, &each),
            Do::Command(command) => self.command(command),
            Do::Filter(text) => {
                let shown = self.shown().id;
                self.tell(shown, |screen, turn| screen.set_filter(&text, turn));
            }
            Do::Copy(text) => self.copy(text),
            Do::CopySecret(text) => {
                self.say(Role::Dim, "sent to the terminal, whose clipboard keeps it".to_owned());
                self.effects.push(Effect::Copy(text));
            }
            Do::Prompt(prompt) => self.layers.push(Box::new(prompt)),
            Do::Typed(tag, text) => self.tell(id, |screen, turn| screen.typed(tag, &text, turn)),
            Do::Save(path, text) => {
                let ticket = self.ticket();
                self.asked.insert(ticket, Asked::Save);
                self.effects.push(Effect::Write(ticket, path.into(), text));
            }
            Do::Edit(text) => self.effects.push(Effect::Edit(text)),
            Do::Quit => self.effects.push(Effect::Quit),
        }
    }

    /// A text comes back from the editor, to where it was typed.
    fn edited(&mut self, text: Result<String, String>) {
        match (text, self.layers.last_mut()) {
            (Ok(text), Some(layer)) => layer.edited(&text),
            (Ok(_), None) => {}
            (Err(why), _) => self.say(Role::Error, why),
        }
    }

    /// A file was written, or could not be.
    fn wrote(&mut self, ticket: Ticket, wrote: Result<String, Failure>) {
        self.asked.remove(&ticket);
        match wrote {
            Ok(what) => self.say(Role::Ok, what),
            Err(failure) => self.say(Role::Error, sentence(&failure)),
        }
    }

    pub(super) fn copy(&mut self, text: String) {
        let lines = text.lines().count();
        if text.is_empty() {
            return self.say(Role::Dim, "there is nothing to copy here".to_owned());
        }
        let what = if lines > 1 { format!("{lines} lines") } else { crate::render::specimen(&text) };
        self.say(Role::Dim, format!("sent to the terminal: {}", self.look.cut(&what, 60)));
        self.effects.push(Effect::Copy(text));
    }

    /// Listens no longer to these questions. A run that was begun goes on.
    pub(super) fn forget(&mut self, which: impl Fn(&Asked) -> bool) {
        let gone: Vec<_> =
            self.asked.iter().filter(|(_, asked)| which(asked)).map(|(ticket, _)| *ticket).collect();
        for ticket in gone {
            self.asked.remove(&ticket);
            self.effects.push(Effect::Forget(ticket));
        }
    }

    fn key(&mut self, key: KeyEvent) {
        if key.kind == KeyEventKind::Release {
            return;
        }
        self.pressed += 1;
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        // What cannot be seen is not changed; and whoever wants to end can, whatever is in front.
        let ends = ctrl && matches!(key.code, KeyCode::Char('c' | 'z'));
        if self.is_too_small() && !ends && !self.is_asked() {
            if let Some(command @ (Command::Quit | Command::Suspend)) = self.keys.find(&[], &key) {
                self.command(command);
            }
            return;
        }
        if ends && !self.layers.is_empty() {
            let suspends = key.code == KeyCode::Char('z');
            return self.command(if suspends { Command::Suspend } else { Command::Quit });
        }
        if !self.layers.is_empty() {
            return self.layer(|layer, turn| layer.key(key, turn));
        }
        // Where one types, letters are text; what is no text there means what it means everywhere.
        let (shown, mut typed) = (self.shown().id, false);
        self.tell(shown, |screen, turn| typed = screen.key(key, turn));
        if typed {
            return;
        }
        let scopes = self.shown().screen.scopes();
        match self.keys.find(&scopes, &key) {
            Some(command) if self.shown().screen.offers(command) => self.command(command),
            Some(_) => self.say(Role::Dim, "that cannot be done here now".to_owned()),
            None => {}
        }
    }

    /// Whether nothing but its size can be told.
    pub(super) fn is_too_small(&self) -> bool {
        self.size.0 < LEAST.0 || self.size.1 < LEAST.1
    }

    /// Whether a question before the end is in front.
    fn is_asked(&self) -> bool {
        self.layers.last().is_some_and(|layer| layer.question().is_some())
    }

    fn paste(&mut self, text: &str) {
        if self.is_too_small() {
            return;
        }
        let Some(mut layer) = self.layers.pop() else {
            let shown = self.shown().id;
            return self.tell(shown, |screen, turn| screen.paste(text, turn));
        };
        self.turn(None, |_, turn| layer.paste(text, turn));
        self.layers.push(layer);
    }

    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Back | Command::Backward => self.back_or_filter(command),
            Command::Forward => self.forward(),
            Command::Help => {
                let help = Help::new(self.keys.clone(), self.shown().screen.as_ref());
                self.layers.push(Box::new(help));
            }
            Command::Palette => {
                let (values, scopes) = (self.values(), self.shown().screen.scopes());
                self.layers.push(Box::new(Palette::new(&self.state, self.keys.clone(), scopes, values)));
            }
            Command::Filter => {
                if let Some(filter) = self.shown().screen.filter() {
                    self.layers.push(Box::new(FilterLine::new(filter)));
                }
            }
            Command::GoTo => self.layers.push(Box::new(GoTo::default())),
            Command::Messages => self.layers.push(Box::new(Messages::default())),
            Command::Place(place) => self.go(place),
            Command::Act(name) => {
                let each = self.shown().screen.marked();
                let values = self.values();
                match each.is_empty() {
                    true => self.start(name, values),
                    false => self.start_each(name, values, each),
                }
            }
            Command::Theme => self.next_theme(),
            Command::Undo => self.undo(),
            Command::Suspend => self.effects.push(Effect::Suspend),
            Command::Quit => self.quit(),
            Command::Refresh => {
                self.look_again();
                let shown = self.shown().id;
                self.tell(shown, |screen, turn| {
                    screen.command(Command::Refresh, turn);
                });
            }
            other => {
                let shown = self.shown().id;
                self.tell(shown, |screen, turn| {
                    screen.command(other, turn);
                });
            }
        }
    }

    /// Esc takes a filter away first.
    fn back_or_filter(&mut self, command: Command) {
        if command == Command::Back && !self.shown().screen.marked().is_empty() {
            let shown = self.shown().id;
            return self.tell(shown, |screen, _| screen.unmark());
        }
        let filtered = self.shown().screen.filter().is_some_and(|filter| !filter.is_empty());
        if command == Command::Back && filtered {
            let shown = self.shown().id;
            self.tell(shown, |screen, turn| screen.set_filter("", turn));
        } else {
            self.back();
        }
    }

    /// What the screen in front has selected.
    pub(super) fn values(&mut self) -> Values {
        self.turn(None, |app, turn| app.shown().screen.values(turn))
    }

    /// The next of the shipped themes; the operator's own, where there is one, stands after them.
    fn next_theme(&mut self) {
        let at = theme::NAMES.iter().position(|name| *name == self.theme.name);
        let next = at.map_or(0, |at| at + 1);
        let own = || self.own.clone().or_else(|| Theme::named(theme::NAMES[0]));
        let theme = theme::NAMES.get(next).map_or_else(own, |name| Theme::named(name));
        if let Some(theme) = theme {
            self.say(Role::Dim, format!("theme: {}", theme.name));
            self.theme = theme;
        }
    }

    fn quit(&mut self) {
        let mut names: Vec<String> = self.state.would_stop().iter().map(ToString::to_string).collect();
        names.extend(self.state.runs_here().iter().map(|run| format!("the run {run}")));
        if names.is_empty() {
            self.effects.push(Effect::Quit);
        } else if !self.is_asked() {
            self.layers.push(Box::new(Confirm::end(&names)));
        }
    }
}
