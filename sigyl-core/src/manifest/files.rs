//! The files that a manifest is read from.

use std::collections::BTreeMap;

/// A tree of files as the manifest sees it: paths and bytes, never a folder of the machine.
pub trait Files {
    /// Returns every path: relative, with `/`.
    fn paths(&self) -> Vec<String>;

    /// Returns the bytes of a file, nothing when there is no such file, or why it cannot be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String>;
}

/// Files held in memory.
impl Files for BTreeMap<String, Vec<u8>> {
    fn paths(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(self.get(path).cloned())
    }
}

#[cfg(test)]
pub(super) fn tree(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}
