//! What the fuzz target of code drives: each grammar, the lowering, and what flows.

use super::across::across;
use super::analysis::{on_large_stack, one};
use super::flow::Seen;
use super::parse::Grammar;
use super::tree_file::Made;
use crate::scan::language::Language;

/// Follows files as if each registered tools, and one into the other: all that is seen is a place in its file, and the
/// same is seen again.
///
/// # Panics
///
/// When it is not: that is what the fuzzer looks for.
pub fn flows(files: &[(&str, &str)]) {
    for &(path, text) in files {
        let Some(grammar) = Grammar::of(path) else { continue };
        let run = || on_large_stack(|| one(grammar, text));
        let (Ok(first), Ok(second)) = (run(), run()) else { continue };
        placed(&first.seen, text);
        assert_eq!(
            (first.seen, first.gap),
            (second.seen, second.gap),
            "the same bytes come to something else"
        );
    }
    let paths: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
    let text = |path: &str| {
        files
            .iter()
            .find(|(one, _)| *one == path)
            .map(|(path, text)| ((*text).to_owned(), Language::of(path, text)))
    };
    let (reached, left) = across(&paths, &paths, &text, &Made::new());
    reached.iter().for_each(|one| placed(&one.analysis.seen, &one.text));
    assert!(left.iter().all(|one| paths.contains(&one.path.as_str())));
}

fn placed(seen: &[Seen], text: &str) {
    for one in seen {
        let range = one.span.start as usize..one.span.end as usize;
        assert!(range.start <= range.end && text.get(range).is_some(), "{one:?} of {} bytes", text.len());
    }
}
