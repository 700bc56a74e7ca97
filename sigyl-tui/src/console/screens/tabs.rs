//! Several screens about one thing, side by side.

use std::cell::Cell;
use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sigyl_core::domain::Failure;
use sigyl_core::wire::v1::{Frame, Response};

use super::Screen;
use crate::console::command::Command;
use crate::console::keymap::Scope;
use crate::console::turn::{Do, Tag, Turn, Values};
use crate::console::view::View;
use crate::console::widgets::put;
use crate::render::Role;

/// Tags of one tab.
const TAGS: u16 = 64;

/// What leads to each of them, unless somebody has other keys.
const KEYS: [char; 11] = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '-'];

/// One of them.
struct Tab {
    name: &'static str,
    screen: Box<dyn Screen>,
    asked: bool,
    /// Whether whoever answers was lost and came back while another was shown.
    missed: bool,
}

/// Screens of which one is shown.
pub(in crate::console) struct Tabs {
    title: String,
    scopes: &'static [Scope],
    values: Values,
    tabs: Vec<Tab>,
    at: usize,
    /// Columns that it was drawn over last: where a click falls depends on that.
    width: Cell<u16>,
}

impl Tabs {
    /// Screens about one thing.
    pub(in crate::console) fn new(title: String, scopes: &'static [Scope], values: Values) -> Self {
        Self { title, scopes, values, tabs: Vec::new(), at: 0, width: Cell::new(80) }
    }

    /// The same, with one more.
    pub(in crate::console) fn tab(mut self, name: &'static str, screen: impl Screen + 'static) -> Self {
        self.tabs.push(Tab { name, screen: Box::new(screen), asked: false, missed: false });
        self
    }

    fn tell(&mut self, at: usize, turn: &mut Turn<'_>, tell: impl FnOnce(&mut dyn Screen, &mut Turn<'_>)) {
        let Some(tab) = self.tabs.get_mut(at) else { return };
        let before = turn.todo.len();
        turn.height = turn.height.saturating_sub(2);
        tell(tab.screen.as_mut(), turn);
        turn.height += 2;
        let own = |tag: Tag| Tag(u16::try_from(at).unwrap_or(0) * TAGS + tag.0 % TAGS);
        for thing in &mut turn.todo[before..] {
            match thing {
                Do::Ask(tag, _) | Do::See(tag, _) | Do::Forget(tag) => *tag = own(*tag),
                Do::Prompt(prompt) => prompt.tag = own(prompt.tag),
                _ => {}
            }
        }
    }

    fn show(&mut self, at: usize, turn: &mut Turn<'_>) {
        if at >= self.tabs.len() {
            return;
        }
        let before = std::mem::replace(&mut self.at, at);
        if before != at {
            self.tell(before, turn, |screen, turn| screen.hidden(turn));
        }
        let missed = std::mem::take(&mut self.tabs[at].missed);
        if self.tabs[at].asked {
            self.tell(at, turn, |screen, turn| {
                screen.in_sight(turn);
                if missed {
                    screen.heard(turn);
                }
            });
        } else {
            self.tabs[at].asked = true;
            self.tell(at, turn, |screen, turn| screen.ask(turn));
        }
    }

    /// Where each name stands over this many columns: its row, and its columns. What does not fit goes into a second row.
    fn places(&self, width: u16) -> Vec<(u16, Range<u16>)> {
        let (mut row, mut left) = (0, 1);
        let each = self.tabs.iter().map(|tab| {
            let taken = u16::try_from(tab.name.len()).unwrap_or(u16::MAX).saturating_add(4);
            // The gap behind the last one of a row needs no room.
            if row == 0 && left + taken > width + 1 {
                (row, left) = (1, 1);
            }
            let begins = left;
            left = left.saturating_add(taken);
            (row, begins..left)
        });
        each.collect()
    }

    fn shown(&self) -> &dyn Screen {
        self.tabs[self.at].screen.as_ref()
    }
}

impl Screen for Tabs {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn scopes(&self) -> Vec<Scope> {
        let mut scopes = self.shown().scopes();
        scopes.extend(self.scopes);
        scopes.push(Scope::Tabs);
        scopes
    }

    fn ask(&mut self, turn: &mut Turn<'_>) {
        self.tabs[self.at].asked = false;
        self.show(self.at, turn);
    }

    fn answered(&mut self, tag: Tag, answer: Result<Response, Failure>, turn: &mut Turn<'_>) {
        let at = usize::from(tag.0 / TAGS);
        self.tell(at, turn, |screen, turn| screen.answered(Tag(tag.0 % TAGS), answer, turn));
    }

    fn told(&mut self, tag: Tag, frame: Frame, turn: &mut Turn<'_>) {
        let at = usize::from(tag.0 / TAGS);
        self.tell(at, turn, |screen, turn| screen.told(Tag(tag.0 % TAGS), frame, turn));
    }

    fn typed(&mut self, tag: Tag, text: &str, turn: &mut Turn<'_>) {
        let at = usize::from(tag.0 / TAGS);
        self.tell(at, turn, |screen, turn| screen.typed(Tag(tag.0 % TAGS), text, turn));
    }

    fn hidden(&mut self, turn: &mut Turn<'_>) {
        self.tell(self.at, turn, |screen, turn| screen.hidden(turn));
    }

    fn in_sight(&mut self, turn: &mut Turn<'_>) {
        self.tell(self.at, turn, |screen, turn| screen.in_sight(turn));
    }

    fn heard(&mut self, turn: &mut Turn<'_>) {
        for (at, tab) in self.tabs.iter_mut().enumerate() {
            tab.missed = at != self.at;
        }
        self.tell(self.at, turn, |screen, turn| screen.heard(turn));
    }

    fn news(&mut self, turn: &mut Turn<'_>) {
        for at in 0..self.tabs.len() {
            if self.tabs[at].asked {
                self.tell(at, turn, |screen, turn| screen.news(turn));
            }
        }
    }

    fn command(&mut self, command: Command, turn: &mut Turn<'_>) -> bool {
        let count = self.tabs.len();
        match command {
            Command::Tab(at) => self.show(usize::from(at), turn),
            Command::NextTab => self.show((self.at + 1) % count, turn),
            Command::PreviousTab => self.show((self.at + count - 1) % count, turn),
            other => {
                let mut taken = false;
                self.tell(self.at, turn, |screen, turn| taken = screen.command(other, turn));
                return taken;
            }
        }
        true
    }

    fn offers(&self, command: Command) -> bool {
        self.shown().offers(command)
    }

    fn counts(&self) -> bool {
        self.shown().counts()
    }

    fn values(&self, turn: &Turn<'_>) -> Values {
        let mut values = self.values.clone();
        values.extend(self.shown().values(turn));
        values
    }

    fn marked(&self) -> Vec<Values> {
        let each = self.shown().marked().into_iter();
        each.map(|values| self.values.clone().into_iter().chain(values).collect()).collect()
    }

    fn unmark(&mut self) {
        self.tabs[self.at].screen.unmark();
    }

    fn filter(&self) -> Option<&str> {
        self.shown().filter()
    }

    fn set_filter(&mut self, text: &str, turn: &mut Turn<'_>) {
        self.tell(self.at, turn, |screen, turn| screen.set_filter(text, turn));
    }

    fn click(&mut self, (x, y): (u16, u16), turn: &mut Turn<'_>) {
        if y >= 2 {
            return self.tell(self.at, turn, |screen, turn| screen.click((x, y - 2), turn));
        }
        let places = self.places(self.width.get());
        if let Some(at) = places.iter().position(|(row, columns)| *row == y && columns.contains(&x)) {
            self.show(at, turn);
        }
    }

    fn grabs(&self, (x, y): (u16, u16)) -> bool {
        y.checked_sub(2).is_some_and(|y| self.shown().grabs((x, y)))
    }

    fn pull(&mut self, (x, y): (u16, u16)) {
        self.tabs[self.at].screen.pull((x, y.saturating_sub(2)));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        self.width.set(area.width);
        for (at, (tab, (row, columns))) in self.tabs.iter().zip(self.places(area.width)).enumerate() {
            let style = if at == self.at { view.theme.accent } else { view.theme.role(Role::Dim) };
            let sign = match (at == self.at, view.look.ascii) {
                (true, true) => "[",
                (true, false) => "▸",
                _ => " ",
            };
            let key = KEYS.get(at).copied().unwrap_or(' ');
            let name = format!("{sign}{key} {}", tab.name);
            put(buf, area, area.x + columns.start, area.y + row, &name, style);
        }
        let body = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
        self.shown().draw(body, buf, view);
    }
}
