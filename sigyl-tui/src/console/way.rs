//! The way through the screens: on to the next, back, forward again, and to a place.

use super::app::{App, Asked, Shown};
use super::command::Place;
use super::screens::{Screen, screen_of};

/// Screens that one can go back over.
const WAY: usize = 50;

impl App {
    pub(super) fn open(&mut self, screen: Box<dyn Screen>) {
        // What one went back from is left behind.
        let mut left: Vec<_> = self.ahead.drain(..).map(|shown| shown.id).collect();
        if self.screens.len() == WAY {
            left.push(self.screens.remove(1).id);
        }
        self.forget(|asked| matches!(asked, Asked::Screen(id, _) if left.contains(id)));
        if let Some(below) = self.screens.last().map(|shown| shown.id) {
            self.tell(below, |screen, turn| screen.hidden(turn));
        }
        self.next += 1;
        let id = self.next;
        self.screens.push(Shown { id, screen, missed: false });
        self.tell(id, |screen, turn| screen.ask(turn));
    }

    /// Shows a screen in the place of another, if that is still the one that is shown.
    pub(super) fn instead(&mut self, id: u64, screen: Box<dyn Screen>) {
        if self.shown().id == id && self.screens.len() > 1 {
            self.leave(id);
            self.open(screen);
        }
    }

    /// Takes a screen away for good, unless it is the first.
    pub(super) fn leave(&mut self, id: u64) {
        self.screens.pop();
        self.forget(|asked| matches!(asked, Asked::Screen(screen, _) if *screen == id));
    }

    pub(super) fn back(&mut self) {
        if self.screens.len() > 1
            && let Some(shown) = self.screens.pop()
        {
            let left = shown.id;
            // A secret is gone once one went back from it.
            if shown.screen.is_secret() {
                drop(shown);
            } else {
                self.ahead.push(shown);
            }
            self.tell(left, |screen, turn| screen.hidden(turn));
            self.appears();
        }
    }

    /// What is shown now is told what it missed.
    pub(super) fn appears(&mut self) {
        let id = self.shown().id;
        let missed = self.screens.last_mut().is_some_and(|shown| std::mem::take(&mut shown.missed));
        self.tell(id, |screen, turn| {
            screen.in_sight(turn);
            if missed {
                screen.heard(turn);
            }
            screen.news(turn);
        });
    }

    pub(super) fn forward(&mut self) {
        if let Some(shown) = self.ahead.pop() {
            let below = self.shown().id;
            self.tell(below, |screen, turn| screen.hidden(turn));
            self.screens.push(shown);
            self.appears();
        }
    }

    pub(super) fn go(&mut self, place: Place) {
        if self.shown().screen.place() == Some(place) && place != Place::Dashboard {
            return;
        }
        if place == Place::Dashboard {
            // The first screen is there already.
            while self.screens.len() > 1 {
                self.back();
            }
            // Whoever goes there wants to see what needs somebody, and not what was looked for before.
            let id = self.shown().id;
            self.tell(id, |screen, turn| screen.set_filter("", turn));
            return;
        }
        self.open(screen_of(place));
    }
}
