//! What of the registry somebody is shown.

use serde::{Deserialize, Serialize};

use super::{DocumentName, Namespace, ServerName};

/// What has to be known of the source of a version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Known {
    /// Nothing: documents without source are shown too.
    #[default]
    Anything,
    /// It was scanned here, and let pass by the policy or by a person.
    Scanned,
    /// It was scanned here, and the policy let it pass.
    Passed,
    /// It was scanned here, and a person let it pass.
    Approved,
}

/// Text that says nothing that could be known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what has to be known of a version is anything, scanned, passed or approved")]
pub struct KnownError;

impl Known {
    /// Everything that can be asked for.
    pub const ALL: [Self; 4] = [Self::Anything, Self::Scanned, Self::Passed, Self::Approved];

    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Anything => "anything",
            Self::Scanned => "scanned",
            Self::Passed => "passed",
            Self::Approved => "approved",
        }
    }
}

impl std::str::FromStr for Known {
    type Err = KnownError;

    fn from_str(text: &str) -> Result<Self, KnownError> {
        Self::ALL.into_iter().find(|known| known.word() == text).ok_or(KnownError)
    }
}

/// Which versions are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shows {
    /// What has to be known of their source.
    #[serde(default)]
    pub known: Known,
    /// Which names; every one when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<Namespace>,
}

impl Shows {
    /// Patterns that may be named.
    pub const MOST_NAMES: usize = 64;

    /// Tells whether nothing is left out.
    pub fn is_everything(&self) -> bool {
        self.known == Known::Anything && self.has_every_name()
    }

    /// Tells whether a name is shown. What was imported under no legal name is shown only where every name is.
    pub fn has(&self, name: &DocumentName) -> bool {
        let server = || ServerName::parse(name.as_str()).ok();
        self.has_every_name()
            || server().is_some_and(|server| self.names.iter().any(|pattern| pattern.matches(&server)))
    }

    fn has_every_name(&self) -> bool {
        self.names.is_empty() || self.names.contains(&Namespace::EVERYTHING)
    }
}

impl std::fmt::Display for Shows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.known.word())?;
        for (at, name) in self.names.iter().enumerate() {
            write!(f, "{}{name}", if at == 0 { " of " } else { ", " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_by_their_patterns() {
        let name = |text: &str| DocumentName::parse(text).unwrap();
        let some = Shows { known: Known::Anything, names: vec![Namespace::parse("com.example/*").unwrap()] };
        assert!(some.has(&name("com.example/clock")) && !some.has(&name("com.example.evil/clock")));
        assert!(!some.has(&name("Microsoft Learn")) && Shows::default().has(&name("Microsoft Learn")));
        assert!(Shows::default().is_everything() && !some.is_everything());
        assert_eq!(some.to_string(), "anything of com.example/*");
        for known in Known::ALL {
            assert_eq!(known.word().parse(), Ok(known));
            assert_eq!(serde_json::to_value(known).unwrap(), known.word());
        }
        assert_eq!("nothing".parse::<Known>(), Err(KnownError));
    }
}
