//! The dependencies of a tree at exact versions and hashes.

use serde::{Deserialize, Serialize};

use super::path::shown;
use super::requirement::{Requirement, is_odd};
use super::{SourceError, SourceTree, python};

/// Which tool a lock belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LockKind {
    /// `npm-shrinkwrap.json` or `package-lock.json`.
    Npm,
    /// A requirements file with exact versions and hashes.
    Pip,
    /// `Cargo.lock`.
    Cargo,
    /// `go.sum`.
    Go,
}

/// Every dependency at an exact version and hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Which tool reads it.
    pub kind: LockKind,
    /// Where it lies in the tree; [`SourceTree::copy_to`] puts a made one there.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether it was made by Sigyl, since the source carried none.
    pub made: bool,
}

/// Each lock file that is read, with the file beside it that makes it one.
const KNOWN: [(LockKind, &str, Option<&str>); 5] = [
    (LockKind::Npm, "npm-shrinkwrap.json", Some("package.json")),
    (LockKind::Npm, "package-lock.json", Some("package.json")),
    (LockKind::Pip, REQUIREMENTS, None),
    (LockKind::Cargo, "Cargo.lock", Some("Cargo.toml")),
    (LockKind::Go, "go.sum", Some("go.mod")),
];
const REQUIREMENTS: &str = "requirements.txt";
const OTHER_NPM: &str = "add a package-lock.json to choose the versions yourself";

/// Lock files that are not read, since their tools are not asked for, and how to keep what they pin.
const UNREAD: [(LockKind, &str, &str); 9] = [
    (LockKind::Npm, "yarn.lock", OTHER_NPM),
    (LockKind::Npm, "pnpm-lock.yaml", OTHER_NPM),
    (LockKind::Npm, "bun.lock", OTHER_NPM),
    (LockKind::Npm, "bun.lockb", OTHER_NPM),
    (
        LockKind::Pip,
        "uv.lock",
        "`uv export --no-dev --no-emit-project -o requirements.txt` keeps its versions",
    ),
    (LockKind::Pip, "poetry.lock", "`poetry export -o requirements.txt` keeps its versions"),
    (LockKind::Pip, "pdm.lock", "`pdm export --prod -o requirements.txt` keeps its versions"),
    (
        LockKind::Pip,
        "Pipfile.lock",
        "add a requirements.txt with versions and hashes to choose them yourself",
    ),
    (LockKind::Pip, "pylock.toml", "add a requirements.txt with versions and hashes to choose them yourself"),
];

/// Finds the locks that a tree carries: at its top, at most one of each kind.
pub(super) fn found(tree: &SourceTree) -> Result<Vec<Lock>, SourceError> {
    let mut locks: Vec<Lock> = Vec::new();
    for (kind, path, beside) in KNOWN {
        let Some(entry) = tree.find(path) else { continue };
        if beside.is_some_and(|file| tree.find(file).is_none()) || locks.iter().any(|lock| lock.kind == kind)
        {
            continue;
        }
        let bytes = tree.read(entry)?;
        let is_lock = kind != LockKind::Pip
            || pinned(&bytes).is_some_and(|pins| !pins.is_empty() && pins_all(tree, &pins));
        if is_lock {
            locks.push(Lock { kind, path: path.to_owned(), bytes, made: false });
        }
    }
    Ok(locks)
}

impl SourceTree {
    /// Says which lock files of this tree are not what its dependencies are pinned by, where Sigyl made a lock.
    pub fn unread_locks(&self) -> Vec<String> {
        let made = |kind| self.lock_of(kind).filter(|lock| lock.made);
        let mut said = Vec::new();
        for (kind, file, remedy) in UNREAD {
            if let Some(lock) = made(kind).filter(|_| self.find(file).is_some()) {
                said.push(format!("{file} is not read: {} pins the dependencies anew; {remedy}", lock.path));
            }
        }
        if let Some(lock) = made(LockKind::Pip)
            && let Some(bytes) = self.find(REQUIREMENTS).and_then(|entry| self.read(entry).ok())
            && let Some(pins) = pinned(&bytes).filter(|pins| !pins.is_empty())
            && let Ok(Some((file, name))) = unpinned(self, &pins)
        {
            said.push(format!(
                "{REQUIREMENTS} is not taken for a lock, since it does not pin `{name}` of {file}: {} pins the \
                 dependencies anew",
                lock.path
            ));
        }
        said
    }
}

/// Tells whether `pins` hold all that the project requires; they do not where that cannot be known, and who pins it
/// anew says why.
fn pins_all(tree: &SourceTree, pins: &[Requirement]) -> bool {
    unpinned(tree, pins).is_ok_and(|missing| missing.is_none())
}

/// Finds a package that the project always requires and that is not among `pins`, with the file that requires it.
///
/// What is required under a condition may be left out rightly.
fn unpinned(tree: &SourceTree, pins: &[Requirement]) -> Result<Option<(String, String)>, SourceError> {
    let Some((file, required)) = python::required(tree)? else { return Ok(None) };
    let missing = required.iter().filter(|requirement| !requirement.contains(';')).find_map(|requirement| {
        let requirement = requirement.trim();
        let end = requirement.find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c));
        let name = &requirement[..end.unwrap_or(requirement.len())];
        let is_pinned = pins.iter().any(|pin| python::normal(pin.name()) == python::normal(name));
        (!is_pinned).then(|| shown(name))
    });
    Ok(missing.map(|name| (file, name)))
}

/// Reads the requirements of a lock for pip; nothing if one is not pinned, or anything else is in it.
pub(crate) fn pinned(bytes: &[u8]) -> Option<Vec<Requirement>> {
    let lines = requirement_lines(std::str::from_utf8(bytes).ok()?)?;
    let read = |line: &String| Requirement::parse(line).ok().filter(Requirement::is_pinned);
    lines.iter().map(read).collect()
}

/// Returns the logical lines of a requirements file, without comments; nothing if it holds a character at which pip
/// might see another line than is seen here.
pub(super) fn requirement_lines(text: &str) -> Option<Vec<String>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    if text.chars().any(|c| c != '\n' && is_odd(c)) {
        return None;
    }
    let joined = text.replace("\\\n", " ");
    let lines = joined
        .lines()
        .map(|line| match line.trim_start().starts_with('#') {
            true => "",
            false => line.split(" #").next().unwrap_or_default().trim(),
        })
        .filter(|line| !line.is_empty())
        .map(str::to_owned);
    Some(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Limits;

    /// Tells whether each requirement is pinned by version and hash, and nothing else is there.
    fn pins_everything(bytes: &[u8]) -> bool {
        pinned(bytes).is_some_and(|pins| !pins.is_empty())
    }

    fn tree(files: &[(&str, &str)]) -> (SourceTree, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let at = dir.path().join(path);
            std::fs::create_dir_all(at.parent().unwrap()).unwrap();
            std::fs::write(at, text).unwrap();
        }
        (SourceTree::from_folder(dir.path(), &Limits::default()).unwrap(), dir)
    }

    const PINS: &str = "Dep.a==1 --hash=sha256:00\nsub==1 --hash=sha256:11\n";

    #[test]
    fn a_requirements_file_is_a_lock_only_if_it_pins_what_the_project_requires() {
        let project = |required: &str| format!("[project]\nname = 'x'\ndependencies = [{required}]\n");
        let is_lock = |file: &str, text: &str| {
            let (tree, _dir) = tree(&[(REQUIREMENTS, PINS), (file, text)]);
            tree.lock_of(LockKind::Pip).is_some()
        };
        for required in ["", "'dep-a>=1'", "'Dep_A[x]', \"win; sys_platform == 'win32'\""] {
            assert!(is_lock("pyproject.toml", &project(required)), "{required}");
        }
        assert!(!is_lock("pyproject.toml", &project("'dep-a', 'other>=1'")));
        assert!(!is_lock("pyproject.toml", "[project"), "what it requires is not known");
        assert!(!is_lock("x-1.dist-info/METADATA", "Name: x\nVersion: 1\nRequires-Dist: other\n"));
        assert!(is_lock("x-1.dist-info/METADATA", "Name: x\nVersion: 1\nRequires-Dist: dep.a\n"));
        assert!(is_lock("setup.py", "setup()"));
    }

    #[test]
    fn locks_that_are_not_read_are_named_where_one_was_made() {
        let project = "[project]\nname = 'x'\ndependencies = ['other']\n";
        let files = [(REQUIREMENTS, PINS), ("pyproject.toml", project), ("uv.lock", ""), ("yarn.lock", "")];
        let (mut tree, _dir) = tree(&files);
        assert_eq!(tree.unread_locks(), [""; 0], "nothing was made");
        let path = "sigyl.requirements.txt".to_owned();
        tree.locks.push(Lock { kind: LockKind::Pip, path, bytes: Vec::new(), made: true });
        let said = tree.unread_locks();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("uv.lock is not read: sigyl.requirements.txt pins"), "{said:?}");
        assert!(said[1].contains("does not pin `other` of pyproject.toml"), "{said:?}");
    }

    #[test]
    fn only_a_requirements_file_that_pins_each_line_by_hash_is_a_lock() {
        assert!(pins_everything(
            b"# made\na==1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\nb==2 --hash=sha256:22\n"
        ));
        for open in [
            "",
            "# nothing\n",
            "a==1\n",
            "a==1 --hash=sha256:00\nb==2\n",
            "--index-url https://host.example/\na==1 --hash=sha256:00\n",
            "a @ https://host.example/a.whl --hash=sha256:00\n",
            "a>=1 --hash=sha256:00\n",
            "a==1.* --hash=sha256:00\n",
            "a==1,==2 --hash=sha256:00\n",
            "a==1 --hash=sha256:00 --no-binary a\n",
        ] {
            assert!(!pins_everything(open.as_bytes()), "{open:?}");
        }
    }
    #[test]
    fn a_file_with_another_end_of_line_is_no_lock() {
        assert!(pins_everything(b"a==1 --hash=sha256:00\r\nb==1 \\\r\n  --hash=sha256:00\r\n"));
        for c in ['\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'] {
            for text in [
                format!("a==1 --hash=sha256:00{c}--no-binary a{c}--find-links /x\n"),
                format!("# made{c}--no-binary a\na==1 --hash=sha256:00\n"),
                format!("a==1 --hash=sha256:00 # why{c}--no-binary a\n"),
            ] {
                assert!(!pins_everything(text.as_bytes()), "{text:?}");
                assert_eq!(requirement_lines(&text), None);
            }
        }
    }
}
