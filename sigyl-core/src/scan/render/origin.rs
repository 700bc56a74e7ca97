//! Where the paths of a report are meant from, as its reader sees it.

use std::fmt::Write as _;

use crate::domain::{Finding, Location};

/// How the places of a report are named outside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Folder of the source below the folder that the reader starts from, with `/`; empty when they are the same.
    pub folder: String,
    /// File that holds the tools or pieces of code that were judged one by one.
    pub file: Option<String>,
}

impl Origin {
    /// Returns the path of what a finding is in, if that is a file.
    pub(super) fn path(&self, finding: &Finding) -> Option<String> {
        match (&self.file, &finding.location) {
            (Some(file), _) => Some(file.clone()),
            (None, Some(Location::File { path, .. })) => Some(self.below(path)),
            (None, _) => None,
        }
    }

    /// Returns line and column of what a finding is in, if they are those of a file that exists.
    pub(super) fn place(&self, finding: &Finding) -> (Option<u32>, Option<u32>) {
        match (&self.file, &finding.location) {
            (None, Some(Location::File { line, column, .. })) => (*line, *column),
            _ => (None, None),
        }
    }

    /// Returns a path of the source from where the reader starts.
    pub(super) fn below(&self, path: &str) -> String {
        match self.folder.as_str() {
            "" => path.to_owned(),
            folder => format!("{folder}/{path}"),
        }
    }
}

/// Writes a path as a relative reference, every byte with a meaning of its own encoded.
pub(super) fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte))
            }
            // Writing to a String cannot fail.
            _ => drop(write!(uri, "%{byte:02X}")),
        }
    }
    // Two slashes in front would name another machine.
    if uri.starts_with('/') { format!(".{uri}") } else { uri }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_relative_reference_whatever_it_holds() {
        assert_eq!(uri("src/a b#c?:%\u{e9}.ts"), "src/a%20b%23c%3F%3A%25%C3%A9.ts");
        assert_eq!(uri("//host/x"), ".//host/x");
        let origin = Origin { folder: "servers/a".to_owned(), file: None };
        assert_eq!(
            (origin.below("x"), Origin::default().below("x")),
            ("servers/a/x".to_owned(), "x".to_owned())
        );
    }
}
