//! The registry: a document that is published or imported, and a cursor that a client sends.
#![no_main]
use sigyl_core::registry::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::document(data);
    fuzz::cursor(&String::from_utf8_lossy(data));
});
