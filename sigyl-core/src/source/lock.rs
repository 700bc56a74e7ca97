//! The dependencies of a tree at exact versions and hashes.

use serde::{Deserialize, Serialize};

use super::requirement::{Requirement, is_odd};
use super::{SourceError, SourceTree};

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

/// Each lock file that is known, with the file beside it that makes it one. `uv.lock`, `poetry.lock`, `yarn.lock` and
/// `pnpm-lock.yaml` are not read: their tools are not asked for, so such a tree is resolved anew.
const KNOWN: [(LockKind, &str, Option<&str>); 5] = [
    (LockKind::Npm, "npm-shrinkwrap.json", Some("package.json")),
    (LockKind::Npm, "package-lock.json", Some("package.json")),
    (LockKind::Pip, "requirements.txt", None),
    (LockKind::Cargo, "Cargo.lock", Some("Cargo.toml")),
    (LockKind::Go, "go.sum", Some("go.mod")),
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
        if kind != LockKind::Pip || pins_everything(&bytes) {
            locks.push(Lock { kind, path: path.to_owned(), bytes, made: false });
        }
    }
    Ok(locks)
}

/// Tells whether each requirement in a requirements file is pinned by version and hash, and nothing else is in it.
fn pins_everything(bytes: &[u8]) -> bool {
    pinned(bytes).is_some_and(|requirements| !requirements.is_empty())
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
