//! Programs that may be started: where they are, and what they need to run.
//!
//! The first line of a script names programs, and the script may be of anybody's making: what it names gives a right
//! only where starting a program gives one anyway.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::process::is_program;
use crate::deploy::TargetError;

/// Where the dynamic loader lies: no program starts without it.
const LOADERS: &[&str] = &["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/lib32"];
/// Where the programs of the system lie, and whoever can write there owns the machine.
const OF_SYSTEM: &[&str] = &["/usr", "/bin", "/sbin", "/nix/store", "/gnu/store"];
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

/// What a server may start.
#[derive(Clone, Debug)]
pub(super) struct Programs<'a> {
    /// Its tree, its toolchain and its interpreter.
    runtime: &'a [PathBuf],
    /// What the operator granted, by its real path.
    granted: Vec<PathBuf>,
}

impl<'a> Programs<'a> {
    /// Begins with what a server brings along.
    pub(super) fn of(runtime: &'a [PathBuf]) -> Self {
        Self { runtime, granted: Vec::new() }
    }

    /// Adds a program that the operator granted, by path or name; tells whether there is one.
    pub(super) fn grant(&mut self, program: &str) -> bool {
        let found = match program.contains('/') {
            true => Some(PathBuf::from(program)).filter(|path| path.is_absolute() && path.exists()),
            false => self.find(program),
        };
        self.granted.extend(found.as_deref().map(real));
        found.is_some()
    }

    /// Returns what was granted, with what it needs to run.
    pub(super) fn granted(&self) -> Result<Vec<PathBuf>, TargetError> {
        let needed = self.granted.iter().map(|program| self.needed_by(program));
        Ok(needed.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// Returns the program and, for a script, the programs in its first line.
    pub(super) fn needed_by(&self, program: &Path) -> Result<Vec<PathBuf>, TargetError> {
        let mut needed = vec![real(program)];
        let Some(line) = first_line(program) else { return Ok(needed) };
        for named in self.named_in(&line) {
            if self.may_start(&named) {
                needed.push(real(&named));
            } else if named.exists() {
                return Err(TargetError::Unsupported(format!(
                    "{} begins with `#!{}`, and {} is neither a program of the system nor of its own runtime: correct \
                     that line, or let the server start it with --grant exec={}",
                    program.display(),
                    line.trim(),
                    named.display(),
                    named.display()
                )));
            }
            // What is not there gives no right, and starting the script says that it is missing.
        }
        Ok(needed)
    }

    /// Reads the programs in the first line of a script. A relative one lies in its own tree, or is not found.
    fn named_in(&self, line: &str) -> Vec<PathBuf> {
        let mut words = line.split_whitespace();
        let Some(interpreter) = words.next().map(Path::new) else { return Vec::new() };
        let mut named = vec![interpreter.to_owned()];
        if interpreter.file_name().is_some_and(|name| name == "env") {
            let program = words.find(|word| !word.starts_with('-') && !word.contains('='));
            named.extend(program.and_then(|program| match program.contains('/') {
                true => Some(PathBuf::from(program)),
                false => self.find(program),
            }));
        }
        named.retain(|path| path.is_absolute());
        named
    }

    /// Finds a program by name, first in the runtime's own folders.
    fn find(&self, name: &str) -> Option<PathBuf> {
        let mut places = search_path(self.runtime).into_iter().map(|dir| dir.join(name));
        places.find(|path| self.may_start(path))
    }

    /// Tells whether starting this gives nothing that is not given anyway. A link is judged by what it leads to, but
    /// for those in the folders of the system, which are the machine's own.
    fn may_start(&self, program: &Path) -> bool {
        if !is_program(program) {
            return false;
        }
        let by_name = PROGRAMS.iter().any(|dir| program.parent() == Some(Path::new(dir)));
        let program = real(program);
        let of_system = OF_SYSTEM.iter().any(|dir| program.starts_with(dir));
        let mut own = self.runtime.iter().map(|dir| real(dir)).chain(self.granted.iter().cloned());
        by_name || of_system || own.any(|place| program.starts_with(place))
    }
}

/// Returns where a path leads. One that leads nowhere gives no right, and stays as it is.
pub(super) fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn first_line(program: &Path) -> Option<String> {
    use std::io::Read as _;
    let mut start = Vec::new();
    // A program that cannot be read has no line to tell; starting it says why.
    fs::File::open(program).ok()?.take(256).read_to_end(&mut start).ok()?;
    let line = start.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    Some(String::from_utf8_lossy(line).into_owned())
}

/// Returns the folders in which a server finds programs.
pub(in super::super) fn search_path(runtime: &[PathBuf]) -> Vec<PathBuf> {
    let own = runtime.iter().map(|dir| dir.join("bin")).filter(|dir| dir.is_dir());
    own.chain(PROGRAMS.iter().map(PathBuf::from)).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn program(path: &Path, text: &str) -> PathBuf {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        path.canonicalize().unwrap()
    }

    #[test]
    fn the_first_line_of_a_script_opens_only_programs_that_are_open_anyway() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        program(&at("private/key"), "key");
        let own = program(&at("tree/bin/tool"), "own");
        symlink(at("private/key"), at("tree/bin/leak")).unwrap();
        symlink(at("private/key"), at("tree/python")).unwrap();
        let runtime = [at("tree")];
        let programs = Programs::of(&runtime);
        let needs = |line: &str| {
            let script = program(&at("tree/script"), line);
            programs.needed_by(&script).map(|needed| needed[1..].to_vec())
        };
        let shell = fs::canonicalize("/bin/sh").unwrap();
        assert_eq!(needs("#!/bin/sh -e\n").unwrap(), std::slice::from_ref(&shell));
        assert_eq!(needs("#!/usr/bin/env -S A=1 tool -x\n").unwrap()[1..], *std::slice::from_ref(&own));
        assert_eq!(needs("#! /usr/bin/env sh\r").unwrap().len(), 2);
        assert_eq!(needs(&format!("#!{}\n", at("tree/bin/tool").display())).unwrap(), [own]);
        assert!(needs("#!/nowhere/at/all\n").unwrap().is_empty());
        assert_eq!(needs("#!/usr/bin/env leak\n").unwrap().len(), 1, "a link in its own folder");
        let key = at("private/key").display().to_string();
        for line in [
            format!("#!{key}\n"),
            format!("#!{}\n", at("private").display()),
            format!("#!/usr/bin/env {key}\n"),
            format!("#!{}\n", at("tree/python").display()),
            format!("#!/usr/bin/../..{key}\n"),
        ] {
            let error = needs(&line).unwrap_err().to_string();
            assert!(error.contains("--grant exec="), "{line}: {error}");
        }
        let mut programs = Programs::of(&runtime);
        assert!(!programs.grant("leak") && programs.grant(&key));
        let script = program(&at("tree/script"), &format!("#!{key}\n"));
        assert_eq!(programs.needed_by(&script).unwrap()[1], at("private/key").canonicalize().unwrap());
    }
}
