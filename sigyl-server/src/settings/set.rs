//! A setting with its origin.

use std::fmt;

/// Where a setting comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The command line.
    Flag,
    /// A variable of the environment.
    Variable(&'static str),
    /// The configuration file.
    File,
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.pad("flag"),
            Self::Variable(name) => f.pad(name),
            Self::File => f.pad("file"),
            Self::Default => f.pad("default"),
        }
    }
}

/// A setting, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set<T> {
    /// What it is.
    pub value: T,
    /// Where it comes from.
    pub origin: Origin,
}

impl<T> Set<T> {
    /// Takes the first place that says something.
    pub(super) fn first(
        flag: Option<T>,
        (name, variable): (&'static str, Option<T>),
        file: Option<T>,
        default: impl FnOnce() -> T,
    ) -> Self {
        let places = [(flag, Origin::Flag), (variable, Origin::Variable(name)), (file, Origin::File)];
        places
            .into_iter()
            .find_map(|(value, origin)| value.map(|value| Self { value, origin }))
            .unwrap_or_else(|| Self { value: default(), origin: Origin::Default })
    }
}
