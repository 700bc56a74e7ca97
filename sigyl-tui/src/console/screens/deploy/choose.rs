//! A source that is chosen instead of typed.

use crossterm::event::KeyEvent;
use sigyl_core::domain::Failure;
use sigyl_core::wire::v1::Response;

use super::Wizard;
use super::github::{Chooser, Chosen};
use crate::console::turn::{Tag, Turn};

impl Wizard {
    /// Puts a choice in front of the first page, which begins where what was typed leads.
    pub(super) fn choose_at_github(&mut self, text: &str, turn: &mut Turn<'_>) {
        self.wrong = None;
        self.names.clear();
        self.chooser = Some(Chooser::begin(text, turn));
    }

    /// Takes a key of the choice that is in front.
    pub(super) fn choose(&mut self, key: KeyEvent, turn: &mut Turn<'_>) {
        match self.chooser.as_mut().map(|chooser| chooser.key(key, turn)) {
            Some(Chosen::Nothing) | None => return,
            Some(Chosen::Left) => {}
            Some(Chosen::Source(source)) => self.source.set(&source),
        }
        self.chooser = None;
    }

    /// Takes an answer for the choice; one that comes after it was left is for nobody.
    pub(super) fn told_of_github(
        &mut self,
        tag: Tag,
        answer: Result<Response, Failure>,
        turn: &mut Turn<'_>,
    ) {
        if let Some(chooser) = &mut self.chooser {
            chooser.answered(tag, answer, turn);
        }
    }
}
