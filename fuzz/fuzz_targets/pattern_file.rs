//! Pattern files: any text is a rule set or an error; one that is a rule set can be proved.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(rules) = sigyl_core::scan::RuleSet::from_patterns(text, "fuzz.yaml") {
        rules.unproved();
    }
});
