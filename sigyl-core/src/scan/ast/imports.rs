//! The names of files that a text may import, told by its words: most that register tools name none of their tree.

use memchr::{memchr, memchr3_iter, memmem};

use super::plain::Plain;

/// Returns what a script may import by where it is: texts that begin with a dot.
pub(super) fn of_script(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let name = |open: usize| {
        let rest = bytes.get(open + 1..).filter(|rest| rest.first() == Some(&b'.'))?;
        text.get(open + 1..open + 1 + memchr(bytes[open], rest)?)
    };
    memchr3_iter(b'"', b'\'', b'`', bytes).filter_map(name).collect()
}

/// Returns what Python may import; nothing when it is not sure what stands in the file.
pub(super) fn of_python(text: &str) -> Option<Vec<String>> {
    // Python reads letters of other forms as plain ones.
    let code = String::from_utf8(Plain::of(text)?.code).ok().filter(|code| code.is_ascii())?;
    let mut names = Vec::new();
    for at in memmem::find_iter(code.as_bytes(), b"import") {
        let (before, behind) = (&code[..at], &code[at + "import".len()..]);
        if before.ends_with(is_word) || behind.starts_with(is_word) {
            continue;
        }
        let module = module(before)?;
        for name in imported(behind) {
            match module {
                Some(module) => {
                    let dot = if module.ends_with('.') { "" } else { "." };
                    names.extend([module.to_owned(), format!("{module}{dot}{name}")]);
                }
                None => names.extend([name.to_owned(), name.split('.').next().unwrap_or(name).to_owned()]),
            }
        }
    }
    Some(names)
}

/// Returns the module of `from a import`, if it is one; nothing when something else stands before the word.
fn module(before: &str) -> Option<Option<&str>> {
    // A part of something, or `from .import a`.
    if before.ends_with('.') {
        return None;
    }
    let line = before.trim_end_matches([' ', '\t']);
    // Unless a backslash joins it to the line before.
    let begins = |line: &str| !line.trim_end_matches('\r').ends_with('\\');
    if line.is_empty() || line.ends_with([';', ':']) || line.strip_suffix('\n').is_some_and(begins) {
        return Some(None);
    }
    let lead = before.trim_end_matches(is_blank);
    let rest = lead.trim_end_matches(|c: char| is_word(c) || c == '.');
    // `from.a import b` has no blank.
    let module = match lead[rest.len()..].strip_prefix("from") {
        Some(module) if module.starts_with('.') => return Some(Some(module)),
        _ => &lead[rest.len()..],
    };
    let before = rest.trim_end_matches(is_blank);
    (before.ends_with("from") && !module.is_empty()).then_some(Some(module))
}

/// Yields the names behind `import`.
fn imported(behind: &str) -> impl Iterator<Item = &str> {
    let behind = behind.trim_start_matches([' ', '\t', '\\']);
    let list = match behind.strip_prefix('(') {
        Some(list) => list.split([')', '(', ';', ':']).next().unwrap_or(list),
        None => &behind[..end(behind)],
    };
    list.split(',').filter_map(|one| {
        let one = one.trim_start_matches(is_blank);
        let length = one.find(|c: char| !(is_word(c) || c == '.')).unwrap_or(one.len());
        one.get(..length).filter(|one| !one.is_empty())
    })
}

/// Returns where a statement ends: a line that ends with a backslash goes on.
fn end(text: &str) -> usize {
    let ends = text.match_indices(['\n', ';', ':']);
    let mut ends =
        ends.filter(|(at, sign)| *sign != "\n" || !text[..*at].trim_end_matches('\r').ends_with('\\'));
    ends.next().map_or(text.len(), |(at, _)| at)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\\'
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files() {
        let text = "import os, a.b as c\nfrom . import d\nfrom .e import (\n  f as g, # h\n  i\n)\nfrom j \\\n  import k; import l\n";
        let names = of_python(text).unwrap();
        for name in ["os", "a.b", "a", ".d", ".e", ".e.f", ".e.i", "j", "j.k", "l"] {
            assert!(names.iter().any(|one| one == name), "{name}: {names:?}");
        }
        assert!(!names.iter().any(|one| one.contains('h')), "{names:?}");
        assert_eq!(of_python("# from a import b\n'''import c'''\nimported = 1\n"), Some(Vec::new()));
        assert_eq!(of_python("from . . import b\n"), None);
        let text = "import a from './a.js'; import b from \"b\"; const c = `../c`;";
        assert_eq!(of_script(text), ["./a.js", "../c"]);
    }
}
