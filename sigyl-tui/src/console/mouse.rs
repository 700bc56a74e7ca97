//! What the mouse does: it scrolls, selects, opens, pulls borders, and copies what it is drawn over.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::{App, BANDS};
use super::command::Command;
use super::effect::Effect;
use super::layers::Taken;
use super::view::View;
use crate::render::Role;

/// Rows that a turn of the wheel scrolls.
const WHEEL: usize = 3;
/// Rows above the body.
const ABOVE: u16 = 2;

/// A button that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// Where it went down, and where it is, as column and row.
    from: (u16, u16),
    to: (u16, u16),
    does: Does,
}

/// What it does while it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// It selects text, line by line, or as a block.
    Selects { block: bool },
    /// It pulls a border of the screen.
    Pulls,
}

impl Held {
    /// Whether it is a click: no hand is quite still.
    fn is_still(self) -> bool {
        self.from.1 == self.to.1 && self.from.0.abs_diff(self.to.0) <= 1
    }

    /// The columns of a row that are selected.
    fn columns(self, row: u16, width: u16) -> Option<std::ops::Range<u16>> {
        let Does::Selects { block } = self.does else { return None };
        let at = |(x, y): (u16, u16)| (y, x);
        let ((top, left), (bottom, right)) = (at(self.from).min(at(self.to)), at(self.from).max(at(self.to)));
        if self.is_still() || !(top..=bottom).contains(&row) {
            return None;
        }
        let end = |x: u16| x.saturating_add(1).min(width);
        if block {
            let (left, right) = (self.from.0.min(self.to.0), self.from.0.max(self.to.0));
            return Some(left..end(right));
        }
        let begins = if row == top { left } else { 0 };
        let ends = if row == bottom { end(right) } else { width };
        Some(begins..ends)
    }
}

impl App {
    pub(super) fn mouse(&mut self, mouse: MouseEvent) {
        if self.is_too_small() {
            self.held = None;
            return;
        }
        let at = (mouse.column, mouse.row);
        match mouse.kind {
            MouseEventKind::ScrollUp => self.wheel(Command::Up),
            MouseEventKind::ScrollDown => self.wheel(Command::Down),
            MouseEventKind::Down(MouseButton::Left) => {
                let block = mouse.modifiers.contains(KeyModifiers::ALT);
                let does = if self.grabs(at) { Does::Pulls } else { Does::Selects { block } };
                self.held = Some(Held { from: at, to: at, does });
            }
            MouseEventKind::Drag(MouseButton::Left) => self.drag(at),
            MouseEventKind::Up(MouseButton::Left) => self.release(at),
            _ => {}
        }
    }

    /// Where a place of the terminal is in the body.
    fn inside(&self, (column, row): (u16, u16)) -> Option<(u16, u16)> {
        let last = self.size.1.saturating_sub(BANDS - ABOVE);
        (ABOVE..last).contains(&row).then(|| (column, row - ABOVE))
    }

    fn wheel(&mut self, command: Command) {
        let Some(layer) = self.layers.last() else {
            return (0..WHEEL).for_each(|_| self.command(command));
        };
        if layer.scrolls() {
            let code = if command == Command::Up { KeyCode::Up } else { KeyCode::Down };
            (0..WHEEL).for_each(|_| self.layer(|layer, turn| layer.key(KeyEvent::from(code), turn)));
        }
    }

    fn grabs(&mut self, at: (u16, u16)) -> bool {
        let Some(at) = self.inside(at).filter(|_| self.layers.is_empty()) else { return false };
        self.shown().screen.grabs(at)
    }

    fn drag(&mut self, to: (u16, u16)) {
        let Some(held) = &mut self.held else { return };
        held.to = to;
        if held.does == Does::Pulls {
            // What is drawn outside of the body pulls to its edge.
            let row = to.1.saturating_sub(ABOVE);
            let id = self.shown().id;
            self.tell(id, |screen, _| screen.pull((to.0, row)));
        }
    }

    /// A click is a button that went up where it went down; what was selected is copied.
    fn release(&mut self, at: (u16, u16)) {
        let Some(held) = self.held.take() else { return };
        let held = Held { to: at, ..held };
        match held.does {
            Does::Pulls => {}
            Does::Selects { .. } if held.is_still() => self.click(held.from),
            Does::Selects { .. } => self.copy_selected(held),
        }
    }

    fn click(&mut self, at: (u16, u16)) {
        if !self.layers.is_empty() {
            return self.layer(|layer, turn| layer.click(at, turn));
        }
        if let Some(at) = self.inside(at) {
            let shown = self.shown().id;
            self.tell(shown, |screen, turn| screen.click(at, turn));
        }
    }

    /// Lets the layer in front take something.
    pub(super) fn layer(
        &mut self,
        take: impl FnOnce(&mut dyn super::layers::Layer, &mut super::turn::Turn<'_>) -> Taken,
    ) {
        let Some(mut layer) = self.layers.pop() else { return };
        let depth = self.layers.len();
        let taken = self.turn(None, |_, turn| take(layer.as_mut(), turn));
        if taken == Taken::Yes {
            self.layers.insert(depth.min(self.layers.len()), layer);
        }
    }

    /// Copies what was drawn over, as it stands on the screen.
    fn copy_selected(&mut self, held: Held) {
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        let mut buf = Buffer::empty(area);
        self.paint(area, &mut buf);
        let rows = (0..area.height).filter_map(|row| {
            let columns = held.columns(row, area.width)?;
            let (mut line, mut hidden) = (String::new(), 0);
            for column in columns {
                // What stands behind a wide character is no blank.
                if hidden > 0 {
                    hidden -= 1;
                    continue;
                }
                let symbol = buf[(column, row)].symbol();
                hidden = console::measure_text_width(symbol).saturating_sub(1);
                line.push_str(symbol);
            }
            Some(line.trim_end().to_owned())
        });
        let text = rows.collect::<Vec<_>>().join("\n");
        if self.shown().screen.is_secret() {
            self.say(Role::Dim, "sent to the terminal, whose clipboard keeps it".to_owned());
            self.effects.push(Effect::Copy(text));
        } else {
            self.copy(text);
        }
    }

    /// Marks what is being selected.
    pub(super) fn paint_selected(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let Some(held) = self.held else { return };
        for row in area.y..area.bottom() {
            if let Some(columns) = held.columns(row, area.width) {
                let width = columns.end.saturating_sub(columns.start);
                buf.set_style(Rect { x: columns.start, y: row, width, height: 1 }, view.theme.selection);
            }
        }
    }
}
