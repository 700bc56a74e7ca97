//! The embedded store: records in sled, durability by our own log, large values as files.
//!
//! What sled 0.34 promises on Linux is less than it says: `flush` is no fsync, a page over 128 KiB goes to a file
//! that is never synced, and a kill while it opens can leave a half-written snapshot that it refuses ever after. So:
//!
//! - The folder is ours by our own lock file, and unfinished snapshots are removed before sled opens (`open`).
//! - Changes that arrive together are one record of a log in a preallocated file, synced before anything is applied
//!   or answered (`wal`, `writer`). sled is brought up to date after that, and synced when the log is full. On open
//!   the log is applied again: it holds absolute values, so what sled kept of a group does not matter.
//! - Values over 4 KiB are content-addressed files, synced before the record that names them (`blob`). sled splits a
//!   leaf by the number of its items (over 16) and not by size: this keeps its pages under 128 KiB.
//!
//! The folder holds `lock`, `format` (the version of all this), `log`, `records/` (sled) and `blobs/`.

mod access;
mod apply;
mod backup;
mod blob;
mod deliveries;
mod draft;
mod follows;
#[cfg(test)]
mod full_disk;
mod io;
mod listings;
mod migrate;
mod once;
mod open;
mod quarantine;
mod queries;
mod records;
mod restore;
mod said;
mod wal;
mod writer;

pub use open::SledStore;
#[cfg(any(test, feature = "testing"))]
pub use restore::check_backup;
pub use restore::restore;
#[cfg(any(test, feature = "testing"))]
pub use wal::read_runs;
