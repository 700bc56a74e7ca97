//! How much one answer may hold.

use crate::wire::registry::ServerResponse;

/// Most bytes of documents on one page.
pub(super) const PAGE_BYTES: usize = 2 << 20;
/// Most bytes of documents in a list of all versions of a name.
pub(super) const VERSIONS_BYTES: usize = 8 << 20;

/// Bytes of a pin beside the name of its tool.
const PIN_BYTES: usize = 150;

/// Takes documents until a bound is reached; the first is always taken.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
    began: bool,
}

impl Budget {
    pub(super) fn of(bytes: usize) -> Self {
        Self { left: bytes, began: false }
    }

    /// Tells whether this one fits too.
    pub(super) fn takes(&mut self, response: &ServerResponse) -> bool {
        // What surrounds a document is about so long.
        let pins = response.meta.sigyl.pins.iter().flat_map(|pins| &pins.tools);
        let pins: usize = pins.map(|tool| tool.name.len() + PIN_BYTES).sum();
        let bytes = response.server.as_str().len() + 1_000 + pins;
        let fits = bytes <= self.left || !self.began;
        self.left = self.left.saturating_sub(bytes);
        self.began = true;
        fits
    }
}
