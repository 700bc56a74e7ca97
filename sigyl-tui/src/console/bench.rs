//! A console without a terminal, for the bench: what it costs to take an input, and to draw a frame.

use std::cell::Cell;
use std::io::{self, Write};
use std::rc::Rc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use sigyl_core::domain::Timestamp;
use sigyl_core::wire::v1::{Frame, Request, Response, ServerView};

use super::app::App;
use super::effect::{Effect, Ticket};
use super::input::{Input, LinkKind, Linked};
use super::theme::Theme;
use crate::render::{Look, Zone};

/// Takes what would be written to a terminal, and counts it.
#[derive(Debug, Default)]
struct Counted(Rc<Cell<usize>>);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A console that is linked to whoever benches it.
pub struct Console {
    app: App,
    terminal: Terminal<CrosstermBackend<Counted>>,
    written: Rc<Cell<usize>>,
    /// What was asked, and has no answer yet.
    asked: Vec<(Ticket, Request)>,
    /// What is given back when nobody measures.
    discarded: Vec<Vec<ServerView>>,
}

impl Console {
    /// A console of this size that asks for what its first screen shows.
    pub fn new((width, height): (u16, u16), now: Timestamp) -> io::Result<Self> {
        let look = Look { color: true, ascii: false, links: false, width: None, zone: Zone::Utc };
        let theme = Theme::named("dark").unwrap_or_else(Theme::plain);
        let written = Rc::<Cell<usize>>::default();
        let viewport = Viewport::Fixed(Rect::new(0, 0, width, height));
        let backend = CrosstermBackend::new(Counted(written.clone()));
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport })?;
        let app = App::new(theme, look, now, (width, height));
        let mut console = Self { app, terminal, written, asked: Vec::new(), discarded: Vec::new() };
        let linked = Linked { place: "a bench".to_owned(), kind: LinkKind::Owner, notice: None };
        console.take(Input::Linked(Ok(linked)));
        Ok(console)
    }

    /// Presses keys, one after the other; `\n` is Enter, and `\u{1b}` Esc.
    pub fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            let code = match key {
                '\n' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                other => KeyCode::Char(other),
            };
            self.take(Input::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, now: Timestamp) {
        self.take(Input::Tick(now));
    }

    /// What was asked and has no answer yet, each with its number.
    pub fn asked(&self) -> impl Iterator<Item = (u64, &Request)> {
        self.asked.iter().map(|(ticket, request)| (ticket.0, request))
    }

    /// Answers what has this number.
    pub fn answer(&mut self, number: u64, response: Response) {
        self.asked.retain(|(ticket, _)| ticket.0 != number);
        self.take(Input::Answered(Ticket(number), Ok(Box::new(response))));
    }

    /// Answers what was asked, and what is asked because of that, as far as there is an answer; the rest stays asked.
    pub fn settle(&mut self, answer: impl Fn(&Request) -> Option<Response>) {
        loop {
            let found = self.asked().find_map(|(number, asked)| Some((number, answer(asked)?)));
            let Some((number, response)) = found else { return };
            self.answer(number, response);
        }
    }

    /// Tells something about what was asked. Tells whether that was asked at all.
    pub fn tell(&mut self, asked: impl Fn(&Request) -> bool, frame: Frame) -> bool {
        let found = self.asked.iter().find(|(_, request)| asked(request)).map(|(ticket, _)| *ticket);
        if let Some(ticket) = found {
            self.take(Input::Told(ticket, Box::new(frame)));
        }
        found.is_some()
    }

    /// Gives back what the program gives back beside its loop.
    pub fn give_back(&mut self) {
        self.discarded.clear();
    }

    /// Draws a frame, if something changed, and returns the bytes that the terminal would get.
    pub fn draw(&mut self) -> io::Result<usize> {
        if !self.app.take_dirty() {
            return Ok(0);
        }
        self.draw_again()
    }

    /// Draws a frame, whether something changed or not.
    pub fn draw_again(&mut self) -> io::Result<usize> {
        let before = self.written.get();
        let app = &self.app;
        self.terminal.draw(|frame| app.draw(frame))?;
        Ok(self.written.get() - before)
    }

    /// Draws a frame and returns what stands on it, for whoever wants to know that the right thing is benched.
    pub fn text(&mut self) -> io::Result<String> {
        let app = &self.app;
        let frame = self.terminal.draw(|frame| app.draw(frame))?;
        let width = usize::from(frame.area.width).max(1);
        let rows = frame.buffer.content().chunks(width);
        let text = rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>());
        Ok(text.collect::<Vec<_>>().join("\n"))
    }

    fn take(&mut self, input: Input) {
        for effect in self.app.update(input) {
            match effect {
                Effect::Ask(ticket, request) => self.asked.push((ticket, *request)),
                Effect::Forget(ticket) => self.asked.retain(|(asked, _)| *asked != ticket),
                // Nor does this cost whoever takes the next input; here nothing else runs that could do it later.
                Effect::Discard(servers) => self.discarded.push(servers),
                // What is done outside costs nothing here.
                _ => {}
            }
        }
    }
}
