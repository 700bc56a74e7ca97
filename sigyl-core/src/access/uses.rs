//! How often keys were used since that was last written down.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::{KeyId, KeyUse, Timestamp};

/// Counts uses in memory, so that using a key writes nothing. It holds one number for each key that was good.
#[derive(Debug, Default)]
pub struct Uses(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    uses: BTreeMap<KeyId, (u64, Timestamp)>,
    /// When somebody was last told that it is time to write them down.
    told: Option<Timestamp>,
}

impl Uses {
    /// Counts one use.
    pub fn note(&self, id: &KeyId, now: Timestamp) {
        let uses = &mut self.0.lock().unwrap_or_else(PoisonError::into_inner).uses;
        match uses.get_mut(id) {
            Some((count, last)) => (*count, *last) = (count.saturating_add(1), now.max(*last)),
            None => drop(uses.insert(id.clone(), (1, now))),
        }
    }

    /// Tells one caller, once in each `every`, that it is time to write down what was counted.
    pub fn is_due(&self, now: Timestamp, every: Duration) -> bool {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = held.told.is_none_or(|told| told > now || now >= told.plus(every));
        if due {
            held.told = Some(now);
        }
        due
    }

    /// Takes what was counted.
    pub fn take(&self) -> Vec<KeyUse> {
        let uses = std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).uses);
        uses.into_iter().map(|(id, (uses, last))| KeyUse { id, uses, last }).collect()
    }

    /// Counts again what could not be written down.
    pub fn give_back(&self, uses: Vec<KeyUse>) {
        let held = &mut self.0.lock().unwrap_or_else(PoisonError::into_inner).uses;
        for used in uses {
            let (count, last) = held.entry(used.id).or_insert((0, used.last));
            (*count, *last) = (count.saturating_add(used.uses), used.last.max(*last));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::fixture::{at, key_id};

    #[test]
    fn uses_are_counted_until_they_are_taken() {
        let (uses, id) = (Uses::default(), key_id("key0000000000000"));
        for seconds in [3, 5, 4] {
            uses.note(&id, at(seconds));
        }
        let taken = uses.take();
        assert_eq!(taken, [KeyUse { id: id.clone(), uses: 3, last: at(5) }]);
        assert!(uses.take().is_empty());
        uses.note(&id, at(4));
        uses.give_back(taken);
        assert_eq!(uses.take(), [KeyUse { id, uses: 4, last: at(5) }]);
    }

    #[test]
    fn one_is_told_in_each_while_also_after_a_clock_was_set_back() {
        let (uses, every) = (Uses::default(), Duration::from_secs(10));
        let due = |seconds| uses.is_due(at(seconds), every);
        assert!(due(100) && !due(100) && !due(109) && due(110) && !due(111));
        assert!(due(50) && !due(51));
    }
}
