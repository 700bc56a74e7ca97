//! Deliveries of GitHub: any body is read as each event, or is an error.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sigyl_core::github::webhook::fuzz::body(data));
