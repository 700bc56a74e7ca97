//! The files of one source tree: which of them may name others, and their texts and syntax trees, each made once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::across::Texts;
use super::parse::{Grammar, parse};
use super::syntax::Syntax;
use crate::scan::language::Language;

/// Bytes of the files whose texts are kept, and of those whose syntax trees are.
const KEPT: usize = 4 << 20;
/// Bytes of one that is kept; larger ones are not followed into.
const LARGEST: usize = 512 << 10;

/// The text of a file, and the language in which it runs.
pub(super) type Text = (Arc<str>, Language);

/// The syntax tree of a whole file that is followed into others: it is made when the file itself is looked at.
#[derive(Clone, Debug)]
pub(in crate::scan) struct Parsed {
    grammar: Grammar,
    bytes: usize,
    syntax: Arc<Syntax>,
}

impl Parsed {
    /// Takes the tree of a text.
    pub(super) fn of(grammar: Grammar, text: &str, syntax: Arc<Syntax>) -> Self {
        Self { grammar, bytes: text.len(), syntax }
    }

    /// Returns how long the text is that it is of.
    pub(in crate::scan) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Texts and syntax trees of files that several others name.
pub(super) struct Trees<'a> {
    texts: &'a Texts<'a>,
    /// How long the text of each file is that was read; nothing for what is no text.
    sizes: HashMap<String, Option<usize>>,
    read: HashMap<String, Text>,
    read_bytes: usize,
    parsed: HashMap<String, Arc<Syntax>>,
    parsed_bytes: usize,
    made: &'a Made,
}

/// Syntax trees that were made before, by the paths of their files.
pub(in crate::scan) type Made = HashMap<String, Parsed>;

impl<'a> Trees<'a> {
    pub(super) fn of(texts: &'a Texts<'a>, made: &'a Made) -> Self {
        Self {
            texts,
            sizes: HashMap::new(),
            read: HashMap::new(),
            read_bytes: 0,
            parsed: HashMap::new(),
            parsed_bytes: 0,
            made,
        }
    }

    /// Returns how long the text of a file is, if it is one. It is read for that at most once: many files may name one
    /// that is too large to be followed.
    pub(super) fn size(&mut self, path: &str) -> Option<usize> {
        match self.sizes.get(path) {
            Some(size) => *size,
            None => self.text(path).map(|(text, _)| text.len()),
        }
    }

    /// Returns the text of a file, if it is one.
    pub(super) fn text(&mut self, path: &str) -> Option<Text> {
        if let Some(text) = self.read.get(path) {
            return Some(text.clone());
        }
        if self.sizes.get(path) == Some(&None) {
            return None;
        }
        let text = (self.texts)(path).map(|(text, language)| (Arc::<str>::from(text), language));
        self.sizes.insert(path.to_owned(), text.as_ref().map(|(text, _)| text.len()));
        let (text, language) = text?;
        if text.len() <= LARGEST && self.read_bytes + text.len() <= KEPT {
            self.read_bytes += text.len();
            self.read.insert(path.to_owned(), (Arc::clone(&text), language));
        }
        Some((text, language))
    }

    /// Parses a file, unless that was done before; fails with the reason in words.
    pub(super) fn parse(&mut self, grammar: Grammar, path: &str, text: &str) -> Result<Arc<Syntax>, String> {
        if let Some(tree) = self.parsed.get(path) {
            return Ok(Arc::clone(tree));
        }
        let made = self.made.get(path).filter(|made| made.grammar == grammar && made.bytes == text.len());
        if let Some(made) = made {
            return Ok(Arc::clone(&made.syntax));
        }
        let tree = Arc::new(parse(grammar, text)?);
        if self.parsed_bytes + text.len() <= KEPT {
            self.parsed_bytes += text.len();
            self.parsed.insert(path.to_owned(), Arc::clone(&tree));
        }
        Ok(tree)
    }
}

/// The names under which files of a tree can be imported.
#[derive(Debug)]
pub(super) struct Names<'p>(HashSet<&'p str>);

impl<'p> Names<'p> {
    /// Takes the paths of all files.
    pub(super) fn of(paths: &[&'p str]) -> Self {
        let python =
            paths.iter().filter_map(|path| path.strip_suffix(".py").or_else(|| path.strip_suffix(".pyw")));
        Self(python.flat_map(|path| path.split('/')).collect())
    }

    /// Tells by the words of a file whether it may name another of its tree.
    pub(super) fn may_be_named(&self, grammar: Grammar, text: &str) -> bool {
        match grammar {
            Grammar::Python => {
                let lines = text.lines().filter(|line| line.contains("import") || line.contains("from"));
                let names = lines
                    .flat_map(|line| line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')));
                let mut names = names.filter(|name| !name.is_empty());
                text.contains("import_module")
                    || text.contains("__import__")
                    || names.any(|name| {
                        name.starts_with('.')
                            || name.split('.').next().is_some_and(|one| self.0.contains(one))
                    })
            }
            // What these name is not followed.
            Grammar::Go | Grammar::Rust => false,
            // A script names files of its tree by where they are.
            _ => {
                ["\"", "'", "`"].iter().any(|quote| {
                    [".", "./", "..", "../"].iter().any(|way| match way.ends_with('/') {
                        true => text.contains(&format!("{quote}{way}")),
                        false => text.contains(&format!("{quote}{way}{quote}")),
                    })
                }) || ["'\\", "\"\\", "__dirname", "import.meta", "'@/", "\"@/", "'~/", "\"~/"]
                    .iter()
                    .any(|way| text.contains(way))
                    || loads_what_it_makes(text)
            }
        }
    }
}

/// Tells whether a script loads something by a name that is no text.
fn loads_what_it_makes(text: &str) -> bool {
    ["require(", "import("].iter().any(|call| {
        memchr::memmem::find_iter(text.as_bytes(), call).any(|at| {
            let rest = text[at + call.len()..].trim_start();
            !rest.starts_with(['"', '\'', '`', ')'])
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_name_a_file_of_the_tree_does() {
        let names = Names::of(&["src/pkg/__init__.py", "src/pkg/tools.py", "web/a.js"]);
        let python = |text: &str| names.may_be_named(Grammar::Python, text);
        for text in [
            "from . import a",
            "from .. import a",
            "import os, pkg.tools as t",
            "from pkg import (\n  tools\n)",
        ] {
            assert!(python(text), "{text}");
        }
        for text in ["import os, re", "from mcp.server.fastmcp import FastMCP", "x = pkg"] {
            assert!(!python(text), "{text}");
        }
        let script = |text: &str| names.may_be_named(Grammar::Typed, text);
        for text in
            ["import a from './a.js'", "require(\"../web/a\")", "await import(`./${a}`)", "import '.'"]
        {
            assert!(script(text), "{text}");
        }
        for text in ["import { z } from 'zod'", "require('fs').readFile"] {
            assert!(!script(text), "{text}");
        }
    }

    #[test]
    fn a_text_is_read_and_a_tree_made_once() {
        let reads = std::sync::Mutex::new(Vec::new());
        let texts = |path: &str| {
            reads.lock().unwrap().push(path.to_owned());
            let size = match path {
                "a.py" => 10,
                "large.py" => LARGEST + 1,
                _ => return None,
            };
            Some(("#".repeat(size), Language::Python))
        };
        let tree = |text: &str| Arc::new(parse(Grammar::Python, text).unwrap());
        let made = Made::from([("c.py".to_owned(), Parsed::of(Grammar::Python, "a = 1\n", tree("a = 1\n")))]);
        let mut trees = Trees::of(&texts, &made);
        for _ in 0..3 {
            assert_eq!(trees.size("none.py"), None);
            assert_eq!(trees.size("large.py"), Some(LARGEST + 1));
            assert_eq!(trees.size("a.py"), Some(10));
            assert!(
                trees.text("a.py").is_some_and(|(text, _)| text.len() == 10)
                    && trees.text("none.py").is_none()
            );
        }
        assert_eq!(*reads.lock().unwrap(), ["none.py", "large.py", "a.py"]);
        let nodes = |tree: Arc<Syntax>| tree.root().named_children().count();
        let first = trees.parse(Grammar::Python, "a.py", "a = 1\n").map(nodes);
        assert_eq!(trees.parse(Grammar::Python, "a.py", "").map(nodes), first);
        assert_ne!(trees.parse(Grammar::Python, "b.py", "").map(nodes), first);
        assert_eq!(trees.parse(Grammar::Python, "c.py", "#\n#\n#\n").map(nodes), first, "it was made before");
        assert_ne!(trees.parse(Grammar::Script, "c.py", "a = 1\n").map(nodes), Ok(0), "of another grammar");
    }
}
