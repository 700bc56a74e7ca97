//! The reviewer: whatever a service or a model answers lowers no verdict, and no secret leaves.
#![no_main]

use std::sync::LazyLock;

use sigyl_core::scan::{RuleSet, fuzz};

static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::builtin().expect("the built-in rules compile"));

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::replies(&RULES, data);
    fuzz::redacted(&RULES, &String::from_utf8_lossy(data));
});
