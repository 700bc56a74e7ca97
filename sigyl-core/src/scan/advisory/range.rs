//! Which versions an advisory affects.

use std::cmp::Ordering;

use super::version::Version;

/// Where versions begin or cease to be affected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// From here on.
    Introduced,
    /// No longer from here on.
    Fixed,
    /// No longer after this one.
    LastAffected,
}

/// The events of one range, sorted by version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Range(Vec<(Version, Mark, Box<str>)>);

impl Range {
    /// Sorts events.
    pub(super) fn new(mut events: Vec<(Version, Mark, Box<str>)>) -> Self {
        events.sort_by(|one, other| one.0.order(&other.0));
        Self(events)
    }

    /// Every version.
    pub(super) fn of_all() -> Self {
        Self(vec![(Version::Zero, Mark::Introduced, "0".into())])
    }

    /// Tells whether a version is affected.
    pub(super) fn affects(&self, version: &Version) -> bool {
        let mut affected = false;
        for (at, mark, _) in &self.0 {
            match (mark, at.order(version)) {
                (Mark::Introduced, Ordering::Less | Ordering::Equal) => affected = true,
                (Mark::Fixed, Ordering::Less | Ordering::Equal) | (Mark::LastAffected, Ordering::Less) => {
                    affected = false
                }
                _ => {}
            }
        }
        affected
    }

    /// Returns the first fixed version after one, as it was written.
    pub(super) fn fixed_after(&self, version: &Version) -> Option<&str> {
        let is_next = |(at, mark, _): &&(Version, Mark, Box<str>)| {
            *mark == Mark::Fixed && at.order(version) == Ordering::Greater
        };
        self.0.iter().find(is_next).map(|(.., text)| &**text)
    }

    /// Tells whether no version is spared.
    pub(super) fn affects_all(&self) -> bool {
        matches!(self.0.as_slice(), [(Version::Zero, Mark::Introduced, _)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::package::Ecosystem;

    fn version(text: &str) -> Version {
        Version::parse(Ecosystem::Npm, text).unwrap()
    }

    fn range(events: &[(&str, Mark)]) -> Range {
        Range::new(events.iter().map(|(text, mark)| (version(text), *mark, (*text).into())).collect())
    }

    #[test]
    fn versions_are_affected_between_marks() {
        let two = range(&[
            ("2.0.0", Mark::Introduced),
            ("2.3.1", Mark::Fixed),
            ("0", Mark::Introduced),
            ("1.4.0", Mark::Fixed),
        ]);
        for (text, affected, fixed) in [
            ("0.1.0", true, Some("1.4.0")),
            ("1.3.9", true, Some("1.4.0")),
            ("1.4.0", false, Some("2.3.1")),
            ("2.0.0-rc.1", false, Some("2.3.1")),
            ("2.0.0", true, Some("2.3.1")),
            ("2.3.1", false, None),
        ] {
            assert_eq!(
                (two.affects(&version(text)), two.fixed_after(&version(text))),
                (affected, fixed),
                "{text}"
            );
        }
        let last = range(&[("1.0.0", Mark::Introduced), ("1.2.0", Mark::LastAffected)]);
        assert!(
            last.affects(&version("1.2.0"))
                && !last.affects(&version("1.2.1"))
                && !last.affects(&version("0.9.0"))
        );
        assert!(range(&[("0", Mark::Introduced)]).affects_all() && !last.affects_all());
    }
}
