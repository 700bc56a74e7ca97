//! The fields of an action.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Layer, Taken};
use crate::console::actions::{Action, FieldKind, Wrong};
use crate::console::turn::{Do, Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Entry, popup, put};
use crate::render::{Role, specimen, wrap};

/// Columns that the names of fields have.
const NAMES: u16 = 14;

/// A form that is filled.
pub(in crate::console) struct Form {
    action: &'static Action,
    entries: Vec<Entry>,
    /// What is typed again before something goes for good.
    again: Entry,
    at: usize,
    wrong: Option<String>,
}

impl Form {
    /// A form that begins with these values; the first empty field has the keys.
    pub(in crate::console) fn new(action: &'static Action, values: &Values) -> Self {
        let entry = |field: &crate::console::actions::Field| {
            let entry = Entry::with(values.get(field.name).map_or("", String::as_str));
            if field.kind == FieldKind::Hidden { entry.hidden() } else { entry }
        };
        let entries: Vec<Entry> = action.fields.iter().map(entry).collect();
        let mut form = Self { action, entries, again: Entry::default(), at: 0, wrong: None };
        let empty = (0..form.entries.len()).find(|at| form.is_empty(*at) && action.fields[*at].needed);
        let free = (0..form.entries.len()).find(|at| form.is_empty(*at));
        let choice = action.fields.iter().position(|field| matches!(field.kind, FieldKind::Choice(_)));
        let last = form.count() - 1;
        form.at = empty.or(action.destroys.map(|_| last)).or(choice).or(free).unwrap_or(last);
        form
    }

    /// The same form again, with what was wrong; what nobody may see is typed again.
    pub(in crate::console) fn again(action: &'static Action, values: &Values, wrong: String) -> Self {
        let hidden = |name: &str| {
            action.fields.iter().any(|field| field.name == name && field.kind == FieldKind::Hidden)
        };
        let kept = values.iter().filter(|(name, _)| !hidden(name)).map(|(name, text)| (*name, text.clone()));
        Self { wrong: Some(wrong), ..Self::new(action, &kept.collect()) }
    }

    fn is_empty(&self, at: usize) -> bool {
        self.entries[at].text().trim().is_empty()
    }

    /// Lines that can have the keys.
    fn count(&self) -> usize {
        (self.entries.len() + usize::from(self.action.destroys.is_some())).max(1)
    }

    fn values(&self) -> Values {
        let fields = self.action.fields.iter().zip(&self.entries);
        fields.map(|(field, entry)| (field.name, entry.text().to_owned())).collect()
    }

    /// Checks what can be checked here, and sends it.
    fn send(&mut self, turn: &mut Turn<'_>) -> Taken {
        let missing = (0..self.entries.len()).find(|at| self.action.fields[*at].needed && self.is_empty(*at));
        if let Some(at) = missing {
            self.at = at;
            self.wrong = Some(format!("{} is needed", self.action.fields[at].name));
            return Taken::Yes;
        }
        let values = self.values();
        if let Some((field, _)) = self.action.destroys {
            let name = values.get(field).map(|text| text.trim()).unwrap_or_default();
            if self.again.text() != name {
                self.at = self.count() - 1;
                self.wrong = Some(format!("type {} to go on", specimen(name)));
                return Taken::Yes;
            }
        }
        if let Err(Wrong { field, why }) = self.action.check(&values) {
            self.at = self.action.fields.iter().position(|it| it.name == field).unwrap_or(self.at);
            self.wrong = Some(format!("{field}: {}", specimen(&why)));
            return Taken::Yes;
        }
        turn.todo.push(Do::Send(self.action.name, values));
        Taken::Close
    }

    fn choose(&mut self, key: KeyEvent, choices: &[&'static str]) {
        let entry = &mut self.entries[self.at];
        // Nothing is chosen for anybody: the first key chooses.
        let chosen = choices.iter().position(|choice| *choice == entry.text());
        let count = choices.len();
        let typed = |c: char| choices.iter().position(|choice| choice.starts_with(c));
        let next = match key.code {
            KeyCode::Left => chosen.map_or(count - 1, |at| (at + count - 1) % count),
            KeyCode::Right | KeyCode::Char(' ') => chosen.map_or(0, |at| (at + 1) % count),
            KeyCode::Char(c) => match typed(c).or(chosen) {
                Some(at) => at,
                None => return,
            },
            _ => return,
        };
        *entry = Entry::with(choices[next]);
    }

    fn fill(&mut self, key: KeyEvent) {
        let Some(field) = self.action.fields.get(self.at) else {
            self.again.key(key);
            return;
        };
        match field.kind {
            FieldKind::Choice(choices) => self.choose(key, choices),
            FieldKind::Switch => {
                let on = self.entries[self.at].text() == "yes";
                match key.code {
                    KeyCode::Char(' ' | 'x') | KeyCode::Left | KeyCode::Right => {
                        self.entries[self.at] = Entry::with(if on { "" } else { "yes" });
                    }
                    KeyCode::Char('y') => self.entries[self.at] = Entry::with("yes"),
                    KeyCode::Char('n') => self.entries[self.at] = Entry::default(),
                    _ => {}
                }
            }
            _ => {
                self.entries[self.at].key(key);
            }
        }
    }

    fn draw_field(&self, at: usize, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let field = &self.action.fields[at];
        let focused = at == self.at;
        let name = if focused { view.theme.accent } else { view.theme.role(Role::Dim) };
        let star = if field.needed { "*" } else { " " };
        put(buf, area, area.x, area.y, &format!("{star}{}", field.name), name);
        let place = Rect { x: area.x + NAMES, width: area.width.saturating_sub(NAMES), ..area };
        let text = self.entries[at].text();
        match field.kind {
            FieldKind::Choice(choices) => {
                let mut x = place.x;
                for choice in choices {
                    let chosen = *choice == text;
                    let style = if chosen { view.theme.selection } else { view.theme.role(Role::Dim) };
                    let shown = if chosen { format!("[{choice}]") } else { format!(" {choice} ") };
                    x = put(buf, place, x, place.y, &shown, style) + 1;
                }
            }
            FieldKind::Switch => {
                let shown = if text == "yes" { "[x] yes" } else { "[ ] no" };
                let style = if focused { view.theme.selection } else { view.theme.role(Role::Text) };
                put(buf, place, place.x, place.y, shown, style);
            }
            _ => {
                self.entries[at].draw(place, buf, focused, view);
                if self.is_empty(at) && !focused {
                    let words = view.look.cut(field.words, usize::from(place.width));
                    put(buf, place, place.x, place.y, &words, view.theme.border);
                }
            }
        }
    }

    /// What the field that has the keys is, or what is wrong with it.
    fn says(&self) -> (Role, String) {
        if let Some(wrong) = &self.wrong {
            return (Role::Error, wrong.clone());
        }
        match self.action.fields.get(self.at) {
            Some(field) => (Role::Dim, field.words.to_owned()),
            None => (Role::Dim, "the same once more, letter by letter".to_owned()),
        }
    }
}

impl Layer for Form {
    fn key(&mut self, key: KeyEvent, turn: &mut Turn<'_>) -> Taken {
        let last = self.count() - 1;
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return Taken::Close,
            KeyCode::Char('s') if ctrl => return self.send(turn),
            KeyCode::Enter if self.at == last => return self.send(turn),
            KeyCode::Enter | KeyCode::Tab | KeyCode::Down => {
                self.at = if self.at == last { 0 } else { self.at + 1 }
            }
            KeyCode::BackTab | KeyCode::Up => self.at = if self.at == 0 { last } else { self.at - 1 },
            _ => {
                self.wrong = None;
                self.fill(key);
            }
        }
        Taken::Yes
    }

    fn paste(&mut self, text: &str, _turn: &mut Turn<'_>) {
        let left = match self.action.fields.get(self.at).map(|field| field.kind) {
            Some(FieldKind::Choice(_) | FieldKind::Switch) => 0,
            Some(_) => self.entries[self.at].paste(text),
            // A name is typed, so that somebody reads it.
            None => 0,
        };
        if left > 0 {
            self.wrong = Some(format!("{left} characters of what was pasted did not fit"));
        }
    }

    fn hides(&self) -> bool {
        self.action.fields.get(self.at).is_some_and(|field| field.kind == FieldKind::Hidden)
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        &[("^S", "go"), ("↵", "next; on the last one go"), ("Esc", "leave")]
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let width = area.width.min(96);
        let look = view.look_of(width.saturating_sub(6));
        let goes = self.action.destroys.map_or_else(String::new, |(_, goes)| wrap(goes, &look, 0));
        let (role, says) = self.says();
        let says = wrap(&says, &look, 0);
        let rows = |text: &str| u16::try_from(text.lines().count()).unwrap_or(0);
        let count = u16::try_from(self.count()).unwrap_or(0);
        let height = count + rows(&goes) + rows(&says).max(2) + 4;
        let inner = popup(area, buf, (width, height), self.action.words, view);
        let mut y = inner.y;
        for line in goes.lines() {
            put(buf, inner, inner.x, y, line, view.theme.role(Role::Warn));
            y += 1;
        }
        // Of more fields than there is room for, those around the one that has the keys.
        let room = usize::from(inner.bottom().saturating_sub(y + rows(&says).max(2) + 1)).max(1);
        let first = (self.at + 1).saturating_sub(room);
        for at in (first..self.count()).take(room) {
            let line = Rect { y, height: 1, ..inner };
            if at < self.entries.len() {
                self.draw_field(at, line, buf, view);
            } else if self.action.destroys.is_some() {
                let name = if at == self.at { view.theme.accent } else { view.theme.role(Role::Dim) };
                put(buf, line, line.x, y, "*type it again", name);
                let place =
                    Rect { x: line.x + NAMES + 1, width: line.width.saturating_sub(NAMES + 1), ..line };
                self.again.draw(place, buf, at == self.at, view);
            }
            y += 1;
        }
        for (y, line) in (y + 1..inner.bottom()).zip(says.lines()) {
            put(buf, inner, inner.x, y, line, view.theme.role(role));
        }
    }
}
