//! The literals that decide where an expression runs never change what is found.
#![cfg(any(test, feature = "testing"))]

use super::file::FileText;
use super::findings::Findings;
use super::ruleset::RuleSet;
use super::scanner::Scanner;
use crate::domain::{Finding, Policy};

/// Returns what a file gives when only what may match runs, and when everything runs over everything.
pub(super) fn both(set: &RuleSet, path: &str, text: &str) -> (Vec<Finding>, Vec<Finding>) {
    let scanner = Scanner::new(set, Policy::default());
    let file = FileText::new(path, text);
    let (mut fast, mut plain) = (Findings::new(&set.masker), Findings::new(&set.masker));
    scanner.file_text(&file, &mut fast);
    let file = FileText::new(path, text);
    let prose = set.prose.everything(file.prose().segments().len());
    scanner.run(&file, &set.files.everything(1), &prose, &mut plain);
    (fast.finish().0, plain.finish().0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::pattern::Pattern;
    use super::super::proof::builtin;
    use super::*;

    const PATHS: [&str; 9] =
        ["a.ts", "a.py", "a.rs", "a.go", "README.md", "a.yaml", "a.json", "run.sh", "Dockerfile"];

    /// Yields every sample of every pattern.
    fn samples() -> Vec<&'static str> {
        let samples = |pattern: &'static Pattern| pattern.hits.values().chain(pattern.misses.values());
        builtin().patterns.iter().flat_map(samples).flatten().map(String::as_str).collect()
    }

    #[test]
    fn samples_give_the_same_with_and_without_literals() {
        for (at, text) in samples().into_iter().enumerate() {
            let quoted = format!("const d = {text:?};\n{text}\n");
            for text in [text, &quoted] {
                let path = PATHS[at % PATHS.len()];
                let (fast, plain) = both(builtin(), path, text);
                assert_eq!(fast, plain, "{path}: {text}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn texts_made_of_pieces_give_the_same_with_and_without_literals(
            path in proptest::sample::select(PATHS.to_vec()),
            pieces in proptest::collection::vec(
                (proptest::sample::select(samples()), any::<proptest::sample::Index>(), any::<proptest::sample::Index>(),
                 proptest::sample::select(vec![" ", "\n", "", "' + '", "\"\n", "\n// ", "\n# ", "\\u0069", "\u{200b}", "/*", "*/", "`"])),
                1..6,
            ),
        ) {
            let mut text = String::new();
            for (sample, one, other, joint) in pieces {
                let (one, other) = (one.index(sample.len() + 1), other.index(sample.len() + 1));
                let (from, to) = (sample.floor_char_boundary(one.min(other)), sample.ceil_char_boundary(one.max(other)));
                text.push_str(&sample[from..to]);
                text.push_str(joint);
            }
            let (fast, plain) = both(builtin(), path, &text);
            prop_assert_eq!(fast, plain, "{}", text);
        }
    }
}
