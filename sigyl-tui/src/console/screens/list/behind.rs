//! Those behind the first ones of a list: they come as the selection nears the last row.

use std::collections::BTreeSet;

use sigyl_core::domain::Failure;
use sigyl_core::wire::v1::Response;

use super::{List, NEXT};
use crate::console::screens::Noun;
use crate::console::turn::Turn;

/// Rows before the last one at which more are asked for.
const NEAR: usize = 30;
/// Rows that are kept, however many there are.
const MOST: usize = 10_000;

/// What is known of those behind the first ones.
#[derive(Debug, Default)]
pub(super) struct Behind {
    /// Where they begin, as the last answer told it.
    pub(super) cursor: Option<String>,
    /// Whether they are asked for, and where one is once they came.
    pub(super) asked: Option<Option<String>>,
    /// Whether some of them are among the items.
    came: bool,
    /// Whether there are no more.
    ended: bool,
}

impl<N: Noun> List<N> {
    /// Asks for those behind these once the selection is near the last one.
    pub(super) fn go_on(&mut self, turn: &mut Turn<'_>) {
        let near = self.at + NEAR >= self.order.len();
        if !near || self.behind.ended || self.behind.asked.is_some() || self.items.is_asked() {
            return;
        }
        let all = self.all();
        if all.is_empty() || all.len() >= MOST {
            return;
        }
        match self.noun.next(all, self.behind.cursor.as_deref()) {
            Some((request, cursor)) => {
                self.behind.asked = Some(cursor);
                turn.ask(NEXT, request);
            }
            None => self.behind.ended = true,
        }
    }

    /// Takes those behind these.
    pub(super) fn take_next(&mut self, answer: Result<Response, Failure>) {
        let Some(reached) = self.behind.asked.take() else { return };
        let taken = answer.and_then(|response| Ok((self.noun.cursor(&response), self.noun.items(response)?)));
        match taken {
            Ok((cursor, more)) => self.take_those_behind(more, cursor, reached),
            // What is here stays; the next key tries again.
            Err(failure) => self.items.take(Err(failure)),
        }
    }

    fn take_those_behind(&mut self, more: Vec<N::Item>, cursor: Option<String>, reached: Option<String>) {
        let known: BTreeSet<String> = self.all().iter().map(|item| self.noun.id(item)).collect();
        let room = MOST.saturating_sub(self.all().len());
        let noun = &self.noun;
        let more = more.into_iter().filter(|item| !known.contains(&noun.id(item))).take(room);
        let more: Vec<N::Item> = more.collect();
        let some = !more.is_empty();
        // Where one is tells whether there is more; else that nothing new came does.
        self.behind.ended = !some && reached.is_none() && cursor.is_none();
        self.behind.cursor = cursor.or(reached);
        self.behind.came |= some;
        if let Some(items) = self.items.get_mut() {
            items.extend(more);
        }
        self.arrange();
    }

    /// Puts those that came behind the first ones behind these, which are newer.
    pub(super) fn with_those_behind(&mut self, mut items: Vec<N::Item>) -> Vec<N::Item> {
        if self.behind.came {
            let fresh: BTreeSet<String> = items.iter().map(|item| self.noun.id(item)).collect();
            let old = self.items.get_mut().map(std::mem::take).unwrap_or_default();
            items.extend(old.into_iter().filter(|item| !fresh.contains(&self.noun.id(item))));
            items.truncate(MOST);
        }
        items
    }

    /// Whether there are none behind these.
    pub(super) fn is_all(&self) -> bool {
        let more = || self.noun.next(self.all(), self.behind.cursor.as_deref()).is_some();
        self.behind.ended || self.all().is_empty() || !more()
    }

    /// How many rows there are, and whether there are more.
    pub(super) fn counted(&self) -> String {
        let all = self.all().len();
        let of = self.noun.total(self.all()).filter(|total| *total > all);
        let count = of.map_or_else(|| all.to_string(), |total| format!("{all} of {total}"));
        if self.behind.asked.is_some() {
            return format!("{count}, asking for more…");
        }
        if self.behind.ended || all == 0 {
            return count;
        }
        match self.noun.next(self.all(), self.behind.cursor.as_deref()) {
            Some(_) if all >= MOST => format!("{count}, and no more are listed here"),
            Some(_) => format!("{count}, more as you go down"),
            None => count,
        }
    }
}

#[cfg(test)]
mod tests {
    use sigyl_core::wire::v1::Request;

    use super::*;
    use crate::console::command::Command;
    use crate::console::keymap::Scope;
    use crate::console::screens::{Key, Screen as _};
    use crate::console::state::State;
    use crate::console::turn::{Do, Values};
    use crate::console::view::View;
    use crate::console::widgets::{Cell, Column, cell};
    use crate::fixtures;
    use crate::render::Role;

    /// Numbers from one down, a hundred at a time; each window of the third hundred is hidden from whoever asks.
    struct Numbers {
        all: i64,
    }

    impl Noun for Numbers {
        type Item = i64;

        fn title(&self) -> String {
            String::new()
        }
        fn scopes(&self) -> &'static [Scope] {
            &[]
        }
        fn columns(&self) -> &'static [Column] {
            const COLUMNS: &[Column] = &[Column::number("", 9)];
            COLUMNS
        }
        fn request(&self) -> Option<Request> {
            Some(Request::Owner)
        }
        fn items(&self, _response: Response) -> Result<Vec<i64>, Failure> {
            Ok(Vec::new())
        }
        fn id(&self, item: &i64) -> String {
            item.to_string()
        }
        fn cells(&self, item: &i64, _view: &View<'_>) -> Vec<Cell> {
            vec![cell(Role::Text, item.to_string())]
        }
        fn key(&self, item: &i64, _column: usize) -> Key {
            Key::Number(*item)
        }
        fn words(&self, item: &i64) -> String {
            item.to_string()
        }
        fn values(&self, _item: Option<&i64>) -> Values {
            Values::new()
        }
        fn next(&self, items: &[i64], cursor: Option<&str>) -> Option<(Request, Option<String>)> {
            let reached: i64 = cursor.and_then(|it| it.parse().ok()).or(items.last().map(|it| it - 1))?;
            (reached > 0).then(|| (Request::Owner, Some((reached - 100).max(0).to_string())))
        }
        fn total(&self, _items: &[i64]) -> Option<usize> {
            usize::try_from(self.all).ok()
        }
        fn none(&self) -> &'static str {
            ""
        }
    }

    fn list(all: i64) -> List<Numbers> {
        let mut list = List::new(Numbers { all });
        list.set((all - 99..=all).rev().collect());
        list
    }

    /// Goes to the last row, and tells whether more are asked for.
    fn down(list: &mut List<Numbers>) -> bool {
        let state = State::default();
        let mut turn = Turn::new(&state, fixtures::now(), 20);
        list.command(Command::Bottom, &mut turn);
        turn.todo.iter().any(|thing| matches!(thing, Do::Ask(NEXT, _)))
    }

    /// Takes what an answer would have brought.
    fn take(list: &mut List<Numbers>, items: Vec<i64>) {
        let reached = list.behind.asked.take();
        list.take_those_behind(items, None, reached.flatten());
    }

    #[test]
    fn more_come_near_the_end_and_how_many_there_are_is_said() {
        let mut list = list(300);
        assert_eq!(list.counted(), "100 of 300, more as you go down");
        assert!(down(&mut list));
        assert_eq!(list.counted(), "100 of 300, asking for more…");
        assert!(!down(&mut list), "once at a time");
        // What was known already comes once more: it is left out.
        take(&mut list, (101..=205).rev().collect());
        assert_eq!((list.counted().as_str(), list.item()), ("200 of 300, more as you go down", Some(&201)));
        assert!(down(&mut list));
        take(&mut list, (1..=100).rev().collect());
        assert!(!down(&mut list), "there are no more");
        assert_eq!(list.counted(), "300");
    }

    #[test]
    fn a_part_without_any_is_not_taken_for_the_end() {
        let mut list = list(300);
        assert!(down(&mut list));
        take(&mut list, Vec::new());
        assert_eq!(list.counted(), "100 of 300, more as you go down");
        assert!(down(&mut list));
        take(&mut list, vec![7]);
        assert!(!down(&mut list));
        assert_eq!(list.counted(), "101 of 300");
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut list = list(1_000_000);
        list.set((0..9_950).rev().map(|at| at + 500_000).collect());
        assert!(down(&mut list));
        take(&mut list, (0..100).rev().collect());
        assert!(!down(&mut list));
        assert_eq!(list.counted(), "10000 of 1000000, and no more are listed here");
    }

    #[test]
    fn those_behind_stay_behind_what_is_renewed() {
        let mut list = list(300);
        assert!(down(&mut list));
        take(&mut list, (101..=200).rev().collect());
        let items = list.with_those_behind((250..=350).rev().collect());
        assert_eq!((items.len(), items[0], items.last()), (101 + 149, 350, Some(&101)));
    }
}
