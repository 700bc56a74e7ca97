//! What running servers were given and must not be repeated: what one says of itself is hidden where it is kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::{Mask, ServerName};

/// Instances of one server whose secrets are remembered: the one that serves, and those that end beside it.
const KEPT: usize = 4;

/// Hides, for each server, the secrets that its instances were started with. Cloning it is cheap.
#[derive(Clone, Debug, Default)]
pub struct Masks {
    known: Arc<Mutex<BTreeMap<ServerName, Vec<Mask>>>>,
}

impl Masks {
    /// Remembers what an instance is started with, before it is.
    pub fn add(&self, name: &ServerName, mask: Mask) {
        if mask.is_empty() {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let masks = known.entry(name.clone()).or_default();
        masks.retain(|other| *other != mask);
        masks.insert(0, mask);
        masks.truncate(KEPT);
    }

    /// Returns what hides the secrets of a server.
    pub fn of(&self, name: &ServerName) -> Mask {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(name).map(|masks| Mask::all(masks)).unwrap_or_default()
    }

    /// Forgets a server that is gone.
    pub fn forget(&self, name: &ServerName) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}
