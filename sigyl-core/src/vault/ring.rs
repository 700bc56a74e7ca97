//! The keys in use: the one that seals, and those that still open.

use super::master_key::{KeyId, MasterKey};

/// One key that seals, and while it takes over from another, that one too.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    current: MasterKey,
    earlier: Vec<MasterKey>,
}

impl Ring {
    /// A ring of one key.
    pub(super) fn of(current: MasterKey) -> Self {
        Self { current, earlier: Vec::new() }
    }

    /// The same with a key that opens what it once sealed.
    pub(super) fn with(mut self, earlier: MasterKey) -> Self {
        self.earlier.push(earlier);
        self
    }

    /// Returns the key that seals.
    pub(super) fn current(&self) -> &MasterKey {
        &self.current
    }

    /// Finds a key.
    pub(super) fn find(&self, id: KeyId) -> Option<&MasterKey> {
        std::iter::once(&self.current).chain(&self.earlier).find(|key| key.id() == id)
    }
}
