//! Programs that may be started: where they are, and what they need to run.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the dynamic loader lies: no program starts without it.
const LOADERS: &[&str] = &["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/lib32"];
/// Where a program named without a path is looked for.
pub(super) const PROGRAMS: &[&str] =
    &["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

pub(super) fn loaders() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut look = |dir: &Path| {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with("ld-") && name.contains(".so") || name == "ld.so" {
                found.push(entry.path());
            }
        }
    };
    for dir in LOADERS {
        look(Path::new(dir));
        // Debian keeps it one folder deeper, by architecture.
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().contains("-linux-") {
                look(&entry.path());
            }
        }
    }
    found
}

/// Returns the program and, for a script, the programs in its first line.
pub(super) fn with_interpreter(program: &Path, readable: &[PathBuf]) -> Vec<PathBuf> {
    let mut needed = vec![program.to_owned()];
    let Some(line) = first_line(program) else { return needed };
    let mut words = line.split_whitespace();
    let Some(interpreter) = words.next() else { return needed };
    needed.push(PathBuf::from(interpreter));
    if interpreter.ends_with("/env") {
        needed.extend(words.find(|word| !word.starts_with('-')).and_then(|name| find(name, readable)));
    }
    needed
}

fn first_line(program: &Path) -> Option<String> {
    use std::io::Read as _;
    let mut start = Vec::new();
    // A program that cannot be read has no line to tell; starting it says why.
    fs::File::open(program).ok()?.take(256).read_to_end(&mut start).ok()?;
    let line = start.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    String::from_utf8(line.to_vec()).ok()
}

/// Finds a program by path or name, first in the runtime's own folders.
pub(super) fn find(program: &str, readable: &[PathBuf]) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|path| path.is_absolute() && path.exists());
    }
    search_path(readable).into_iter().map(|dir| dir.join(program)).find(|path| path.exists())
}

/// Returns the folders in which a server finds programs.
pub(in super::super) fn search_path(readable: &[PathBuf]) -> Vec<PathBuf> {
    let own = readable.iter().map(|dir| dir.join("bin")).filter(|dir| dir.is_dir());
    own.chain(PROGRAMS.iter().map(PathBuf::from)).collect()
}
