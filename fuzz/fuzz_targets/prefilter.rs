//! The prefilter: the literals that decide where an expression runs never change what is found.
#![no_main]

use std::sync::LazyLock;

use sigyl_core::scan::{RuleSet, fuzz};

static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::builtin().expect("the built-in rules compile"));
const PATHS: [&str; 9] =
    ["a.ts", "a.py", "a.rs", "a.go", "README.md", "a.yaml", "a.json", "run.sh", "Dockerfile"];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((path, text)) = data.split_first() else { return };
    let path = PATHS[usize::from(*path) % PATHS.len()];
    fuzz::prefiltered(&RULES, path, &String::from_utf8_lossy(text));
});
