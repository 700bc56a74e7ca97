//! What the fuzz target of lock files drives beside the scanner: how sources read requirements, locks and metadata.

use super::path::clean;
use super::python::Metadata;
use super::requirement::{Requirement, is_odd};

/// Reads a text as each of them: a requirement that is read is written on one line, and read as the same.
///
/// # Panics
///
/// When it is not: that is what the fuzzer looks for.
pub fn dependencies(text: &str) {
    for line in text.split('\n') {
        let Ok(read) = Requirement::parse(line) else { continue };
        let written = read.to_string();
        assert!(!written.contains(is_odd), "pip may see another line in {written:?}");
        assert_eq!(Requirement::parse(&written).as_ref(), Ok(&read), "{written:?}");
    }
    let metadata = Metadata::of_text("METADATA", text);
    assert!(metadata.all("Requires-Dist").all(|required| !required.contains('\n')));
    if let Ok(path) = clean(text) {
        assert!(
            clean(&path).as_ref() == Ok(&path) && !path.split('/').any(|name| matches!(name, "." | ".."))
        );
    }
    drop(super::resolve::check_npm_lock("package-lock.json", text.as_bytes()));
    drop(super::lock::pinned(text.as_bytes()));
    let masked = super::fetch::mask(text);
    assert_eq!(super::fetch::mask(&masked), masked, "an address is masked once");
}
