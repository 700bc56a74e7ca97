//! Which files name packages, and what they name.

use super::dependency::{Dependency, Ecosystem};
use super::{cargo, go, npm, python};
use crate::scan::file::FileText;

/// What one manifest or lock names.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::scan) struct Listing {
    /// Where the packages are published.
    pub(in crate::scan) ecosystem: Ecosystem,
    /// Whether it is a lock, which names one version of everything.
    pub(in crate::scan) lock: bool,
    /// The packages, or why they cannot be read.
    pub(in crate::scan) dependencies: Result<Vec<Dependency>, String>,
}

/// Reads the packages that a file names; nothing when it is no manifest and no lock.
pub(in crate::scan) fn read(file: &FileText<'_>) -> Option<Listing> {
    let text = file.text();
    let is_requirements = |name: &str| {
        (name.starts_with("requirements")
            || name.starts_with("constraints")
            || name.ends_with("requirements.txt"))
            && name.ends_with(".txt")
    };
    let (ecosystem, lock, dependencies) = match file.name() {
        "package.json" => (Ecosystem::Npm, false, npm::package(text)),
        "package-lock.json" | "npm-shrinkwrap.json" => (Ecosystem::Npm, true, npm::lock(text)),
        "pnpm-lock.yaml" => (Ecosystem::Npm, true, Ok(npm::pnpm(text))),
        "yarn.lock" => (Ecosystem::Npm, true, Ok(npm::yarn(text))),
        "bun.lock" => (Ecosystem::Npm, true, Ok(npm::bun(text))),
        "pyproject.toml" => (Ecosystem::PyPi, false, python::project(text)),
        "Pipfile" => (Ecosystem::PyPi, false, python::pipfile(text)),
        "Pipfile.lock" => (Ecosystem::PyPi, true, python::pipfile_lock(text)),
        "uv.lock" | "poetry.lock" | "pdm.lock" | "pylock.toml" => (Ecosystem::PyPi, true, python::lock(text)),
        "Cargo.toml" => (Ecosystem::Crates, false, cargo::manifest(text)),
        "Cargo.lock" => (Ecosystem::Crates, true, cargo::lock(text)),
        "go.mod" => (Ecosystem::Go, true, Ok(go::module(text))),
        name if is_requirements(name) => (Ecosystem::PyPi, false, Ok(python::requirements(text))),
        _ => return None,
    };
    Some(Listing { ecosystem, lock, dependencies })
}

/// Yields where a name stands in a text as a whole, and not as a part of another one.
pub(in crate::scan) fn whole_names<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_more = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    let bytes = text.as_bytes();
    text.match_indices(name).map(|(at, _)| at).filter(move |at| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        !is_more(before) && !is_more(bytes.get(at + name.len()))
    })
}
