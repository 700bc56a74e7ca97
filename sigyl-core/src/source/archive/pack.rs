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
        let mut packing = Packing::new(most);
        self.pack_files(&mut packing)?;
        self.packed(packing)
    }

    /// Packs the files and the locks that were made for them below `source`, and other files beside it.
    pub fn pack_with(&self, beside: &[(String, Vec<u8>)], most: u64) -> Result<Vec<u8>, SourceError> {
        let mut packing = Packing::new(most);
        self.pack_files(&mut packing)?;
        for lock in self.locks().iter().filter(|lock| lock.made && self.find(&lock.path).is_none()) {
            self.add(&mut packing, &format!("{TOP}/{}", lock.path), &lock.bytes, false)?;
        }
        for (path, bytes) in beside {
            self.add(&mut packing, path, bytes, false)?;
        }
        self.packed(packing)
    }

    fn pack_files(&self, packing: &mut Packing) -> Result<(), SourceError> {
        for entry in self.entries() {
            let bytes = self.read(entry)?;
            self.add(packing, &format!("{TOP}/{}", entry.path), &bytes, entry.executable)?;
        }
        Ok(())
    }

    fn add(
        &self,
        packing: &mut Packing,
        path: &str,
        bytes: &[u8],
        executable: bool,
    ) -> Result<(), SourceError> {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(bytes.len() as u64);
        header.set_mode(if executable { 0o755 } else { 0o644 });
        header.set_mtime(0);
        let place = self.root().join(path);
        packing.builder.append_data(&mut header, path, bytes).map_err(SourceError::io("pack", &place))?;
        self.bounded(packing.builder.get_ref().get_ref().len() as u64, packing.most)
    }

    fn packed(&self, packing: Packing) -> Result<Vec<u8>, SourceError> {
        let wrong = || SourceError::io("pack", self.root());
        let mut packed = packing.builder.into_inner().and_then(GzEncoder::finish).map_err(wrong())?;
        packed.flush().map_err(wrong())?;
        self.bounded(packed.len() as u64, packing.most)?;
        Ok(packed)
    }

    fn bounded(&self, length: u64, most: u64) -> Result<(), SourceError> {
        match length > most {
            true => Err(SourceError::over_bytes(&self.reference().locator, most)),
            false => Ok(()),
        }
    }
}

/// An archive under way.
struct Packing {
    builder: Builder<GzEncoder<Vec<u8>>>,
    most: u64,
}

impl Packing {
    fn new(most: u64) -> Self {
        Self { builder: Builder::new(GzEncoder::new(Vec::new(), Compression::default())), most }
    }
}
