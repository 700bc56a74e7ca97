//! What drawing needs to know.

use sigyl_core::domain::Timestamp;

use super::command::Command;
use super::keymap::{Keymap, Scope};
use super::state::State;
use super::theme::Theme;
use crate::render::Look;

/// What everything is drawn with.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    /// What is known.
    pub(super) state: &'a State,
    /// What keys mean.
    pub(super) keys: &'a Keymap,
    /// Colours by role.
    pub(super) theme: &'a Theme,
    /// What the terminal can show; its width is set by who draws.
    pub(super) look: Look,
    /// The present time.
    pub(super) now: Timestamp,
}

impl View<'_> {
    /// The key that does something in these scopes, as it is written on the screen; the palette's where it has none.
    pub(super) fn key(&self, command: Command, scopes: &[Scope]) -> String {
        let key = self.keys.key_of(command, scopes).or_else(|| self.keys.key_of(Command::Palette, &[]));
        key.map_or_else(String::new, |key| key.name(self.look.ascii))
    }

    /// What the texts of the command line are made with, for this many columns.
    pub(super) fn look_of(&self, width: u16) -> Look {
        Look { color: true, links: false, width: Some(usize::from(width)), ..self.look }
    }
}
