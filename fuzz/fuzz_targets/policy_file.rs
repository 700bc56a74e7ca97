//! Policy files, waivers and baselines: any text is one or has problems; a policy has a digest, which waivers do not change.
#![no_main]

use std::sync::LazyLock;

use sigyl_core::domain::{Policy, Timestamp};
use sigyl_core::scan::{RuleSet, policy};

static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::builtin().expect("the built-in rules compile"));

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    match policy::read("fuzz.yaml", text, &RULES, Timestamp::EPOCH) {
        Ok(read) => assert_eq!(read.policy.digest(), read.policy.clone().digest()),
        Err(error) => assert!(!error.problems.is_empty()),
    }
    let mut waived = Policy::default();
    if let Err(error) = policy::read_waivers("fuzz.yaml", text, &RULES, Timestamp::EPOCH, &mut waived) {
        assert!(!error.problems.is_empty());
    }
    assert_eq!(waived.digest(), Policy::default().digest());
    if let Ok(baseline) = policy::read_baseline(text, "x") {
        let written = serde_json::to_vec(&baseline).expect("a baseline is JSON");
        assert_eq!(policy::read_baseline(&written, "x").ok(), Some(baseline));
    }
});
