//! Refusals of those who showed a right key: the first is told to the audit, and those that follow are counted, so that
//! nobody fills the disk with them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::{Caller, KeyId};

/// Refusals that are counted apart; what comes beside these is counted as one.
const MOST: usize = 1_024;

/// What was refused to whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refused {
    /// The key that was shown.
    pub key: KeyId,
    /// What it was refused, as a word.
    pub what: String,
    /// On what.
    pub on: String,
}

/// How often something was refused again, and who was refused first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// What was refused; nothing stands for all that is not counted apart.
    pub refused: Option<Refused>,
    /// To whom.
    pub caller: Caller,
    /// How often it came after the first time.
    pub times: u64,
}

/// Counts refusals in memory for as long as one is not to be told again.
#[derive(Debug, Default)]
pub struct Door(Mutex<HashMap<Option<Refused>, Again>>);

impl Door {
    /// Counts a refusal. Returns what it is counted as when it is the first of a while: that one is to be told at once, and
    /// how many followed by [`Door::end`] later.
    pub fn note(&self, refused: Refused, caller: &Caller) -> Option<Option<Refused>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = Some(refused);
        let counted = if held.len() < MOST || held.contains_key(&refused) { refused } else { None };
        if let Some(again) = held.get_mut(&counted) {
            again.times += 1;
            return None;
        }
        let again = Again { refused: counted.clone(), caller: caller.clone(), times: 0 };
        held.insert(counted.clone(), again);
        Some(counted)
    }

    /// Ends the while of a refusal; returns how often it came again.
    pub fn end(&self, counted: &Option<Refused>) -> Option<Again> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(counted)
    }

    /// Ends every while.
    pub fn end_all(&self) -> Vec<Again> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::fixture::key_id;

    fn refused(at: usize) -> Refused {
        Refused { key: key_id("key0000000000000"), what: "deploy".to_owned(), on: at.to_string() }
    }

    #[test]
    fn the_first_is_told_and_the_others_are_counted() {
        let (door, who) = (Door::default(), Caller::local_owner());
        let first = door.note(refused(1), &who).unwrap();
        assert_eq!(first, Some(refused(1)));
        assert_eq!((door.note(refused(1), &who), door.note(refused(1), &who)), (None, None));
        assert!(door.note(refused(2), &who).is_some());
        assert_eq!(door.end(&first).map(|again| again.times), Some(2));
        assert_eq!(door.end(&first), None);
        assert!(door.note(refused(1), &who).is_some());
        assert_eq!(door.end_all().len(), 2);
    }

    #[test]
    fn more_than_are_counted_apart_are_counted_as_one() {
        let (door, who) = (Door::default(), Caller::local_owner());
        for at in 0..MOST {
            assert!(door.note(refused(at), &who).is_some());
        }
        assert_eq!(door.note(refused(MOST), &who), Some(None));
        assert_eq!(door.note(refused(MOST + 1), &who), None);
        assert_eq!(door.end(&None).map(|again| again.times), Some(1));
    }
}
