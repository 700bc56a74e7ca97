//! Files that scripts load by where they are, whatever they are called: they run as scripts.

use std::collections::HashSet;

use memchr::memmem;

use super::language::Language;
use crate::source::SourceTree;

/// Bytes of a file that may be a script under another name.
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

/// Returns the files that scripts of a tree load and that are not called like scripts. Scripts are read only if there
/// is a file that may be one.
pub(super) fn of(tree: &SourceTree) -> Vec<String> {
    let kind = |path: &str| Language::of(path, "");
    let odd = tree.entries().iter().filter(|entry| {
        entry.size <= BYTES
            && matches!(kind(&entry.path), Language::Other | Language::Docs)
            && is_run(&entry.path)
    });
    let odd = odd.filter(|entry| tree.read(entry).is_ok_and(|bytes| may_be_script(&bytes)));
    let mut odd = odd.map(|entry| entry.path.as_str()).collect::<HashSet<_>>();
    if odd.is_empty() {
        return Vec::new();
    }
    let scripts =
        tree.entries().iter().filter(|entry| entry.size <= BYTES && kind(&entry.path) == Language::Script);
    let mut waiting = scripts.map(|entry| entry.path.clone()).collect::<Vec<_>>();
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        let Some(bytes) = tree.find(&path).and_then(|entry| tree.read(entry).ok()) else { continue };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for name in named(&bytes).filter_map(|name| join(folder, name)) {
            if odd.remove(name.as_str()) {
                waiting.push(name.clone());
                found.push(name);
            }
        }
        if odd.is_empty() {
            break;
        }
    }
    found
}

fn may_be_script(bytes: &[u8]) -> bool {
    let words: [&[u8]; 4] = [b"require", b"import", b"exports", b"export "];
    !bytes.contains(&0) && words.iter().any(|word| memmem::find(bytes, word).is_some())
}

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

/// Yields the texts of a script that begin like the way to a file.
fn named(bytes: &[u8]) -> impl Iterator<Item = &str> {
    memchr::memchr3_iter(b'"', b'\'', b'`', bytes).filter_map(|at| {
        let rest = bytes.get(at + 1..)?;
        if !rest.starts_with(b"./") && !rest.starts_with(b"../") {
            return None;
        }
        if is_data(&bytes[at.saturating_sub(BEFORE)..at]) {
            return None;
        }
        let rest = &rest[..rest.len().min(NAME)];
        let end = rest.iter().position(|byte| *byte == bytes[at])?;
        std::str::from_utf8(&rest[..end]).ok()
    })
}
