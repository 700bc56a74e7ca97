//! How a frame is made: header, where one is, the body, a message, the keys.

use std::time::Duration;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::{App, Asked, BANDS, LEAST};
use super::command::Command;
use super::view::View;
use super::widgets::put;
use crate::render::{Glyph, Role, duration, specimen, wrap};

/// How long an action may take before that is said.
const FELT: Duration = Duration::from_millis(500);
/// Keys at the end of the footer that are always shown.
const ALWAYS: usize = 2;

impl App {
    /// Draws everything.
    pub(super) fn draw(&self, frame: &mut Frame<'_>) {
        let area = frame.area();
        self.paint(area, frame.buffer_mut());
    }

    pub(super) fn paint(&self, area: Rect, buf: &mut Buffer) {
        buf.set_style(area, self.theme.text);
        let (state, theme) = (&self.state, &self.theme);
        let view = View { state, keys: &self.keys, theme, look: self.look, now: self.present() };
        if area.width < LEAST.0 || area.height < LEAST.1 {
            return self.paint_small(area, buf, &view);
        }
        self.header(Rect { height: 1, ..area }, buf, &view);
        self.path(Rect { y: area.y + 1, height: 1, ..area }, buf, &view);
        let body = Rect { y: area.y + 2, height: area.height - BANDS, ..area };
        self.shown().screen.draw(body, buf, &view);
        self.message(Rect { y: body.bottom(), height: 1, ..area }, buf, &view);
        self.footer(Rect { y: body.bottom() + 1, height: 1, ..area }, buf, &view);
        for layer in &self.layers {
            layer.draw(body, buf, &view);
        }
        self.paint_selected(area, buf, &view);
    }

    /// Where there is no room for a screen: how much is needed, and how to end; or the question before that, its answers first.
    fn paint_small(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let quit = view.key(Command::Quit, &[]);
        let size = format!("{}×{} is too small: {}×{} at least", area.width, area.height, LEAST.0, LEAST.1);
        let lines = match self.layers.last().and_then(|layer| layer.question()) {
            Some(question) => format!("y end · n stay\n{question}"),
            None => format!("{size} · {quit} ends"),
        };
        let lines = wrap(&lines, &view.look_of(area.width), 0);
        for (y, line) in (area.y..area.bottom()).zip(lines.lines()) {
            put(buf, area, area.x, y, line, self.theme.role(Role::Text));
        }
    }

    fn header(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let mut x = put(buf, area, area.x + 1, area.y, "sigyl", view.theme.accent) + 2;
        let dim = view.theme.role(Role::Dim);
        let who = view.state.who.get().map_or_else(String::new, |who| format!("{} · ", specimen(&who.name)));
        let right = format!("{who}{}", view.look.zone.minute(view.now));
        let width = u16::try_from(console::measure_text_width(&right)).unwrap_or(0) + 1;
        let end = area.right().saturating_sub(width);
        let room = Rect { width: end.saturating_sub(area.x + 1), ..area };
        match (&view.state.link, &view.state.broken) {
            (None, None) => {
                let sign = view.look.sign(Glyph::Starting);
                put(buf, room, x, area.y, &format!("{sign} opening…"), dim);
            }
            (None, Some(_)) => {
                let sign = view.look.sign(Glyph::Failed);
                put(buf, room, x, area.y, &format!("{sign} not connected"), view.theme.role(Role::Error));
            }
            (Some(link), broken) => {
                if broken.is_some() {
                    let sign = view.look.sign(Glyph::Warning);
                    x = put(buf, room, x, area.y, &format!("{sign} stale"), view.theme.role(Role::Warn)) + 2;
                }
                x = put(buf, room, x, area.y, link.kind.word(), view.theme.role(Role::Text)) + 1;
                let place =
                    view.look.cut(&specimen(&link.place), usize::from(room.right().saturating_sub(x)));
                put(buf, room, x, area.y, &place, dim);
            }
        }
        put(buf, area, end, area.y, &right, dim);
    }

    fn path(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let sign = if view.look.ascii { "-" } else { "─" };
        put(buf, area, area.x, area.y, &sign.repeat(usize::from(area.width)), view.theme.border);
        let part = if view.look.ascii { " > " } else { " › " };
        // Of a long way, its end.
        let titles: Vec<String> = self.screens.iter().map(|shown| shown.screen.title()).collect();
        let mut text = titles.join(part);
        let room = usize::from(area.width.saturating_sub(6));
        let mut from = 0;
        while console::measure_text_width(&text) > room && from + 1 < titles.len() {
            from += 1;
            text = format!("{}{part}{}", view.look.ellipsis(), titles[from..].join(part));
        }
        let text = view.look.cut(&text, room);
        put(buf, area, area.x + 2, area.y, &format!(" {text} "), view.theme.role(Role::Strong));
    }

    /// The action that an answer is waited for, once the wait can be felt.
    fn waits(&self) -> Option<String> {
        let mut actions = self.asked.values().filter_map(|asked| match asked {
            Asked::Action(name, _, since, ..) | Asked::Each(name, _, since, _) => {
                Some((*name, self.present().since(*since)))
            }
            _ => None,
        });
        let (name, waited) = actions.find(|(_, waited)| *waited >= FELT)?;
        Some(format!("{} {name}: asking for {}", self.look.sign(Glyph::Starting), duration(waited)))
    }

    fn message(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        if let Some(waits) = self.waits() {
            put(buf, area, area.x + 1, area.y, &waits, view.theme.role(Role::Dim));
        } else if let Some(said) = view.state.says(view.now) {
            let text = view.look.cut(&said.text, usize::from(area.width.saturating_sub(2)));
            put(buf, area, area.x + 1, area.y, &text, view.theme.role(said.role));
        } else if let Some(broken) = &view.state.broken {
            let text = format!("shown as it was: {broken}");
            let text = view.look.cut(&text, usize::from(area.width.saturating_sub(2)));
            put(buf, area, area.x + 1, area.y, &text, view.theme.role(Role::Warn));
        }
    }

    fn footer(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let mut keys: Vec<(String, &str)> = Vec::new();
        if let Some(layer) = self.layers.last() {
            keys.extend(layer.keys().iter().map(|(key, words)| ((*key).to_owned(), *words)));
        } else if let Some(own) = self.shown().screen.own_keys() {
            keys.extend(own.into_iter().map(|(key, words)| (key.to_owned(), words)));
        } else {
            keys = self.keys_here();
        }
        let width = |(key, words): &(String, &str)| {
            u16::try_from(console::measure_text_width(key) + console::measure_text_width(words) + 3)
                .unwrap_or(0)
        };
        // How to get help and how to end stand there always; of the rest, what there is room for.
        let last = keys.split_off(keys.len().saturating_sub(ALWAYS));
        let end = area.right().saturating_sub(last.iter().map(width).sum());
        let mut x = area.x + 1;
        for (key, words) in keys {
            if x + width(&(key.clone(), words)) <= end {
                x = put(buf, area, x, area.y, &key, view.theme.accent) + 1;
                x = put(buf, area, x, area.y, words, view.theme.role(Role::Dim)) + 2;
            }
        }
        for (key, words) in last {
            x = put(buf, area, x, area.y, &key, view.theme.accent) + 1;
            x = put(buf, area, x, area.y, words, view.theme.role(Role::Dim)) + 2;
        }
    }

    /// The keys that work on this screen now, and are worth a place.
    fn keys_here(&self) -> Vec<(String, &'static str)> {
        let screen = &self.shown().screen;
        let scopes = screen.scopes();
        let (mut keys, mut seen) = (Vec::new(), Vec::new());
        for row in self.keys.rows(&scopes) {
            let Some(key) = row.keys.first().filter(|key| !seen.contains(key)) else { continue };
            seen.push(key);
            let filters = row.command != Command::Filter || screen.filter().is_some();
            if row.footer && filters && screen.offers(row.command) {
                keys.push((key.name(self.look.ascii), row.words));
            }
        }
        keys
    }
}
