//! Archives, whose parts name where they go, and digests, which make sure of what they were made of.

use super::call::Given;
use super::guard::every;
use super::run::{Flow, Grade};
use super::value::{Entry, Facts, Source, Value, Weakness, bits};
use crate::scan::ast::form::Span;

/// What opens archives.
const OPENED: &[&str] = &["zipfile.ZipFile()", "tarfile.open()", "tarfile.TarFile", "adm-zip()", "AdmZip()"];

impl Flow<'_> {
    /// The names of what is in an archive: whoever made it chose them.
    pub(super) fn listed(&mut self, path: &str) -> Option<Value> {
        if !OPENED.iter().any(|opened| path.starts_with(opened)) {
            return None;
        }
        let origin = self.origins.add("a name in an archive".into());
        Some(Value::of(vec![Entry { source: Source::Argument, origin, bits: 0 }]))
    }

    /// Looks at what takes everything out of an archive, wherever it says.
    pub(super) fn unpacks(&mut self, path: &str, given: &Given, span: Span) {
        let is_tar =
            path.starts_with("tarfile.") && (path.ends_with(".extractall") || path.ends_with(".extract"));
        let filtered = given.named("filter").or_else(|| given.named("members")).is_some();
        let chosen =
            given.at(0).is_some_and(|member| path.ends_with(".extract") && !Self::is_argument(member));
        if is_tar && !filtered && !chosen && self.handler.is_some() {
            self.tell(Weakness::Archive, Grade::Sure, "a name in an archive", path, span);
        }
    }
}

/// Tells whether a value is a digest.
fn is_digest(value: &Value) -> bool {
    value.is_path().is_some_and(|path| path.ends_with("digest()"))
}

/// What it says of the bytes that a digest was made of that it is the one that is expected: a digest without a key says
/// nothing if the caller brings both.
pub(super) fn vouched(one: &Value, other: &Value) -> Facts {
    for (digest, expected) in [(one, other), (other, one)] {
        let keyed =
            digest.is_path().is_some_and(|path| path.starts_with("hmac.") || path.contains("createHmac"));
        if is_digest(digest) && (keyed || !expected.comes_from(Source::Argument)) {
            return every(digest, bits::ALL);
        }
    }
    Facts::new()
}
