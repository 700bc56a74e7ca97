//! What the fuzz target of store records drives: the codec, which nobody outside needs.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::codec::{decode, encode};
use super::{CallRecord, JournalEntry, SealedSecret};
use crate::domain::{
    Account, ApiKey, AuditEntry, Deployment, Listing, Report, Run, Server, VersionRecord, Workspace,
};
use crate::event::Event;

/// Reads bytes as a record of each kind, and holds that what is read can be written and read again.
///
/// # Panics
///
/// When it cannot: that is what the fuzzer looks for.
pub fn record(bytes: &[u8]) {
    as_record::<Server>(bytes);
    as_record::<VersionRecord>(bytes);
    as_record::<Deployment>(bytes);
    as_record::<Report>(bytes);
    as_record::<Run>(bytes);
    as_record::<Event>(bytes);
    as_record::<JournalEntry>(bytes);
    as_record::<CallRecord>(bytes);
    as_record::<SealedSecret>(bytes);
    as_record::<Listing>(bytes);
    as_record::<Account>(bytes);
    as_record::<Workspace>(bytes);
    as_record::<ApiKey>(bytes);
    as_record::<AuditEntry>(bytes);
}

fn as_record<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let Ok(read) = decode::<T>(b"fuzz", bytes) else { return };
    // What nests too deep is refused by the writer, by name.
    let Ok(written) = encode(b"fuzz", &read) else { return };
    assert!(decode::<T>(b"fuzz", &written).is_ok(), "a record that was written cannot be read");
}
