//! Packs a tree, so that another machine unpacks the same one.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use crate::source::{SourceError, SourceTree};

/// The folder that all files lie under, so that unpacking takes it away again, and no other.
const TOP: &str = "source";

impl SourceTree {
    /// Packs the files as a `.tar.gz` of at most `most` bytes. What the tree left out is left out; the same files always
    /// make the same bytes.
    pub fn pack(&self, most: u64) -> Result<Vec<u8>, SourceError> {
        let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        for entry in self.entries() {
            let path = self.root().join(&entry.path);
            let wrong = || SourceError::io("pack", &path);
            let bytes = self.read(entry)?;
            let mut header = Header::new_gnu();
            header.set_entry_type(EntryType::Regular);
            header.set_size(bytes.len() as u64);
            header.set_mode(if entry.executable { 0o755 } else { 0o644 });
            header.set_mtime(0);
            builder.append_data(&mut header, format!("{TOP}/{}", entry.path), &*bytes).map_err(wrong())?;
            if builder.get_ref().get_ref().len() as u64 > most {
                return Err(SourceError::over_bytes(&self.reference().locator, most));
            }
        }
        let wrong = || SourceError::io("pack", self.root());
        let mut packed = builder.into_inner().and_then(GzEncoder::finish).map_err(wrong())?;
        packed.flush().map_err(wrong())?;
        if packed.len() as u64 > most {
            return Err(SourceError::over_bytes(&self.reference().locator, most));
        }
        Ok(packed)
    }
}
