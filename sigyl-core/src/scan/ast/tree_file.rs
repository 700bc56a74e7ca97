//! The files of one source tree: which of them may name others, and their syntax trees, each made once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::parse::{Grammar, parse};
use super::syntax::Syntax;

/// Bytes of the files whose syntax trees are kept.
const KEPT: usize = 4 << 20;

/// Syntax trees of files that several others name.
#[derive(Debug, Default)]
pub(super) struct Trees {
    kept: HashMap<String, Arc<Syntax>>,
    bytes: usize,
}

impl Trees {
    /// Parses a file, unless that was done before; fails with the reason in words.
    pub(super) fn parse(&mut self, grammar: Grammar, path: &str, text: &str) -> Result<Arc<Syntax>, String> {
        if let Some(tree) = self.kept.get(path) {
            return Ok(Arc::clone(tree));
        }
        let tree = Arc::new(parse(grammar, text)?);
        if self.bytes + text.len() <= KEPT {
            self.bytes += text.len();
            self.kept.insert(path.to_owned(), Arc::clone(&tree));
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
    fn a_tree_is_made_once() {
        let mut trees = Trees::default();
        let nodes = |tree: Arc<Syntax>| tree.root().named_children().count();
        let first = trees.parse(Grammar::Python, "a.py", "a = 1\n").map(nodes);
        assert_eq!(trees.parse(Grammar::Python, "a.py", "").map(nodes), first);
        assert_ne!(trees.parse(Grammar::Python, "b.py", "").map(nodes), first);
    }
}
