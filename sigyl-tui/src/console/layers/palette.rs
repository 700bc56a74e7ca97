//! Everything that can be done, and everything there is, by name.

use std::cell::Cell;
use std::rc::Rc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sigyl_core::domain::{RunId, ServerName};

use super::{Layer, Taken};
use crate::console::actions;
use crate::console::command::{Command, Place};
use crate::console::keymap::{Keymap, Scope};
use crate::console::screens::{RunScreen, docs, server};
use crate::console::state::State;
use crate::console::turn::{Do, Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Entry, popup, put, within};
use crate::render::{self, Role};

/// Lines that are shown.
const SHOWN: usize = 12;

/// Words of every day, and of other tools, by which actions are looked for beside their names.
const ALSO: [(&str, &str); 22] = [
    ("redeploy", "update upgrade release"),
    ("rollback", "roll back revert downgrade"),
    ("waive", "accept finding ignore exception"),
    ("approve", "accept allow held"),
    ("reject", "deny refuse"),
    ("cancel", "stop abort kill"),
    ("restart", "reboot reload"),
    ("configure", "scale environment memory limits"),
    ("quarantine", "stop block disable"),
    ("lift-quarantine", "start enable unblock"),
    ("promote", "canary release"),
    ("delete", "remove uninstall"),
    ("report", "findings scan"),
    ("rescan", "scan again"),
    ("drift", "tools changed compare"),
    ("compare", "diff tools"),
    ("finding-changes", "diff scan"),
    ("verify", "provenance signature attestation"),
    ("set-secret", "rotate password"),
    ("install", "client editor config"),
    ("create-key", "token"),
    ("revoke-key", "token remove"),
];

/// What a line leads to.
#[derive(Clone)]
enum To {
    Action(&'static str),
    Place(Place),
    Server(ServerName),
    Run(RunId),
    Page(docs::Page),
    Command(Command),
}

/// A line: what it is looked for by, and where it leads.
struct Entryway {
    words: String,
    /// What it is called elsewhere: names of actions, and words of every day.
    also: String,
    kind: &'static str,
    to: To,
}

impl Entryway {
    /// Whether an action has a name, or a word of every day, that begins so.
    fn is_called(&self, wanted: &str) -> bool {
        self.also.starts_with(wanted) || self.also.split(' ').any(|word| word.starts_with(wanted))
    }
}

/// The name of an action, and what it is called elsewhere.
fn also(name: &str) -> String {
    let more = ALSO.iter().find(|(of, _)| *of == name).map_or("", |(_, words)| words);
    format!("{name} {more}")
}

/// The palette.
pub(in crate::console) struct Palette {
    entry: Entry,
    all: Vec<Entryway>,
    /// Lines that fit, the best first.
    shown: Vec<usize>,
    at: usize,
    values: Values,
    /// Keys that are shown, and where they work.
    keys: Rc<Keymap>,
    scopes: Vec<Scope>,
    /// Where its lines were drawn, and which was the first.
    place: Cell<(Rect, usize)>,
}

impl Palette {
    /// The palette over what is known, from a screen with these scopes; actions begin with these values.
    pub(in crate::console) fn new(
        state: &State,
        keys: Rc<Keymap>,
        scopes: Vec<Scope>,
        values: Values,
    ) -> Self {
        let action = |action: &'static actions::Action| Entryway {
            words: action.words.to_owned(),
            also: also(action.name),
            kind: "do",
            to: To::Action(action.name),
        };
        let place = |(place, _, title, words): (Place, char, &str, &str)| Entryway {
            words: format!("{title}: {words}"),
            also: String::new(),
            kind: "go to",
            to: To::Place(place),
        };
        let command = |(command, words): (Command, &str)| Entryway {
            words: words.to_owned(),
            also: String::new(),
            kind: "do",
            to: To::Command(command),
        };
        let commands = [
            (Command::Theme, "Another theme"),
            (Command::Help, "Show the keys that work here"),
            (Command::Messages, "Show what was said before"),
            (Command::Quit, "Quit"),
        ];
        let servers = state.servers.get().into_iter().flatten().map(|view| Entryway {
            words: view.server.name.to_string(),
            also: String::new(),
            kind: "server",
            to: To::Server(view.server.name.clone()),
        });
        let runs = state.runs.get().into_iter().flatten().map(|run| {
            let server = run.server.as_ref().map_or("-", |name| name.as_str());
            Entryway {
                words: format!("{} {server}: {} {}", render::plan(run.plan), run.state, run.id),
                also: String::new(),
                kind: "run",
                to: To::Run(run.id.clone()),
            }
        });
        let pages = docs::PAGES.iter().map(|page| Entryway {
            words: page.title().to_owned(),
            also: String::new(),
            kind: "docs",
            to: To::Page(*page),
        });
        let all = actions::all().map(action).chain(Place::ALL.into_iter().map(place));
        let all = all.chain(commands.into_iter().map(command)).chain(servers);
        let all: Vec<_> = all.chain(pages).chain(runs).collect();
        let shown = (0..all.len()).collect();
        Self { entry: Entry::default(), all, shown, at: 0, values, keys, scopes, place: Cell::default() }
    }

    fn narrow(&mut self) {
        let mut matcher = Matcher::new(Config::DEFAULT);
        let pattern = Pattern::parse(self.entry.text(), CaseMatching::Ignore, Normalization::Smart);
        let mut buffer = Vec::new();
        let wanted = self.entry.text().trim().to_lowercase();
        let mut scored: Vec<(bool, u32, usize)> = Vec::new();
        for (at, line) in self.all.iter().enumerate() {
            let own = pattern.score(Utf32Str::new(&line.words, &mut buffer), &mut matcher);
            let called = !wanted.is_empty() && line.is_called(&wanted);
            if let Some(score) = own.or(called.then_some(0)) {
                scored.push((!called, score, at));
            }
        }
        // What is called so stands before what only has the letters.
        scored.sort_by_key(|(other, score, at)| (*other, std::cmp::Reverse(*score), *at));
        self.shown = scored.into_iter().map(|(.., at)| at).collect();
        self.at = 0;
    }

    fn go(&self, turn: &mut Turn<'_>) {
        let Some(line) = self.shown.get(self.at).map(|at| &self.all[*at]) else { return };
        match &line.to {
            To::Action(name) => turn.todo.push(Do::Act(name, self.values.clone())),
            To::Place(place) => turn.todo.push(Do::Command(Command::Place(*place))),
            To::Command(command) => turn.todo.push(Do::Command(*command)),
            To::Server(name) => turn.open(server(name)),
            To::Run(run) => turn.open(RunScreen::of(run.clone())),
            To::Page(page) => turn.open(docs::sheet(*page)),
        }
    }

    fn key_of(&self, line: &Entryway, ascii: bool) -> String {
        let command = match line.to {
            To::Action(name) => Command::Act(name),
            To::Command(command) => command,
            To::Place(place) => {
                let letter = Place::ALL.iter().find(|(it, ..)| *it == place).map(|(_, letter, ..)| letter);
                return letter.map_or_else(String::new, |letter| format!("g {letter}"));
            }
            To::Server(_) | To::Run(_) | To::Page(_) => return String::new(),
        };
        self.keys.key_of(command, &self.scopes).map_or_else(String::new, |key| key.name(ascii))
    }
}

impl Layer for Palette {
    fn key(&mut self, key: KeyEvent, turn: &mut Turn<'_>) -> Taken {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let last = self.shown.len().saturating_sub(1);
        match key.code {
            KeyCode::Esc => return Taken::Close,
            KeyCode::Enter => {
                self.go(turn);
                return Taken::Close;
            }
            KeyCode::Up => self.at = self.at.saturating_sub(1),
            KeyCode::Down => self.at = (self.at + 1).min(last),
            KeyCode::Char('p') if ctrl => self.at = self.at.saturating_sub(1),
            KeyCode::Char('n') if ctrl => self.at = (self.at + 1).min(last),
            _ => {
                if self.entry.key(key) {
                    self.narrow();
                }
            }
        }
        Taken::Yes
    }

    fn paste(&mut self, text: &str, _turn: &mut Turn<'_>) {
        self.entry.paste(text);
        self.narrow();
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        &[("type", "to find"), ("↑↓", "choose"), ("↵", "go"), ("Esc", "close")]
    }

    fn scrolls(&self) -> bool {
        true
    }

    fn click(&mut self, at: (u16, u16), turn: &mut Turn<'_>) -> Taken {
        let (lines, first) = self.place.get();
        let Some((_, y)) = within(lines, at) else {
            // The row that is typed in is no line, and stays.
            let typed = Rect { y: lines.y.saturating_sub(2), height: 2, ..lines };
            return if within(typed, at).is_some() { Taken::Yes } else { Taken::Close };
        };
        let row = first + usize::from(y);
        if row == self.at && row < self.shown.len() {
            self.go(turn);
            return Taken::Close;
        }
        self.at = row.min(self.shown.len().saturating_sub(1));
        Taken::Yes
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let height = u16::try_from(SHOWN).unwrap_or(0) + 4;
        let inner = popup(area, buf, (78, height), "command", view);
        let x = put(buf, inner, inner.x, inner.y, ": ", view.theme.accent);
        self.entry.draw(
            Rect { x, height: 1, width: inner.right().saturating_sub(x), ..inner },
            buf,
            true,
            view,
        );
        let rows = usize::from(inner.height.saturating_sub(2));
        let first = (self.at + 1).saturating_sub(rows.max(1));
        let lines = Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner };
        self.place.set((lines, first));
        for (row, at) in self.shown.iter().enumerate().skip(first).take(rows) {
            let line = &self.all[*at];
            let y = inner.y + 2 + u16::try_from(row - first).unwrap_or(0);
            put(buf, inner, inner.x, y, line.kind, view.theme.role(Role::Dim));
            let key = self.key_of(line, view.look.ascii);
            let room = usize::from(inner.width).saturating_sub(9 + console::measure_text_width(&key));
            put(buf, inner, inner.x + 8, y, &view.look.cut(&line.words, room), view.theme.role(Role::Text));
            let width = u16::try_from(console::measure_text_width(&key)).unwrap_or(0);
            put(buf, inner, inner.right().saturating_sub(width), y, &key, view.theme.accent);
            if row == self.at {
                buf.set_style(Rect { y, height: 1, ..inner }, view.theme.selection);
            }
        }
        if self.shown.is_empty() {
            put(buf, inner, inner.x, inner.y + 2, "Nothing is called so.", view.theme.role(Role::Dim));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::turn::Turn;

    #[test]
    fn words_of_every_day_find_their_action_first() {
        let mut state = State::default();
        state.runs.take(Ok(crate::fixtures::runs()));
        let find = |text: &str| {
            let mut palette = Palette::new(&state, Rc::default(), Vec::new(), Values::new());
            palette.paste(text, &mut Turn::new(&state, crate::fixtures::now(), 20));
            let hit = palette.shown.first().map(|at| palette.all[*at].to.clone());
            match hit {
                Some(To::Action(name)) => name,
                _ => "no action",
            }
        };
        for (text, name) in [
            ("roll", "rollback"),
            ("rollback", "rollback"),
            ("restart", "restart"),
            ("waive", "waive"),
            ("approve", "approve"),
            ("upgrade", "redeploy"),
            ("rotate", "set-secret"),
            ("abort", "cancel"),
        ] {
            assert_eq!(find(text), name, "{text}");
        }
        assert!(["cancel", "quarantine"].contains(&find("stop")));
        for (name, _) in ALSO {
            assert!(actions::find(name).is_some(), "{name}");
        }
    }
}
