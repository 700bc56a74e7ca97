//! One package that a manifest or lock names.

use std::fmt;

/// Where packages of one kind are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::scan) enum Ecosystem {
    /// The npm registry.
    Npm,
    /// The Python package index.
    PyPi,
    /// crates.io.
    Crates,
    /// Go modules.
    Go,
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Npm => "npm",
            Self::PyPi => "PyPI",
            Self::Crates => "crates.io",
            Self::Go => "Go",
        })
    }
}

impl Ecosystem {
    /// Writes a name as the registry compares it.
    pub(in crate::scan) fn normal(self, name: &str) -> String {
        let name = name.trim();
        match self {
            Self::Npm | Self::Go => name.to_owned(),
            Self::Crates => name.replace('_', "-"),
            Self::PyPi => {
                let mut normal = String::with_capacity(name.len());
                for c in name.chars() {
                    let c = if matches!(c, '_' | '.') { '-' } else { c.to_ascii_lowercase() };
                    if c != '-' || !normal.ends_with('-') {
                        normal.push(c);
                    }
                }
                normal
            }
        }
    }
}

/// A package that is depended on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scan) struct Dependency {
    /// Its name, as it is written.
    pub(in crate::scan) name: String,
    /// The versions asked for, as they are written; nothing when any will do.
    pub(in crate::scan) wanted: Option<String>,
    /// The one version, where one is named.
    pub(in crate::scan) exact: Option<String>,
    /// Whether it comes from somewhere else than the registry: a folder, a repository, an address.
    pub(in crate::scan) elsewhere: bool,
}

impl Dependency {
    /// Names a package at one version.
    pub(super) fn exactly(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            wanted: Some(version.to_owned()),
            exact: Some(version.to_owned()),
            elsewhere: false,
        }
    }

    /// Names a package by the versions asked for, of which `exact` tells whether they are one.
    pub(super) fn asked(name: &str, wanted: &str, exact: impl Fn(&str) -> Option<String>) -> Self {
        let wanted = Some(wanted.trim()).filter(|wanted| !wanted.is_empty());
        let exact = wanted.and_then(exact);
        Self { name: name.to_owned(), wanted: wanted.map(str::to_owned), exact, elsewhere: false }
    }

    /// Names a package that comes from somewhere else.
    pub(super) fn from_elsewhere(name: &str) -> Self {
        Self { name: name.to_owned(), wanted: None, exact: None, elsewhere: true }
    }
}
