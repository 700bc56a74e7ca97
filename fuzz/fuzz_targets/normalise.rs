//! Normalisation: whatever a text hides is brought out within bounds, its places lead back, and no credential is shown.
#![no_main]

use std::sync::LazyLock;

use sigyl_core::scan::{RuleSet, fuzz};

static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::builtin().expect("the built-in rules compile"));

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some(([from, length, cut], text)) = data.split_first_chunk::<3>() else { return };
    let text = String::from_utf8_lossy(text);
    fuzz::normal(&text);
    assert_eq!(fuzz::misplaced_in_tool(&text), None);
    let (before, after) = text.split_at(text.floor_char_boundary(usize::from(*cut) * text.len() / 256));
    fuzz::evidence(&RULES, before, after, usize::from(*from) * (text.len() + 40) / 256, usize::from(*length));
});
