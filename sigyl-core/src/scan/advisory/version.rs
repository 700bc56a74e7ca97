//! Orders versions as their ecosystem does.

use std::cmp::Ordering;

use crate::scan::package::Ecosystem;

/// A version that can be compared with others of its ecosystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// Before all others.
    Zero,
    /// As npm, crates.io and Go have them.
    Semantic(semver::Version),
    /// As PyPI has them.
    Python(Python),
}

impl Version {
    /// Reads a version; nothing when it is none of its ecosystem.
    pub(super) fn parse(ecosystem: Ecosystem, text: &str) -> Option<Self> {
        let text = text.trim();
        match ecosystem {
            _ if text == "0" => Some(Self::Zero),
            Ecosystem::PyPi => Python::parse(text).map(Self::Python),
            _ => semantic(text).map(Self::Semantic),
        }
    }

    /// Compares two of one ecosystem.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Zero, Self::Zero) => Ordering::Equal,
            (Self::Zero, _) => Ordering::Less,
            (_, Self::Zero) => Ordering::Greater,
            // What stands behind `+` does not count.
            (Self::Semantic(one), Self::Semantic(other)) => one.cmp_precedence(other),
            (Self::Python(one), Self::Python(other)) => one.key().cmp(&other.key()),
            // Two ecosystems never meet.
            _ => Ordering::Equal,
        }
    }
}

/// Reads a semantic version, which some advisories write with a `v` or with fewer than three numbers.
fn semantic(text: &str) -> Option<semver::Version> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    if let Ok(version) = semver::Version::parse(text) {
        return Some(version);
    }
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let missing = 2_usize.checked_sub(numbers.matches('.').count())?;
    semver::Version::parse(&format!("{numbers}{}{rest}", ".0".repeat(missing))).ok()
}

/// A version after PEP 440.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Python {
    epoch: u64,
    release: Vec<u64>,
    /// Before the release: `a`, `b`, `rc` with a number.
    pre: Option<(u8, u64)>,
    post: Option<u64>,
    dev: Option<u64>,
    local: Vec<Local>,
}

/// A part of what stands behind `+`; numbers come after words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Local {
    Word(String),
    Number(u64),
}

/// What versions are ordered by.
type Key<'a> = (u64, &'a [u64], (u8, u8, u64), (u8, u64), (u8, u64), &'a [Local]);

impl Python {
    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let text = text.strip_prefix('v').unwrap_or(&text);
        let (public, local) = match text.split_once('+') {
            Some((public, local)) => (public, local.split(['.', '-', '_']).map(self::local).collect()),
            None => (text, Vec::new()),
        };
        let (epoch, rest) = match public.split_once('!') {
            Some((epoch, rest)) => (epoch.parse().ok()?, rest),
            None => (0, public),
        };
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let numbers = rest[..end].trim_end_matches('.');
        let mut release =
            numbers.split('.').map(|number| number.parse().ok()).collect::<Option<Vec<u64>>>()?;
        while release.len() > 1 && release.last() == Some(&0) {
            release.pop();
        }
        let mut version = Self { epoch, release, pre: None, post: None, dev: None, local };
        version.suffixes(&rest[numbers.len()..]).then_some(version)
    }

    /// Reads what stands behind the numbers: `rc1`, `.post2`, `-3`, `.dev4`.
    fn suffixes(&mut self, text: &str) -> bool {
        let mut rest = text.trim_start_matches(['.', '-', '_']);
        let implicit = text.starts_with('-') && rest.starts_with(|c: char| c.is_ascii_digit());
        if implicit {
            let Some((number, left)) = number(rest) else { return false };
            self.post = Some(number);
            rest = left.trim_start_matches(['.', '-', '_']);
        }
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let (word, left) = rest.split_at(end);
            let Some((count, left)) = number(left.trim_start_matches(['.', '-', '_'])) else { return false };
            match word {
                "a" | "alpha" => self.pre = Some((0, count)),
                "b" | "beta" => self.pre = Some((1, count)),
                "c" | "rc" | "pre" | "preview" => self.pre = Some((2, count)),
                "post" | "rev" | "r" => self.post = Some(count),
                "dev" => self.dev = Some(count),
                _ => return false,
            }
            rest = left.trim_start_matches(['.', '-', '_']);
        }
        true
    }

    fn key(&self) -> Key<'_> {
        let pre = match (self.pre, self.post, self.dev) {
            (Some((kind, number)), ..) => (1, kind, number),
            // 1.dev0 comes before 1a0.
            (None, None, Some(_)) => (0, 0, 0),
            _ => (2, 0, 0),
        };
        let post = self.post.map_or((0, 0), |number| (1, number));
        let dev = self.dev.map_or((1, 0), |number| (0, number));
        (self.epoch, &self.release, pre, post, dev, &self.local)
    }
}

fn local(part: &str) -> Local {
    part.parse().map_or_else(|_| Local::Word(part.to_owned()), Local::Number)
}

/// Reads a number at the beginning; none is zero, and one that is too large is no number.
fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number = if end == 0 { 0 } else { text[..end].parse().ok()? };
    Some((number, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_python_are_ordered_as_pep_440_has_them() {
        // The example of the specification, with more.
        let sorted = [
            "0",
            "0.9",
            "1.dev0",
            "1.0.dev456",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2",
            "1.0b2.post345.dev456",
            "1.0b2.post345",
            "1.0rc1.dev456",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.0.15",
            "1.1.dev1",
            "1!0.1",
        ];
        let parsed: Vec<_> =
            sorted.iter().map(|text| Version::parse(Ecosystem::PyPi, text).unwrap()).collect();
        for (at, pair) in parsed.windows(2).enumerate() {
            assert_eq!(pair[0].order(&pair[1]), Ordering::Less, "{} {}", sorted[at], sorted[at + 1]);
        }
        for (one, other) in [
            ("1.0", "1.0.0"),
            ("1.0-1", "1.0.post1"),
            ("1.0-rc.1", "1.0C1"),
            ("v1.0", "1"),
            ("1.0alpha", "1.0a0"),
        ] {
            let parse = |text| Version::parse(Ecosystem::PyPi, text).unwrap();
            assert_eq!(parse(one).order(&parse(other)), Ordering::Equal, "{one} {other}");
        }
        for text in ["", "x", "1.x", "1.0-banana", "1..2", "1.0.post99999999999999999999"] {
            assert_eq!(Version::parse(Ecosystem::PyPi, text), None, "{text}");
        }
    }

    #[test]
    fn semantic_versions_are_ordered_without_their_build() {
        let parse = |text| Version::parse(Ecosystem::Npm, text).unwrap();
        for (one, order, other) in [
            ("1.0.0-alpha", Ordering::Less, "1.0.0"),
            ("1.10.0", Ordering::Greater, "1.9.0"),
            ("v1.2", Ordering::Equal, "1.2.0"),
            ("2.0.0+incompatible", Ordering::Equal, "2.0.0"),
            ("0", Ordering::Less, "0.0.0-0"),
        ] {
            assert_eq!(parse(one).order(&parse(other)), order, "{one} {other}");
        }
        assert_eq!(Version::parse(Ecosystem::Go, "latest"), None);
    }
}
