//! What the store reads from disk: records, groups of its log, backups. Any bytes are that or an error.
#![no_main]
use sigyl_core::store::{fuzz, sled};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::record(data);
    sled::read_runs(data);
    drop(sled::check_backup(data));
});
