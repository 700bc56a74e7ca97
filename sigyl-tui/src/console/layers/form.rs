//! The fields of an action.

use std::cell::Cell;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Layer, Taken};
use crate::console::actions::{Action, Field, FieldKind, Wrong};
use crate::console::turn::{Do, Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Entry, Fill, Line, popup, put, within};
use crate::render::{Role, specimen, wrap};

/// Columns that the names of fields have.
const NAMES: u16 = 14;
/// Names that are shown of several.
const NAMED: usize = 20;

/// A form that is filled.
pub(in crate::console) struct Form {
    action: &'static Action,
    /// Fields that have a line: all of them, but those that each of several brings along.
    fields: Vec<&'static Field>,
    lines: Vec<Line>,
    /// What it is done to, where that is several at once.
    each: Vec<Values>,
    /// What is typed again before something goes for good.
    again: Entry,
    at: usize,
    wrong: Option<String>,
    /// Where its lines were drawn, and which was the first.
    place: Cell<(Rect, usize)>,
}

impl Form {
    /// A form that begins with these values; the first empty field has the keys.
    pub(in crate::console) fn new(action: &'static Action, values: &Values) -> Self {
        Self::of(action, values, Vec::new())
    }

    /// A form for several at once, which each bring some fields along.
    pub(in crate::console) fn each(action: &'static Action, each: Vec<Values>) -> Self {
        Self::of(action, &Values::new(), each)
    }

    fn of(action: &'static Action, values: &Values, each: Vec<Values>) -> Self {
        let brought = |field: &&Field| each.iter().any(|values| values.contains_key(field.name));
        let fields: Vec<&'static Field> = action.fields.iter().filter(|field| !brought(field)).collect();
        let lines = fields.iter().map(|field| line(field, values)).collect();
        let mut form = Self {
            action,
            fields,
            lines,
            each,
            again: Entry::default(),
            at: 0,
            wrong: None,
            place: Cell::default(),
        };
        let empty = form.lines.iter().position(|line| line.is_empty() && line.needed);
        let free = form.lines.iter().position(Line::is_empty);
        let choice = form.lines.iter().position(|line| matches!(line.fill, Fill::Choice(_)));
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

    /// Lines that can have the keys.
    fn count(&self) -> usize {
        (self.lines.len() + usize::from(self.action.destroys.is_some())).max(1)
    }

    fn values(&self) -> Values {
        let fields = self.fields.iter().zip(&self.lines);
        fields.map(|(field, line)| (field.name, line.text().to_owned())).collect()
    }

    /// Checks what can be checked here, and sends it.
    fn send(&mut self, turn: &mut Turn<'_>) -> Taken {
        let missing = self.lines.iter().position(|line| line.needed && line.is_empty());
        if let Some(at) = missing {
            self.at = at;
            self.wrong = Some(format!("{} is needed", self.fields[at].name));
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
        let one = |of: &Values| values.clone().into_iter().chain(of.clone()).collect::<Values>();
        let all: Vec<Values> = self.each.iter().map(one).collect();
        let checked = match all.is_empty() {
            true => self.action.check(&values),
            false => all.iter().try_for_each(|values| self.action.check(values)),
        };
        if let Err(Wrong { field, why }) = checked {
            self.at = self.fields.iter().position(|it| it.name == field).unwrap_or(self.at);
            self.wrong = Some(format!("{field}: {}", specimen(&why)));
            return Taken::Yes;
        }
        turn.todo.push(match all.is_empty() {
            true => Do::Send(self.action.name, values),
            false => Do::SendEach(self.action.name, all),
        });
        Taken::Close
    }

    /// What it is done to, where that is several at once.
    fn named(&self) -> String {
        if self.each.is_empty() {
            return String::new();
        }
        let names = self.each.iter().filter_map(|values| values.get("name").or(values.get("run")));
        let names: Vec<String> = names.take(NAMED).map(|name| specimen(name)).collect();
        let more = self.each.len() - names.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{} at once: {}{more}", self.each.len(), names.join(", "))
    }

    /// Hands what is typed to the editor. What nobody may see goes into no file.
    fn edit(&mut self, turn: &mut Turn<'_>) {
        match self.lines.get(self.at) {
            Some(line) if line.fill == Fill::Text => turn.todo.push(Do::Edit(line.text().to_owned())),
            _ => self.wrong = Some("only plain text is written in an editor".to_owned()),
        }
    }

    /// What the field that has the keys is, or what is wrong with it.
    fn says(&self) -> (Role, String) {
        if let Some(wrong) = &self.wrong {
            return (Role::Error, wrong.clone());
        }
        match self.fields.get(self.at) {
            Some(field) => (Role::Dim, field.words.to_owned()),
            None if self.action.destroys.is_none() => (Role::Dim, "Enter goes".to_owned()),
            None => {
                let field = self.action.destroys.map_or("value", |(field, _)| field);
                (Role::Dim, format!("the {field} that stands above once more, letter by letter"))
            }
        }
    }
}

/// The line of a field.
fn line(field: &Field, values: &Values) -> Line {
    let fill = match field.kind {
        FieldKind::Text | FieldKind::File => Fill::Text,
        FieldKind::Hidden => Fill::Hidden,
        FieldKind::Choice(choices) => Fill::Choice(choices.iter().map(ToString::to_string).collect()),
        FieldKind::Switch => Fill::Switch,
    };
    let text = values.get(field.name).map_or("", String::as_str);
    Line::new(field.name, field.words, fill, text).needed(field.needed)
}

impl Layer for Form {
    fn key(&mut self, key: KeyEvent, turn: &mut Turn<'_>) -> Taken {
        let last = self.count() - 1;
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return Taken::Close,
            KeyCode::Char('s') if ctrl => return self.send(turn),
            KeyCode::Char('o') if ctrl => self.edit(turn),
            KeyCode::Enter if self.at == last => return self.send(turn),
            KeyCode::Enter | KeyCode::Tab | KeyCode::Down => {
                self.at = if self.at == last { 0 } else { self.at + 1 }
            }
            KeyCode::BackTab | KeyCode::Up => self.at = if self.at == 0 { last } else { self.at - 1 },
            _ => {
                self.wrong = None;
                match self.lines.get_mut(self.at) {
                    Some(line) => line.key(key),
                    None => {
                        self.again.key(key);
                    }
                }
            }
        }
        Taken::Yes
    }

    fn paste(&mut self, text: &str, _turn: &mut Turn<'_>) {
        // A name is typed again, so that somebody reads it.
        let left = self.lines.get_mut(self.at).map_or(0, |line| line.paste(text));
        if left > 0 {
            self.wrong = Some(format!("{left} characters of what was pasted did not fit"));
        }
    }

    fn edited(&mut self, text: &str) {
        let Some(line) = self.lines.get_mut(self.at).filter(|line| line.fill == Fill::Text) else { return };
        line.set("");
        let left = line.paste(text);
        self.wrong = (left > 0).then(|| format!("{left} characters of what was written did not fit"));
    }

    fn hides(&self) -> bool {
        self.lines.get(self.at).is_some_and(|line| line.fill == Fill::Hidden)
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        &[("^S", "go"), ("↵", "next; on the last one go"), ("^O", "in your editor"), ("Esc", "leave")]
    }

    fn click(&mut self, at: (u16, u16), turn: &mut Turn<'_>) -> Taken {
        let (lines, first) = self.place.get();
        let Some((x, y)) = within(lines, at) else { return Taken::Yes };
        let row = first + usize::from(y);
        if row < self.count() {
            self.at = row;
            // A switch is switched by a click on it.
            let switch = self.lines.get(row).is_some_and(|line| line.fill == Fill::Switch);
            if switch && x >= NAMES {
                return self.key(KeyCode::Char(' ').into(), turn);
            }
        }
        Taken::Yes
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let width = area.width.min(96);
        let look = view.look_of(width.saturating_sub(6));
        let goes = self.action.destroys.map_or_else(|| self.named(), |(_, goes)| goes.to_owned());
        let goes = wrap(&goes, &look, 0);
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
        let rows_of = u16::try_from(room.min(self.count())).unwrap_or(u16::MAX);
        self.place.set((Rect { y, height: rows_of, ..inner }, first));
        for at in (first..self.count()).take(room) {
            let line = Rect { y, height: 1, ..inner };
            if let Some(known) = self.lines.get(at) {
                known.draw(line, buf, NAMES, at == self.at, view);
            } else if self.action.destroys.is_some() {
                let name = if at == self.at { view.theme.accent } else { view.theme.role(Role::Dim) };
                put(buf, line, line.x, y, "*type again", name);
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
