//! Where the owner's socket is.

use std::path::{Path, PathBuf};

/// Returns the socket of a data directory.
pub(super) fn socket_of(data_dir: &Path) -> PathBuf {
    data_dir.join("control.sock")
}
