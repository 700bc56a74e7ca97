//! A console without a terminal, and with answers that are made up.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Modifier;
use sigyl_core::domain::Failure;
use sigyl_core::wire::v1::{Frame, Request, Response};

use super::answers;
use crate::console::app::App;
use crate::console::effect::{Effect, Ticket};
use crate::console::input::{Input, LinkKind, Linked};
use crate::console::outside::Outside;
use crate::console::theme::Theme;
use crate::fixtures;
use crate::render::{Look, Role};

/// Rounds of questions and answers, at most: a console that asks for ever is broken.
const ROUNDS: usize = 50;

/// A console at work.
pub(in crate::console) struct Desk {
    pub(in crate::console) app: App,
    terminal: Terminal<TestBackend>,
    /// What was asked and is not answered.
    pub(in crate::console) open: Vec<(Ticket, Request)>,
    /// What is looked at beside that.
    outside: Vec<(Ticket, Outside)>,
    /// What was ever asked, in order.
    pub(in crate::console) asked: Vec<Request>,
    /// What was done beside asking.
    pub(in crate::console) done: Vec<Effect>,
    /// The frame after every input, where that is wanted.
    pub(in crate::console) frames: Option<Vec<String>>,
}

impl Desk {
    /// A console that is linked and has its first answers.
    pub(in crate::console) fn new(width: u16, height: u16) -> Self {
        let mut desk = Self::alone(width, height, "dark");
        desk.link();
        desk
    }

    /// A console that nothing answers yet.
    pub(in crate::console) fn alone(width: u16, height: u16, theme: &str) -> Self {
        let theme = Theme::named(theme).unwrap();
        let app = App::new(theme, Look::PLAIN, fixtures::now(), (width, height));
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        Self {
            app,
            terminal,
            open: Vec::new(),
            outside: Vec::new(),
            asked: Vec::new(),
            done: Vec::new(),
            frames: None,
        }
    }

    /// Links it, as the owner of what it runs.
    pub(in crate::console) fn link(&mut self) {
        let linked = Linked { place: "/home/ada/sigyl".to_owned(), kind: LinkKind::Own, notice: None };
        self.take(Input::Linked(Ok(linked)));
        self.settle();
    }

    /// Gives the terminal another size.
    pub(in crate::console) fn resize(&mut self, width: u16, height: u16) {
        self.terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        self.take(Input::Resized(width, height));
    }

    /// Takes an input.
    pub(in crate::console) fn take(&mut self, input: Input) {
        for effect in self.app.update(input) {
            match effect {
                Effect::Ask(ticket, request) => {
                    self.asked.push((*request).clone());
                    self.open.push((ticket, *request));
                }
                Effect::See(ticket, outside) => self.outside.push((ticket, outside)),
                Effect::Forget(ticket) => {
                    self.open.retain(|(open, _)| *open != ticket);
                    self.outside.retain(|(open, _)| *open != ticket);
                }
                other => self.done.push(other),
            }
        }
        if let Some(mut frames) = self.frames.take() {
            frames.push(self.frame());
            self.frames = Some(frames);
        }
    }

    /// Answers everything that has an answer; what is followed stays open.
    pub(in crate::console) fn settle(&mut self) {
        for _ in 0..ROUNDS {
            for (ticket, outside) in std::mem::take(&mut self.outside) {
                self.take(Input::Seen(ticket, answers::seen(&outside)));
            }
            let at = self.open.iter().position(|(_, request)| answers::ends(request));
            let Some(at) = at else { return };
            let (ticket, request) = self.open.remove(at);
            for frame in answers::frames(&request) {
                self.take(Input::Told(ticket, Box::new(frame)));
            }
            self.answer(ticket, answers::answer(&request));
        }
        panic!("it asks for ever: {:?}", self.open);
    }

    /// Answers one question.
    pub(in crate::console) fn answer(&mut self, ticket: Ticket, answer: Result<Response, Failure>) {
        self.take(Input::Answered(ticket, answer.map(Box::new)));
    }

    /// Tells something about what is asked by a request of this name.
    pub(in crate::console) fn tell(&mut self, op: &str, frame: Frame) {
        let found = self.open.iter().find(|(_, request)| answers::name(request) == op);
        let ticket = found.unwrap_or_else(|| panic!("{op} is not asked")).0;
        self.take(Input::Told(ticket, Box::new(frame)));
    }

    /// Presses keys by name, parted by blanks, and lets everything be answered after each.
    pub(in crate::console) fn press(&mut self, keys: &str) {
        for key in keys.split(' ') {
            self.take(Input::Key(key_of(key)));
            self.settle();
        }
    }

    /// Types text.
    pub(in crate::console) fn write(&mut self, text: &str) {
        for c in text.chars() {
            self.take(Input::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
        }
        self.settle();
    }

    /// Moves the mouse with its left button held, from one place to another, as column and row.
    pub(in crate::console) fn drag(&mut self, from: (u16, u16), to: (u16, u16)) {
        self.frame();
        let button = MouseButton::Left;
        for (kind, (column, row)) in [
            (MouseEventKind::Down(button), from),
            (MouseEventKind::Drag(button), to),
            (MouseEventKind::Up(button), to),
        ] {
            self.take(Input::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
            self.frame();
        }
        self.settle();
    }

    /// Clicks on the first place that shows a text.
    pub(in crate::console) fn click_on(&mut self, text: &str) {
        let frame = self.frame();
        let found = frame
            .lines()
            .enumerate()
            .find_map(|(row, line)| line.find(text).map(|at| (line[..at].chars().count(), row)));
        let (column, row) = found.unwrap_or_else(|| panic!("{text} is not shown: {frame}"));
        let at = (u16::try_from(column).unwrap(), u16::try_from(row).unwrap());
        self.drag(at, at);
    }

    /// Turns the wheel down, or up.
    pub(in crate::console) fn wheel(&mut self, down: bool) {
        let kind = if down { MouseEventKind::ScrollDown } else { MouseEventKind::ScrollUp };
        self.take(Input::Mouse(MouseEvent { kind, column: 10, row: 10, modifiers: KeyModifiers::NONE }));
        self.settle();
    }

    /// What stands on the screen.
    pub(in crate::console) fn frame(&mut self) -> String {
        let app = &self.app;
        self.terminal.draw(|frame| app.draw(frame)).unwrap();
        let buffer = self.terminal.backend().buffer();
        let rows = buffer.content().chunks(usize::from(buffer.area.width).max(1));
        let lines = rows.map(|row| {
            row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The roles of what stands on the screen: a letter for each cell that is not blank, a capital where it is selected. The
    /// legend is that of the snapshots.
    pub(in crate::console) fn roles(&mut self) -> String {
        let (cells, theme) = (self.cells(), self.app.theme.clone());
        let known = [
            ('t', theme.role(Role::Text)),
            ('d', theme.role(Role::Dim)),
            ('s', theme.role(Role::Strong)),
            ('o', theme.role(Role::Ok)),
            ('w', theme.role(Role::Warn)),
            ('e', theme.role(Role::Error)),
            ('b', theme.role(Role::Block)),
            ('p', theme.role(Role::Specimen)),
            ('a', theme.accent),
            ('l', theme.border),
            ('f', theme.focus),
        ];
        let letter = |cell: &ratatui::buffer::Cell| {
            if cell.modifier.contains(Modifier::REVERSED) {
                return '_';
            }
            let selected = Some(cell.bg) == theme.selection.bg;
            let blank = cell.symbol().trim().is_empty();
            let found = known
                .iter()
                .find(|(_, style)| style.fg == Some(cell.fg) && cell.modifier.contains(style.add_modifier));
            match (blank, selected) {
                (true, false) => ' ',
                (true, true) => '=',
                (false, _) => {
                    let letter = found.map_or('?', |(letter, _)| *letter);
                    if selected { letter.to_ascii_uppercase() } else { letter }
                }
            }
        };
        let rows = cells.chunks(usize::from(self.app.size.0));
        let lines = rows.map(|row| row.iter().map(letter).collect::<String>().trim_end().to_owned());
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The cells of the screen, with their colours.
    pub(in crate::console) fn cells(&mut self) -> Vec<ratatui::buffer::Cell> {
        self.frame();
        self.terminal.backend().buffer().content().to_vec()
    }
}

/// The key of a name, as these tests write it.
pub(in crate::console) fn key_of(name: &str) -> KeyEvent {
    let (modifiers, name) = match name.strip_prefix('^') {
        Some(rest) if !rest.is_empty() => (KeyModifiers::CONTROL, rest),
        _ => (KeyModifiers::NONE, name),
    };
    let code = match name {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "BackTab" => KeyCode::BackTab,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PageUp" => KeyCode::PageUp,
        "PageDown" => KeyCode::PageDown,
        "Space" => KeyCode::Char(' '),
        "Backspace" => KeyCode::Backspace,
        one if one.chars().count() == 1 => KeyCode::Char(one.chars().next().unwrap()),
        other => panic!("{other} is no key of these tests"),
    };
    KeyEvent::new(code, modifiers)
}
