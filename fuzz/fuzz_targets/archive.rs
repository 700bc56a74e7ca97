//! Archives: any bytes as a tarball, a zip and a wheel; no file may land outside the folder.
#![no_main]
use sigyl_core::source::{Limits, SourceTree};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for name in ["a.tar.gz", "a.zip", "a-1-py3-none-any.whl"] {
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        drop(SourceTree::from_archive_bytes(name, data, &folder.path().join("in"), &Limits::default()));
        assert!(folder.path().read_dir().unwrap().all(|entry| entry.unwrap().file_name() == "in"));
    }
});
