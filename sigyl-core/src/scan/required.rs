//! Files that programs load or run, whatever they are called.

use std::collections::{HashMap, HashSet};

use memchr::memmem;

use super::language::Language;
use crate::source::SourceTree;

/// Bytes of a file that may be a program under another name.
const BYTES: u64 = 2 << 20;
/// Bytes of a name.
const NAME: usize = 300;
/// Endings of files that are read rather than run when a script names them.
const READ: &[&str] = &[
    "json", "css", "scss", "sass", "less", "svg", "html", "vue", "svelte", "node", "wasm", "yaml", "yml",
    "graphql", "gql", "md", "mdx",
];

/// Tells whether a file runs when a script names it, rather than being read as what it is.
pub(super) fn is_run(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let end = name.rsplit_once('.').map_or("", |(_, end)| end);
    !READ.iter().any(|read| end.eq_ignore_ascii_case(read))
}

/// Returns the path that a name leads to from a folder, unless that is outside of the tree.
pub(super) fn join(folder: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Returns the files that programs of a tree load and that are not called like programs, each with the language in
/// which it runs. Programs are read only if there is a file that may be one.
pub(super) fn of(tree: &SourceTree) -> Vec<(String, Language)> {
    let kind = |path: &str| Language::of(path, "");
    let odd = tree.entries().iter().filter(|entry| {
        entry.size <= BYTES
            && matches!(kind(&entry.path), Language::Other | Language::Docs)
            && is_run(&entry.path)
    });
    let odd = odd.filter(|entry| tree.read(entry).is_ok_and(|bytes| may_be_program(&bytes)));
    let mut odd = Odd::of(odd.map(|entry| entry.path.as_str()));
    let programs = tree.entries().iter().filter_map(|entry| {
        let language = kind(&entry.path);
        let is_program = entry.size <= BYTES && matches!(language, Language::Script | Language::Python);
        is_program.then(|| (entry.path.clone(), language))
    });
    let mut waiting = if odd.is_empty() { Vec::new() } else { programs.collect::<Vec<_>>() };
    let mut found = Vec::new();
    while let Some((path, language)) = waiting.pop() {
        if odd.is_empty() {
            break;
        }
        let Some(bytes) = tree.find(&path).and_then(|entry| tree.read(entry).ok()) else { continue };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for name in loaded(&bytes, folder, language, &mut odd) {
            waiting.push((name.clone(), language));
            found.push((name, language));
        }
    }
    found
}

/// Files that may be programs under another name, until one is found to be loaded.
struct Odd<'t> {
    paths: HashSet<&'t str>,
    /// Their paths by their names without folders.
    named: HashMap<&'t str, Vec<&'t str>>,
}

impl<'t> Odd<'t> {
    fn of(paths: impl Iterator<Item = &'t str>) -> Self {
        let paths: HashSet<_> = paths.collect();
        let mut named = HashMap::<_, Vec<_>>::new();
        for path in &paths {
            named.entry(path.rsplit('/').next().unwrap_or(path)).or_default().push(*path);
        }
        Self { paths, named }
    }

    fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    fn take(&mut self, path: &str) -> Option<String> {
        self.paths.take(path).map(str::to_owned)
    }

    /// Takes the files that a text names, by their names alone.
    fn take_named(&mut self, text: &str) -> Vec<String> {
        let words = text.split(|c: char| c.is_whitespace() || c == '/');
        let paths = words.filter_map(|word| self.named.remove(word)).flatten().collect::<Vec<_>>();
        paths.into_iter().filter_map(|path| self.take(path)).collect()
    }
}

/// Takes what a program loads: what a script names by where it is, and whatever a program names that runs files.
fn loaded(bytes: &[u8], folder: &str, language: Language, odd: &mut Odd<'_>) -> Vec<String> {
    let runners = if language == Language::Python { PYTHON_RUNS } else { SCRIPT_RUNS };
    let runs = runners.iter().any(|word| memmem::find(bytes, word).is_some());
    if !runs && language == Language::Python {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (before, text) in quoted(bytes) {
        if runs {
            found.extend(odd.take_named(text));
        } else if (text.starts_with("./") || text.starts_with("../")) && !is_data(before) {
            found.extend(join(folder, text).and_then(|path| odd.take(&path)));
        }
    }
    found
}

fn may_be_program(bytes: &[u8]) -> bool {
    let words: [&[u8]; 5] = [b"require", b"import", b"exports", b"export ", b"def "];
    !bytes.contains(&0) && words.iter().any(|word| memmem::find(bytes, word).is_some())
}

/// Words of calls of a script that run a text or a file.
const SCRIPT_RUNS: &[&[u8]] =
    &[b"eval(", b"runIn", b"vm.Script", b"Function(", b"_compile", b"fork(", b"Worker(", b"spawn", b"exec"];
/// Words of calls in Python that run a text or a file.
const PYTHON_RUNS: &[&[u8]] = &[
    b"exec(",
    b"execfile",
    b"eval(",
    b"compile(",
    b"runpy",
    b"spec_from_file_location",
    b"SourceFileLoader",
    b"load_source",
    b"subprocess",
    b"os.system",
    b"os.exec",
    b"os.spawn",
    b"popen",
];
/// Words of calls that read a file rather than run it, and of those that only make its path.
const READERS: &[&[u8]] = &[
    b"readFile",
    b"ReadStream",
    b"open(",
    b"openSync(",
    b"stat(",
    b"Sync(",
    b"exists",
    b"sendFile",
    b"static(",
    b"watch",
    b"copy",
    b"write",
    b"join(",
    b"resolve(",
    b"URL(",
    b"fetch(",
];
/// Bytes before a name that tell what it is for.
const BEFORE: usize = 80;

/// Tells by what stands before a name on its line whether the file is only read.
fn is_data(before: &[u8]) -> bool {
    let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or(before);
    let has = |word: &[u8]| memmem::find(line, word).is_some();
    let runs = [&b"require"[..], b"import", b"from"].into_iter().any(has);
    !runs && READERS.iter().any(|word| has(word))
}

/// Yields what stands between quotes on one line, each with what stands before it.
fn quoted(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &str)> {
    memchr::memchr3_iter(b'"', b'\'', b'`', bytes).filter_map(|at| {
        let rest = bytes.get(at + 1..)?;
        let rest = &rest[..rest.len().min(NAME)];
        let end = rest.iter().position(|byte| *byte == bytes[at] || *byte == b'\n')?;
        let text = rest.get(..end).filter(|_| rest[end] == bytes[at])?;
        Some((&bytes[at.saturating_sub(BEFORE)..at], std::str::from_utf8(text).ok()?))
    })
}
