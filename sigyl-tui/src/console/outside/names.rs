//! Paths that begin as somebody typed.

use std::path::{Path, PathBuf};

/// Names that are looked at in one folder.
const SEEN: usize = 20_000;
/// Names that are told.
const TOLD: usize = 500;
/// How archives end.
const ARCHIVES: [&str; 4] = [".tar.gz", ".tgz", ".zip", ".whl"];

/// Finds folders and archives whose path begins with what was typed; `git:` before a path stays before it. A `~` is the home.
pub(in crate::console) fn names(typed: &str, home: Option<&Path>) -> Result<Vec<String>, String> {
    let (before, path) = typed.strip_prefix("git:").map_or(("", typed), |path| ("git:", path));
    let path = match (path.strip_prefix("~/"), home.and_then(Path::to_str)) {
        (Some(rest), Some(home)) => format!("{home}/{rest}"),
        _ => path.to_owned(),
    };
    let (folder, begun) = path.rfind('/').map_or(("", path.as_str()), |at| path.split_at(at + 1));
    let place = if folder.is_empty() { PathBuf::from(".") } else { PathBuf::from(folder) };
    let entries = std::fs::read_dir(&place).map_err(|error| format!("{}: {error}", place.display()))?;
    let mut names: Vec<String> = entries
        .take(SEEN)
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let hidden = name.starts_with('.') && !begun.starts_with('.');
            if hidden || !name.starts_with(begun) || name.chars().any(char::is_control) {
                return None;
            }
            if entry.path().is_dir() {
                return Some(format!("{before}{folder}{name}/"));
            }
            let lower = name.to_ascii_lowercase();
            let archive = before.is_empty() && ARCHIVES.iter().any(|end| lower.ends_with(end));
            archive.then(|| format!("{folder}{name}"))
        })
        .collect();
    names.sort_unstable();
    names.truncate(TOLD);
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_archives_are_told_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["clock", "cloud", ".hidden"] {
            std::fs::create_dir(root.path().join(folder)).unwrap();
        }
        for file in ["clay.tgz", "clay.txt", "cl\u{1b}.zip"] {
            std::fs::write(root.path().join(file), "").unwrap();
        }
        let at = |typed: &str| format!("{}/{typed}", root.path().display());
        assert_eq!(names(&at("cl"), None).unwrap(), [at("clay.tgz"), at("clock/"), at("cloud/")]);
        assert_eq!(names(&at(".h"), None).unwrap(), [at(".hidden/")]);
        let git = format!("git:{}", at("clo"));
        assert_eq!(names(&git, None).unwrap(), [format!("{git}ck/"), format!("{git}ud/")]);
        assert_eq!(names("~/cloc", Some(root.path())).unwrap(), [at("clock/")]);
        assert!(names(&at("missing/x"), None).unwrap_err().contains("missing"));
    }
}
