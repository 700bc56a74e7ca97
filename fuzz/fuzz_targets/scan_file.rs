//! Files under all rules: any bytes by any name that a rule knows; each finding is at a place of the file, shows what
//! stands there, and comes again.
#![no_main]

use std::sync::LazyLock;

use sigyl_core::scan::{RuleSet, fuzz};

static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::builtin().expect("the built-in rules compile"));
const PATHS: [&str; 30] = [
    "a.ts",
    "a.py",
    "a.rs",
    "a.go",
    "a.sh",
    "a.json",
    "a.yaml",
    "a.toml",
    "README.md",
    "a",
    "Dockerfile",
    ".github/workflows/ci.yml",
    "docker-compose.yml",
    "SKILL.md",
    "AGENTS.md",
    ".claude/commands/a.md",
    ".claude/settings.json",
    ".mcp.json",
    ".vscode/mcp.json",
    ".env",
    ".npmrc",
    "package.json",
    "package-lock.json",
    "pyproject.toml",
    "requirements.txt",
    "setup.py",
    "Cargo.toml",
    "go.mod",
    "a.html",
    "logo.png",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((path, bytes)) = data.split_first() else { return };
    fuzz::found(&RULES, PATHS[usize::from(*path) % PATHS.len()], bytes);
});
