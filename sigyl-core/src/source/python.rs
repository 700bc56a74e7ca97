//! Reads what a Python package says of itself, without running any of it.

use serde::Deserialize;

use super::{SourceError, SourceTree};

/// The file in which a project says what it requires.
pub(super) const PYPROJECT: &str = "pyproject.toml";

/// The tables of `pyproject.toml` that name packages.
#[derive(Default, Deserialize)]
pub(super) struct Pyproject {
    /// What the project itself says.
    pub(super) project: Option<Project>,
    #[cfg(feature = "runtime")]
    #[serde(rename = "build-system")]
    build_system: Option<BuildSystem>,
}

/// The table `[project]`.
#[derive(Deserialize)]
pub(super) struct Project {
    #[serde(default)]
    dependencies: Vec<String>,
    #[serde(default)]
    dynamic: Vec<String>,
}

#[cfg(feature = "runtime")]
#[derive(Deserialize)]
struct BuildSystem {
    #[serde(default)]
    requires: Vec<String>,
}

impl Pyproject {
    /// Reads it, if there is one.
    pub(super) fn read(tree: &SourceTree) -> Result<Self, SourceError> {
        let Some(entry) = tree.find(PYPROJECT) else { return Ok(Self::default()) };
        let text = String::from_utf8_lossy(&tree.read(entry)?).into_owned();
        toml::from_str(&text).map_err(|error| SourceError::BadDependencies {
            file: PYPROJECT.to_owned(),
            why: error.message().to_owned(),
            remedy: "mend it".to_owned(),
        })
    }

    /// Returns what has to be there to build the package.
    #[cfg(feature = "runtime")]
    pub(super) fn building(&self) -> &[String] {
        self.build_system.as_ref().map_or(&[], |build| &build.requires)
    }
}

/// Returns what the package itself requires, with the file that says so; nothing where there is no package, or where
/// only its code knows.
pub(super) fn required(tree: &SourceTree) -> Result<Option<(String, Vec<String>)>, SourceError> {
    let of_metadata = |metadata: Metadata| {
        let required = metadata.all("Requires-Dist").map(str::to_owned).collect();
        (metadata.file, required)
    };
    let metadata = metadata(tree)?;
    if metadata.as_ref().is_some_and(Metadata::is_of_wheel) {
        return Ok(metadata.map(of_metadata));
    }
    Ok(match Pyproject::read(tree)?.project {
        Some(project) if !project.dynamic.iter().any(|field| field == "dependencies") => {
            Some((PYPROJECT.to_owned(), project.dependencies))
        }
        _ => metadata.map(of_metadata),
    })
}

/// The metadata of a source archive.
const SDIST: &str = "PKG-INFO";

/// The headers of `METADATA` or `PKG-INFO`.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    /// Where they were read.
    pub(super) file: String,
    headers: Vec<(String, String)>,
}

impl Metadata {
    /// Tells whether these are of a wheel, which says all there is to know.
    pub(super) fn is_of_wheel(&self) -> bool {
        self.file != SDIST
    }

    /// Returns the first value of a header.
    #[cfg(feature = "runtime")]
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Returns every value of a header.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Reads headers up to the first empty line.
    pub(super) fn of_text(file: &str, text: &str) -> Self {
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in text.lines().take_while(|line| !line.trim().is_empty()) {
            match (line.starts_with([' ', '\t']), headers.last_mut(), line.split_once(':')) {
                (true, Some((_, value)), _) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                (_, _, Some((key, value))) => headers.push((key.trim().to_owned(), value.trim().to_owned())),
                _ => {}
            }
        }
        Self { file: file.to_owned(), headers }
    }
}

/// Returns the metadata of an unpacked wheel or source archive, if the tree is one.
pub(super) fn metadata(tree: &SourceTree) -> Result<Option<Metadata>, SourceError> {
    let of_wheel = |path: &str| {
        path.split_once('/').is_some_and(|(top, file)| top.ends_with(".dist-info") && file == "METADATA")
    };
    let mut wheels = tree.entries().iter().filter(|entry| of_wheel(&entry.path));
    let entry = match (wheels.next(), wheels.next()) {
        (Some(_), Some(second)) => {
            let why = "a second package's metadata in one tree".to_owned();
            return Err(SourceError::BadArchive { archive: second.path.clone(), why });
        }
        (Some(only), None) => only,
        (None, _) => match tree.find(SDIST) {
            Some(entry) => entry,
            None => return Ok(None),
        },
    };
    let bytes = tree.read(entry)?;
    Ok(Some(Metadata::of_text(&entry.path, &String::from_utf8_lossy(&bytes))))
}

/// Writes a package's name as the index compares it.
pub(super) fn normal(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            c => normal.push(c.to_ascii_lowercase()),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_up_to_the_description() {
        let text = "Name: A_b\nRequires-Dist: c>=1\n  ,<2\nrequires-dist: d; extra == 'x'\n\nVersion: 9\n";
        let metadata = Metadata::of_text("PKG-INFO", text);
        assert_eq!(metadata.first("name"), Some("A_b"));
        assert_eq!(metadata.first("Version"), None);
        assert_eq!(metadata.all("Requires-Dist").collect::<Vec<_>>(), ["c>=1 ,<2", "d; extra == 'x'"]);
    }

    #[test]
    fn a_project_file_of_endless_depth_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for deep in [format!("a = {}", "[".repeat(200_000)), format!("a{} = 1", ".a".repeat(200_000))] {
            std::fs::write(dir.path().join(PYPROJECT), deep).unwrap();
            let tree = SourceTree::from_folder(dir.path(), &super::super::Limits::default()).unwrap();
            assert!(required(&tree).is_err());
        }
    }

    #[test]
    fn names_compare_as_the_index_does() {
        assert_eq!(normal("Mcp_.Server-Time"), "mcp-server-time");
    }
}
