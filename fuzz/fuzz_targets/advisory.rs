//! Advisories: any bytes are a file of them or an error, what one says is found by name and version, and versions have
//! one order.
#![no_main]
use sigyl_core::scan::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::advisories(data);
    fuzz::versions(&String::from_utf8_lossy(data));
});
