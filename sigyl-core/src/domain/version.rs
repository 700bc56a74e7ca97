//! Versions of servers and their order.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::text::checked_text;
use super::{Digest, Timestamp};

/// What stands before the digest in a version whose bytes are not those first published under it.
const MARK: &str = "src.";

/// A published version: any exact string, by the rules of the MCP Registry (no ranges, not `latest`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version(Box<str>);

/// Text that is not an exact version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{version}` is not a version: {why}")]
pub struct VersionError {
    version: String,
    why: &'static str,
}

impl Version {
    /// Checks and takes a version.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let wrong = |why| VersionError { version: text.chars().take(255).collect(), why };
        if text.is_empty() || text.len() > 255 {
            return Err(wrong("it needs 1 to 255 bytes"));
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '/') {
            return Err(wrong("it holds a blank, a slash or a control character"));
        }
        if text == "latest" || text == "active" {
            return Err(wrong("the word is reserved"));
        }
        if looks_like_a_range(text) {
            return Err(wrong("it is a range, and a version is exact"));
        }
        Ok(Self(text.into()))
    }

    /// The version of a source that names none.
    pub fn snapshot(at: Timestamp, digest: &Digest) -> Self {
        Self(format!("0.0.0-snapshot.{}.g{}", at.seconds(), digest.short()).into())
    }

    /// This version, marked as built from other bytes than those first published under it; nothing if the mark does
    /// not fit.
    ///
    /// Build metadata is kept, and the mark comes after it: a second `+` would make it no semantic version.
    pub fn with_source(&self, digest: &Digest) -> Option<Self> {
        let plain = self.without_source();
        let joint = if plain.contains('+') { '.' } else { '+' };
        Self::parse(&format!("{plain}{joint}{MARK}{}", digest.short())).ok()
    }

    /// Returns this version without the mark of [`Version::with_source`].
    pub fn without_source(&self) -> &str {
        let is_short = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let marked = self.0.rsplit_once(MARK).filter(|(_, digest)| is_short(digest));
        let plain = marked.and_then(|(before, _)| {
            let after_metadata = before.strip_suffix('.').filter(|version| version.contains('+'));
            before.strip_suffix('+').or(after_metadata)
        });
        plain.filter(|plain| !plain.is_empty()).unwrap_or(&self.0)
    }

    /// Tells whether this version was made up for a source that names none.
    pub fn is_snapshot(&self) -> bool {
        self.0.starts_with("0.0.0-snapshot.")
    }

    /// Tells whether this version follows semantic versioning (a leading `v` is tolerated).
    pub fn is_semver(&self) -> bool {
        self.semver().is_some()
    }

    /// Compares precedence: snapshots lowest, then versions that are not semver, then semver among themselves.
    ///
    /// Equal means that the time of recording decides.
    pub fn precedence(&self, other: &Self) -> Ordering {
        let rank = |version: &Self| match () {
            () if version.is_snapshot() => 0,
            () if version.semver().is_none() => 1,
            () => 2,
        };
        rank(self).cmp(&rank(other)).then_with(|| match (self.is_snapshot(), self.semver(), other.semver()) {
            (false, Some(ours), Some(theirs)) => ours.cmp_precedence(&theirs),
            _ => Ordering::Equal,
        })
    }

    fn semver(&self) -> Option<semver::Version> {
        semver::Version::parse(self.0.strip_prefix('v').unwrap_or(&self.0)).ok()
    }
}

checked_text!(Version, VersionError);

fn looks_like_a_range(text: &str) -> bool {
    let first = text.as_bytes()[0];
    b"^~<>=*".contains(&first)
        || text.contains("||")
        || text.split(['.', '+']).next().is_some_and(|major| matches!(major, "x" | "X"))
        || text.split('.').any(|part| matches!(part, "x" | "X" | "*"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn ranges_and_reserved_words_are_refused() {
        for text in ["", "latest", "^1.2.3", "~1", ">=1", "1.x", "1.2.*", "1 - 2", "1||2", "*", "x"] {
            assert!(Version::parse(text).is_err(), "{text:?}");
        }
        for text in ["1.0.0", "v1", "2025.06.18", "1.0º", "2024-11-05", "1.0.0+src.abc"] {
            assert!(Version::parse(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn semver_orders_by_precedence_and_beats_the_rest() {
        assert_eq!(version("1.10.0").precedence(&version("1.9.0")), Ordering::Greater);
        assert_eq!(version("1.0.0-rc.1").precedence(&version("1.0.0")), Ordering::Less);
        assert_eq!(version("0.0.1").precedence(&version("2025.06.18")), Ordering::Greater);
        assert_eq!(version("b").precedence(&version("a")), Ordering::Equal);
        assert_eq!(version("1.0.0+src.aaa").precedence(&version("1.0.0")), Ordering::Equal);
    }

    #[test]
    fn a_snapshot_never_ranks_above_a_version() {
        let snapshot = Version::snapshot(Timestamp::from_millis(1_000), &Digest::of(b"x"));
        assert!(snapshot.is_snapshot() && snapshot.is_semver());
        for other in ["0.0.0-a", "0.0.0", "old"] {
            assert_eq!(snapshot.precedence(&version(other)), Ordering::Less, "{other}");
        }
    }

    #[test]
    fn the_mark_of_another_source_is_replaced_not_stacked() {
        for plain in ["1.0.0", "1.0.0+build.5", "1.0.0-rc.1", "2025.06.18", "1.0.0+src.abc"] {
            let first = version(plain).with_source(&Digest::of(b"a")).unwrap();
            let second = first.with_source(&Digest::of(b"b")).unwrap();
            assert_eq!((first.without_source(), second.without_source()), (plain, plain));
            assert_ne!(first, second);
            assert_eq!(first.is_semver(), version(plain).is_semver(), "{first}");
            assert_eq!(first.precedence(&version(plain)), Ordering::Equal, "{first}");
        }
    }

    #[test]
    fn the_mark_comes_after_build_metadata() {
        let marked = version("1.0.0+build.5").with_source(&Digest::of(b"a")).unwrap();
        assert_eq!(marked.as_str(), format!("1.0.0+build.5.src.{}", Digest::of(b"a").short()));
    }

    #[test]
    fn a_mark_that_does_not_fit_is_not_made() {
        let long = version(&format!("1.0.0-{}", "a".repeat(240)));
        assert_eq!(long.with_source(&Digest::of(b"a")), None);
        assert_eq!(long.without_source(), long.as_str());
    }
}
