//! Tables that are looked up by name: too long to be gone through for each call of a file.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::effects::{Effect, FUNCTIONS, METHODS};
use super::sinks::{SINKS, Sink};

/// The places of the rows of a table, by their names.
struct Index(HashMap<&'static str, Vec<usize>>);

impl Index {
    fn of(names: impl Iterator<Item = &'static str>) -> Self {
        let mut places = HashMap::<_, Vec<_>>::new();
        names.enumerate().for_each(|(at, name)| places.entry(name).or_default().push(at));
        Self(places)
    }

    fn get(&self, name: &str) -> &[usize] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Returns the rows of sinks that have one name or the other, in the order of their table.
pub(super) fn sinks(name: &str, other: Option<&str>) -> impl Iterator<Item = &'static Sink> {
    static INDEX: LazyLock<Index> = LazyLock::new(|| Index::of(SINKS.iter().map(|(name, ..)| *name)));
    let other = other.filter(|other| *other != name).map_or(&[][..], |other| INDEX.get(other));
    let mut places = [INDEX.get(name), other].concat();
    places.sort_unstable();
    places.into_iter().filter_map(|at| SINKS.get(at))
}

/// Returns what a function does.
pub(super) fn function(path: &str) -> Option<Effect> {
    static INDEX: LazyLock<Index> = LazyLock::new(|| Index::of(FUNCTIONS.iter().map(|(name, _)| *name)));
    INDEX.get(path).first().and_then(|at| FUNCTIONS.get(*at)).map(|(_, effect)| *effect)
}

/// Returns what a method of anything does.
pub(super) fn method(name: &str) -> Option<Effect> {
    static INDEX: LazyLock<Index> = LazyLock::new(|| Index::of(METHODS.iter().map(|(name, _)| *name)));
    INDEX.get(name).first().and_then(|at| METHODS.get(*at)).map(|(_, effect)| *effect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_name_in_the_order_of_their_table() {
        for (name, ..) in SINKS {
            for other in [None, Some("os.system"), Some(*name), Some(".execute")] {
                let shown = |row: &Sink| format!("{row:?}");
                let wanted = SINKS.iter().filter(|(one, ..)| one == name || Some(*one) == other).map(shown);
                let found = sinks(name, other).map(shown);
                assert_eq!(found.collect::<Vec<_>>(), wanted.collect::<Vec<_>>(), "{name} {other:?}");
            }
        }
        for (table, find) in [(FUNCTIONS, function as fn(&str) -> _), (METHODS, method)] {
            for (name, _) in table {
                let wanted = table.iter().find(|(one, _)| one == name).map(|(_, effect)| *effect);
                assert_eq!(format!("{:?}", find(name)), format!("{wanted:?}"), "{name}");
            }
            assert!(find("no such thing").is_none());
        }
    }
}
