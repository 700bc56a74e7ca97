//! What stands in the place of servers where there are none.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::command::{Command, Place};
use crate::console::keymap::Scope;
use crate::console::view::View;
use crate::console::widgets::put;
use crate::render::Role;

/// What a person does first.
pub(super) fn empty(area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
    let key = |command| view.key(command, &[Scope::Dashboard, Scope::List]);
    let (deploy, go, help) = (key(Command::Act("deploy")), key(Command::GoTo), key(Command::Help));
    let registry = Place::ALL.iter().find(|(place, ..)| *place == Place::Registry);
    let registry = format!("{go} {}", registry.map_or(' ', |(_, letter, ..)| *letter));
    let lines = [
        ("", "No servers yet."),
        (&*deploy, "deploys one: a folder, an archive, npm:NAME, pypi:NAME or git:URL is"),
        ("", "scanned, recorded, started and probed, and served behind one endpoint"),
        (&*registry, "shows the registry; `sigyl import URL` fills it from another one"),
        (&*help, "shows every key"),
    ];
    let mut y = area.y + 1;
    for (key, words) in lines {
        put(buf, area, area.x, y, &format!("{key:>3}"), view.theme.accent);
        put(buf, area, area.x + 5, y, words, view.theme.role(Role::Text));
        y += 1;
    }
    y
}
