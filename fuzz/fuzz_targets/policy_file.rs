//! Policy files: any text is a policy or has problems; a policy judges a finding and has a digest.
#![no_main]

use std::sync::LazyLock;

use sigyl_core::domain::Timestamp;
use sigyl_core::scan::{RuleSet, policy};

static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::builtin().expect("the built-in rules compile"));

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    match policy::read("fuzz.yaml", text, &RULES, Timestamp::EPOCH) {
        Ok(read) => assert_eq!(read.policy.digest(), read.policy.clone().digest()),
        Err(error) => assert!(!error.problems.is_empty()),
    }
});
