//! Compiled code that comes with a source: bytecode, libraries, programs.

use crate::domain::{Confidence, Location, Severity};
use crate::scan::findings::{Findings, Hit};
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::source::SourceTree;

/// Endings of compiled code, and what each is.
const ENDINGS: [(&str, &str); 15] = [
    ("pyc", "Python bytecode"),
    ("pyo", "Python bytecode"),
    ("pyd", "a Windows library for Python"),
    ("node", "a library for Node.js"),
    ("so", "a library"),
    ("dylib", "a macOS library"),
    ("dll", "a Windows library"),
    ("exe", "a Windows program"),
    ("msi", "a Windows installer"),
    ("scr", "a Windows program"),
    ("wasm", "WebAssembly"),
    ("jar", "Java bytecode"),
    ("class", "Java bytecode"),
    ("jsc", "V8 bytecode"),
    ("whl", "a packed Python package"),
];

/// Finds compiled code by its name; what it holds is told where files are looked at.
pub(super) struct ShippedBinary(RuleMeta);

impl ShippedBinary {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self(meta))
    }
}

impl Rule for ShippedBinary {
    fn meta(&self) -> &RuleMeta {
        &self.0
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::Tree(tree) = part else { return };
        for entry in tree.entries() {
            let Some(what) = kind(&entry.path) else { continue };
            // Bytecode that stands for no source is there to be run and not to be read.
            let (severity, confidence, more) = match what {
                "Python bytecode" if !has_source(tree, &entry.path) => {
                    (Severity::Error, Confidence::Medium, " Its source is not beside it.")
                }
                _ => (self.0.severity, self.0.confidence, ""),
            };
            let message = format!("{} is {what}.{more} {}", entry.path, self.0.why);
            let place = Location::File { path: entry.path.clone(), line: None, column: None };
            found.add_as(&self.0, severity, confidence, Some(place), Hit::whole(&entry.path), Some(message));
        }
    }
}

fn kind(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next()?.to_ascii_lowercase();
    // `libx.so.1.2` is a library too.
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let (_, end) = if stem.ends_with(".so") { stem.rsplit_once('.')? } else { name.rsplit_once('.')? };
    ENDINGS.iter().find(|(ending, _)| *ending == end).map(|(_, what)| *what)
}

/// Tells whether the source of `a/__pycache__/b.cpython-312.pyc` or `a/b.pyc` is in the tree.
fn has_source(tree: &SourceTree, path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let module = name.split('.').next().unwrap_or(name);
    let folder = folder.strip_suffix("__pycache__").unwrap_or(folder).trim_end_matches('/');
    let source = if folder.is_empty() { format!("{module}.py") } else { format!("{folder}/{module}.py") };
    tree.find(&source).is_some()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::clock::FixedClock;
    use crate::domain::{Policy, Severity};
    use crate::scan::proof::builtin;
    use crate::scan::{Scanner, Subject};
    use crate::source::{Limits, SourceTree};

    #[test]
    fn compiled_code_is_told_and_bytecode_without_source_is_worse() {
        let folder = tempfile::tempdir().unwrap();
        for name in
            ["a.py", "a.pyc", "b.pyc", "addon.node", "libx.so.1.2", "x.wasm", "sofa.ts", "class.md", "so"]
        {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let tree = SourceTree::from_folder(folder.path(), &Limits::default()).unwrap();
        let report =
            Scanner::new(builtin(), Policy::default()).scan(&Subject::of(&tree), &FixedClock::default());
        let ours = report.findings.iter().filter(|found| found.rule.as_str() == "shipped-binary");
        let mut told: Vec<_> = ours.map(|found| (found.evidence.as_str(), found.severity)).collect();
        told.sort_unstable();
        let warned = ["a.pyc", "addon.node", "libx.so.1.2", "x.wasm"].map(|name| (name, Severity::Warning));
        let mut expected = warned.to_vec();
        expected.push(("b.pyc", Severity::Error));
        expected.sort_unstable();
        assert_eq!(told, expected);
    }
}
