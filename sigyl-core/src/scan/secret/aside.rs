//! Tells files that show or try something from those that run.

use crate::scan::language::Language;

/// Folders of tests, examples and documents.
const FOLDERS: [&str; 22] = [
    "test",
    "tests",
    "__tests__",
    "testing",
    "testdata",
    "test-data",
    "test_data",
    "spec",
    "specs",
    "e2e",
    "fixtures",
    "__fixtures__",
    "fixture",
    "mock",
    "mocks",
    "__mocks__",
    "example",
    "examples",
    "sample",
    "samples",
    "docs",
    "cassettes",
];

/// Tells whether a file is a test, an example or a document, in which credentials are mostly made up.
pub(in crate::scan) fn is_aside(path: &str, language: Language) -> bool {
    let lower = path.to_ascii_lowercase();
    let mut parts = lower.rsplit('/');
    let name = parts.next().unwrap_or_default();
    let in_name = [
        ".test.",
        ".spec.",
        "_test.",
        "-test.",
        ".example",
        ".sample",
        ".template",
        ".dist",
        ".tpl",
        ".stories.",
    ];
    language == Language::Docs
        || parts.any(|folder| FOLDERS.contains(&folder))
        || name.starts_with("test_")
        || name.starts_with("example")
        || name == "conftest.py"
        || in_name.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_examples_are_told_from_code() {
        for path in
            ["tests/a.py", "src/__tests__/a.ts", "a.test.ts", "pkg/a_test.go", ".env.example", "README.md"]
        {
            assert!(is_aside(path, Language::of(path, "")), "{path}");
        }
        for path in ["src/latest/a.py", "attest.ts", ".env", "src/index.ts", "contest/main.go"] {
            assert!(!is_aside(path, Language::of(path, "")), "{path}");
        }
    }
}
